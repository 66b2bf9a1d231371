import type { Conversation, Message } from '../../client';
import { systemLine, useFormats, useTexts } from '../../i18n';
import { to } from '../../page/router';
import { Icon, type IconName } from '../../ui/icon';
import { classNames } from '../../ui/class-names';
import styles from './system-message.module.css';

const icons: Partial<Record<string, IconName>> = { key_changed: 'key', timer_changed: 'timer', messages_missing: 'clock', apart: 'warning' };

/** One calm line about the conversation. */
export function SystemLine({ message, conversation }: { readonly message: Message; readonly conversation: Conversation }) {
  const t = useTexts();
  const formats = useFormats();
  if (message.body.type !== 'system') return null;
  const { kind, accounts } = message.body;
  const [whose] = accounts;
  const icon = icons[kind];
  return (
    <li
      data-message={message.id}
      className={classNames(styles.line, (kind === 'key_changed' || kind === 'apart') && styles.attention)}
      title={formats.full(message.sentAt)}
    >
      {icon && <Icon name={icon} small />}
      <span>{systemLine(message.body, t, formats)}</span>
      {kind === 'key_changed' && whose && !whose.me && (
        <a className={styles.verify} href={to.safety(whose.account, conversation.id)}>
          {t.chat.verify}
        </a>
      )}
    </li>
  );
}
