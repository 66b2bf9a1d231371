import { Cell, type Live } from './live';
import type { Message, MessageId, Position } from './protocol';

/** What is loaded of a conversation, oldest first. */
export interface LoadedMessages {
  readonly messages: readonly Message[];
  /** Whether the first one is the conversation's first. */
  readonly complete: boolean;
  /** Whether the last one is the conversation's newest: not so around a message that was gone to. */
  readonly newest: boolean;
  /** Whether a page is being loaded. */
  readonly loading: boolean;
}

/** Where the messages come from. */
export interface MessageSource {
  readonly before: (before: Position | null, limit: number) => Promise<readonly Message[]>;
  readonly after: (after: Position, limit: number) => Promise<readonly Message[]>;
  /** A message with those around it; `null` where it is not there. */
  readonly around: (message: MessageId, limit: number) => Promise<{ readonly messages: readonly Message[]; readonly oldest: boolean; readonly newest: boolean } | null>;
}

const nothing: LoadedMessages = { messages: [], complete: false, newest: true, loading: false };

/** The newest messages of a conversation, as far back as was asked for, or those around one that was gone to; new ones come by themselves. */
export class MessageWindow implements Live<LoadedMessages> {
  /** Messages of a page. */
  static readonly page = 50;

  readonly #cell = new Cell<LoadedMessages>(nothing);
  readonly #source: MessageSource;
  readonly #unused: () => void;
  #loading: Promise<void> | null = null;
  #begun = false;

  constructor(source: MessageSource, unused: () => void) {
    this.#source = source;
    this.#unused = unused;
  }

  readonly get = (): LoadedMessages => this.#cell.get();

  /** The first page is loaded when somebody looks; when nobody does any more, the window is dropped. */
  readonly subscribe = (changed: () => void): (() => void) => {
    const end = this.#cell.subscribe(changed);
    if (!this.#begun) void this.loadOlder().catch(() => undefined);
    return () => {
      end();
      // React takes a subscription away and gives it back within one turn.
      queueMicrotask(() => { if (!this.#cell.watched) this.#unused(); });
    };
  };

  /** Loads the page before the first message. */
  loadOlder(): Promise<void> {
    this.#begun = true;
    if (this.#cell.get().complete) return Promise.resolve();
    return this.#run(async () => {
      const page = await this.#source.before(this.#cell.get().messages[0]?.position ?? null, MessageWindow.page);
      this.#merge(page, { complete: page.length < MessageWindow.page });
    });
  }

  /** Loads the page after the last message. */
  loadNewer(): Promise<void> {
    const last = this.#cell.get().messages.at(-1);
    if (this.#cell.get().newest || !last) return Promise.resolve();
    return this.#run(async () => {
      const page = await this.#source.after(last.position, MessageWindow.page);
      this.#merge(page, { newest: page.length < MessageWindow.page });
    });
  }

  /** Loads the messages around one, in the place of what is loaded, unless it is among that. Whether it is there. */
  async showAround(id: MessageId): Promise<boolean> {
    const isHere = () => this.#cell.get().messages.some(message => message.id === id);
    if (isHere()) return true;
    this.#begun = true;
    while (this.#loading) await this.#loading.catch(() => undefined);
    await this.#run(async () => {
      const found = await this.#source.around(id, 3 * MessageWindow.page);
      if (found) this.#cell.set({ messages: found.messages, complete: found.oldest, newest: found.newest, loading: true });
    });
    return isHere();
  }

  /** Loads the newest messages in the place of what is loaded, unless they are among that. */
  async toNewest(): Promise<void> {
    if (this.#cell.get().newest) return;
    while (this.#loading) await this.#loading.catch(() => undefined);
    return this.#run(async () => {
      const page = await this.#source.before(null, MessageWindow.page);
      this.#cell.set({ messages: page, complete: page.length < MessageWindow.page, newest: true, loading: true });
    });
  }

  /** Reads again what is loaded. */
  async reload(): Promise<void> {
    if (!this.#begun) return;
    await this.#loading?.catch(() => undefined);
    if (!this.#cell.get().newest) return;
    const first = this.#cell.get().messages[0]?.position ?? null;
    return this.#run(async () => {
      const fresh: Message[] = [];
      for (;;) {
        const page = await this.#source.before(fresh[0]?.position ?? null, MessageWindow.page);
        fresh.unshift(...page);
        const complete = page.length < MessageWindow.page;
        if (complete || first === null || fresh[0]!.position <= first) {
          this.#cell.set({ messages: fresh, complete, newest: true, loading: true });
          return;
        }
      }
    }).catch(() => undefined);
  }

  /** A message is new or changed. */
  put(message: Message): void {
    if (!this.#begun) return;
    const { messages, complete, newest, loading } = this.#cell.get();
    const at = messages.findIndex(m => m.id === message.id);
    // Older than what is loaded: it comes with its page.
    if (at < 0 && !complete && messages.length > 0 && message.position < messages[0]!.position) return;
    // Newer than what is loaded: likewise, and where it is our own, we go there.
    if (at < 0 && !newest && message.position > (messages.at(-1)?.position ?? '')) {
      if (message.mine) void this.toNewest().catch(() => undefined);
      return;
    }
    const next = at < 0 ? [...messages, message] : messages.map((m, i) => i === at ? message : m);
    if (at < 0 && messages.length > 0 && message.position < messages[messages.length - 1]!.position) next.sort(byPosition);
    this.#cell.set({ messages: next, complete, newest, loading });
  }

  /** A message is gone. */
  remove(id: MessageId): void {
    const { messages } = this.#cell.get();
    if (messages.some(m => m.id === id)) this.#cell.set({ ...this.#cell.get(), messages: messages.filter(m => m.id !== id) });
  }

  /** The account was locked: nothing stays. */
  clear(): void {
    this.#cell.set(nothing);
  }

  #merge(page: readonly Message[], ends: { readonly complete?: boolean; readonly newest?: boolean }): void {
    const known = new Map(this.#cell.get().messages.map(m => [m.id, m]));
    for (const message of page) if (!known.has(message.id)) known.set(message.id, message);
    this.#cell.set({ ...this.#cell.get(), messages: [...known.values()].sort(byPosition), ...ends, loading: true });
  }

  #run(work: () => Promise<void>): Promise<void> {
    return this.#loading ??= (async () => {
      this.#cell.set({ ...this.#cell.get(), loading: true });
      try {
        await work();
      } finally {
        this.#loading = null;
        this.#cell.set({ ...this.#cell.get(), loading: false });
      }
    })();
  }
}

const byPosition = (a: Message, b: Message): number => a.position < b.position ? -1 : a.position > b.position ? 1 : 0;
