import type { Port } from '../src/client';
import type {
  Answer,
  ClientError,
  ClientEvent,
  Contact,
  Conversation,
  FromWorker,
  Member,
  Mention,
  Message,
  MessageState,
  Method,
  Params,
  Person,
  Session,
  Snapshot,
  ToWorker,
} from '../src/client';

type Handlers = { [M in Method]?: (params: Params<M>) => Answer<M> | Promise<Answer<M>> };

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export const id = (n: number): string =>
  n
    .toString(16)
    .padStart(32, '0')
    .replace(/^.{8}/, ((n * 2654435761) >>> 0).toString(16).padStart(8, '0'));
const position = (n: number): string => n.toString(16).padStart(16, '0');

/** An account that lives in memory, for tests of what is drawn: it answers as the worker would, and knows no other account. */
export class Pretend implements Port {
  readonly me = {
    id: id(1),
    handle: 'marie',
    displayName: 'Marie',
    email: 'marie@example.org',
    server: 'http://localhost:8080/',
    device: id(900),
    contactLink: 'http://localhost:8080/#contact=k3Vd0pZ1x9wq7m2b5t8y4u6i1o3p5a7s9d2f4g6h8j0k',
  };
  readonly calls: { readonly method: Method; readonly params: unknown }[] = [];
  readonly handlers: Handlers;
  session: Session = { state: 'ready', me: this.me, ended: null };
  conversations: Conversation[] = [];
  contacts: Contact[] = [];
  members = new Map<string, Member[]>();
  messages = new Map<string, Message[]>();
  recovery: 'none' | 'set' = 'set';
  receipts = { delivered: false, read: false };
  auditBroken = false;
  #listener: ((event: MessageEvent<FromWorker>) => void) | null = null;
  #next = 1;

  constructor(readonly now: number) {
    this.handlers = {
      'conversation.messages': ({ conversation, before, limit }) => {
        const all = this.messages.get(conversation) ?? [];
        const end = before === null ? all.length : all.findIndex(message => message.position >= before);
        return all.slice(Math.max(0, end - limit), end);
      },
      'conversation.messagesAfter': ({ conversation, after, limit }) =>
        (this.messages.get(conversation) ?? []).filter(message => message.position > after).slice(0, limit),
      'conversation.around': ({ conversation, message, limit }) => {
        const all = this.messages.get(conversation) ?? [];
        const at = all.findIndex(one => one.id === message);
        const [from, end] = [Math.max(0, at - limit / 2), at + limit / 2];
        return at < 0 ? null : { messages: all.slice(from, end), oldest: from === 0, newest: end >= all.length };
      },
      'drafts.set': ({ conversation, text, replyTo, files = [] }) =>
        this.change(conversation, {
          draft:
            text.trim() === '' && replyTo === null && files.length === 0
              ? null
              : { text, replyTo: this.messages.get(conversation)?.find(one => one.id === replyTo) ?? null, files },
        }),
      'search.messages': ({ text, conversation, sender, after, limit }) => {
        const word = text.toLowerCase();
        const hits = [...this.messages.values()].flat().flatMap(message => {
          const said = message.body.type === 'text' ? message.body.text.replace(/\s/g, ' ') : '';
          const start = ` ${said.toLowerCase()}`.indexOf(` ${word}`);
          const fits =
            start >= 0 && (conversation ?? message.conversation) === message.conversation && (sender ?? message.sender.account) === message.sender.account;
          return fits ? [{ message, excerpt: said, marks: [{ start, length: word.length }] }] : [];
        });
        hits.sort((a, b) => b.message.sentAt - a.message.sentAt);
        const from = Number(after ?? 0);
        return { hits: hits.slice(from, from + limit), next: from + limit < hits.length ? String(from + limit) : null };
      },
      'conversation.members': ({ conversation }) => this.members.get(conversation) ?? [],
      'conversation.send': ({ conversation, text, replyTo, mentions }) =>
        this.say(conversation, null, text, {
          state: 'queued',
          replyTo,
          mentions: (mentions ?? []).map(({ account, start, length }) => ({ person: this.personOf(account), start, length })),
        }),
      'message.react': ({ conversation, message, emoji }) =>
        void this.alter(conversation, message, one => ({
          reactions: [...one.reactions.filter(reaction => !reaction.person.me), ...(emoji === null ? [] : [{ emoji, person: this.personOf(this.me.id) }])],
        })),
      'message.edit': ({ conversation, message, text, mentions }) =>
        this.alter(conversation, message, one => ({
          body: {
            type: 'text',
            text,
            replyTo: null,
            mentions: mentions.map(({ account, start, length }) => ({ person: this.personOf(account), start, length })),
          },
          editedAt: this.now,
          former: [...one.former, { text: one.body.type === 'text' ? one.body.text : '', sentAt: one.editedAt ?? one.sentAt }],
        })),
      'reports.moderators': () => ({ shown: 1, all: [], changed: [], logWhole: true }),
      'message.report': () => undefined,
      'message.delete': ({ conversation, messages, forEveryone }) => {
        for (const message of messages) {
          if (forEveryone) {
            this.alter(conversation, message, () => ({
              body: { type: 'deleted', by: this.personOf(this.me.id) },
              reactions: [],
              mayEdit: false,
              mayDelete: false,
              mayReport: false,
            }));
          } else {
            this.messages.set(
              conversation,
              (this.messages.get(conversation) ?? []).filter(one => one.id !== message),
            );
            this.tell({ type: 'message.removed', conversation, message });
          }
        }
      },
      'message.forward': ({ to, text }) => this.say(to, null, text, { state: 'queued' }),
      'message.retry': ({ conversation, message }) => {
        const failed = (this.messages.get(conversation) ?? []).find(one => one.id === message)!;
        void this.handlers['message.delete']?.({ conversation, messages: [message], forEveryone: false });
        return this.say(conversation, null, failed.body.type === 'text' ? failed.body.text : '', { state: 'queued' });
      },
      'conversation.markRead': ({ conversation }) => this.change(conversation, { unread: 0, markedUnread: false }),
      'conversation.pin': ({ conversation, pinned }) => this.change(conversation, { pinned: pinned ? Date.now() : null }),
      'conversation.archive': ({ conversation, archived }) => this.change(conversation, { archived }),
      'conversation.mute': ({ conversation, until }) => this.change(conversation, { mutedUntil: until }),
      'conversation.markUnread': ({ conversation, unread }) => this.change(conversation, { markedUnread: unread }),
      'conversation.accept': ({ conversation }) => this.change(conversation, { state: 'active' }),
      'conversation.decline': ({ conversation }) => this.change(conversation, { state: 'declined' }),
      'conversation.epochNumber': () => ['48213', '90117', '33504', '71826', '05593', '64410'],
      'contacts.get': ({ account }) => this.contacts.find(contact => contact.account === account) ?? null,
      'contacts.safetyNumber': () => ({
        groups: ['30147', '88231', '45009', '71264', '09938', '55120', '66413', '20875', '91346', '38027', '14490', '77652'],
        qr: 'kavalek:v1:AAHq0n3vXb7s1Yk2Zt9uW4pR6mC8dE0fG2hJ4kL6nP8qS0tV2xZ4bD6fH8jK0lM2nQ4sU6wY8',
      }),
      'contacts.verify': ({ account }) => this.trust(account, 'verified'),
      'contacts.find': ({ handle }) => {
        const found = this.contacts.find(contact => contact.handle === handle);
        if (!found) throw error('not_found');
        return found;
      },
      'conversations.direct': ({ account }) => this.conversations.find(one => one.peer?.account === account)!,
      'devices.list': () => [
        { id: id(900), name: 'Firefox · Linux', current: true, waiting: false, added: '2026-10-02', lastSeen: '2026-11-22' },
        { id: id(901), name: 'Chrome · Android', current: false, waiting: false, added: '2026-10-05', lastSeen: '2026-11-20' },
      ],
      'link.begin': () => ({ code: '7KQ4-M2XD', qr: 'kavalek:link:v1:Zt9uW4pR6mC8dE0fG2hJ4kL6nP8qS0tV2xZ4bD6fH8', expires: Date.now() + 60_000 }),
      'push.state': () => ({ key: null, on: false }),
      'audit.list': () => ({
        whole: true,
        records: [
          {
            number: 2,
            at: now - hour,
            actor: id(1),
            actorHandle: 'marie',
            act: 'rank',
            subject: id(2),
            subjectHandle: 'jean',
            detail: 'moderator 1',
          },
          { number: 1, at: now - day, actor: id(9), actorHandle: null, act: '<b>new', subject: null, subjectHandle: null, detail: '\u202eliated' },
        ],
      }),
      'invites.list': () => [{ id: id(700), usesLeft: 3, expires: now + 6 * day }],
      'recovery.generate': () => ({ words: 'abandon brisk candle dune ember fabric garden harbor island jungle kernel lantern'.split(' ') }),
      'session.lock': () => this.become({ state: 'locked', why: 'asked' }),
      'session.unlock': ({ password }) => {
        if (password !== 'correct horse battery') throw error('wrong_password');
        this.become({ state: 'ready', me: this.me, ended: null });
      },
      'join.begin': () => ({ matchingCode: '482 915' }),
    };
  }

  postMessage(message: ToWorker): void {
    this.calls.push({ method: message.method, params: message.params });
    void (async () => {
      try {
        const handler = this.handlers[message.method] as ((params: unknown) => unknown) | undefined;
        const value = await handler?.(message.params);
        this.#give({ kind: 'answer', id: message.id, value: value ?? null });
      } catch (thrown) {
        this.#give({ kind: 'error', id: message.id, error: thrown as ClientError });
      }
    })();
  }

  addEventListener(_: 'message', listener: (event: MessageEvent<FromWorker>) => void): void {
    this.#listener = listener;
    queueMicrotask(() => this.snapshot());
  }

  snapshot(): void {
    const open = this.session.state === 'ready';
    const snapshot: Snapshot = {
      session: this.session,
      connection: { state: 'online', error: null },
      conversations: open ? this.conversations : [],
      contacts: open ? this.contacts : [],
      history: open ? { on: true, complete: true, segments: 14, unread: 0, restored: 0, waiting: 3, bytes: 1_240_000, quota: 50_000_000, problem: null } : null,
      settings: open ? { autoLock: 900, defaultTimer: null, recovery: this.recovery, receipts: this.receipts, auditBroken: this.auditBroken } : null,
    };
    this.#give({ kind: 'snapshot', snapshot });
  }

  tell(event: ClientEvent): void {
    this.#give({ kind: 'event', event });
  }

  become(session: Session): void {
    this.session = session;
    this.snapshot();
  }

  person(n: number, handle: string, displayName: string | null, trust: Contact['trust'] = 'unverified'): Contact {
    const contact: Contact = { account: id(n), handle, displayName, name: displayName ?? `@${handle}`, trust, blocked: false, added: true };
    this.contacts.push(contact);
    return contact;
  }

  direct(n: number, peer: Contact, change: Partial<Conversation> = {}): Conversation {
    return this.#add({ ...blank(id(n)), kind: 'direct', title: peer.name, peer, members: 2, ...change });
  }

  group(n: number, title: string, people: readonly Contact[], change: Partial<Conversation> = {}): Conversation {
    const mine: Contact = {
      account: this.me.id,
      handle: 'marie',
      displayName: 'Marie',
      name: 'Marie',
      trust: 'unverified',
      blocked: false,
      added: false,
    };
    this.members.set(id(n), [
      { contact: mine, role: 'owner', devices: 2, me: true, pending: 'none' },
      ...people.map((contact, at): Member => ({ contact, role: at === 0 ? 'admin' : 'member', devices: 1 + (at % 3), me: false, pending: 'none' })),
    ]);
    return this.#add({ ...blank(id(n)), kind: 'group', title, members: people.length + 1, myRole: 'owner', ...change });
  }

  #add(conversation: Conversation): Conversation {
    this.conversations.push(conversation);
    return conversation;
  }

  /** A message of `from`, or of the own account. */
  say(
    conversation: string,
    from: Contact | null,
    text: string,
    more: {
      readonly at?: number;
      readonly state?: MessageState;
      readonly replyTo?: string | null;
      readonly endsAt?: number | null;
      readonly mentions?: readonly Mention[];
    } = {},
  ): Message {
    return this.#put(
      conversation,
      from,
      { type: 'text', text, replyTo: more.replyTo ?? null, mentions: more.mentions ?? [] },
      more.at,
      more.state ?? (from ? 'received' : 'read'),
      more.endsAt ?? null,
    );
  }

  /** A line about the conversation. */
  line(conversation: string, body: Omit<Extract<Message['body'], { type: 'system' }>, 'type'>, at?: number): Message {
    return this.#put(conversation, null, { type: 'system', ...body }, at, 'received', null);
  }

  #put(conversation: string, from: Contact | null, body: Message['body'], at: number | undefined, state: MessageState, endsAt: number | null): Message {
    const n = this.#next++;
    const message: Message = {
      id: `${from?.account ?? this.me.id}.${id(100_000 + n)}`,
      conversation,
      sender: { account: from?.account ?? this.me.id, name: from?.name ?? 'Marie', me: from === null },
      mine: from === null && body.type === 'text',
      sentAt: at ?? this.now,
      body,
      state,
      position: position(n),
      failure: null,
      endsAt,
      passedOnBy: null,
      deliveredTo: [],
      readBy: [],
      reactions: [],
      editedAt: null,
      former: [],
      mentionsMe: body.type === 'text' && body.mentions.some(mention => mention.person.me),
      mayEdit: from === null && body.type === 'text' && state !== 'failed',
      mayDelete: from === null && body.type === 'text',
      mayReport: from !== null && body.type === 'text',
    };
    this.messages.set(conversation, [...(this.messages.get(conversation) ?? []), message]);
    this.change(conversation, { last: message, lastActivity: message.sentAt });
    this.tell({ type: 'message.added', message });
    return message;
  }

  /** Somebody as messages name them. */
  personOf(account: string): Person {
    if (account === this.me.id) return { account, name: 'Marie', me: true };
    return { account, name: this.contacts.find(one => one.account === account)?.name ?? account.slice(0, 8), me: false };
  }

  /** Something is done to a message. */
  alter(conversation: string, message: string, change: (one: Message) => Partial<Message>): Message {
    let altered: Message | undefined;
    this.messages.set(
      conversation,
      (this.messages.get(conversation) ?? []).map(one => (one.id === message ? (altered = { ...one, ...change(one) }) : one)),
    );
    this.tell({ type: 'message.changed', message: altered! });
    if (this.conversations.find(one => one.id === conversation)?.last?.id === message) this.change(conversation, { last: altered! });
    return altered!;
  }

  change(conversation: string, change: Partial<Conversation>): void {
    this.conversations = this.conversations.map(one => (one.id === conversation ? { ...one, ...change } : one));
    const changed = this.conversations.find(one => one.id === conversation);
    if (changed) this.tell({ type: 'conversation', conversation: changed });
  }

  trust(account: string, trust: Contact['trust']): Contact {
    this.contacts = this.contacts.map(contact => (contact.account === account ? { ...contact, trust } : contact));
    const contact = this.contacts.find(one => one.account === account)!;
    this.tell({ type: 'contact', contact });
    for (const one of this.conversations) if (one.peer?.account === account) this.change(one.id, { peer: contact });
    return contact;
  }

  #give(message: FromWorker): void {
    this.#listener?.({ data: structuredClone(message) } as MessageEvent<FromWorker>);
  }
}

export function error(code: string): ClientError {
  return { code, message: `In English: ${code}`, nothingChanged: true };
}

function blank(conversation: string): Conversation {
  return {
    id: conversation,
    kind: 'direct',
    title: '',
    peer: null,
    inviter: null,
    state: 'active',
    members: 2,
    myRole: 'member',
    timer: null,
    unread: 0,
    unreadMentions: 0,
    lastActivity: 0,
    last: null,
    cannotSend: null,
    apart: [],
    draft: null,
    pinned: null,
    archived: false,
    mutedUntil: null,
    markedUnread: false,
  };
}

/** A newsroom on a Sunday morning. */
export function newsroom(now: number): Pretend {
  const world = new Pretend(now);
  const jean = world.person(10, 'jean', 'Jean', 'verified');
  const awa = world.person(11, 'awa.d', 'Awa');
  const layla = world.person(12, 'layla', 'ليلى', 'verified');
  const tom = world.person(13, 'tom_k', null);
  const ines = world.person(14, 'ines', 'Inès', 'changed');
  const sam = world.person(15, 'sam', 'Sam');

  const desk = world.group(100, 'Bureau des enquêtes', [jean, awa, sam], { timer: 604_800 });
  world.line(desk.id, { kind: 'created', by: { account: world.me.id, name: 'Marie', me: true }, accounts: [], text: null }, now - 26 * hour);
  world.line(
    desk.id,
    {
      kind: 'joined',
      by: { account: world.me.id, name: 'Marie', me: true },
      accounts: [jean, awa, sam].map(one => ({ account: one.account, name: one.name, me: false })),
      text: null,
    },
    now - 26 * hour,
  );
  world.say(desk.id, awa, 'The ministry answered. Two pages, mostly black bars.', { at: now - 25 * hour });
  world.say(desk.id, awa, 'But the annex has the shipping dates.', { at: now - 25 * hour + 20_000 });
  const asked = world.say(desk.id, null, 'Can you put them next to the port records from March?', { at: now - 24.9 * hour });
  world.say(desk.id, jean, 'I have the port records. Three of the four match, see https://records.example.org/port/2026-03 (page 12).', {
    at: now - 24.5 * hour,
    replyTo: asked.id,
  });
  world.line(desk.id, { kind: 'timer_changed', by: { account: jean.account, name: jean.name, me: false }, accounts: [], text: '604800' }, now - 5 * hour);
  world.say(desk.id, sam, 'Good morning. I can be at the harbour by ten.', { at: now - 55 * minute, endsAt: now + 6 * day });
  world.say(desk.id, null, 'Perfect. Talk to nobody from the shipping line before I call their press office.', {
    at: now - 50 * minute,
    state: 'read',
    endsAt: now + 6 * day,
  });
  world.say(desk.id, null, 'And take the long lens 📷', { at: now - 49.5 * minute, state: 'delivered', endsAt: now + 6 * day });
  world.say(desk.id, sam, '👍', { at: now - 48 * minute, endsAt: now + 6 * day });
  const photo = world.say(desk.id, awa, '@Marie The draft of the timeline is ready, I will read it to you at noon.', {
    at: now - 12 * minute,
    endsAt: now + 6 * day,
    mentions: [{ person: { account: world.me.id, name: 'Marie', me: true }, start: 0, length: 6 }],
  });
  world.alter(desk.id, photo.id, () => ({
    reactions: [
      { emoji: '👍', person: world.personOf(jean.account) },
      { emoji: '👍', person: world.personOf(sam.account) },
      { emoji: '🎉', person: world.personOf(world.me.id) },
    ],
  }));
  world.alter(desk.id, asked.id, one => ({
    editedAt: one.sentAt + minute,
    former: [{ text: 'Can you put them next to the port records?', sentAt: one.sentAt }],
  }));
  const slip = world.say(desk.id, awa, 'Wrong conversation', { at: now - 11 * minute });
  world.alter(desk.id, slip.id, () => ({ body: { type: 'deleted', by: world.personOf(awa.account) } }));

  const withJean = world.direct(101, jean, {});
  world.line(withJean.id, { kind: 'created', by: { account: jean.account, name: jean.name, me: false }, accounts: [], text: null }, now - 3 * day);
  for (let n = 0; n < 60; n++)
    world.say(
      withJean.id,
      n % 3 === 0 ? null : jean,
      n % 7 === 0
        ? 'A somewhat longer message that goes over more than one line on a phone, so that heights differ from one row to the next.'
        : `Message ${n + 1}`,
      { at: now - 2 * day + n * 11 * minute },
    );
  const question = world.say(withJean.id, jean, 'Did you reach her lawyer?', { at: now - 40 * minute });
  world.say(withJean.id, null, 'Yes. She agrees to talk, but only here, and only if nothing stays longer than a week.', {
    at: now - 38 * minute,
    replyTo: question.id,
  });
  world.say(withJean.id, jean, 'Fair. I set the timer when she joins.', { at: now - 37 * minute });
  world.say(withJean.id, null, 'One more thing:\n```\nsha256  9f2c…77a1  annex.pdf\n```\nCompare it before you open the file.', {
    at: now - 20 * minute,
    state: 'sent',
  });
  world.change(withJean.id, { unread: 0 });

  const withLayla = world.direct(102, layla, { timer: 86_400, unread: 2 });
  world.say(withLayla.id, null, 'هل وصلت الصور؟', { at: now - 3 * hour });
  world.say(withLayla.id, layla, 'نعم، وصلت كلها. سأرسل لك الترجمة (PDF, 12 صفحة) قبل الساعة 14:00.', { at: now - 2 * hour });
  world.say(withLayla.id, layla, 'הערה: the last page is in Hebrew, النص بالعبرية.', { at: now - 2 * hour + minute });

  const withInes = world.direct(103, ines, { cannotSend: { code: 'key_changed', message: 'The key changed.' } });
  world.say(withInes.id, ines, 'New phone, I lost the old one at the station.', { at: now - 28 * hour });
  world.line(withInes.id, { kind: 'key_changed', by: null, accounts: [{ account: ines.account, name: ines.name, me: false }], text: null }, now - 27 * hour);

  const asks = world.direct(104, tom, { state: 'request', inviter: tom, unread: 1 });
  world.say(asks.id, tom, 'Hello, Awa gave me your handle. I worked at the port until June.', { at: now - 90 * minute });

  const family = world.group(105, 'Dimanche chez Mamie', [jean, sam], { unread: 128 });
  world.say(family.id, sam, 'Who brings the dessert?', { at: now - 2 * day });
  const left = world.group(106, 'Old office', [awa], { state: 'left' });
  world.say(left.id, awa, 'Goodbye!', { at: now - 40 * day });
  return world;
}
