import { Line } from '@app/ui/line';
import { Section } from '@app/ui/pane';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import styles from './screens.module.css';

/** Everything that the server stores, logs or says: the list that a test holds against the program. */
export function Sees() {
  const words = useWords();
  const t = words.sees;
  const { dashboard } = useDashboard();
  const sees = useAsked(dashboard.serverSees);
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      {sees.problem && (
        <Line kind="danger" boxed icon="warning">
          {sees.problem}
        </Line>
      )}
      {!sees.value && !sees.problem && <p role="status">{words.loading}</p>}
      {sees.value?.parts.map(part => (
        <Section key={part.title} title={part.title}>
          <ul className={styles.seen}>
            {part.items.map(item => (
              <li key={item.names.join()} dir="auto">
                <code translate="no">{item.names.join(', ')}</code>
                {item.purpose && (
                  <p className={styles.small}>
                    {t.purpose} <span lang="en">{item.purpose}</span>
                  </p>
                )}
                {item.lifetime && (
                  <p className={styles.small}>
                    {t.lifetime} <span lang="en">{item.lifetime}</span>
                  </p>
                )}
              </li>
            ))}
          </ul>
        </Section>
      ))}
    </>
  );
}
