import { useEffect, useRef } from 'react';
import { useFormats } from '@app/i18n';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import styles from './live-chart.module.css';

const height = 132;

/** A figure as it is now, large, and how it was in the last while; `times` are seconds since 1970. The drawing says nothing that is not said in words, so it is not read out. */
export function LiveChart({
  title,
  now,
  times,
  values,
  span,
  least = 1,
  format,
}: {
  readonly title: string;
  readonly now: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** How many seconds are shown, at least. */
  readonly span: number;
  /** What the top of the scale is at least. */
  readonly least?: number;
  readonly format: (value: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const formats = useFormats();
  const latest = useRef(format);
  const hour = useRef((at: number) => formats.time(at));
  useEffect(() => {
    latest.current = format;
    hour.current = at => formats.time(at);
  });
  useEffect(() => {
    const element = place.current!;
    // A canvas knows no light-dark(): the colours are read from properties that the browser has worked out.
    const colours = () => getComputedStyle(element);
    const width = () => Math.max(1, element.clientWidth);
    const axis = { stroke: () => colours().color, ticks: { show: false }, font: '12px system-ui' };
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
            incrs: [60, 120, 300, 600],
            space: 60,
            size: 24,
            grid: { show: false },
            values: (_, ticks) => ticks.map(tick => hour.current(tick * 1000)),
          },
          {
            ...axis,
            size: 58,
            space: 38,
            grid: { stroke: () => colours().borderTopColor, width: 1 },
            values: (_, ticks) => ticks.map(tick => latest.current(tick)),
          },
        ],
        series: [
          {},
          {
            stroke: () => colours().outlineColor,
            fill: () => colours().columnRuleColor,
            width: 2,
            points: { show: drawing => drawing.data[0].length < 3, size: 7 },
          },
        ],
      },
      [[], []],
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
  }, [span, least]);
  useEffect(() => {
    chart.current?.setData([[...times], [...values]]);
  }, [times, values]);
  return (
    <figure className={styles.figure}>
      <figcaption>
        {title}
        <strong className={styles.now}>{now}</strong>
      </figcaption>
      <div ref={place} className={styles.place} aria-hidden="true" />
    </figure>
  );
}
