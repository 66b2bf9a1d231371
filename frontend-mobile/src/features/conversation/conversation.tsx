import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { summary, useLive, type Conversation as ConversationData, type Id, type Me, type Message, type MessageId } from '../../client';
import { explain, isolate, useFormats, useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { EmojiPicker } from '../../ui/emoji-picker';
import { Line } from '../../ui/line';
import { Patchwork } from '../../ui/mark';
import { Empty } from '../../ui/pane';
import { useToast } from '../../ui/toasts';
import { useAction } from '../../ui/use-action';
import { Composer, type ComposerHandle } from './composer';
import { ConversationHeader } from './conversation-header';
import { DeleteDialog } from './delete-dialog';
import { FindBar } from './find-bar';
import { ForwardDialog } from './forward-dialog';
import { MessageInfo } from './message-info';
import { MessageMenu } from './message-menu';
import { filesOf, hasFiles } from './outgoing';
import { ReportDialog } from './report-dialog';
import { Request } from './request';
import { SelectionBar } from './selection-bar';
import { Timeline, type TimelineHandle } from './timeline';
import styles from './conversation.module.css';

/** One conversation: its header, what is to be decided, its messages, and where one writes. */
export function Conversation({ id, message, me }: { readonly id: Id; readonly message: MessageId | null; readonly me: Me }) {
  const t = useTexts();
  const client = useClient();
  const live = useMemo(() => client.conversation(id), [client, id]);
  const conversation = useLive(live);
  if (!conversation) {
    return (
      <Empty art={<Patchwork />} title={t.chat.notFound} text={t.chat.notFoundText}>
        <Button onClick={() => navigate(to.list)}>{t.app.back}</Button>
      </Empty>
    );
  }
  return <Open conversation={conversation} message={message} me={me} />;
}

function Open({ conversation, message, me }: { readonly conversation: ConversationData; readonly message: MessageId | null; readonly me: Me }) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const say = useToast();
  const { id } = conversation;
  const messages = useMemo(() => client.messages(id), [client, id]);
  const composer = useRef<ComposerHandle>(null);
  const timeline = useRef<TimelineHandle>(null);
  const [menu, setMenu] = useState<{ readonly message: Message; readonly at: { readonly x: number; readonly y: number } } | null>(null);
  const [details, setDetails] = useState<MessageId | null>(null);
  const [reacting, setReacting] = useState<MessageId | null>(null);
  const [selection, setSelection] = useState<ReadonlySet<MessageId> | null>(null);
  const [deleting, setDeleting] = useState<readonly Message[] | null>(null);
  const [reporting, setReporting] = useState<readonly Message[] | null>(null);
  const [forwarding, setForwarding] = useState<readonly Message[] | null>(null);
  const [finding, setFinding] = useState(false);
  const writable = conversation.state === 'active';
  const [over, setOver] = useState(false);
  const left = useRef(0);
  const canDrop = writable && conversation.cannotSend === null;

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== 'f' || document.querySelector('dialog[open]'))
        return;
      event.preventDefault();
      setFinding(true);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);

  // A link to a message: show it, and say so where it is not here.
  useEffect(() => {
    if (!message) return;
    const frame = requestAnimationFrame(() => {
      void timeline.current?.show(message).then(there => !there && say({ text: t.chat.original }));
    });
    return () => cancelAnimationFrame(frame);
  }, [message, say, t]);

  // Opening what was marked as unread is reading it.
  const marked = useRef(conversation.markedUnread);
  useEffect(() => {
    if (marked.current) client.request('conversation.markUnread', { conversation: id, unread: false }).catch(() => undefined);
  }, [client, id]);

  const lastRead = useRef<MessageId | null>(null);
  const unread = conversation.unread;
  const markRead = useCallback(
    (upTo: MessageId) => {
      if (unread === 0 || lastRead.current === upTo) return;
      lastRead.current = upTo;
      client.request('conversation.markRead', { conversation: id, upTo }).catch(() => {
        lastRead.current = null;
      });
    },
    [client, id, unread],
  );

  // Escape ends choosing, where nothing lies on top of it.
  const selecting = selection !== null;
  useEffect(() => {
    if (!selecting) return;
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      event.stopPropagation();
      setSelection(null);
    };
    window.addEventListener('keydown', key, { capture: true });
    return () => window.removeEventListener('keydown', key, { capture: true });
  }, [selecting]);

  const actions = useMemo(() => {
    const tell = (work: Promise<unknown>) => void work.catch((error: unknown) => say({ text: explain(error, t, formats) }));
    return {
      react: (one: Message, emoji: string | null) => tell(client.request('message.react', { conversation: id, message: one.id, emoji })),
      pickReaction: (one: Message) => setReacting(one.id),
      details: (one: Message) => setDetails(one.id),
      retry: (one: Message) => tell(client.request('message.retry', { conversation: id, message: one.id })),
      remove: (one: Message) => tell(client.request('message.delete', { conversation: id, messages: [one.id], forEveryone: false })),
      toggle: (one: Message) =>
        setSelection(current => {
          const next = new Set(current);
          if (!next.delete(one.id)) next.add(one.id);
          return next;
        }),
      reply: (one: Message) => composer.current?.reply(one),
      menu: (one: Message, at: { readonly x: number; readonly y: number }) => setMenu({ message: one, at }),
      missing: () => say({ text: t.chat.original }),
    };
  }, [client, formats, id, say, t]);

  const copy = (all: readonly Message[]) => {
    const text =
      all.length === 1 ? summary(all[0]!.body) : all.map(one => `${one.sender.me ? t.system.you : one.sender.name}: ${summary(one.body)}`).join('\n');
    navigator.clipboard.writeText(text).then(
      () => say({ text: t.app.copied }),
      (error: unknown) => say({ text: explain(error, t, formats) }),
    );
  };
  const chosen = () => messages.get().messages.filter(one => selection?.has(one.id) && one.body.type === 'text');

  return (
    <div
      className={styles.conversation}
      onDragEnter={event => {
        if (!canDrop || !hasFiles(event.dataTransfer)) return;
        event.preventDefault();
        left.current++;
        setOver(true);
      }}
      onDragOver={event => {
        if (canDrop && hasFiles(event.dataTransfer)) event.preventDefault();
      }}
      onDragLeave={() => {
        if (left.current > 0 && --left.current === 0) setOver(false);
      }}
      onDrop={event => {
        left.current = 0;
        setOver(false);
        if (!hasFiles(event.dataTransfer)) return;
        event.preventDefault();
        if (canDrop) composer.current?.attach(filesOf(event.dataTransfer));
      }}
    >
      {over && (
        <div className={styles.drop} aria-hidden="true">
          <p>{t.files.drop(conversation.title)}</p>
        </div>
      )}
      <ConversationHeader conversation={conversation} onFind={() => setFinding(true)} />
      <div>
        {finding && (
          <FindBar
            conversation={id}
            onShow={hit => void timeline.current?.show(hit)}
            onClose={() => {
              setFinding(false);
              document.querySelector<HTMLElement>('textarea[data-composer]')?.focus();
            }}
          />
        )}
        <Decisions conversation={conversation} />
      </div>
      <Timeline
        conversation={conversation}
        window={messages}
        actions={actions}
        canReply={writable}
        selection={selection}
        onRead={markRead}
        handle={timeline}
        beginning={<Beginning conversation={conversation} />}
      />
      {selection && (
        <SelectionBar
          count={selection.size}
          canDelete={chosen().length > 0}
          canReport={chosen().length > 0 && chosen().length <= 20 && chosen().every(one => one.mayReport)}
          onCopy={() => {
            copy(chosen());
            setSelection(null);
          }}
          onForward={() => setForwarding(chosen())}
          onReport={() => setReporting(chosen())}
          onDelete={() => setDeleting(chosen())}
          onEnd={() => setSelection(null)}
        />
      )}
      {conversation.state === 'request' ? (
        <Request conversation={conversation} />
      ) : writable ? (
        <div hidden={selecting}>
          <Composer conversation={conversation} messages={messages} handle={composer} />
        </div>
      ) : (
        <p className={styles.readOnly}>{t.chat.readOnly[conversation.state]}</p>
      )}
      {menu && (
        <MessageMenu
          message={menu.message}
          at={menu.at}
          writable={writable}
          choices={{
            onReact: actions.react,
            onMoreReactions: actions.pickReaction,
            onReply: one => composer.current?.reply(one),
            onEdit: one => composer.current?.edit(one),
            onRetry: actions.retry,
            onCopy: one => copy([one]),
            onForward: one => setForwarding([one]),
            onSelect: one => setSelection(new Set([one.id])),
            onDetails: actions.details,
            onReport: one => setReporting([one]),
            onDelete: one => setDeleting([one]),
            onRemove: actions.remove,
          }}
          onClose={() => setMenu(null)}
        />
      )}
      {reacting && (
        <EmojiPicker
          label={t.acts.react}
          onClose={() => setReacting(null)}
          onPick={emoji => {
            const one = messages.get().messages.find(message => message.id === reacting);
            if (one) actions.react(one, emoji);
          }}
        />
      )}
      {deleting && <DeleteDialog conversation={conversation} messages={deleting} onClose={() => setDeleting(null)} onDone={() => setSelection(null)} />}
      {reporting && (
        <ReportDialog
          conversation={conversation}
          messages={reporting}
          onClose={() => setReporting(null)}
          onDone={() => {
            say({ text: t.report.done });
            setSelection(null);
          }}
        />
      )}
      {forwarding && (
        <ForwardDialog
          messages={forwarding}
          onClose={() => setForwarding(null)}
          onDone={() => {
            say({ text: t.acts.forwarded(forwarding.length) });
            setSelection(null);
          }}
        />
      )}
      {details && <MessageInfo id={details} conversation={conversation} me={me} messages={messages} onClose={() => setDetails(null)} />}
    </div>
  );
}

function Beginning({ conversation }: { readonly conversation: ConversationData }) {
  const t = useTexts();
  if (conversation.state !== 'active') return <p className={styles.beginning}>{t.chat.beginning}</p>;
  return <p className={styles.beginning}>{conversation.kind === 'direct' ? t.chat.beginningDirect(conversation.title) : t.chat.beginningGroup}</p>;
}

/** What keeps the conversation from going on until somebody decides. */
function Decisions({ conversation }: { readonly conversation: ConversationData }) {
  const t = useTexts();
  const formats = useFormats();
  const client = useClient();
  const { peer, apart, id } = conversation;
  const accept = useAction((account: Id) => client.request('contacts.acceptKey', { account }));
  const afresh = useAction(() => client.request('conversation.startAfresh', { conversation: id, without: [] }));
  const goOn = useAction(() => client.request('conversation.goOn', { conversation: id }));

  if (peer && (peer.trust === 'changed' || peer.trust === 'verified_changed')) {
    return (
      <Line
        kind="attention"
        icon="key"
        actions={
          <>
            <Button kind="plain" onClick={() => navigate(to.safety(peer.account, id))}>
              {t.chat.verify}
            </Button>
            <Button kind="plain" busy={accept.busy} onClick={() => void accept.run(peer.account)}>
              {t.chat.acceptKey}
            </Button>
          </>
        }
      >
        {accept.problem ?? t.chat.keyChanged(peer.name)}
      </Line>
    );
  }
  if (conversation.cannotSend?.code === 'forgotten') {
    return (
      <Line
        kind="danger"
        icon="warning"
        actions={
          <Button kind="plain" busy={afresh.busy} onClick={() => void afresh.run()}>
            {t.chat.startAfresh}
          </Button>
        }
      >
        {afresh.problem ?? t.chat.forgotten}
      </Line>
    );
  }
  if (apart.length > 0) {
    return (
      <Line
        kind="danger"
        icon="warning"
        actions={
          <>
            <Button kind="plain" busy={afresh.busy} onClick={() => void afresh.run()}>
              {t.chat.startAfresh}
            </Button>
            <Button kind="plain" busy={goOn.busy} onClick={() => void goOn.run()}>
              {t.chat.goOn}
            </Button>
          </>
        }
      >
        {afresh.problem ?? goOn.problem ?? t.chat.apart(formats.list(apart.map(one => isolate(one.name))))}
      </Line>
    );
  }
  return <div />;
}
