import { useFormats } from '@app/i18n';
import { useNow } from '@app/page/use-now';
import { classNames } from '@app/ui/class-names';
import { useDashboard } from '../app/use-dashboard';
import { usePages } from '../app/use-pages';
import { useWords } from '../i18n';
import { More, Waiting } from '../ui/asked';
import styles from './screens.module.css';

/** Conversations as the server knows them: a number, a class of size and days; neither names nor people. */
export function Groups() {
  const t = useWords().groups;
  const formats = useFormats();
  const { dashboard } = useDashboard();
  const pages = usePages(async (before: number | null) => {
    const { groups, total, next } = await dashboard.groups(before);
    return { rows: groups, total, next };
  });
  const now = useNow(60_000);
  // The server says days, and each is the same day for every reader.
  const day = (seconds: number | undefined) =>
    seconds === undefined ? (
      t.unknown
    ) : (
      <>
        {t.age(Math.max(0, Math.floor((now / 1000 - seconds) / 86_400)))}
        <span className={classNames(styles.small, styles.block)}>{formats.date(new Date(seconds * 1000).toISOString().slice(0, 10))}</span>
      </>
    );
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      <Waiting asked={pages.first} />
      {pages.first.value && (
        <p role="status" className={styles.small}>
          {pages.first.value.total === 0 ? t.none : t.total(pages.first.value.total)}
        </p>
      )}
      {pages.rows.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t.group}</th>
              <th scope="col" className={styles.number}>
                {t.devices}
              </th>
              <th scope="col" className={styles.number}>
                {t.waiting}
              </th>
              <th scope="col" className={styles.wide}>
                {t.made}
              </th>
              <th scope="col">{t.rekeyed}</th>
            </tr>
          </thead>
          <tbody>
            {pages.rows.map(group => (
              <tr key={group.group}>
                <th scope="row">{formats.number(group.group)}</th>
                <td className={styles.number}>{t.upTo(group.devicesUpTo)}</td>
                <td className={styles.number}>{formats.bytes(group.bytes)}</td>
                <td className={styles.wide}>{day(group.created)}</td>
                <td>{day(group.rekeyed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More pages={pages} />
    </>
  );
}
