import { useCallback } from 'react';
import { useTexts } from '../../i18n';
import { to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Pane } from '../../ui/pane';
import { AuditTrailView } from './audit-trail';
import styles from './settings-page.module.css';

/** What those who run the server did: for every member to read, and checked against what this device saw of it before. */
export function AuditPage() {
  const t = useTexts();
  const client = useClient();
  const read = useCallback((limit: number) => client.request('audit.list', { limit }), [client]);
  return (
    <Pane title={t.settings.audit} back={to.settings} isRead>
      <p className={styles.small}>{t.audit.text}</p>
      <AuditTrailView read={read} />
    </Pane>
  );
}
