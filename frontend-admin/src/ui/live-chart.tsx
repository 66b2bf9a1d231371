import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import styles from './live-chart.module.css';

const height = 128;

/** What a figure was in the last while; `times` are seconds since 1970. The number itself is said beside it, so the drawing is not read out. */
export function LiveChart({ title, times, values, format }: {
  readonly title: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly format: (value: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(format);
  useEffect(() => {
    latest.current = format;
  });
  useEffect(() => {
    const element = place.current!;
    // A canvas knows no light-dark(): the colours are read from properties that the browser has worked out.
    const colours = () => getComputedStyle(element);
    const axis = { stroke: () => colours().color, grid: { stroke: () => colours().borderTopColor, width: 1 }, ticks: { show: false }, font: '12px system-ui' };
    const drawn = new uPlot(
      {
        width: Math.max(1, element.clientWidth),
        height,
        cursor: { show: false },
        legend: { show: false },
        scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.15)] } },
        axes: [
          { ...axis, space: 70 },
          { ...axis, size: 56, space: 36, values: (_, ticks) => ticks.map(tick => latest.current(tick)) },
        ],
        series: [{}, { stroke: () => colours().outlineColor, fill: () => colours().columnRuleColor, width: 2, points: { show: false } }],
      },
      [[], []],
      element,
    );
    chart.current = drawn;
    const fit = new ResizeObserver(() => drawn.setSize({ width: Math.max(1, element.clientWidth), height }));
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
  }, []);
  useEffect(() => {
    chart.current?.setData([[...times], [...values]]);
  }, [times, values]);
  return (
    <figure className={styles.figure}>
      <figcaption>{title}</figcaption>
      <div ref={place} className={styles.place} aria-hidden="true" />
    </figure>
  );
}
