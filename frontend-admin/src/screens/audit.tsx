import { AuditTrailView } from '@app/features/settings/audit-trail';
import { useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import styles from './screens.module.css';

/** What those who run the instance did: read and checked by the worker, as for every member. */
export function Audit() {
  const { dashboard } = useDashboard();
  return (
    <>
      <p className={styles.text}>{useWords().audit.text}</p>
      <AuditTrailView read={dashboard.audit} />
    </>
  );
}
