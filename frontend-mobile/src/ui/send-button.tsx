import type { ComponentProps } from 'react';
import { classNames } from './class-names';
import disc from './disc.module.css';
import styles from './send-button.module.css';

const drawings = { send: 'M4.2 4.5 20.5 12 4.2 19.5l1.7-6.3L14 12 5.9 10.8z', stop: 'M7 7h10v10H7z' };

/** The round button at the end of the composer. */
export function SendButton({
  label,
  drawing = 'send',
  ...rest
}: ComponentProps<'button'> & { readonly label: string; readonly drawing?: keyof typeof drawings }) {
  return (
    <button {...rest} type="button" className={classNames(disc.disc, styles.send)} aria-label={label} title={label}>
      <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <path d={drawings[drawing]} />
      </svg>
    </button>
  );
}
