import { useState } from 'react';
import type { OpenedReport, ReportDecision, ReportedMessage } from '@app/client';
import { useFormats, useTexts } from '@app/i18n';
import { Icon } from '@app/ui/icon';
import { Row, Section } from '@app/ui/pane';
import { useToast } from '@app/ui/toasts';
import { Problem } from '@app/ui/problem';
import { useAction } from '@app/ui/use-action';
import { isolate } from '@app/i18n';
import type { Id, Person } from '../api/records';
import { useAsked, useDashboard } from '../app/use-dashboard';
import { useWords } from '../i18n';
import { Waiting } from '../ui/asked';
import { Confirm } from '../ui/confirm';
import { Evidence } from './evidence';
import { PersonDialog } from './person';
import styles from './screens.module.css';

const decisions: readonly ReportDecision[] = ['dismissed', 'suspended', 'acted'];

/** One report, opened and checked by the worker of this very browser, and what is to come of it. */
export function ReportPage({ id }: { readonly id: Id }) {
  const t = useWords().reports;
  const { dashboard } = useDashboard();
  const report = useAsked(() => dashboard.report(id), id);
  return (
    <>
      <a href="#/reports" className={styles.up}>
        <Icon name="back" small />
        {t.all}
      </a>
      {report.value ? <Opened report={report.value} /> : <Waiting asked={report} />}
      {/* What will never open can be put away, too; what could not be fetched now cannot. */}
      {(report.value !== null || report.code === 'report_unreadable') && <Decide id={id} />}
    </>
  );
}

function Opened({ report }: { readonly report: OpenedReport }) {
  const texts = useTexts();
  const t = useWords().reports;
  const formats = useFormats();
  return (
    <>
      <p className={styles.text}>{t.came(formats.date(new Date(report.filedOn).toISOString().slice(0, 10)))}</p>
      <div className={styles.fields}>
        <Section title={t.reason} text={t.reasonText}>
          <p>
            <strong>{texts.report.reasons[report.reason]}</strong>
          </p>
          {report.words !== '' && (
            <blockquote className={styles.said} dir="auto">
              {report.words}
            </blockquote>
          )}
        </Section>
        <section className={styles.part} aria-labelledby="evidence">
          <h2 id="evidence">{t.evidence(report.messages.length)}</h2>
          <p className={styles.small}>{t.evidenceText}</p>
          <ol className={styles.evidence}>
            {report.messages.map((message, at) => (
              <Evidence key={at} message={message} />
            ))}
          </ol>
        </section>
        <Writers messages={report.messages} />
      </div>
    </>
  );
}

/** Those who are shown to have written something of it, with what can be done about them. */
function Writers({ messages }: { readonly messages: readonly ReportedMessage[] }) {
  const t = useWords().reports;
  const { dashboard } = useDashboard();
  const [open, setOpen] = useState<Person | null>(null);
  const look = useAction(async (account: Id) => setOpen(await dashboard.person(account)));
  const writers = new Map(
    messages.flatMap(message => (message.verdict === 'proven' && message.writer !== null ? [[message.writer, message.handle] as const] : [])),
  );
  if (writers.size === 0) return null;
  return (
    <Section title={t.writers} text={t.writersText}>
      {[...writers].map(([account, handle]) =>
        handle === null ? (
          <Row key={account} start={<Icon name="person" />} title={t.gone} />
        ) : (
          <Row key={account} start={<Icon name="person" />} title={isolate(`@${handle}`)} text={t.act} onClick={() => void look.run(account)} />
        ),
      )}
      <Problem text={look.problem} />
      {open && <PersonDialog person={open} onClose={() => setOpen(null)} onChanged={() => setOpen(null)} />}
    </Section>
  );
}

/** Ends it: the report goes, and the log says what was decided and nothing else. */
function Decide({ id }: { readonly id: Id }) {
  const t = useWords().reports;
  const { dashboard } = useDashboard();
  const say = useToast();
  const [decision, setDecision] = useState<ReportDecision | null>(null);
  return (
    <div className={styles.fields}>
      <Section title={t.decide} text={t.decideText}>
        {decisions.map(one => (
          <Row
            key={one}
            start={<Icon name={one === 'dismissed' ? 'close' : one === 'suspended' ? 'ban' : 'check'} />}
            title={t.decisions[one]}
            text={t.decisionTexts[one]}
            onClick={() => setDecision(one)}
          />
        ))}
      </Section>
      {decision && (
        <Confirm
          title={t.close}
          text={t.closeText(t.decisions[decision])}
          act={() => dashboard.decide(id, decision)}
          onClose={() => setDecision(null)}
          onDone={() => {
            say({ text: t.decided });
            void dashboard.lookAtReports().catch(() => undefined);
            location.hash = '#/reports';
          }}
        />
      )}
    </div>
  );
}
