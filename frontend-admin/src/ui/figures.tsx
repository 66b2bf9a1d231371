import type { ReactNode } from 'react';
import { classNames } from '@app/ui/class-names';
import { Icon } from '@app/ui/icon';
import styles from './figures.module.css';

/** A number that is looked at often, with what it is. */
export function Figure({
  name,
  value,
  text,
  attention,
}: {
  readonly name: string;
  readonly value: ReactNode;
  readonly text?: ReactNode;
  readonly attention?: boolean;
}) {
  return (
    <div className={classNames(styles.figure, attention && styles.attention)}>
      <dt>{name}</dt>
      <dd className={styles.value}>{value}</dd>
      {text && (
        <dd className={styles.text}>
          {attention && <Icon name="warning" small />}
          {text}
        </dd>
      )}
    </div>
  );
}

/** Figures side by side. */
export function Figures({ children }: { readonly children: ReactNode }) {
  return <dl className={styles.figures}>{children}</dl>;
}
