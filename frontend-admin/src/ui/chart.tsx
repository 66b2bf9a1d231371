import { useEffect, useRef } from 'react';
import { useFormats } from '@app/i18n';
import { classNames } from '@app/ui/class-names';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import styles from './chart.module.css';

const height = 132;
const day = 86_400;

/** A figure as it is now, and how it was. */
export interface Drawn {
  /** Said where there is more than one. */
  readonly name?: string;
  readonly now: string;
  readonly values: readonly number[];
}

/** One figure or two as they are now, large, and how they were; `times` are seconds since 1970. The drawing says nothing that is not said in words, so it is not read out. */
export function Chart({
  title,
  figures,
  text,
  times,
  span,
  by = 'minutes',
  least = 1,
  format,
}: {
  readonly title: string;
  readonly figures: readonly [Drawn] | readonly [Drawn, Drawn];
  readonly text?: string;
  readonly times: readonly number[];
  /** How many seconds are shown, at least. */
  readonly span: number;
  readonly by?: 'minutes' | 'days';
  /** What the top of the scale is at least. */
  readonly least?: number;
  readonly format: (value: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const formats = useFormats();
  const tick = (at: number) => (by === 'minutes' ? formats.time(at * 1000) : formats.shortDay(at * 1000));
  const latest = useRef({ format, tick });
  useEffect(() => {
    latest.current = { format, tick };
  });
  const count = figures.length;
  useEffect(() => {
    const element = place.current!;
    // A canvas knows no light-dark(): the colours are read from properties that the browser has worked out.
    const colours = () => getComputedStyle(element);
    const width = () => Math.max(1, element.clientWidth);
    const axis = { stroke: () => colours().color, ticks: { show: false }, font: '12px system-ui' };
    const points = { show: (drawing: uPlot) => drawing.data[0].length < 3, size: 7 };
    const lines: uPlot.Series[] = [
      { stroke: () => colours().outlineColor, fill: () => colours().columnRuleColor, width: 2, points },
      { stroke: () => colours().borderBottomColor, width: 2, points },
    ];
    const drawn = new uPlot(
      {
        width: width(),
        height,
        cursor: { show: false },
        legend: { show: false },
        padding: [8, 18, 0, 0],
        scales: {
          x: { range: shown => [Math.min(shown.data[0][0] ?? 0, (shown.data[0].at(-1) ?? 0) - span), shown.data[0].at(-1) ?? span] },
          y: { range: (_, __, most) => [0, Math.max(least, (most ?? 0) * 1.2)] },
        },
        axes: [
          {
            ...axis,
            incrs: by === 'minutes' ? [60, 120, 300, 600] : [day, 2 * day, 7 * day, 14 * day, 30 * day],
            space: 60,
            size: 24,
            grid: { show: false },
            values: (_, ticks) => ticks.map(at => latest.current.tick(at)),
          },
          {
            ...axis,
            size: 58,
            space: 38,
            grid: { stroke: () => colours().borderTopColor, width: 1 },
            values: (_, ticks) => ticks.map(value => latest.current.format(value)),
          },
        ],
        series: [{}, ...lines.slice(0, count)],
      },
      Array.from({ length: count + 1 }, () => []) as unknown as uPlot.AlignedData,
      element,
    );
    chart.current = drawn;
    const fit = new ResizeObserver(() => drawn.setSize({ width: width(), height }));
    fit.observe(element);
    const theme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => drawn.redraw(false);
    theme.addEventListener('change', redraw);
    return () => {
      theme.removeEventListener('change', redraw);
      fit.disconnect();
      drawn.destroy();
      chart.current = null;
    };
  }, [span, least, by, count]);
  useEffect(() => {
    chart.current?.setData([[...times], ...figures.map(figure => [...figure.values])] as uPlot.AlignedData);
  }, [times, figures]);
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        <span>{title}</span>
        <span className={styles.figures}>
          {figures.map((figure, at) => (
            <span key={at} className={styles.one}>
              {figure.name && (
                <span className={classNames(styles.name, at === 1 && styles.second)}>
                  <span className={styles.dot} aria-hidden="true" />
                  {figure.name}
                </span>
              )}
              <strong className={styles.now}>{figure.now}</strong>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} className={styles.place} aria-hidden="true" />
      {text && <p className={styles.text}>{text}</p>}
    </figure>
  );
}
