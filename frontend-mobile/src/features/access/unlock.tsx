import type { FormEvent } from 'react';
import type { Session } from '../../client';
import { useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { PasswordField } from '../../ui/field';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import { Card } from './card';

/** An account that is locked: only its password is asked for, and nothing of it is shown. */
export function Unlock({ why }: { readonly why: Extract<Session, { state: 'locked' }>['why'] }) {
  const t = useTexts();
  const client = useClient();
  const unlock = useAction((password: string) => client.request('session.unlock', { password }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    void unlock.run(String(new FormData(form).get('password') ?? '')).then(open => {
      if (!open) form.querySelector<HTMLInputElement>('[name=password]')?.select();
    });
  };
  const text = { start: t.unlock.text, asked: t.unlock.asked, idle: t.unlock.idle, tab_closed: t.unlock.tabClosed, logged_out: t.unlock.loggedOut }[why];
  return (
    <Card title={t.unlock.title} text={text}>
      <form onSubmit={submit} noValidate>
        <PasswordField name="password" label={t.signUp.password} autoComplete="current-password" autoFocus />
        <Problem text={unlock.problem} />
        <Button kind="primary" type="submit" wide icon="lock" busy={unlock.busy}>
          {unlock.busy ? t.unlock.busy : t.unlock.submit}
        </Button>
      </form>
    </Card>
  );
}
