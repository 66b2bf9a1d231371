import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLive, type Conversation as ConversationData, type Id, type Me, type Message, type MessageId } from '../../client';
import { explain, isolate, useFormats, useTexts } from '../../i18n';
import { navigate, to } from '../../page/router';
import { useClient } from '../../page/use-client';
import { Button } from '../../ui/button';
import { Line } from '../../ui/line';
import { Menu, type MenuItem } from '../../ui/menu';
import { Patchwork } from '../../ui/mark';
import { Empty } from '../../ui/pane';
import { useToast } from '../../ui/toasts';
import { useAction } from '../../ui/use-action';
import { Composer, type ComposerHandle } from './composer';
import { ConversationHeader } from './conversation-header';
import { MessageInfo } from './message-info';
import { Request } from './request';
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
  const writable = conversation.state === 'active';

  // A link to a message: show it, and say so where it is not here.
  useEffect(() => {
    if (!message) return;
    const frame = requestAnimationFrame(() => {
      void timeline.current?.show(message).then(there => !there && say({ text: t.chat.original }));
    });
    return () => cancelAnimationFrame(frame);
  }, [message, say, t]);

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

  const actions = useMemo(
    () => ({
      reply: (one: Message) => composer.current?.reply(one),
      menu: (one: Message, at: { readonly x: number; readonly y: number }) => setMenu({ message: one, at }),
      writeAgain: (one: Message) => one.body.type === 'text' && composer.current?.insert(one.body.text),
      missing: () => say({ text: t.chat.original }),
    }),
    [say, t],
  );

  const items = (one: Message): readonly MenuItem[] => [
    ...(writable ? [{ label: t.chat.reply, icon: 'reply' as const, onChoose: () => actions.reply(one) }] : []),
    {
      label: t.chat.copyText,
      icon: 'copy',
      onChoose: () => {
        if (one.body.type !== 'text') return;
        navigator.clipboard.writeText(one.body.text).then(
          () => say({ text: t.app.copied }),
          (error: unknown) => say({ text: explain(error, t, formats) }),
        );
      },
    },
    ...(one.state === 'failed' ? [{ label: t.chat.sendAgain, icon: 'edit' as const, onChoose: () => actions.writeAgain(one) }] : []),
    { label: t.chat.messageInfo, icon: 'info', onChoose: () => setDetails(one.id) },
  ];

  return (
    <div className={styles.conversation}>
      <ConversationHeader conversation={conversation} />
      <Decisions conversation={conversation} />
      <Timeline
        conversation={conversation}
        window={messages}
        actions={actions}
        canReply={writable}
        onRead={markRead}
        handle={timeline}
        beginning={<Beginning conversation={conversation} />}
      />
      {conversation.state === 'request' ? (
        <Request conversation={conversation} />
      ) : writable ? (
        <Composer conversation={conversation} handle={composer} />
      ) : (
        <p className={styles.readOnly}>{t.chat.readOnly[conversation.state]}</p>
      )}
      {menu && <Menu label={t.chat.messageMenu} items={items(menu.message)} at={menu.at} onClose={() => setMenu(null)} />}
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
