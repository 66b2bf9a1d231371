import { useState, type FormEvent } from 'react';
import { useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { PasswordField, TextField } from '../../ui/field';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import { Card } from './card';
import { proposedDeviceName } from './device-name';
import { emailIsWrong } from './rules';

/** Adds this browser to an account as a further device. */
export function LogIn({ onBack }: { readonly onBack: () => void }) {
  const t = useTexts();
  const client = useClient();
  const [emailProblem, setEmailProblem] = useState<string | null>(null);
  const logIn = useAction(async (email: string, password: string, name: string) => {
    await client.request('session.logIn', { email, password });
    // The name can be given later, too.
    await client.request('devices.name', { name: name || proposedDeviceName() }).catch(() => undefined);
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = String(form.get('email') ?? '').trim();
    setEmailProblem(emailIsWrong(email) ? t.signUp.emailWrong : null);
    if (!emailIsWrong(email)) void logIn.run(email, String(form.get('password') ?? ''), String(form.get('device') ?? '').trim());
  };
  return (
    <Card
      title={t.logIn.title}
      below={
        <>
          <p>{t.logIn.noAccount}</p>
          <Button kind="plain" icon="back" onClick={onBack} disabled={logIn.busy}>
            {t.app.back}
          </Button>
        </>
      }
    >
      <form onSubmit={submit} noValidate>
        <TextField name="email" type="email" label={t.signUp.email} problem={emailProblem} dir="ltr" autoComplete="username" autoFocus />
        <PasswordField name="password" label={t.signUp.password} autoComplete="current-password" />
        <TextField name="device" label={t.logIn.device} hint={t.logIn.deviceHint} defaultValue={proposedDeviceName()} autoComplete="off" maxLength={60} />
        <Problem text={logIn.problem} />
        <Button kind="primary" type="submit" wide busy={logIn.busy}>
          {logIn.busy ? t.logIn.busy : t.logIn.submit}
        </Button>
      </form>
    </Card>
  );
}
