import { useEffect, useRef, type ReactNode } from 'react';
import { useTexts } from '../i18n';
import { classNames } from './class-names';
import { Icon } from './icon';
import styles from './pane.module.css';

/** A page of the app beside the list: a title with the way back, and what it holds. */
export function Pane({
  title,
  back,
  actions,
  isRead,
  children,
}: {
  readonly title: string;
  readonly back: string;
  readonly actions?: ReactNode;
  /** It is for reading, and little or nothing in it takes the focus: then it does itself, to be scrolled by keys. */
  readonly isRead?: boolean;
  readonly children: ReactNode;
}) {
  const t = useTexts();
  const pane = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  // What led here is gone, and the focus with it: it goes on at the title, unless a field has it already.
  useEffect(() => {
    if (!pane.current?.contains(document.activeElement)) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={styles.pane} ref={pane}>
      <div className={styles.header}>
        <a href={back} className={styles.back} aria-label={t.app.back} title={t.app.back}>
          <Icon name="back" />
        </a>
        <h1 className={styles.title} ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions}
      </div>
      <div className={styles.body} tabIndex={isRead ? 0 : undefined}>
        <div className={styles.content}>{children}</div>
      </div>
    </div>
  );
}

/** A part of a pane under a heading. */
export function Section({ title, text, children }: { readonly title?: string; readonly text?: ReactNode; readonly children?: ReactNode }) {
  return (
    <section className={styles.section}>
      {title && <h2 className={styles.sectionTitle}>{title}</h2>}
      {text && <p className={styles.sectionText}>{text}</p>}
      {children && <div className={styles.card}>{children}</div>}
    </section>
  );
}

/** What stands where there is nothing else: a drawing, a line, and one thing to do. */
export function Empty({
  art,
  title,
  text,
  children,
}: {
  readonly art?: ReactNode;
  readonly title: string;
  readonly text?: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {art}
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}

/** A row that leads somewhere or does something, within a card. */
export function Row({
  href,
  onClick,
  start,
  end,
  title,
  text,
  danger,
}: {
  readonly href?: string;
  readonly onClick?: () => void;
  readonly start?: ReactNode;
  readonly end?: ReactNode;
  readonly title: ReactNode;
  readonly text?: ReactNode;
  readonly danger?: boolean;
}) {
  const inside = (
    <>
      {start}
      <span className={styles.rowText}>
        <span className={styles.rowTitle}>{title}</span>
        {text && <span className={styles.rowSecond}>{text}</span>}
      </span>
      {end}
    </>
  );
  const look = classNames(styles.row, danger && styles.danger);
  if (href) {
    return (
      <a className={classNames(look, styles.acting)} href={href}>
        {inside}
        <Icon name="chevron" small />
      </a>
    );
  }
  return onClick ? (
    <button type="button" className={classNames(look, styles.acting)} onClick={onClick}>
      {inside}
    </button>
  ) : (
    <div className={look}>{inside}</div>
  );
}
