import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button } from '@app/ui/button';
import { Dialog } from '@app/ui/dialog';
import { PasswordField } from '@app/ui/field';
import { Problem } from '@app/ui/problem';
import { useAction } from '@app/ui/use-action';
import { useWords } from '../i18n';
import { useDashboard } from './use-dashboard';
import styles from './gate.module.css';

/** Has the password typed once more when a call needs it; the call then goes on. */
export function AskPassword() {
  const words = useWords();
  const { dashboard } = useDashboard();
  const [isAsking, setAsking] = useState(false);
  const answer = useRef<((typed: boolean) => void) | null>(null);
  useEffect(() => {
    const over = dashboard.askPasswordBy(
      () =>
        new Promise(resolve => {
          answer.current = resolve;
          setAsking(true);
        }),
    );
    return () => {
      over();
      answer.current?.(false);
    };
  }, [dashboard]);
  const end = (typed: boolean) => {
    setAsking(false);
    answer.current?.(typed);
    answer.current = null;
  };
  const open = useAction((password: string) => dashboard.open(password));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    void open.run(String(new FormData(form).get('password') ?? '')).then(done => {
      if (done) end(true);
      else form.querySelector<HTMLInputElement>('[name=password]')?.select();
    });
  };
  if (!isAsking) return null;
  return (
    <Dialog title={words.open.againTitle} onClose={() => end(false)}>
      <form onSubmit={submit} noValidate className={styles.form}>
        <PasswordField name="password" label={words.open.password} hint={words.open.again} autoComplete="current-password" autoFocus />
        <Problem text={open.problem} />
        <Button kind="primary" type="submit" wide busy={open.busy}>
          {words.open.againSubmit}
        </Button>
      </form>
    </Dialog>
  );
}
