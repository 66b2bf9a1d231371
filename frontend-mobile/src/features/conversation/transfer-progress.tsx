import styles from './transfer-progress.module.css';

/** How far files are on their way, with the way to stop them. */
export function TransferProgress({
  label,
  done,
  total,
  text,
  cancel,
  tabIndex,
  onCancel,
}: {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly text: string;
  readonly cancel: string;
  readonly tabIndex?: number;
  readonly onCancel: () => void;
}) {
  return (
    <div className={styles.progress}>
      <progress max={total || 1} value={done} aria-label={label} />
      <span>{text}</span>
      <button type="button" tabIndex={tabIndex} onClick={onCancel}>
        {cancel}
      </button>
    </div>
  );
}
