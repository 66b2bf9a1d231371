import type { FormEvent } from 'react';
import { useLive } from '../../client';
import { useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { PasswordField } from '../../ui/field';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import styles from './settings-page.module.css';

/** Ends the session, with or without what is stored here; it says what is kept, and what could be lost. */
export function LogOut({ onClose }: { readonly onClose: () => void }) {
  const t = useTexts();
  const client = useClient();
  const settings = useLive(client.settings);
  const logOut = useAction((removeDevice: boolean) => client.request('session.logOut', { removeDevice }));
  return (
    <Dialog title={t.settings.logOut} onClose={onClose}>
      <div className={styles.choice}>
        <p>{t.settings.logOutKeepText}</p>
        <Button wide disabled={logOut.busy} onClick={() => void logOut.run(false)}>
          {t.settings.logOutKeep}
        </Button>
      </div>
      <div className={styles.choice}>
        <p>
          {t.settings.logOutRemoveText} {settings?.recovery === 'set' ? t.settings.logOutRecovery : t.settings.logOutNoRecovery}
        </p>
        <Button kind="danger" wide disabled={logOut.busy} onClick={() => void logOut.run(true)}>
          {t.settings.logOutRemove}
        </Button>
      </div>
      <Problem text={logOut.problem} />
    </Dialog>
  );
}

/** The end of the account. */
export function DeleteAccount({ onClose }: { readonly onClose: () => void }) {
  const t = useTexts();
  const client = useClient();
  const remove = useAction((password: string) => client.request('session.deleteAccount', { password }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void remove.run(String(new FormData(event.currentTarget).get('password') ?? ''));
  };
  return (
    <Dialog title={t.settings.deleteAccount} onClose={onClose}>
      <p>{t.settings.deleteText}</p>
      <form className={styles.form} onSubmit={submit} noValidate>
        <PasswordField name="password" label={t.settings.deleteConfirm} autoComplete="current-password" />
        <Problem text={remove.problem} />
        <Button kind="danger" type="submit" wide busy={remove.busy}>
          {t.settings.deleteSubmit}
        </Button>
      </form>
    </Dialog>
  );
}
