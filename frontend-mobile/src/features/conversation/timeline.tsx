import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode, type Ref } from 'react';
import { named, summary, useLive, type Conversation, type Message, type MessageId, type MessageWindow } from '../../client';
import { useFormats, useTexts } from '../../i18n';
import { useNow } from '../../page/use-now';
import { Icon } from '../../ui/icon';
import { classNames } from '../../ui/class-names';
import { MessageRow, type MessageActions } from './message-row';
import { SystemLine } from './system-message';
import { firstUnread, timelineItems } from './timeline-items';
import styles from './timeline.module.css';

/** At most so many messages are in the page at a time; scrolling moves the part that is. */
const rendered = 140;
const step = 60;
const nearEdge = 900;
const nearBottom = 48;
const flashFor = 1800;
/** Of what comes in together so many are read out, behind how many there are. */
const fewAtOnce = 3;

export interface TimelineHandle {
  /** Shows a message, loading back to it if needed; whether it is there. */
  readonly show: (id: MessageId) => Promise<boolean>;
  readonly toLatest: () => void;
}

interface TimelineProps {
  readonly conversation: Conversation;
  readonly window: MessageWindow;
  readonly actions: Omit<MessageActions, 'jump'> & { readonly missing: () => void };
  readonly canReply: boolean;
  /** What was chosen, while something is being chosen. */
  readonly selection: ReadonlySet<MessageId> | null;
  readonly onRead: (upTo: MessageId) => void;
  readonly beginning: ReactNode;
  readonly handle: Ref<TimelineHandle>;
}

/**
 * The messages. Only a part of them is in the page, and what a person looks at stays where it is: before every change the topmost visible
 * message is remembered, and afterwards scrolled back to its place. Whoever is at the end stays at the end.
 */
export function Timeline({ conversation, window: source, actions, canReply, selection, onRead, beginning, handle }: TimelineProps) {
  const t = useTexts();
  const formats = useFormats();
  const now = useNow(60_000);
  const { messages, complete, newest, loading } = useLive(source);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const anchor = useRef<{ readonly id: MessageId; readonly offset: number } | null>(null);
  const atEnd = useRef(true);
  const opened = useRef(false);
  const [unreadAtOpening] = useState(conversation.unread);
  const [unreadMark, setUnreadMark] = useState<{ readonly id: MessageId; readonly count: number } | null>(null);
  // How many messages stand below the part that is in the page.
  const [below, setBelow] = useState(0);
  const [away, setAway] = useState(false);
  const [newBelow, setNewBelow] = useState(0);
  // The first of them that names me.
  const [mentionBelow, setMentionBelow] = useState<MessageId | null>(null);
  const [stop, setStop] = useState<MessageId | null>(null);
  const [flash, setFlash] = useState<MessageId | null>(null);
  const [cameFrom, setCameFrom] = useState<MessageId | null>(null);
  const [target, setTarget] = useState<MessageId | null>(null);
  const lastKnown = useRef<MessageId | null>(null);

  const end = Math.max(0, messages.length - below);
  const begin = Math.max(0, end - rendered);
  const shown = useMemo(() => messages.slice(begin, end), [messages, begin, end]);
  const items = useMemo(() => timelineItems(shown, unreadMark), [shown, unreadMark]);
  const byId = useMemo(() => new Map(messages.map(message => [message.id, message])), [messages]);
  const latest = useRef({ messages, newest, begin, end, below });
  useLayoutEffect(() => {
    latest.current = { messages, newest, begin, end, below };
  });

  // ---- Keeping the place ----

  const rowOf = (id: MessageId) => list.current?.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`) ?? null;

  const remember = useCallback(() => {
    const box = scroller.current;
    if (!box || !list.current) return;
    const top = box.getBoundingClientRect().top;
    for (const row of list.current.querySelectorAll<HTMLElement>('[data-message]')) {
      const at = row.getBoundingClientRect();
      if (at.bottom > top + 8) {
        anchor.current = { id: row.dataset['message']!, offset: at.top - top };
        return;
      }
    }
  }, []);

  const restore = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    if (atEnd.current) {
      box.scrollTop = box.scrollHeight;
      return;
    }
    const row = anchor.current && rowOf(anchor.current.id);
    if (row && anchor.current) box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - anchor.current.offset;
  }, []);

  useLayoutEffect(() => {
    if (opened.current) restore();
  }, [items, restore]);

  // Opening: on the line above what is unread, else at the end.
  useLayoutEffect(() => {
    if (opened.current || messages.length === 0) return;
    const first = unreadAtOpening > 0 ? firstUnread(messages, unreadAtOpening) : null;
    if (unreadAtOpening > 0 && !first && !complete && messages.length < unreadAtOpening + 200) {
      void source.loadOlder().catch(() => undefined);
      return;
    }
    opened.current = true;
    if (first) {
      setUnreadMark({ id: first, count: unreadAtOpening });
      setTarget(first);
      setBelow(Math.max(0, messages.length - messages.findIndex(message => message.id === first) - Math.floor(rendered / 2)));
    } else {
      restore();
    }
  }, [messages, complete, unreadAtOpening, source, restore]);

  // A message that is to be shown is in the page now.
  useLayoutEffect(() => {
    if (!target || !scroller.current) return;
    const row = rowOf(target);
    if (!row) return;
    const mark = unreadMark?.id === target ? list.current?.querySelector('[data-unread]') : null;
    const box = scroller.current;
    const height = box.clientHeight;
    box.scrollTop += (mark ?? row).getBoundingClientRect().top - box.getBoundingClientRect().top - (mark ? height * 0.2 : height * 0.35);
    atEnd.current = box.scrollHeight - box.scrollTop - height < nearBottom && latest.current.below === 0 && latest.current.newest;
    remember();
    setTarget(null);
  }, [target, items, unreadMark, remember]);

  useEffect(() => {
    if (!list.current || !scroller.current) return;
    // What changes its height later (a font, a picture, the keyboard of a phone) moves nothing either.
    const observer = new ResizeObserver(() => opened.current && restore());
    observer.observe(list.current);
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, [restore]);

  // ---- Reading ----

  const markRead = useCallback(() => {
    const box = scroller.current;
    if (!box || !opened.current || document.visibilityState !== 'visible' || !document.hasFocus()) return;
    const bottom = box.getBoundingClientRect().bottom;
    let seen: MessageId | null = null;
    for (const row of list.current?.querySelectorAll<HTMLElement>('[data-message]') ?? []) {
      if (row.getBoundingClientRect().bottom > bottom + 12) break;
      const message = byId.get(row.dataset['message'] ?? '');
      if (message && !message.mine) seen = message.id;
    }
    if (seen) onRead(seen);
  }, [byId, onRead]);

  useEffect(() => {
    const timer = setTimeout(markRead, 120);
    window.addEventListener('focus', markRead);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('focus', markRead);
    };
  }, [markRead, items]);

  const readTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const scrolled = () => {
    const box = scroller.current;
    if (!box || !opened.current) return;
    const fromEnd = box.scrollHeight - box.scrollTop - box.clientHeight;
    atEnd.current = fromEnd < nearBottom && below === 0 && newest;
    setAway(fromEnd > box.clientHeight * 0.6 || below > 0 || !newest);
    if (atEnd.current) {
      setNewBelow(0);
      setMentionBelow(null);
      setCameFrom(null);
    }
    remember();
    if (box.scrollTop < nearEdge) {
      if (begin > 0) setBelow(current => Math.min(messages.length - step, current + step));
      else if (!complete && !loading) void source.loadOlder().catch(() => undefined);
    } else if (fromEnd < nearEdge && below > 0) {
      setBelow(current => Math.max(0, current - step));
    } else if (fromEnd < nearEdge && !newest && !loading) {
      void source.loadNewer().catch(() => undefined);
    }
    clearTimeout(readTimer.current);
    readTimer.current = setTimeout(markRead, 200);
  };

  // The part that is in the page keeps its place when messages come in below it.
  const wasNewest = useRef(true);
  useLayoutEffect(() => {
    const last = messages.at(-1);
    const before = lastKnown.current;
    lastKnown.current = last?.id ?? null;
    // Around a message that was gone to, what comes in below is no news.
    const isNews = wasNewest.current && newest;
    wasNewest.current = newest;
    if (!isNews) return;
    if (!last || !before || before === last.id || !opened.current) return;
    const known = messages.findIndex(message => message.id === before);
    const added = known < 0 ? [] : messages.slice(known + 1);
    if (added.some(message => message.mine)) {
      atEnd.current = true;
      setBelow(0);
      setNewBelow(0);
      setUnreadMark(null);
      restore();
    } else if (!atEnd.current) {
      setBelow(current => (current > 0 ? current + added.length : 0));
      setNewBelow(current => current + added.filter(message => message.body.type === 'text').length);
      const naming = added.find(message => message.mentionsMe && !message.mine);
      if (naming) setMentionBelow(current => current ?? naming.id);
    }
  }, [messages, newest, restore]);

  // ---- Going somewhere ----

  const toLatest = useCallback(() => {
    void source.toNewest().catch(() => undefined);
    atEnd.current = true;
    setBelow(0);
    setNewBelow(0);
    setMentionBelow(null);
    setCameFrom(null);
    setAway(false);
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, [source]);

  const show = useCallback(
    async (id: MessageId): Promise<boolean> => {
      if (!(await source.showAround(id).catch(() => false))) return false;
      await new Promise(resolve => requestAnimationFrame(resolve));
      const at = latest.current.messages.findIndex(message => message.id === id);
      if (at < 0) return false;
      opened.current = true;
      atEnd.current = false;
      const count = latest.current.messages.length;
      if (at < latest.current.begin || at >= latest.current.end) setBelow(Math.max(0, count - at - Math.floor(rendered / 2)));
      setTarget(id);
      setFlash(id);
      setTimeout(() => setFlash(current => (current === id ? null : current)), flashFor);
      return true;
    },
    [source],
  );
  useImperativeHandle(handle, () => ({ show, toLatest }), [show, toLatest]);

  const { missing } = actions;
  const rowActions = useMemo<MessageActions>(
    () => ({
      ...actions,
      jump: (to, from) =>
        void show(to).then(there => {
          if (there) setCameFrom(from);
          else missing();
        }),
    }),
    [actions, missing, show],
  );

  // ---- The keyboard: one stop, arrows within ----

  const keys = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-message]') ?? [])];
    const here = rows.findIndex(row => row === document.activeElement);
    if (here < 0) return;
    const next = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  };

  const stopAt = shown.some(message => message.id === stop) ? stop : (shown.findLast(message => message.body.type !== 'system')?.id ?? null);

  return (
    <div className={styles.area}>
      <div className={styles.scroller} ref={scroller} onScroll={scrolled} role="log" aria-live="off" aria-label={t.chat.log(conversation.title)}>
        <ol
          ref={list}
          className={styles.list}
          onKeyDown={keys}
          onFocus={event => {
            const id = event.target instanceof HTMLElement ? event.target.dataset['message'] : undefined;
            if (id) setStop(id);
          }}
        >
          {complete && begin === 0 && <li className={styles.beginning}>{beginning}</li>}
          {(!complete || begin > 0) && messages.length > 0 && <li className={styles.loading}>{loading ? t.chat.loadingOlder : '\u00a0'}</li>}
          {items.map(item => {
            switch (item.type) {
              case 'day':
                return (
                  <li key={item.key} className={styles.day}>
                    <span>{formats.day(item.at, now)}</span>
                  </li>
                );
              case 'unread':
                return (
                  <li key={item.key} className={styles.unread} data-unread>
                    <span>{t.chat.newMessages(item.count)}</span>
                  </li>
                );
              case 'system':
                return <SystemLine key={item.key} message={item.message} conversation={conversation} />;
              case 'message':
                return (
                  <MessageRow
                    key={item.key}
                    message={item.message}
                    quoted={quotedBy(item.message, byId)}
                    first={item.first}
                    last={item.last}
                    group={conversation.kind === 'group'}
                    flash={flash === item.key}
                    ends={item.message.endsAt === null ? null : t.chat.ends(formats.until(item.message.endsAt, now))}
                    stop={stopAt === item.key}
                    canReply={canReply}
                    chosen={selection && item.message.body.type === 'text' ? selection.has(item.key) : null}
                    actions={rowActions}
                  />
                );
            }
          })}
        </ol>
      </div>
      {(away || cameFrom) && (
        <div className={styles.floating}>
          {cameFrom && (
            <button type="button" className={styles.backTo} onClick={() => void show(cameFrom).then(() => setCameFrom(null))}>
              <Icon name="reply" small />
              {t.chat.backToReply}
            </button>
          )}
          {away && (
            <button
              type="button"
              className={classNames(styles.toLatest, newBelow > 0 && styles.hasNew)}
              aria-label={[t.chat.toLatest, newBelow > 0 && t.chat.newMessages(newBelow), mentionBelow && t.acts.mentioned].filter(Boolean).join(', ')}
              title={t.chat.toLatest}
              onClick={() => {
                // First to where somebody names me, then on to the end.
                const to = mentionBelow;
                setMentionBelow(null);
                if (to) void show(to);
                else toLatest();
              }}
            >
              {mentionBelow && (
                <span className={styles.mention} aria-hidden="true">
                  @
                </span>
              )}
              <Icon name="down" />
              {newBelow > 0 && <span aria-hidden="true">{newBelow}</span>}
            </button>
          )}
        </div>
      )}
      <Announcer messages={messages} newest={newest} />
    </div>
  );
}

function quotedBy(message: Message, byId: ReadonlyMap<MessageId, Message>): Message | null {
  return message.body.type === 'text' && message.body.replyTo ? (byId.get(message.body.replyTo) ?? null) : null;
}

const saidFor = 10_000;

/** Reads out what comes in while the conversation is open, once and as “author: text”, and what is edited or deleted; history that loads is silent. */
function Announcer({ messages, newest }: { readonly messages: readonly Message[]; readonly newest: boolean }) {
  const t = useTexts();
  const known = useRef<string | null>(null);
  const seen = useRef<ReadonlyMap<MessageId, Message>>(new Map());
  // With a number, so that the same words twice are said twice.
  const [said, setSaid] = useState({ n: 0, text: '' });
  const say = useCallback((text: string) => setSaid(({ n }) => ({ n: n + 1, text })), []);
  // Said once, it does not stay: what it quotes may end or be deleted.
  useEffect(() => {
    if (said.text === '') return;
    const timer = setTimeout(() => setSaid(({ n }) => ({ n, text: '' })), saidFor);
    return () => clearTimeout(timer);
  }, [said]);
  useEffect(() => {
    const before = seen.current;
    seen.current = new Map(messages.map(message => [message.id, message]));
    for (const message of messages.slice(-rendered)) {
      const was = before.get(message.id);
      if (!was || was === message || message.mine) continue;
      const { name } = message.sender;
      if (message.body.type === 'text' && message.editedAt !== was.editedAt) say(t.acts.saidEdited(name, named(message.body)));
      else if (message.body.type === 'deleted' && was.body.type === 'text') {
        const { by } = message.body;
        if (!by.me) say(by.account === message.sender.account ? t.acts.deletedByWriter(name) : t.acts.deletedBy(by.name, name));
      }
    }
  }, [messages, t, say]);
  useEffect(() => {
    const last = messages.at(-1);
    if (!last || !newest) return;
    const before = known.current;
    known.current = last.position;
    if (before === null || last.position <= before) return;
    const added = messages.slice(messages.findLastIndex(message => message.position <= before) + 1).filter(one => !one.mine && one.body.type === 'text');
    if (added.length === 0) return;
    const words = added.slice(-fewAtOnce).map(one => `${one.sender.name}: ${summary(one.body, t.voice.message)}`);
    say([...(added.length > fewAtOnce ? [t.chat.newMessages(added.length)] : []), ...words].join('\n'));
  }, [messages, newest, t, say]);
  return (
    <div className="visually-hidden" role="status">
      <span key={said.n}>{said.text}</span>
    </div>
  );
}
