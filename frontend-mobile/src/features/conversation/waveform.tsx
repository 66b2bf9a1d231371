import styles from './voice.module.css';

const bars = 40;
const step = 3;
const height = 24;

/** How loud something is from its beginning to its end, as bars; those that were heard stand out. */
export function Waveform({ levels, heard }: { readonly levels: ArrayLike<number>; readonly heard: number }) {
  const until = Math.round(heard * bars);
  return (
    <svg className={styles.wave} viewBox={`0 0 ${bars * step} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <path className={styles.heard} d={draw(levels, 0, until)} />
      <path d={draw(levels, until, bars)} />
    </svg>
  );
}

/** The newest levels of what is being recorded. */
export function LiveWave({ levels }: { readonly levels: readonly number[] }) {
  const newest = levels.slice(-bars);
  return <Waveform levels={[...Array.from({ length: bars - newest.length }, () => 0), ...newest]} heard={1} />;
}

function draw(levels: ArrayLike<number>, from: number, to: number): string {
  let path = '';
  for (let at = from; at < to; at++) {
    const half = 1 + ((height / 2 - 2) * (levels[Math.floor((at * levels.length) / bars)] ?? 0)) / 255;
    path += `M${at * step + step / 2} ${(height / 2 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
  }
  return path;
}
