import { useTexts } from '../../i18n';
import { IconButton } from '../../ui/button';
import styles from './selection-bar.module.css';

/** What can be done with the messages that were chosen; it stands where one writes. */
export function SelectionBar({
  count,
  canDelete,
  canReport,
  onCopy,
  onForward,
  onReport,
  onDelete,
  onEnd,
}: {
  readonly count: number;
  readonly canDelete: boolean;
  readonly canReport: boolean;
  readonly onCopy: () => void;
  readonly onForward: () => void;
  readonly onReport: () => void;
  readonly onDelete: () => void;
  readonly onEnd: () => void;
}) {
  const t = useTexts();
  const none = count === 0;
  return (
    <div className={styles.bar} role="toolbar" aria-label={t.acts.select}>
      <IconButton icon="close" label={t.acts.endSelection} onClick={onEnd} />
      <p className={styles.count} role="status">
        {t.acts.selected(count)}
      </p>
      <IconButton icon="copy" label={t.acts.copy} disabled={none} onClick={onCopy} />
      <IconButton icon="forward" label={t.acts.forward} disabled={none} onClick={onForward} />
      {canReport && <IconButton icon="warning" label={t.report.menu} onClick={onReport} />}
      <IconButton icon="trash" label={t.acts.delete} disabled={none || !canDelete} onClick={onDelete} />
    </div>
  );
}
