import { useId } from 'react';
import styles from './progress.module.css';

/** How far something is that takes long. */
export function Progress({ label, text, done, of }: { readonly label: string; readonly text: string; readonly done: number; readonly of: number }) {
  const id = useId();
  return (
    <div className={styles.progress}>
      <p className={styles.label} id={id}>
        {label}
        <span className={styles.text}>{text}</span>
      </p>
      <progress className={styles.bar} aria-labelledby={id} max={Math.max(1, of)} value={Math.min(done, Math.max(1, of))} />
    </div>
  );
}
