import { classNames } from './class-names';
import styles from './digits.module.css';

/** Digits to compare, in groups; the same on both screens, so they stand left to right in every language. */
export function Digits({ groups, large }: { readonly groups: readonly string[]; readonly large?: boolean }) {
  return (
    <p className={classNames(large ? styles.large : styles.digits, groups.length % 4 !== 0 && styles.three)} dir="ltr" translate="no">
      {groups.map((group, at) => (
        <span key={at}>{group} </span>
      ))}
    </p>
  );
}
