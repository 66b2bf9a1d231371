import { useState, type FormEvent } from 'react';
import { useTexts } from '../../i18n';
import { navigate, to, type LinkSecret } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { PasswordField, TextField } from '../../ui/field';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import { Card } from './card';
import { proposedDeviceName } from './device-name';
import { emailIsWrong, handleIsWrong, minimumPassword, normalHandle } from './rules';

/** Makes an account with an invitation, and this browser its first device. */
export function SignUp({ invitation, onLogIn }: { readonly invitation: LinkSecret; readonly onLogIn: () => void }) {
  const t = useTexts();
  const client = useClient();
  const [wrong, setWrong] = useState<{ readonly email?: string; readonly handle?: string; readonly password?: string }>({});
  const signUp = useAction(async (email: string, handle: string, password: string, displayName: string | null) => {
    await client.request('session.signUp', { invite: invitation.secret, email, handle, password, displayName });
    await client.request('devices.name', { name: proposedDeviceName() }).catch(() => undefined);
  });

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const handle = normalHandle(text('handle'));
    const password = String(form.get('password') ?? '');
    const found = {
      ...(emailIsWrong(text('email')) && { email: t.signUp.emailWrong }),
      ...(handleIsWrong(handle) && { handle: t.signUp.handleWrong }),
      ...([...password].length < minimumPassword && { password: t.signUp.passwordHint }),
    };
    setWrong(found);
    const [first] = Object.keys(found);
    if (first) {
      event.currentTarget.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
      return;
    }
    // The words of the recovery key come before anything else.
    navigate(to.recovery, true);
    void signUp.run(text('email'), handle, password, text('name') || null);
  };

  return (
    <Card
      title={t.signUp.title}
      text={invitation.kind === 'setup' ? t.signUp.owner : t.signUp.invited}
      below={
        <Button kind="plain" onClick={onLogIn} disabled={signUp.busy}>
          {t.signUp.haveAccount}
        </Button>
      }
    >
      <form onSubmit={submit} noValidate>
        <TextField
          name="handle"
          label={t.signUp.handle}
          hint={t.signUp.handleHint}
          problem={wrong.handle ?? null}
          before={<At />}
          dir="ltr"
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          autoFocus
        />
        <TextField name="name" label={t.signUp.name} note={t.signUp.optional} hint={t.signUp.nameHint} autoComplete="off" maxLength={60} />
        <TextField name="email" type="email" label={t.signUp.email} hint={t.signUp.emailHint} problem={wrong.email ?? null} dir="ltr" autoComplete="username" />
        <PasswordField name="password" label={t.signUp.password} hint={t.signUp.passwordHint} problem={wrong.password ?? null} autoComplete="new-password" />
        <Problem text={signUp.problem} />
        <p role="status" hidden={!signUp.busy}>
          {signUp.busy && t.signUp.busyText}
        </p>
        <Button kind="primary" type="submit" wide busy={signUp.busy}>
          {signUp.busy ? t.signUp.busy : t.signUp.submit}
        </Button>
      </form>
    </Card>
  );
}

function At() {
  return <span aria-hidden="true">&nbsp;&nbsp;@</span>;
}
