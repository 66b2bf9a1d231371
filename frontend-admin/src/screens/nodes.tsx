import { useFormats } from '@app/i18n';
import type { NodeFigures } from '../api/records';
import { useWords } from '../i18n';
import { classNames } from '@app/ui/class-names';
import styles from './screens.module.css';

/** Each of several processes that deliver; of one, the figures above are all. */
export function Nodes({ nodes, now }: { readonly nodes: readonly NodeFigures[]; readonly now: number }) {
  const words = useWords().overview;
  const formats = useFormats();
  if (nodes.length < 2) return null;
  return (
    <section className={styles.part} aria-labelledby="nodes">
      <h2 id="nodes">{words.nodes(nodes.length)}</h2>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{words.node}</th>
            <th scope="col" className={styles.number}>
              {words.connections}
            </th>
            <th scope="col" className={classNames(styles.number, styles.wide)}>
              {words.perMinute}
            </th>
            <th scope="col" className={classNames(styles.number, styles.wide)}>
              {words.queue}
            </th>
            <th scope="col" className={styles.number}>
              {words.most}
            </th>
            <th scope="col" className={classNames(styles.number, styles.wide)}>
              {words.memory}
            </th>
            <th scope="col" className={classNames(styles.number, styles.wide)}>
              {words.running}
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(node => (
            <tr key={node.node}>
              <td>
                <code translate="no">{node.node.slice(0, 8)}</code>
              </td>
              <td className={styles.number}>{formats.number(node.connections)}</td>
              <td className={classNames(styles.number, styles.wide)}>{formats.number(node.entriesPerMinute)}</td>
              <td className={classNames(styles.number, styles.wide)}>{formats.number(node.queueDepth)}</td>
              <td className={styles.number}>{node.delivery.count === 0 ? '–' : formats.milliseconds(node.delivery.p99 / 1000)}</td>
              <td className={classNames(styles.number, styles.wide)}>{formats.bytes(node.memoryBytes)}</td>
              <td className={classNames(styles.number, styles.wide)}>{formats.brief(node.started * 1000, now * 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
