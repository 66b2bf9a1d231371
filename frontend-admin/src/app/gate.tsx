import { useState, type FormEvent, type ReactNode } from 'react';
import { KavalekError, type Client } from '@app/client';
import { Button } from '@app/ui/button';
import { PasswordField } from '@app/ui/field';
import { Mark } from '@app/ui/mark';
import { Problem } from '@app/ui/problem';
import { useAction } from '@app/ui/use-action';
import type { Dashboard } from '../api/dashboard';
import { useWords } from '../i18n';
import styles from './gate.module.css';

/** One thing to say before there is a dashboard. */
export function Note({
  title,
  text,
  busy,
  children,
}: {
  readonly title?: string;
  readonly text?: string;
  readonly busy?: boolean;
  readonly children?: ReactNode;
}) {
  return (
    <main className={styles.page} aria-busy={busy}>
      <div className={styles.card}>
        <Mark />
        {title && <h1>{title}</h1>}
        {text && <p className={styles.text}>{text}</p>}
        {children}
      </div>
    </main>
  );
}

/** Asks for the password: it unlocks the account where that is locked, and opens the dashboard. */
export function Gate({ client, dashboard }: { readonly client: Client; readonly dashboard: Dashboard }) {
  const words = useWords();
  const [refusal, setRefusal] = useState<string | null>(null);
  const open = useAction(async (password: string) => {
    setRefusal(null);
    if (client.session.get().state === 'locked') await client.request('session.unlock', { password });
    try {
      await dashboard.open(password);
    } catch (error) {
      const code = error instanceof KavalekError ? error.code : null;
      if (code !== 'forbidden' && code !== 'wrong_credentials') throw error;
      setRefusal(code === 'forbidden' ? words.open.noRank : words.open.wrongPassword);
    }
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    void open.run(String(new FormData(form).get('password') ?? '')).then(done => {
      if (!done || !dashboard.rank.get()) form.querySelector<HTMLInputElement>('[name=password]')?.select();
    });
  };
  return (
    <Note title={words.open.title} text={words.open.text}>
      <form onSubmit={submit} noValidate className={styles.form}>
        <PasswordField name="password" label={words.open.password} hint={words.open.endsIn} autoComplete="current-password" autoFocus />
        <Problem text={refusal ?? open.problem} />
        <Button kind="primary" type="submit" wide icon="lock" busy={open.busy}>
          {words.open.submit}
        </Button>
      </form>
      <a href="/" className={styles.way}>
        {words.toApp}
      </a>
    </Note>
  );
}
