import { memo, useRef, useState, type KeyboardEvent, type MouseEvent, type TouchEvent } from 'react';
import { summary, type Message, type MessageId } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { classNames } from '../../ui/class-names';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { belowStart } from '../../ui/menu';
import { SendState } from '../../ui/send-state';
import { Tile } from '../../ui/tile';
import { Attachments } from './attachments';
import { Reactions } from './reactions';
import { RichText, isEmojiOnly } from './rich-text';
import styles from './message-row.module.css';

export interface MessageActions {
  readonly reply: (message: Message) => void;
  readonly menu: (message: Message, at: { readonly x: number; readonly y: number }) => void;
  readonly jump: (to: MessageId, from: MessageId) => void;
  readonly react: (message: Message, emoji: string | null) => void;
  readonly pickReaction: (message: Message) => void;
  readonly details: (message: Message) => void;
  readonly retry: (message: Message) => void;
  readonly remove: (message: Message) => void;
  readonly toggle: (message: Message) => void;
}

interface RowProps {
  readonly message: Message;
  /** The message this one answers, where it is loaded. */
  readonly quoted: Message | null;
  readonly first: boolean;
  readonly last: boolean;
  readonly group: boolean;
  readonly flash: boolean;
  /** When it goes, in words. */
  readonly ends: string | null;
  /** Whether the tab key stops here. */
  readonly stop: boolean;
  readonly canReply: boolean;
  /** Whether it is among those that were chosen; `null` while nothing is chosen. */
  readonly chosen: boolean | null;
  readonly actions: MessageActions;
}

const swipeReply = 56;
const swipeEdge = 32;
const longPress = 500;

/** One message: who, what, when, and how far it got. */
export const MessageRow = memo(function MessageRow({ message, quoted, first, last, group, flash, ends, stop, canReply, chosen, actions }: RowProps) {
  const t = useTexts();
  const formats = useFormats();
  const row = useRef<HTMLLIElement>(null);
  const { target, handlers } = useSwipe(
    () => canReply && chosen === null && message.body.type === 'text' && actions.reply(message),
    at => (chosen === null ? actions.menu(message, at) : actions.toggle(message)),
    canReply && chosen === null && message.body.type === 'text',
  );
  const [time] = useState(() => new Date(message.sentAt).toISOString());
  if (message.body.type === 'system') return null;
  if (message.body.type === 'deleted') {
    const { by } = message.body;
    return (
      <li
        ref={row}
        data-message={message.id}
        tabIndex={stop ? 0 : -1}
        className={classNames(styles.row, message.mine ? styles.mine : styles.theirs, styles.first, group && styles.inGroup, flash && styles.flash)}
      >
        {group && !message.mine && <span className={styles.tile} />}
        <div className={styles.column}>
          <p className={styles.deleted} data-bubble>
            <Icon name="trash" small />
            <span>
              {by.me && message.mine
                ? t.acts.deletedByMe
                : by.account === message.sender.account
                  ? t.acts.deletedByWriter(message.sender.name)
                  : t.acts.deletedBy(by.me ? t.system.you : by.name, message.mine ? t.system.youObject : message.sender.name)}
            </span>
            <time dateTime={time} title={formats.full(message.sentAt)}>
              {formats.time(message.sentAt)}
            </time>
          </p>
        </div>
      </li>
    );
  }
  const { text, replyTo, mentions } = message.body;
  const canReact = canReply && message.state !== 'failed';
  const attachments = message.body.attachments ?? [];
  const emoji = !replyTo && attachments.length === 0 && isEmojiOnly(text);

  const menuByKey = (event: KeyboardEvent) => {
    if (event.target !== row.current) return;
    if (chosen !== null) {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      actions.toggle(message);
    } else if (event.key === 'Enter' || event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) {
      event.preventDefault();
      const bubble = row.current?.querySelector('[data-bubble]');
      if (bubble) actions.menu(message, belowStart(bubble, 16));
    } else if (event.key === 'r' && canReply && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      actions.reply(message);
    } else if (event.key === 'e' && canReact && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      actions.pickReaction(message);
    }
  };
  const menuByPointer = (event: MouseEvent) => {
    if (chosen !== null || (event.target as Element).closest('a, audio') || !getSelection()?.isCollapsed) return;
    event.preventDefault();
    actions.menu(message, { x: event.clientX, y: event.clientY });
  };

  return (
    <li
      ref={row}
      data-message={message.id}
      tabIndex={stop ? 0 : -1}
      className={classNames(
        styles.row,
        message.mine ? styles.mine : styles.theirs,
        first && styles.first,
        last && styles.last,
        group && styles.inGroup,
        flash && styles.flash,
        chosen === true && styles.chosen,
      )}
      onKeyDown={menuByKey}
      onContextMenu={menuByPointer}
      onClick={chosen === null ? undefined : () => actions.toggle(message)}
      {...handlers}
    >
      {chosen !== null && (
        <input
          type="checkbox"
          className={styles.choice}
          tabIndex={-1}
          checked={chosen}
          aria-label={t.acts.selectMessage}
          onClick={event => event.stopPropagation()}
          onChange={() => actions.toggle(message)}
        />
      )}
      {group && !message.mine && <span className={styles.tile}>{last && <Tile id={message.sender.account} name={message.sender.name} size="s" />}</span>}
      <div className={styles.column} ref={target}>
        <div className={classNames(styles.bubble, emoji && styles.emoji, message.mentionsMe && !message.mine && styles.namesMe)} data-bubble>
          {first && group && !message.mine ? (
            <span className={styles.author}>
              <bdi>{message.sender.name}</bdi>
            </span>
          ) : (
            <span className="visually-hidden">{message.mine ? t.system.you : message.sender.name}: </span>
          )}
          {message.passedOnBy && (
            <p className={styles.passedOn} title={t.chat.passedOnHint(message.passedOnBy.name)}>
              {t.chat.passedOn(message.passedOnBy.name)}
            </p>
          )}
          {replyTo && (
            <button type="button" tabIndex={stop ? 0 : -1} className={styles.quote} onClick={() => actions.jump(replyTo, message.id)}>
              {quoted?.body.type === 'text' ? (
                <>
                  <span className={styles.quoteAuthor}>
                    <bdi>{quoted.mine ? t.system.you : quoted.sender.name}</bdi>
                  </span>
                  <span dir="auto" className={styles.quoteText}>
                    {summary(quoted.body, t.voice.message).slice(0, 240)}
                  </span>
                </>
              ) : (
                <span className={styles.quoteText}>{quoted?.body.type === 'deleted' ? t.acts.deletedPreview : '…'}</span>
              )}
            </button>
          )}
          {attachments.length > 0 && <Attachments message={message} attachments={attachments} stop={stop} eager={canReply || message.mine} />}
          <div className={styles.body} dir="auto">
            <span className={styles.text}>
              <RichText text={text} mentions={mentions} />
            </span>
            <span className={styles.meta}>
              {message.endsAt !== null && (
                <span title={`${t.chat.endsAt}: ${formats.full(message.endsAt)}`}>
                  <Icon name="timer" small />
                  <span className="visually-hidden">{ends}</span>
                </span>
              )}
              {message.editedAt !== null && (
                <button
                  type="button"
                  tabIndex={stop ? 0 : -1}
                  className={styles.edited}
                  title={formats.full(message.editedAt)}
                  onClick={() => actions.details(message)}
                >
                  {t.acts.edited}
                </button>
              )}
              <time dateTime={time} title={formats.full(message.sentAt)}>
                {formats.time(message.sentAt)}
              </time>
              {message.mine && <SendState state={message.state} />}
            </span>
          </div>
        </div>
        <Reactions message={message} canReact={canReact && chosen === null} stop={stop} onReact={emoji => actions.react(message, emoji)} />
        {message.state === 'failed' && (
          <p className={styles.failed}>
            <span>{t.chat.failedText}</span>
            {canReply && (
              <button type="button" onClick={() => actions.retry(message)}>
                {t.acts.retry}
              </button>
            )}
            <button type="button" onClick={() => actions.remove(message)}>
              {t.acts.deleteFailed}
            </button>
          </p>
        )}
      </div>
      <span className={classNames(styles.tools, chosen !== null && styles.hidden)}>
        {canReact && <IconButton icon="smile" label={t.acts.react} tabIndex={-1} onClick={() => actions.pickReaction(message)} />}
        {canReply && <IconButton icon="reply" label={t.chat.reply} tabIndex={-1} onClick={() => actions.reply(message)} />}
        <IconButton icon="menu" label={t.chat.messageMenu} tabIndex={-1} onClick={event => actions.menu(message, belowStart(event.currentTarget))} />
      </span>
    </li>
  );
});

/** Swipe towards the end of the line to reply; press long for the menu. The edge belongs to the browser's own gesture. */
function useSwipe(reply: () => void, menu: (at: { x: number; y: number }) => void, canReply: boolean) {
  const target = useRef<HTMLDivElement>(null);
  const start = useRef<{ x: number; y: number; timer: ReturnType<typeof setTimeout> } | null>(null);
  const moved = useRef(0);
  const shift = (by: number) => {
    moved.current = by;
    target.current?.style.setProperty('transform', by === 0 ? '' : `translateX(${by}px)`);
  };
  const end = () => {
    if (!start.current) return;
    clearTimeout(start.current.timer);
    start.current = null;
    if (Math.abs(moved.current) >= swipeReply) {
      if ('vibrate' in navigator) navigator.vibrate(10);
      reply();
    }
    shift(0);
  };
  return {
    target,
    handlers: {
      onTouchStart: (event: TouchEvent) => {
        const touch = event.touches[0];
        if (!touch || event.touches.length > 1 || touch.clientX < swipeEdge || touch.clientX > window.innerWidth - swipeEdge) return;
        const at = { x: touch.clientX, y: touch.clientY };
        start.current = {
          ...at,
          timer: setTimeout(() => {
            start.current = null;
            shift(0);
            if (getSelection()?.isCollapsed) menu(at);
          }, longPress),
        };
      },
      onTouchMove: (event: TouchEvent) => {
        const touch = event.touches[0];
        if (!start.current || !touch) return;
        const direction = document.dir === 'rtl' ? -1 : 1;
        const along = (touch.clientX - start.current.x) * direction;
        if (Math.abs(touch.clientY - start.current.y) > 12 && moved.current === 0) {
          clearTimeout(start.current.timer);
          start.current = null;
        } else if (Math.abs(along) > 8) {
          clearTimeout(start.current.timer);
          if (canReply) shift(Math.max(0, Math.min(along - 8, swipeReply + 12)) * direction);
        }
      },
      onTouchEnd: end,
      onTouchCancel: end,
    },
  };
}
