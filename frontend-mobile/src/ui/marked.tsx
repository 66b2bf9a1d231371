import type { SearchHit } from '../client';
import styles from './marked.module.css';

/** An excerpt with what was found in it. */
export function Marked({ hit, className }: { readonly hit: SearchHit; readonly className?: string | undefined }) {
  const { excerpt, marks } = hit;
  const parts = marks.map((mark, n) => {
    const before = n === 0 ? 0 : marks[n - 1]!.start + marks[n - 1]!.length;
    return (
      <span key={mark.start}>
        {excerpt.slice(before, mark.start)}
        <mark className={styles.mark}>{excerpt.slice(mark.start, mark.start + mark.length)}</mark>
      </span>
    );
  });
  const last = marks.at(-1);
  return (
    <bdi className={className}>
      {parts}
      {excerpt.slice(last ? last.start + last.length : 0)}
    </bdi>
  );
}
