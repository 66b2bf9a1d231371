import { Cell, type Live } from './live';
import type { Message, MessageId, Position } from './protocol';

/** What is loaded of a conversation, oldest first. */
export interface LoadedMessages {
  readonly messages: readonly Message[];
  /** Whether the first one is the conversation's first. */
  readonly complete: boolean;
  /** Whether a page is being loaded. */
  readonly loading: boolean;
}

type Load = (before: Position | null, limit: number) => Promise<readonly Message[]>;

/** The newest messages of a conversation, as far back as was asked for; new ones come by themselves. */
export class MessageWindow implements Live<LoadedMessages> {
  /** Messages of a page. */
  static readonly page = 50;

  readonly #cell = new Cell<LoadedMessages>({ messages: [], complete: false, loading: false });
  readonly #load: Load;
  readonly #unused: () => void;
  #loading: Promise<void> | null = null;
  #begun = false;

  constructor(load: Load, unused: () => void) {
    this.#load = load;
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
      const page = await this.#load(this.#cell.get().messages[0]?.position ?? null, MessageWindow.page);
      this.#merge(page, page.length < MessageWindow.page);
    });
  }

  /** Reads again what is loaded. */
  async reload(): Promise<void> {
    if (!this.#begun) return;
    await this.#loading?.catch(() => undefined);
    const first = this.#cell.get().messages[0]?.position ?? null;
    return this.#run(async () => {
      const fresh: Message[] = [];
      for (;;) {
        const page = await this.#load(fresh[0]?.position ?? null, MessageWindow.page);
        fresh.unshift(...page);
        const complete = page.length < MessageWindow.page;
        if (complete || first === null || fresh[0]!.position <= first) {
          this.#cell.set({ messages: fresh, complete, loading: true });
          return;
        }
      }
    }).catch(() => undefined);
  }

  /** A message is new or changed. */
  put(message: Message): void {
    if (!this.#begun) return;
    const { messages, complete, loading } = this.#cell.get();
    const at = messages.findIndex(m => m.id === message.id);
    // Older than what is loaded: it comes with its page.
    if (at < 0 && !complete && messages.length > 0 && message.position < messages[0]!.position) return;
    const next = at < 0 ? [...messages, message] : messages.map((m, i) => i === at ? message : m);
    if (at < 0 && messages.length > 0 && message.position < messages[messages.length - 1]!.position) next.sort(byPosition);
    this.#cell.set({ messages: next, complete, loading });
  }

  /** A message is gone. */
  remove(id: MessageId): void {
    const { messages, complete, loading } = this.#cell.get();
    if (messages.some(m => m.id === id)) this.#cell.set({ messages: messages.filter(m => m.id !== id), complete, loading });
  }

  /** The account was locked: nothing stays. */
  clear(): void {
    this.#cell.set({ messages: [], complete: false, loading: false });
  }

  #merge(page: readonly Message[], complete: boolean): void {
    const known = new Map(this.#cell.get().messages.map(m => [m.id, m]));
    for (const message of page) if (!known.has(message.id)) known.set(message.id, message);
    this.#cell.set({ messages: [...known.values()].sort(byPosition), complete, loading: true });
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
