import { useLive } from '@app/client';
import { useFormats } from '@app/i18n';
import { Icon } from '@app/ui/icon';
import { Row, Section } from '@app/ui/pane';
import { useRoute } from '../app/route';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Waiting } from '../ui/asked';
import { ReportPage } from './report';
import styles from './screens.module.css';

/** What members have reported and nobody has decided yet; or one of them. */
export function Reports() {
  const { of } = useRoute();
  return of !== null && /^[0-9a-f]{32}$/.test(of) ? <ReportPage key={of} id={of} /> : <List />;
}

function List() {
  const t = useWords().reports;
  const formats = useFormats();
  const { dashboard } = useDashboard();
  // The menu looks once a minute how many there are; another number is another list.
  const waiting = useLive(dashboard.reportsWaiting);
  const reports = useAsked(dashboard.reports, String(waiting));
  return (
    <>
      <p className={styles.text}>{t.text}</p>
      <Waiting asked={reports} />
      {reports.value && (
        <p role="status" className={styles.small}>
          {reports.value.total === 0 ? t.none : t.waiting(reports.value.total)}
        </p>
      )}
      {reports.value && reports.value.reports.length > 0 && (
        <div className={styles.fields}>
          <Section>
            {reports.value.reports.map(report => (
              <Row
                key={report.id}
                href={`#/reports/${report.id}`}
                start={<Icon name="flag" />}
                title={t.came(formats.date(new Date(report.filedOn).toISOString().slice(0, 10)))}
                text={t.sealed}
              />
            ))}
          </Section>
        </div>
      )}
    </>
  );
}
