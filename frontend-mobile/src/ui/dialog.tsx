import { useId, type ReactNode } from 'react';
import { useTexts } from '../i18n';
import { IconButton } from './button';
import { Modal } from './modal';
import styles from './dialog.module.css';

/** A question or a small task on top of the page. */
export function Dialog({
  title,
  onClose,
  children,
  actions,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}) {
  const t = useTexts();
  const id = useId();
  return (
    <Modal className={styles.dialog} aria-labelledby={id} onClose={onClose}>
      <div className={styles.sheet}>
        <div className={styles.header}>
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label={t.app.close} onClick={onClose} />
        </div>
        <div className={styles.body}>{children}</div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
    </Modal>
  );
}
