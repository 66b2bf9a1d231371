import { Cell, type Live } from './live';
import { MessageWindow } from './message-window';
import type {
  Answer, ClientError, ClientEvent, Connection, Contact, Conversation, FromWorker, History, Id, Method, Params, Session, Settings, Snapshot, ToWorker,
} from './protocol';

/** A request that failed, with what a person can do about it. */
export class KavalekError extends Error implements ClientError {
  readonly code: string;
  readonly nothingChanged: boolean;
  readonly retryAfter?: number;

  constructor(error: ClientError) {
    super(error.message);
    this.name = 'KavalekError';
    this.code = error.code;
    this.nothingChanged = error.nothingChanged;
    if (error.retryAfter !== undefined) this.retryAfter = error.retryAfter;
  }
}

/** What joins the page to the worker: the two ends of a `Worker`, or of a channel in a test. */
export interface Port {
  postMessage(message: ToWorker): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<FromWorker>) => void): void;
}

/** The page's one door to the account: requests, live values and events. */
export class Client {
  readonly session: Live<Session>;
  readonly connection: Live<Connection>;
  /** Newest activity first. */
  readonly conversations: Live<readonly Conversation[]>;
  /** The people a conversation was opened with or accepted from, by name. */
  readonly contacts: Live<readonly Contact[]>;
  /** `null` until it is known. */
  readonly history: Live<History | null>;
  /** `null` while there is no account that is open. */
  readonly settings: Live<Settings | null>;

  readonly #port: Port;
  readonly #session = new Cell<Session>({ state: 'starting' });
  readonly #connection = new Cell<Connection>({ state: 'offline', error: null });
  readonly #conversations = new Cell<readonly Conversation[]>([]);
  readonly #contacts = new Cell<readonly Contact[]>([]);
  readonly #history = new Cell<History | null>(null);
  readonly #settings = new Cell<Settings | null>(null);
  readonly #single = new Map<Id, Cell<Conversation | null>>();
  readonly #windows = new Map<Id, MessageWindow>();
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>();
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  #last = 0;

  constructor(port: Port) {
    this.#port = port;
    this.session = this.#session;
    this.connection = this.#connection;
    this.conversations = this.#conversations;
    this.contacts = this.#contacts;
    this.history = this.#history;
    this.settings = this.#settings;
    port.addEventListener('message', event => this.#receive(event.data));
  }

  /** Asks the worker. Rejects with a `KavalekError`. */
  request<M extends Method>(method: M, ...params: Params<M> extends void ? [] : [Params<M>]): Promise<Answer<M>> {
    const id = ++this.#last;
    return new Promise<Answer<M>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ kind: 'request', id, method, params: params[0] ?? null });
    });
  }

  /** A conversation; `null` where there is none of that id (yet). */
  conversation(id: Id): Live<Conversation | null> {
    let cell = this.#single.get(id);
    if (!cell) this.#single.set(id, cell = new Cell<Conversation | null>(this.#conversations.get().find(c => c.id === id) ?? null));
    return cell;
  }

  /** The messages of a conversation that are loaded, with the way to load more. The window is the same object while it is watched. */
  messages(conversation: Id): MessageWindow {
    let window = this.#windows.get(conversation);
    if (!window) {
      this.#windows.set(conversation, window = new MessageWindow({
        before: (before, limit) => this.request('conversation.messages', { conversation, before, limit }),
        after: (after, limit) => this.request('conversation.messagesAfter', { conversation, after, limit }),
        around: (message, limit) => this.request('conversation.around', { conversation, message, limit }),
      }, () => this.#windows.delete(conversation)));
    }
    return window;
  }

  /** Calls `listener` with every event from now on, after the live values have changed; returns what ends it. */
  onEvent(listener: (event: ClientEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'answer': return this.#settle(message.id)?.resolve(message.value as never);
      case 'error': return this.#settle(message.id)?.reject(new KavalekError(message.error));
      case 'snapshot': return this.#replace(message.snapshot);
      case 'event': return this.#happened(message.event);
      case 'spent': return;
    }
  }

  #settle(id: number): { resolve: (value: never) => void; reject: (error: unknown) => void } | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #replace(snapshot: Snapshot): void {
    this.#connection.set(snapshot.connection);
    this.#contacts.set([...snapshot.contacts].sort(byName));
    this.#setConversations([...snapshot.conversations].sort(byActivity));
    this.#history.set(snapshot.history);
    this.#settings.set(snapshot.settings);
    this.#become(snapshot.session);
    for (const window of this.#windows.values()) void (snapshot.session.state === 'ready' ? window.reload() : window.clear());
  }

  #empty(): void {
    this.#connection.set({ state: 'offline', error: null });
    this.#contacts.set([]);
    this.#setConversations([]);
    this.#history.set(null);
    this.#settings.set(null);
    for (const window of this.#windows.values()) window.clear();
  }

  /** A worker knows nothing of the one before it; the page remembers why it was locked, and that its device was removed. */
  #become(next: Session): void {
    const before = this.#session.get();
    if (before.state === 'removed' && (next.state === 'starting' || next.state === 'empty')) return;
    if (before.state === 'locked' && next.state === 'starting') return;
    if (before.state === 'ready' && next.state === 'starting') this.#wasOpen = true;
    else if (next.state !== 'starting' && next.state !== 'locked') this.#wasOpen = false;
    if (next.state === 'locked' && next.why === 'start') {
      if (before.state === 'locked') return;
      if (this.#wasOpen || before.state === 'ready') next = { state: 'locked', why: 'tab_closed' };
    }
    this.#session.set(next);
  }
  #wasOpen = false;

  #happened(event: ClientEvent): void {
    // What was under way when it was locked is drawn no more.
    if (event.type !== 'session' && this.#session.get().state === 'closing') return;
    switch (event.type) {
      case 'session':
        // Nothing of an account that was locked or left stays, whatever comes next.
        if (event.session.state !== 'ready') this.#empty();
        this.#become(event.session);
        break;
      case 'connection': this.#connection.set(event.connection); break;
      case 'history': this.#history.set(event.history); break;
      case 'settings': this.#settings.set(event.settings); break;
      case 'conversation':
      case 'request':
        this.#setConversations([event.conversation, ...this.#conversations.get().filter(c => c.id !== event.conversation.id)].sort(byActivity));
        break;
      case 'contact':
        this.#contacts.set([...this.#contacts.get().filter(c => c.account !== event.contact.account), ...(event.contact.added ? [event.contact] : [])].sort(byName));
        break;
      case 'message.added':
      case 'message.changed': this.#windows.get(event.message.conversation)?.put(event.message); break;
      case 'message.removed': this.#windows.get(event.conversation)?.remove(event.message); break;
      case 'history.restored': void this.#windows.get(event.conversation)?.reload(); break;
    }
    for (const listener of [...this.#listeners]) listener(event);
  }

  #setConversations(conversations: readonly Conversation[]): void {
    this.#conversations.set(conversations);
    const byId = new Map(conversations.map(c => [c.id, c]));
    for (const [id, cell] of this.#single) cell.set(byId.get(id) ?? null);
  }
}

const byActivity = (a: Conversation, b: Conversation): number => b.lastActivity - a.lastActivity || (a.id < b.id ? -1 : 1);
const byName = (a: Contact, b: Contact): number => a.name.localeCompare(b.name) || (a.account < b.account ? -1 : 1);
