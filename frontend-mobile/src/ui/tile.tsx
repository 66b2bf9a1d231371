import { memo } from 'react';
import { classNames } from './class-names';
import styles from './tile.module.css';

const hues = 10;

/*
 * A patchwork block: four quarters, each with one of six pieces, turned. It helps the eye find a person again and proves nothing: two
 * ids can look alike. What proves is the safety number.
 */
const pieces = [
  'M0 0H12V12z',
  'M0 0H12A12 12 0 0 1 0 12z',
  'M0 6A6 6 0 0 1 12 6 6 6 0 0 1 0 6z',
  'M0 0H12V6H0z',
  'M6 0L12 6 6 12 0 6z',
  'M0 0A12 12 0 0 0 12 12V0z',
] as const;
const places = [
  [0, 0],
  [12, 0],
  [0, 12],
  [12, 12],
] as const;

/** The tile of a person or group: pieces and colour from the id, with the first letter of the name. */
export const Tile = memo(function Tile({
  id,
  name,
  group,
  size = 'm',
}: {
  readonly id: string;
  readonly name: string;
  readonly group?: boolean;
  readonly size?: 's' | 'm' | 'l';
}) {
  const seed = hash(id);
  return (
    <span className={classNames(styles.tile, styles[size], group && styles.group, styles[`hue${seed % hues}`])} aria-hidden="true">
      <svg viewBox="0 0 24 24" focusable="false">
        {places.map(([x, y], corner) => {
          const bits = seed >>> (4 + corner * 6);
          return <path key={corner} d={pieces[bits % pieces.length]} transform={`translate(${x} ${y}) rotate(${((bits >>> 3) % 4) * 90} 6 6)`} />;
        })}
      </svg>
      <span className={styles.letter}>{initial(name)}</span>
    </span>
  );
});

/** The first character a person would see: not half of a surrogate pair, and not the @. */
export function initial(name: string): string {
  const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name.replace(/^[@\s\p{P}]+/u, ''));
  return letters[Symbol.iterator]().next().value?.segment.toLocaleUpperCase() ?? '·';
}

function hash(id: string): number {
  let value = 2166136261;
  for (let at = 0; at < id.length; at++) value = Math.imul(value ^ id.charCodeAt(at), 16777619);
  value = Math.imul(value ^ (value >>> 15), 2246822519);
  return (value ^ (value >>> 13)) >>> 0;
}
