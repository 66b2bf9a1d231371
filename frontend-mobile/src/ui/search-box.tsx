import type { ComponentProps, Ref } from 'react';
import { classNames } from './class-names';
import { Icon } from './icon';
import styles from './search-box.module.css';

interface SearchBoxProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  readonly ref?: Ref<HTMLInputElement>;
  readonly label: string;
  readonly value: string;
  readonly onSearch: (text: string) => void;
  /** Without a frame, in a bar that is one itself. */
  readonly bare?: boolean;
  readonly className?: string | undefined;
}

/** A box to look for something in. */
export function SearchBox({ label, onSearch, bare = false, className, ...input }: SearchBoxProps) {
  return (
    <div className={classNames(styles.box, !bare && styles.framed, className)}>
      <Icon name="search" small />
      <input
        {...input}
        type="search"
        dir="auto"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-label={label}
        placeholder={label}
        onChange={event => onSearch(event.target.value)}
      />
    </div>
  );
}
