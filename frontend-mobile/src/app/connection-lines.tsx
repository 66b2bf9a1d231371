import { useEffect, useState, type FormEvent } from 'react';
import { useLive } from '../client';
import { useTexts } from '../i18n';
import { useClient } from '../page/use-client';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { PasswordField } from '../ui/field';
import { Line } from '../ui/line';
import { Problem } from '../ui/problem';
import { useAction } from '../ui/use-action';

const patience = 2000;

/** How the connection stands, when it is not simply there: one line that comes after a moment and goes by itself. */
export function ConnectionLines({ ended }: { readonly ended: boolean }) {
  const t = useTexts();
  const client = useClient();
  const { state } = useLive(client.connection);
  const [late, setLate] = useState(false);
  const [asking, setAsking] = useState(false);

  useEffect(() => {
    if (state === 'online') return setLate(false);
    const timer = setTimeout(() => setLate(true), patience);
    return () => clearTimeout(timer);
  }, [state]);

  if (ended) {
    return (
      <>
        <Line
          kind="attention"
          icon="key"
          actions={
            <Button kind="plain" onClick={() => setAsking(true)}>
              {t.connection.endedAction}
            </Button>
          }
        >
          {t.connection.ended}
        </Line>
        {asking && <LogInAgain onClose={() => setAsking(false)} />}
      </>
    );
  }
  if (!late || state === 'online') return <div />;
  return state === 'syncing' ? (
    <Line>{t.connection.syncing}</Line>
  ) : (
    <Line
      icon="warning"
      actions={
        <Button kind="plain" onClick={() => void client.request('session.wake').catch(() => undefined)}>
          {t.app.tryAgain}
        </Button>
      }
    >
      {t.connection.offline}
    </Line>
  );
}

function LogInAgain({ onClose }: { readonly onClose: () => void }) {
  const t = useTexts();
  const client = useClient();
  const logIn = useAction((password: string) => client.request('session.logInAgain', { password }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void logIn.run(String(new FormData(event.currentTarget).get('password') ?? '')).then(done => done && onClose());
  };
  return (
    <Dialog title={t.unlock.againTitle} onClose={onClose}>
      <p>{t.unlock.againText}</p>
      <form onSubmit={submit} noValidate>
        <PasswordField name="password" label={t.signUp.password} autoComplete="current-password" autoFocus />
        <Problem text={logIn.problem} />
        <Button kind="primary" type="submit" wide busy={logIn.busy}>
          {t.logIn.submit}
        </Button>
      </form>
    </Dialog>
  );
}
