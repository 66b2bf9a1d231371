import { useState, type FormEvent } from 'react';
import { useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { PasswordField } from '../../ui/field';
import { Problem } from '../../ui/problem';
import { useToast } from '../../ui/toasts';
import { useAction } from '../../ui/use-action';
import styles from './settings-page.module.css';

const minimum = 10;

/** A new password for the account and for this device. */
export function ChangePassword({ onClose }: { readonly onClose: () => void }) {
  const t = useTexts();
  const client = useClient();
  const say = useToast();
  const [short, setShort] = useState(false);
  const change = useAction(async (current: string, next: string) => {
    await client.request('session.changePassword', { current, next });
    say({ text: t.settings.passwordChanged });
    onClose();
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const next = String(form.get('next') ?? '');
    setShort([...next].length < minimum);
    if ([...next].length >= minimum) void change.run(String(form.get('current') ?? ''), next);
  };
  return (
    <Dialog title={t.settings.password} onClose={onClose}>
      <p>{t.settings.passwordText}</p>
      <form className={styles.form} onSubmit={submit} noValidate>
        <PasswordField name="current" label={t.settings.passwordCurrent} autoComplete="current-password" autoFocus />
        <PasswordField
          name="next"
          label={t.settings.passwordNext}
          hint={t.signUp.passwordHint}
          problem={short ? t.signUp.passwordHint : null}
          autoComplete="new-password"
        />
        <Problem text={change.problem} />
        <Button kind="primary" type="submit" wide busy={change.busy}>
          {t.settings.password}
        </Button>
      </form>
    </Dialog>
  );
}
