import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Client, type FromWorker, type ToWorker } from '@app/client';
import { Dashboard } from '../src/api/dashboard';

/** What was asked of the server, and what it answers to each. */
let calls: { readonly line: string; readonly token: string | null; readonly body: unknown }[] = [];
let answers: (line: string) => Response = () => Response.json({});
let passwords: unknown[] = [];

/** A worker that opens the dashboard for the right password, each time with another token. */
function worker(): Client {
  let listener: (event: MessageEvent<FromWorker>) => void = () => undefined;
  return new Client({
    addEventListener: (_, given) => void (listener = given),
    postMessage(message: ToWorker) {
      passwords.push(message.params);
      const value = { token: `t${passwords.length}`, expiresIn: 600, rank: 'admin', freshFor: 300, endsIn: 1800 };
      queueMicrotask(() => listener({ data: { kind: 'answer', id: message.id, value } } as MessageEvent<FromWorker>));
    },
  });
}

const refuse = (code: string, status: number) => Response.json({ code, status, title: code }, { status });

beforeEach(() => {
  calls = [];
  passwords = [];
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const line = `${init.method ?? 'GET'} ${path}`;
    calls.push({ line, token: new Headers(init.headers).get('authorization'), body: init.body ? JSON.parse(init.body as string) : null });
    return Promise.resolve(answers(line));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('It is opened by the password, and a token that ends soon is exchanged once, however many ask', async () => {
  const dashboard = new Dashboard(worker());
  expect(dashboard.rank.get()).toBeNull();
  await dashboard.open('secret');
  expect(passwords).toEqual([{ password: 'secret' }]);
  expect(dashboard.rank.get()).toBe('admin');
  answers = line =>
    Response.json(line.includes('renew') ? { token: 'renewed', expiresIn: 600, rank: 'admin', freshFor: 0, endsIn: 1200 } : { people: [], total: 0 });
  await dashboard.people({ search: 'a_', rank: '', state: 'left', after: null });
  expect(calls).toEqual([{ line: 'GET /auth/v1/admin/people?search=a_&state=left', token: 'Bearer t1', body: null }]);
  vi.advanceTimersByTime(545_000);
  await Promise.all([dashboard.overview(), dashboard.delivery()]);
  expect(calls.slice(1).map(call => `${call.line} ${call.token}`)).toEqual([
    'POST /auth/v1/admin/sessions/renew Bearer t1',
    'GET /auth/v1/admin/overview Bearer renewed',
    'GET /api/v1/admin/overview Bearer renewed',
  ]);
});

test('What needs a fresh password asks for it, goes on where it was typed, and ends where it was not', async () => {
  const dashboard = new Dashboard(worker());
  await dashboard.open('secret');
  let refusals = 1;
  answers = () => (refusals-- > 0 ? refuse('password_required', 401) : new Response(null, { status: 204 }));
  const over = dashboard.askPasswordBy(async () => {
    await dashboard.open('once more');
    return true;
  });
  await dashboard.act('ab'.repeat(16), 'suspend');
  expect(calls.map(call => call.token)).toEqual(['Bearer t1', 'Bearer t2']);
  refusals = 1;
  over();
  await expect(dashboard.delete('ab'.repeat(16))).rejects.toMatchObject({ code: 'password_required' });
  expect(dashboard.rank.get()).toBe('admin');
});

test('A session that is over closes it, and a server that is away does not', async () => {
  const dashboard = new Dashboard(worker());
  await dashboard.open('secret');
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('away')));
  await expect(dashboard.overview()).rejects.toMatchObject({ code: 'offline' });
  expect(dashboard.rank.get()).toBe('admin');
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('<html>', { status: 502 })));
  await expect(dashboard.overview()).rejects.toMatchObject({ code: 'unavailable' });
  vi.stubGlobal('fetch', () => Promise.resolve(refuse('unauthenticated', 401)));
  await expect(dashboard.overview()).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(dashboard.rank.get()).toBeNull();
});
