import type { ComponentProps } from 'react';
import { classNames } from './class-names';
import { Icon, type IconName } from './icon';
import styles from './button.module.css';

export interface ButtonProps extends ComponentProps<'button'> {
  readonly kind?: 'primary' | 'quiet' | 'danger' | 'plain';
  readonly icon?: IconName;
  readonly wide?: boolean;
  /** Shows that it works, and takes no second click. */
  readonly busy?: boolean;
}

/** Something that can be done. */
export function Button({ kind = 'quiet', icon, wide, busy, className, children, disabled, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={classNames(styles.button, styles[kind], wide && styles.wide, className)}
    >
      {busy ? <span className={styles.spinner} aria-hidden="true" /> : icon && <Icon name={icon} small />}
      <span>{children}</span>
    </button>
  );
}

/** A button that is only a drawing: its name is read out, and shown as a tooltip. */
export function IconButton({
  icon,
  label,
  className,
  type = 'button',
  ...rest
}: ComponentProps<'button'> & { readonly icon: IconName; readonly label: string }) {
  return (
    <button {...rest} type={type} aria-label={label} title={label} className={classNames(styles.iconButton, className)}>
      <Icon name={icon} />
    </button>
  );
}
