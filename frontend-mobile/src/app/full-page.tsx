import type { ReactNode } from 'react';
import { useTexts } from '../i18n';
import { Mark } from '../ui/mark';
import styles from './full-page.module.css';

/** While the worker starts: the sign, and after a moment that it opens. */
export function Splash() {
  const t = useTexts();
  return (
    <main className={styles.page} aria-busy="true">
      <Mark />
      <p className={styles.late} role="status">
        {t.app.starting}
      </p>
    </main>
  );
}

/** One thing to say, and nothing else to do. */
export function FullPage({ title, text, children }: { readonly title: string; readonly text: string; readonly children?: ReactNode }) {
  return (
    <main className={styles.page}>
      <Mark />
      <h1>{title}</h1>
      <p className={styles.text}>{text}</p>
      {children}
    </main>
  );
}
