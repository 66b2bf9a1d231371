import type { ClientError, FromWorker, Method, Session, ToWorker } from '../protocol';
import { otherRelease } from './dotnet';
import { startHost, type Host } from './host';

const LOCK = 'kavalek/account', CHANNEL = 'kavalek/account';

/** How long a tab waits for a word of the one that has the account before it takes over: that one is frozen. */
const PATIENCE = 5_000;

/** How long an account that was closed waits for the answers that are still due, before its worker is ended. */
const FAREWELL = 2_000;

/** What the tabs say to each other; each word with the release of who says it. */
type Between = Said & { readonly release: string };
type Said =
  | { readonly kind: 'hello'; readonly from: string }
  | { readonly kind: 'request'; readonly from: string; readonly id: number; readonly method: Method; readonly params: unknown }
  /** Somebody has the account, and lives. */
  | { readonly kind: 'alive'; readonly to: string }
  /** It was heard; the answer may take long. */
  | { readonly kind: 'heard'; readonly to: string; readonly id: number }
  | { readonly kind: 'reply'; readonly to: string; readonly message: FromWorker }
  | { readonly kind: 'all'; readonly message: FromWorker }
  /** Another tab has the account from now on. */
  | { readonly kind: 'led'; readonly from: string }
  /** Who speaks is of another release than the one who has the account. */
  | { readonly kind: 'other'; readonly to: string };

/**
 * One tab has the account; the others ask it. The browser says which by a lock that goes with the tab. A tab that does not answer is
 * frozen: its lock is taken, and the store refuses whatever it writes when it wakes (`indexed-db.ts`), so it steps back.
 */
export function joinTabs(options: { base: string; database: string; release: string; post: (message: FromWorker) => void }): (message: ToWorker) => void {
  const me = crypto.randomUUID();
  const channel = new BroadcastChannel(CHANNEL);
  let host: Host | undefined;
  let leading = false;
  /** Requests of this page that another tab works on. */
  const asked = new Map<number, { readonly message: ToWorker; readonly heard: () => void }>();
  /** Requests of this page that this tab works on. */
  const own = new Map<number, ToWorker>();
  /** Requests of this page for which there is nobody yet. */
  let early: ToWorker[] = [];
  let greeted = false;
  let leave: (() => void) | undefined;
  /** Whether an account was open here; then this worker has keys in its memory, and ends when the account is closed. */
  let opened = false;
  let spent = false;
  let working = 0;

  const post = options.post;
  const send = (message: Said): void => channel.postMessage({ ...message, release: options.release } satisfies Between);
  const tell = (message: FromWorker): void => {
    post(message);
    send({ kind: 'all', message });
    if (message.kind === 'snapshot') follow(message.snapshot.session);
    else if (message.kind === 'event' && message.event.type === 'session') follow(message.event.session);
  };

  function follow(session: Session): void {
    if (session.state === 'ready' || session.state === 'waiting') opened = true;
    else if (opened && session.state !== 'busy' && session.state !== 'closing' && !spent) {
      spent = true;
      setTimeout(end, FAREWELL);
      endWhenIdle();
    }
  }

  // What was asked before the account was closed has its answer first.
  function endWhenIdle(): void {
    if (spent && working === 0) end();
  }

  function end(): void {
    if (working < 0) return;
    working = -1;
    channel.close();
    post({ kind: 'spent' });
  }

  async function work(message: ToWorker): Promise<FromWorker> {
    working++;
    try {
      return { kind: 'answer', id: message.id, value: await host!.request(message.method, message.params) };
    } catch (error) {
      return { kind: 'error', id: message.id, error: asClientError(error) };
    } finally {
      working--;
      setTimeout(endWhenIdle);
    }
  }

  async function lead(): Promise<void> {
    leading = true;
    send({ kind: 'led', from: me });
    interrupt(asked, ({ message }) => message);
    try {
      host = await startHost({ base: options.base, database: options.database, emit: tell, fenced: () => stepBack() });
    } catch (error) {
      tell({ kind: 'event', event: { type: 'session', session: { state: 'unsupported', error: asClientError(error) } } });
      return;
    }
    if (!leading) return stepBack();
    tell({ kind: 'snapshot', snapshot: await host.snapshot() });
    const waiting = early;
    early = [];
    waiting.forEach(workOnOwn);
  }

  function workOnOwn(message: ToWorker): void {
    own.set(message.id, message);
    void work(message).then(answer => {
      if (own.delete(message.id)) post(answer);
    });
  }

  /** Another tab has the account: nothing is written here any more, and what was open here does not stay in this worker. */
  function stepBack(): void {
    if (!leading && !host) return;
    leading = false;
    const left = host;
    host = undefined;
    void left?.leave();
    leave?.();
    interrupt(own, message => message);
    if (opened) {
      spent = true;
      end();
      return;
    }
    greet();
    queue(false);
  }

  /** What was worked on where the account no longer is has no answer: whoever has it next opens it all the same, and nothing else is done twice. */
  function interrupt<T>(all: Map<number, T>, messageOf: (one: T) => ToWorker): void {
    for (const [id, one] of all) {
      const message = messageOf(one);
      if (message.method !== 'session.unlock') post({ kind: 'error', id, error: interrupted });
      // The worker after this one is given by the page what has no answer.
      else if (!opened) early.push(message);
    }
    all.clear();
  }

  /** Waits for the account, or takes it from a tab that does not answer. */
  function queue(steal: boolean): void {
    line?.abort();
    const place = line = new AbortController();
    void navigator.locks.request(LOCK, steal ? { steal: true } : { signal: place.signal }, hold).catch(() => {
      // Unless this tab gave its place up, another one took the lock: this one was frozen, or looked so.
      if (!place.signal.aborted) stepBack();
    });
  }
  let line: AbortController | undefined;

  async function hold(): Promise<void> {
    const held = new Promise<void>(resolve => { leave = resolve; });
    await lead();
    await held;
  }

  /** Runs `late` unless the returned function is called in time. */
  function patience(late: () => void): () => void {
    const timer = setTimeout(late, PATIENCE);
    return () => clearTimeout(timer);
  }

  function greet(): void {
    greeted = false;
    answered?.();
    answered = patience(() => { if (!leading) queue(true); });
    send({ kind: 'hello', from: me });
  }
  let answered: (() => void) | undefined;

  function forward(message: ToWorker): void {
    if (!greeted) {
      early.push(message);
      return;
    }
    const heard = patience(() => { if (!leading && asked.has(message.id)) queue(true); });
    asked.set(message.id, { message, heard });
    send({ kind: 'request', from: me, id: message.id, method: message.method, params: message.params });
  }

  channel.addEventListener('message', (event: MessageEvent<Between>) => {
    const between = event.data;
    if (between.release !== options.release) {
      // Two releases never share an account: who has it says so, and the other waits for somebody to load its page again.
      if (leading) {
        if (between.kind === 'hello') send({ kind: 'other', to: between.from });
      } else if (between.kind === 'led' || (between.kind === 'other' && between.to === me)) {
        answered?.();
        post({ kind: 'event', event: { type: 'session', session: { state: 'unsupported', error: otherRelease } } });
      }
      return;
    }
    switch (between.kind) {
      case 'hello':
        if (leading) send({ kind: 'alive', to: between.from });
        if (host) void host.snapshot().then(snapshot => send({ kind: 'reply', to: between.from, message: { kind: 'snapshot', snapshot } }), () => undefined);
        break;
      case 'request':
        if (!leading) break;
        send({ kind: 'heard', to: between.from, id: between.id });
        if (host) void work({ kind: 'request', id: between.id, method: between.method, params: between.params }).then(message => send({ kind: 'reply', to: between.from, message }));
        else send({ kind: 'reply', to: between.from, message: { kind: 'error', id: between.id, error: interrupted } });
        break;
      case 'alive':
        if (between.to === me) answered?.();
        break;
      case 'heard':
        if (between.to === me) asked.get(between.id)?.heard();
        break;
      case 'reply':
      case 'all': {
        if (between.kind === 'reply' && between.to !== me || leading) break;
        const { message } = between;
        if (message.kind === 'answer' || message.kind === 'error') {
          asked.get(message.id)?.heard();
          asked.delete(message.id);
        }
        if (message.kind === 'snapshot' && !greeted) {
          greeted = true;
          answered?.();
          const waiting = early;
          early = [];
          post(message);
          waiting.forEach(forward);
          break;
        }
        post(message);
        break;
      }
      case 'led':
        if (leading) stepBack();
        interrupt(asked, ({ message }) => message);
        answered?.();
        // It gives a snapshot when it has opened.
        greeted = false;
        post({ kind: 'event', event: { type: 'session', session: { state: 'starting' } } });
        break;
    }
  });

  // Where nobody has it, the lock is there at once; else the one who has it answers.
  void navigator.locks.request(LOCK, { ifAvailable: true }, async lock => {
    if (!lock) {
      greet();
      queue(false);
      return;
    }
    await hold();
  }).catch(() => stepBack());

  return message => {
    // It goes to the next worker.
    if (spent) return;
    if (host) workOnOwn(message);
    else if (leading) early.push(message);
    else forward(message);
  };
}

const interrupted: ClientError = {
  code: 'interrupted', message: 'The tab that had the account open went away. Whether it was done is not known; look, and try again.', nothingChanged: false,
};

function asClientError(error: unknown): ClientError {
  const known = error as Partial<ClientError> | null;
  if (known && typeof known.code === 'string' && typeof known.message === 'string') return known as ClientError;
  return { code: 'unsupported', message: `Kavalek could not start in this browser (${error instanceof Error ? error.name : 'Error'}).`, nothingChanged: true };
}
