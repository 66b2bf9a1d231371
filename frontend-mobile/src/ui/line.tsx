import type { ReactNode } from 'react';
import { classNames } from './class-names';
import { Icon, type IconName } from './icon';
import styles from './line.module.css';

/** One calm line across a pane: something to know, with what can be done about it. */
export function Line({
  kind = 'calm',
  boxed,
  icon,
  children,
  actions,
}: {
  readonly boxed?: boolean;
  readonly kind?: 'calm' | 'attention' | 'danger';
  readonly icon?: IconName;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className={classNames(styles.line, styles[kind], boxed && styles.boxed)} role={kind === 'calm' ? 'status' : 'alert'}>
      {icon && <Icon name={icon} small />}
      <p className={styles.text}>{children}</p>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
