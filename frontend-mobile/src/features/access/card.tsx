import type { ReactNode } from 'react';
import { useTexts } from '../../i18n';
import { Mark } from '../../ui/mark';
import { useHeadingFocus } from '../../ui/use-heading-focus';
import styles from './card.module.css';

/** The frame of every page before the account is open. */
export function Card({
  title,
  text,
  children,
  below,
}: {
  readonly title: string;
  readonly text?: ReactNode;
  readonly children?: ReactNode;
  readonly below?: ReactNode;
}) {
  const t = useTexts();
  const heading = useHeadingFocus(title);
  return (
    <main className={styles.page}>
      <div className={styles.side} aria-hidden="true">
        <Mark />
        <p className={styles.name}>{t.app.name}</p>
        <p className={styles.promise}>{t.app.promise}</p>
      </div>
      <div className={styles.card}>
        <div className={styles.brand}>
          <Mark />
        </div>
        <h1 className={styles.title} ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {text && <p className={styles.text}>{text}</p>}
        {children}
        {below && <div className={styles.below}>{below}</div>}
      </div>
    </main>
  );
}
