import { Icon } from './icon';
import styles from './problem.module.css';

/** What went wrong with a whole form. */
export function Problem({ text }: { readonly text: string | null }) {
  return (
    <div role="alert" className={styles.region}>
      {text && (
        <p className={styles.problem}>
          <Icon name="warning" small />
          <span>{text}</span>
        </p>
      )}
    </div>
  );
}
