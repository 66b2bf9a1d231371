import { memo, type KeyboardEvent } from 'react';
import { summary, type Conversation, type Message } from '../../client';
import { systemLine, useFormats, useTexts } from '../../i18n';
import type { Draft } from '../../page/drafts';
import { isMuted } from '../../page/list-order';
import { to } from '../../page/router';
import { useNow } from '../../page/use-now';
import { classNames } from '../../ui/class-names';
import { Icon, type IconName } from '../../ui/icon';
import { belowStart } from '../../ui/menu';
import { SendState } from '../../ui/send-state';
import { Tile } from '../../ui/tile';
import { useLongPress, type Point } from '../../ui/use-long-press';
import styles from './conversation-row.module.css';

const minute = 60_000;

/** One conversation of the list. */
export const ConversationRow = memo(function ConversationRow({
  conversation,
  draft,
  open,
  hidePreviews,
  onMenu,
}: {
  readonly conversation: Conversation;
  readonly draft: Draft | undefined;
  readonly open: boolean;
  readonly hidePreviews: boolean;
  readonly onMenu: (conversation: Conversation, at: Point) => void;
}) {
  const t = useTexts();
  const formats = useFormats();
  const now = useNow(minute);
  const { title, unread, timer, last, pinned, markedUnread } = conversation;
  const muted = isMuted(conversation, now);
  const press = useLongPress(at => onMenu(conversation, at));
  const menuByKey = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key !== 'ContextMenu' && !(event.shiftKey && event.key === 'F10')) return;
    event.preventDefault();
    onMenu(conversation, belowStart(event.currentTarget, 48, 0.7));
  };
  const verified = conversation.peer?.trust === 'verified';
  const changed = conversation.peer?.trust === 'changed' || conversation.peer?.trust === 'verified_changed';
  return (
    <li>
      <a
        data-row
        href={to.conversation(conversation.id)}
        className={classNames(styles.row, open && styles.open, (unread > 0 || markedUnread) && !muted && styles.unread)}
        aria-current={open ? 'page' : undefined}
        aria-haspopup="menu"
        onKeyDown={menuByKey}
        onContextMenu={event => {
          event.preventDefault();
          onMenu(conversation, { x: event.clientX, y: event.clientY });
        }}
        {...press}
      >
        <Tile id={conversation.peer?.account ?? conversation.id} name={title} group={conversation.kind === 'group'} />
        <span className={styles.first}>
          <bdi className={styles.title}>{title}</bdi>
          {verified && <Sign icon="shieldCheck" text={t.chat.trustShort.verified} className={styles.verified} />}
          {changed && <Sign icon="warning" text={t.chat.trust.changed} className={styles.changed} />}
          {timer !== null && <Sign icon="timer" text={t.list.timer(formats.duration(timer))} />}
          {muted && <Sign icon="bellOff" text={t.list.muted} />}
          {pinned !== null && <Sign icon="pin" text={t.list.pinned} />}
          <time className={styles.time} dateTime={new Date(conversation.lastActivity).toISOString()} title={formats.full(conversation.lastActivity)}>
            {formats.brief(conversation.lastActivity, now)}
          </time>
        </span>
        <span className={styles.second}>
          <span className={styles.preview}>
            <Preview conversation={conversation} draft={draft} hidden={hidePreviews} />
          </span>
          {last?.mine && !draft && conversation.state === 'active' && <SendState state={last.state} />}
          {conversation.unreadMentions > 0 && (
            <span className={styles.mention} title={t.acts.mentions(conversation.unreadMentions)}>
              <span aria-hidden="true">@</span>
              <span className="visually-hidden">{t.acts.mentions(conversation.unreadMentions)}</span>
            </span>
          )}
          {unread === 0 && markedUnread && (
            <span className={classNames(styles.badge, styles.dot, muted && styles.quiet)}>
              <span className="visually-hidden">{t.list.markedUnread}</span>
            </span>
          )}
          {unread > 0 && (
            <span className={classNames(styles.badge, muted && styles.quiet)}>
              <span aria-hidden="true">{unread > 999 ? '999+' : unread}</span>
              <span className="visually-hidden">{t.list.unread(unread)}</span>
            </span>
          )}
        </span>
      </a>
    </li>
  );
});

function Sign({ icon, text, className = styles.sign }: { readonly icon: IconName; readonly text: string; readonly className?: string | undefined }) {
  return (
    <span className={className} title={text}>
      <Icon name={icon} small />
      <span className="visually-hidden">{text}</span>
    </span>
  );
}

function Preview({ conversation, draft, hidden }: { readonly conversation: Conversation; readonly draft: Draft | undefined; readonly hidden: boolean }) {
  const t = useTexts();
  const formats = useFormats();
  const { state, last, kind } = conversation;
  const words = (text: string) => <span className={styles.words}>{text}</span>;
  if (state === 'request') return words(t.list.request);
  if (draft) {
    return (
      <>
        <span className={styles.draft}>{t.list.draft}</span>{' '}
        {hidden ? '…' : <bdi className={styles.words}>{oneLine(draft.text) || draft.files.map(file => file.name).join(', ')}</bdi>}
      </>
    );
  }
  if (state === 'left') return words(t.list.left);
  if (state === 'removed') return words(t.list.removed);
  if (!last) return words(state === 'restored' ? t.list.restored : t.list.noMessages);
  if (last.body.type === 'system') return words(systemLine(last.body, t, formats));
  if (last.body.type === 'deleted') return <i className={styles.words}>{t.acts.deletedPreview}</i>;
  if (hidden) return last.mine || kind === 'direct' ? words('···') : <bdi className={styles.words}>{last.sender.name}</bdi>;
  return (
    <>
      <Who message={last} group={kind === 'group'} /> <bdi className={styles.words}>{oneLine(summary(last.body, t.voice.message))}</bdi>
    </>
  );
}

/** Who wrote what follows; the colon belongs to the sentence, and not to the name. */
export function Who({ message, group }: { readonly message: Message; readonly group: boolean }) {
  const t = useTexts();
  if (message.mine) return <span className={styles.who}>{t.list.you}</span>;
  return (
    group && (
      <span className={styles.who}>
        <bdi>{message.sender.name}</bdi>
        {t.list.colon}
      </span>
    )
  );
}

const previewLength = 160;

function oneLine(text: string): string {
  return text.slice(0, previewLength).replace(/```/g, '').replace(/\s+/g, ' ');
}
