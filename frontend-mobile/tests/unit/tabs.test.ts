// @vitest-environment node
import { beforeEach, expect, test, vi } from 'vitest';
import type { FromWorker, Method, Session } from '../../src/client/protocol';
import type { Host } from '../../src/client/worker/host';
import { joinTabs } from '../../src/client/worker/tabs';

/** Who has the account, one after the other; each does what the test says. */
const hosts: Host[] = [];
vi.mock('../../src/client/worker/host', () => ({ startHost: () => Promise.resolve(begin()) }));

let session: Session;
let work: (method: Method) => Promise<unknown>;
function begin(): Host {
  const host: Host = {
    request: method => work(method),
    snapshot: () => Promise.resolve({ session } as never),
    leave: () => Promise.resolve(),
  };
  hosts.push(host);
  return host;
}

/** The browser's lock: one has it, the next in line gets it when that one is gone. */
class Lock {
  private held: AbortController | null = null;
  private readonly line: (() => void)[] = [];

  request(_: string, options: { ifAvailable?: boolean }, hold: (lock: object | null) => Promise<void>): Promise<void> {
    if (!this.held) return this.take(hold);
    if (options.ifAvailable) return hold(null);
    return new Promise((done, failed) => this.line.push(() => void this.take(hold).then(done, failed)));
  }

  /** Whoever has it is gone. */
  drop(): void {
    const left = this.held;
    this.held = null;
    left?.abort();
    this.line.shift()?.();
  }

  private take(hold: (lock: object) => Promise<void>): Promise<void> {
    const gone = (this.held = new AbortController());
    return Promise.race([
      hold({}),
      new Promise<void>((_, failed) => gone.signal.addEventListener('abort', () => failed(new DOMException('gone', 'AbortError')))),
    ]);
  }
}

let lock: Lock;
beforeEach(() => {
  hosts.length = 0;
  session = { state: 'locked', why: 'start' };
  lock = new Lock();
  vi.stubGlobal('navigator', { locks: lock });
});

const join = (said: FromWorker[]) => joinTabs({ base: '/', database: 'x', release: 'one', post: message => void said.push(message) });

test('What another tab was asked when it went is not done twice, but whoever wanted in gets in', async () => {
  const first: FromWorker[] = [];
  const second: FromWorker[] = [];
  const asked: Method[] = [];
  // The first tab never answers.
  work = method => (asked.push(method), new Promise(() => undefined));
  join(first);
  await vi.waitFor(() => expect(first.map(one => one.kind)).toEqual(['snapshot']));
  const ask = join(second);
  await vi.waitFor(() => expect(second.map(one => one.kind)).toEqual(['snapshot']));
  ask({ kind: 'request', id: 1, method: 'session.unlock', params: { password: 'a' } });
  ask({ kind: 'request', id: 2, method: 'conversation.send', params: { text: 'b' } });
  await vi.waitFor(() => expect(asked).toEqual(['session.unlock', 'conversation.send']));

  work = method => Promise.resolve(asked.push(method) && null);
  lock.drop();
  await vi.waitFor(() => expect(second).toContainEqual({ kind: 'answer', id: 1, value: null }));
  expect(hosts).toHaveLength(2);
  expect(asked).toEqual(['session.unlock', 'conversation.send', 'session.unlock']);
  const [lost] = second.filter(one => one.kind === 'error');
  expect(lost).toMatchObject({ id: 2, error: { code: 'interrupted', nothingChanged: false } });
});

// K-72
test('A tab whose account was taken by another one ends the worker that had the keys, and says of what it worked on that it is not known', async () => {
  session = { state: 'ready' } as Session;
  work = () => new Promise(() => undefined);
  const first: FromWorker[] = [];
  const second: FromWorker[] = [];
  const ask = join(first);
  await vi.waitFor(() => expect(first.map(one => one.kind)).toEqual(['snapshot']));
  ask({ kind: 'request', id: 7, method: 'conversation.send', params: { text: 'b' } });
  join(second);
  await vi.waitFor(() => expect(second).not.toEqual([]));
  session = { state: 'locked', why: 'start' };
  lock.drop();
  await vi.waitFor(() => expect(first.slice(1)).toMatchObject([{ kind: 'error', id: 7, error: { code: 'interrupted' } }, { kind: 'spent' }]));
});
