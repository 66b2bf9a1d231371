import type { ReportedMessage } from '@app/client';
import { isolate, useFormats } from '@app/i18n';
import { classNames } from '@app/ui/class-names';
import { Icon } from '@app/ui/icon';
import { useWords } from '../i18n';
import styles from './evidence.module.css';

/** One reported message, with what its signature shows. Of a forged one there is nothing to show. */
export function Evidence({ message }: { readonly message: ReportedMessage }) {
  const t = useWords().reports;
  const formats = useFormats();
  const who = message.handle === null ? t.gone : isolate(`@${message.handle}`);
  const verdict =
    message.verdict === 'forged'
      ? t.forged
      : message.verdict === 'other_key'
        ? t.otherKey(who)
        : message.trust === 'verified'
          ? t.provenVerified(who)
          : t.proven(who);
  return (
    <li className={classNames(styles.message, styles[message.verdict])}>
      <p className={styles.verdict}>
        <Icon name={message.verdict === 'proven' ? 'shieldCheck' : 'warning'} small />
        <span>{verdict}</span>
      </p>
      {message.verdict !== 'forged' && (
        <>
          <blockquote className={styles.words} dir="auto">
            {message.text}
          </blockquote>
          <p className={styles.where}>
            {message.edit && <span>{t.edit}</span>}
            <time dateTime={new Date(message.sentAt).toISOString()}>{t.at(formats.full(message.sentAt))}</time>
            <span>{message.kind === 'direct' ? t.direct : message.title === '' ? t.group : t.groupOf(isolate(message.title))}</span>
            {message.files.length > 0 && <span>{t.files(formats.list(message.files.map(isolate)))}</span>}
          </p>
        </>
      )}
    </li>
  );
}
