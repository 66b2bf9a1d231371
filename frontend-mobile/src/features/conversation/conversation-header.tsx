import type { Conversation } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { to } from '../../page/router';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Tile } from '../../ui/tile';
import { classNames } from '../../ui/class-names';
import styles from './conversation-header.module.css';

/** Whose conversation it is, and how far their key is known: in words. A click leads to the details. */
export function ConversationHeader({ conversation, onFind }: { readonly conversation: Conversation; readonly onFind: () => void }) {
  const t = useTexts();
  const formats = useFormats();
  const { peer, timer, kind, title } = conversation;
  const trust = peer?.trust ?? null;
  return (
    <div className={styles.header}>
      <a href={to.list} className={styles.back} aria-label={t.app.back} title={t.app.back}>
        <Icon name="back" />
      </a>
      <a href={to.info(conversation.id)} className={styles.who}>
        <Tile id={peer?.account ?? conversation.id} name={title} group={kind === 'group'} />
        <span className={styles.text}>
          <h1 className={styles.title}>
            <bdi>{title}</bdi>
          </h1>
          <span
            className={classNames(
              styles.second,
              trust === 'verified' && styles.verified,
              (trust === 'changed' || trust === 'verified_changed') && styles.changed,
            )}
          >
            {trust ? (
              <>
                <Icon name={trust === 'verified' ? 'shieldCheck' : trust === 'unverified' ? 'shield' : 'warning'} small />
                <span>{t.chat.trust[trust]}</span>
              </>
            ) : kind === 'group' && conversation.members > 0 ? (
              <span>{t.chat.members(conversation.members)}</span>
            ) : null}
          </span>
        </span>
      </a>
      {timer !== null && (
        <a href={to.info(conversation.id)} className={styles.timer} title={t.chat.timer(formats.duration(timer))}>
          <Icon name="timer" small />
          <span aria-hidden="true">{formats.duration(timer)}</span>
          <span className="visually-hidden">{t.chat.timer(formats.duration(timer))}</span>
        </a>
      )}
      <IconButton icon="search" label={t.chat.find} onClick={onFind} />
      <a href={to.info(conversation.id)} className={styles.info} aria-label={t.chat.info} title={t.chat.info}>
        <Icon name="info" />
      </a>
    </div>
  );
}
