import { useTexts } from '../i18n';
import { Dialog } from '../ui/dialog';
import styles from './shortcuts.module.css';

/** All keyboard shortcuts. */
export function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  const t = useTexts();
  return (
    <Dialog title={t.shortcuts.title} onClose={onClose}>
      <dl className={styles.list}>
        {t.shortcuts.list.map(([keys, what]) => (
          <div key={keys} className={styles.row}>
            <dt>
              <kbd dir="ltr">{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
