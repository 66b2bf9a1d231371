import { Fragment, useEffect, useState } from 'react';
import { useLive, type Conversation, type Id, type Me, type MessageId, type MessageWindow } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { useClient } from '../../page/use-client';
import { Dialog } from '../../ui/dialog';
import { reactedTo } from './reactions';
import styles from './message-info.module.css';

/** When a message was sent, when it ends, and who has it. */
export function MessageInfo({
  id,
  conversation,
  me,
  messages,
  onClose,
}: {
  readonly id: MessageId;
  readonly conversation: Conversation;
  readonly me: Me;
  readonly messages: MessageWindow;
  readonly onClose: () => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const message = useLive(messages).messages.find(one => one.id === id);
  const [names, setNames] = useState<ReadonlyMap<Id, string>>(new Map());
  useEffect(() => {
    client
      .request('conversation.members', { conversation: conversation.id })
      .then(members => setNames(new Map(members.map(member => [member.contact.account, member.contact.name]))))
      .catch(() => undefined);
  }, [client, conversation.id]);
  if (!message) return null;
  const name = (account: Id) => (account === me.id ? t.system.you : (names.get(account) ?? conversation.peer?.name ?? account.slice(0, 8)));
  const people = (accounts: readonly Id[]) => (accounts.length === 0 ? t.chat.nobodyYet : formats.list(accounts.map(name)));
  return (
    <Dialog title={t.chat.messageInfo} onClose={onClose}>
      <dl className={styles.list}>
        <dt>{t.chat.sentAt}</dt>
        <dd>{formats.full(message.sentAt)}</dd>
        {message.endsAt !== null && (
          <>
            <dt>{t.chat.endsAt}</dt>
            <dd>{formats.full(message.endsAt)}</dd>
          </>
        )}
        {message.editedAt !== null && (
          <>
            <dt>{t.acts.editedAt}</dt>
            <dd>{formats.full(message.editedAt)}</dd>
          </>
        )}
        {message.passedOnBy && <dd className={styles.wide}>{t.chat.passedOnHint(message.passedOnBy.name)}</dd>}
        {message.mine && (
          <>
            <dt>{t.chat.deliveredTo}</dt>
            <dd>{people(message.deliveredTo)}</dd>
            <dt>{t.chat.readBy}</dt>
            <dd>{people(message.readBy)}</dd>
          </>
        )}
        {reactedTo(message).map(({ emoji, people }) => (
          <Fragment key={emoji}>
            <dt className={styles.emoji}>{emoji}</dt>
            <dd>{formats.list(people.map(person => (person.me ? t.system.you : person.name)))}</dd>
          </Fragment>
        ))}
      </dl>
      {message.former.length > 0 && (
        <section>
          <h3 className={styles.title}>{t.acts.versions}</h3>
          <ol className={styles.versions}>
            {message.former.toReversed().map(version => (
              <li key={version.sentAt}>
                <time dateTime={new Date(version.sentAt).toISOString()}>{formats.full(version.sentAt)}</time>
                <p dir="auto">{version.text}</p>
              </li>
            ))}
          </ol>
        </section>
      )}
    </Dialog>
  );
}
