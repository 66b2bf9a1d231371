import { useEffect, useId, useState } from 'react';
import type { Conversation, Message, Moderators, ReportReason } from '../../client';
import { explain, useFormats, useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { SelectField, TextField } from '../../ui/field';
import { Line } from '../../ui/line';
import { Problem } from '../../ui/problem';
import { useAction } from '../../ui/use-action';
import { Excerpts } from './excerpts';
import styles from './report-dialog.module.css';

const reasons: readonly ReportReason[] = ['harassment', 'threat', 'spam', 'impersonation', 'unlawful', 'other'];

/** Shows messages to those who run the server: what they get, and who they are, before anything is sent. */
export function ReportDialog({
  conversation,
  messages,
  onDone,
  onClose,
}: {
  readonly conversation: Conversation;
  readonly messages: readonly Message[];
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const heading = useId();
  const [reason, setReason] = useState<ReportReason>('harassment');
  const [words, setWords] = useState('');
  const [moderators, setModerators] = useState<Moderators | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    client.request('reports.moderators').then(
      found => !gone && setModerators(found),
      (error: unknown) => !gone && setProblem(explain(error, t, formats)),
    );
    return () => {
      gone = true;
    };
  }, [client, formats, t]);
  const writers = new Set(messages.map(message => message.sender.account));
  const readers = moderators?.all.filter(one => !writers.has(one.contact.account)) ?? [];
  const report = useAction(async () => {
    if (!moderators) return;
    await client.request('message.report', {
      conversation: conversation.id,
      messages: messages.map(message => message.id),
      reason,
      words: words.trim(),
      shown: moderators.shown,
    });
    onClose();
    onDone();
  });
  return (
    <Dialog
      title={t.report.title(messages.length)}
      onClose={onClose}
      actions={
        <Button kind="danger" busy={report.busy} disabled={readers.length === 0} onClick={() => void report.run()}>
          {t.report.send}
        </Button>
      }
    >
      <Excerpts messages={messages} />
      <SelectField label={t.report.reason} value={reason} onChange={event => setReason(event.target.value as ReportReason)}>
        {reasons.map(one => (
          <option key={one} value={one}>
            {t.report.reasons[one]}
          </option>
        ))}
      </SelectField>
      <TextField
        label={t.report.words}
        note={t.report.optional}
        value={words}
        maxLength={2000}
        autoComplete="off"
        onChange={event => setWords(event.target.value)}
      />
      <h3 className={styles.heading} id={heading}>
        {t.report.goesTo}
      </h3>
      {moderators && readers.length > 0 && (
        <ul className={styles.moderators} aria-labelledby={heading}>
          {readers.map(one => (
            <li key={one.contact.account}>
              <bdi>{one.contact.name}</bdi>{' '}
              <span className={styles.quiet}>{t.report.rank(one.rank, formats.date(new Date(one.since).toISOString().slice(0, 10)), one.givenBy)}</span>
              {one.contact.trust === 'verified' && <span className={styles.quiet}> · {t.report.verified}</span>}
            </li>
          ))}
        </ul>
      )}
      {!moderators && !problem && <p role="status">{t.report.looking}</p>}
      {moderators && readers.length === 0 && <Line>{t.report.nobody}</Line>}
      {moderators?.changed.map(contact => (
        <Line key={contact.account}>{t.report.changed(contact.name)}</Line>
      ))}
      {moderators && !moderators.logWhole && <Line>{t.report.log}</Line>}
      <p className={styles.quiet}>{t.report.text}</p>
      {messages.some(message => message.body.type === 'text' && message.body.attachments?.length) && <p className={styles.quiet}>{t.report.files}</p>}
      <Problem text={problem ?? report.problem} />
    </Dialog>
  );
}
