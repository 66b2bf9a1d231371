import type { Conversation, Id, SearchHit } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { to } from '../../page/router';
import { useNow } from '../../page/use-now';
import type { FoundMessages } from '../../page/use-message-search';
import { Button } from '../../ui/button';
import { Marked } from '../../ui/marked';
import { Tile } from '../../ui/tile';
import { Who } from './conversation-row';
import row from './conversation-row.module.css';
import styles from './conversation-list.module.css';

/** Messages that have what was looked for, the newest first. */
export function MessageHits({ found, conversations }: { readonly found: FoundMessages; readonly conversations: ReadonlyMap<Id, Conversation> }) {
  const t = useTexts();
  return (
    <section aria-label={t.list.messages}>
      <h2 className={styles.heading}>{t.list.messages}</h2>
      <ul>
        {found.hits.map(hit => {
          const conversation = conversations.get(hit.message.conversation);
          return conversation && <Hit key={hit.message.id} hit={hit} conversation={conversation} />;
        })}
      </ul>
      {found.more && (
        <div className={styles.more}>
          <Button kind="plain" onClick={found.more}>
            {t.list.moreMessages}
          </Button>
        </div>
      )}
    </section>
  );
}

function Hit({ hit, conversation }: { readonly hit: SearchHit; readonly conversation: Conversation }) {
  const formats = useFormats();
  const now = useNow(60_000);
  const { message } = hit;
  return (
    <li>
      <a data-row data-hit href={to.conversation(conversation.id, message.id)} className={row.row}>
        <Tile id={conversation.peer?.account ?? conversation.id} name={conversation.title} group={conversation.kind === 'group'} />
        <span className={row.first}>
          <bdi className={row.title}>{conversation.title}</bdi>
          <time className={row.time} dateTime={new Date(message.sentAt).toISOString()} title={formats.full(message.sentAt)}>
            {formats.brief(message.sentAt, now)}
          </time>
        </span>
        <span className={row.second}>
          <span className={row.preview}>
            <Who message={message} group={conversation.kind === 'group'} /> <Marked hit={hit} className={row.words} />
          </span>
        </span>
      </a>
    </li>
  );
}
