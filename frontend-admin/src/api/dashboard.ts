import { KavalekError, type AuditTrail, type Client, type Live, type OpenedReport, type ReportDecision, type WaitingReports } from '@app/client';
import { Cell } from '@app/client/live';
import type {
  AdminSession,
  AuthOverview,
  BackupState,
  CreatedInvite,
  GroupsPage,
  Id,
  InstanceSettings,
  Invite,
  MailSettings,
  MessagingOverview,
  PeoplePage,
  Person,
  PersonState,
  Policy,
  PurgePreview,
  PushTest,
  Rank,
  SelfTest,
  ServerSees,
  SetUpCheck,
  SetUpState,
  SignedPolicy,
  StoragePage,
} from './records';

/** The one spelling of an address (docs/PROTOCOL.md §4): lower case letter by letter, whatever stands beside it. */
function spelt(email: string): string {
  const letters = [...email.trim().normalize('NFC')].map(letter => ([...letter.toLowerCase()].length === 1 ? letter.toLowerCase() : letter));
  return letters.join('').normalize('NFC');
}

/** Seconds before its end that a token is renewed. */
const early = 60;

export interface PeopleQuestion {
  readonly search: string;
  readonly rank: Rank | '';
  readonly state: PersonState | '';
  readonly after: string | null;
}

/** The dashboard's calls. Opened with the password, for half an hour; everything it knows is in memory, and gone with the page. */
export class Dashboard {
  /** The rank of whoever opened it; `null` while it is closed. */
  readonly rank: Live<Rank | null>;
  /** What is to be set up; `null` once that is finished, and for all but owners. */
  readonly setUp: Live<SetUpState | null>;
  /** How many reports waited when somebody last looked. */
  readonly reportsWaiting: Live<number>;

  readonly #client: Client;
  readonly #rank = new Cell<Rank | null>(null);
  readonly #setUp = new Cell<SetUpState | null>(null);
  readonly #reportsWaiting = new Cell(0);
  #session: AdminSession | null = null;
  #expires = 0;
  #renewing: Promise<void> | null = null;
  #ask: (() => Promise<boolean>) | null = null;

  constructor(client: Client) {
    this.#client = client;
    this.rank = this.#rank;
    this.setUp = this.#setUp;
    this.reportsWaiting = this.#reportsWaiting;
  }

  /** Opens it, or makes it fresh. Rejects with a `KavalekError`. */
  async open(password: string): Promise<void> {
    const isFirst = this.#session === null;
    const session = await this.#client.request('admin.open', { password });
    this.#hold(session);
    // The pages for setting up are there, or not, before the first one is drawn.
    if (isFirst && session.rank === 'owner') await this.lookAtSetUp().catch(() => undefined);
    this.#rank.set(session.rank);
  }

  /** Who has the person type the password once more where a call needs that, and answers whether they did; returns what ends it. */
  askPasswordBy(ask: () => Promise<boolean>): () => void {
    this.#ask = ask;
    return () => {
      this.#ask = null;
    };
  }

  /** Forgets what it was opened with, here and in the worker. */
  close(): void {
    if (this.#session) this.#client.request('admin.close').catch(() => undefined);
    this.#session = null;
    this.#rank.set(null);
    this.#setUp.set(null);
    this.#reportsWaiting.set(0);
  }

  overview = (): Promise<AuthOverview> => this.#call('GET', '/auth/v1/admin/overview');
  delivery = (): Promise<MessagingOverview> => this.#call('GET', '/api/v1/admin/overview');

  people({ search, rank, state, after }: PeopleQuestion): Promise<PeoplePage> {
    const question = new URLSearchParams(Object.entries({ search, rank, state, after: after ?? '' }).filter(([, value]) => value !== ''));
    return this.#call('GET', `/auth/v1/admin/people?${question}`);
  }

  person = (account: Id): Promise<Person> => this.#call('GET', `/auth/v1/admin/people/${account}`);
  find = (email: string): Promise<Person> => this.#call('POST', '/auth/v1/admin/people/find', { email: spelt(email) });
  setRank = (account: Id, rank: Rank): Promise<void> => this.#call('PUT', `/auth/v1/admin/people/${account}/rank`, { rank });
  act = (account: Id, act: 'suspend' | 'resume' | 'sign-out' | 'off-board'): Promise<void> => this.#call('POST', `/auth/v1/admin/people/${account}/${act}`);
  delete = (account: Id): Promise<void> => this.#call('DELETE', `/auth/v1/admin/people/${account}`);

  invites = (): Promise<readonly Invite[]> => this.#call('GET', '/auth/v1/admin/invites');
  invite = (uses: number, expiresIn: number, rank: Rank): Promise<CreatedInvite> => this.#call('POST', '/auth/v1/admin/invites', { uses, expiresIn, rank });
  revoke = (invite: Id): Promise<void> => this.#call('DELETE', `/auth/v1/admin/invites/${invite}`);

  async policy(): Promise<Policy> {
    return policyOf(await this.#call<SignedPolicy>('GET', '/auth/v1/policy'));
  }

  async setPolicy(policy: Policy): Promise<Policy> {
    return policyOf(await this.#call<SignedPolicy>('PUT', '/auth/v1/admin/policy', policy));
  }

  serverSees = (): Promise<ServerSees> => this.#call('GET', '/auth/v1/admin/server-sees');

  testMail = (): Promise<SelfTest> => this.#call('POST', '/auth/v1/admin/mail/test');
  testPush = (): Promise<PushTest> => this.#call('POST', '/api/v1/admin/push/test');

  groups = (before: number | null): Promise<GroupsPage> => this.#call('GET', `/api/v1/admin/groups${before === null ? '' : `?before=${before}`}`);

  storage = (skip: number, limit: number): Promise<StoragePage> => this.#call('GET', `/api/v1/admin/storage?skip=${skip}&limit=${limit}`);
  previewPurge = (days: number, account: Id | null): Promise<PurgePreview> =>
    this.#call('GET', `/api/v1/admin/storage/purge?days=${days}${account === null ? '' : `&account=${account}`}`);
  purge = (days: number, account: Id | null): Promise<void> =>
    this.#call('POST', '/auth/v1/admin/storage/purge', account === null ? { days } : { days, account });

  backups = (): Promise<BackupState> => this.#call('GET', '/auth/v1/admin/backups');
  backUp = (what: 'run' | 'test'): Promise<void> => this.#call('POST', `/auth/v1/admin/backups/${what}`);

  settings = (): Promise<InstanceSettings> => this.#call('GET', '/auth/v1/admin/settings');
  setName = (name: string): Promise<InstanceSettings> => this.#setSettings(now => ({ ...now, name }));
  /** The way to a mail server; `null` for none. */
  setMail = (mail: MailSettings | null): Promise<InstanceSettings> => this.#setSettings(({ name }) => (mail ? { name, mail } : { name }));

  // All of it is set at once, and somebody else may have set the rest since this page was drawn.
  async #setSettings(change: (now: InstanceSettings) => InstanceSettings): Promise<InstanceSettings> {
    const settings = await this.#call<InstanceSettings>('PUT', '/auth/v1/admin/settings', change(await this.settings()));
    const setUp = this.#setUp.get();
    if (setUp) this.#setUp.set({ ...setUp, settings });
    return settings;
  }

  /** Looks what is to be set up. */
  async lookAtSetUp(): Promise<void> {
    try {
      this.#setUp.set(await this.#call<SetUpState>('GET', '/auth/v1/admin/setup'));
    } catch (error) {
      if (!(error instanceof KavalekError) || error.code !== 'not_found') throw error;
      this.#setUp.set(null);
    }
  }

  /** What the server sees of the way this very page came by, until it is set up. */
  checkSetUp = async (): Promise<readonly SetUpCheck[]> =>
    (await this.#call<{ readonly checks: readonly SetUpCheck[] }>('POST', '/auth/v1/admin/setup/checks', { origin: location.origin })).checks;

  /** Ends the set-up, for good. */
  async finishSetUp(): Promise<void> {
    await this.#call('POST', '/auth/v1/admin/setup/finish');
    this.#setUp.set(null);
  }

  /** What was done here, as the worker has read and checked it. */
  audit = (limit: number): Promise<AuditTrail> => this.#client.request('audit.list', { limit });

  /** Looks how many reports wait; nobody is asked for a password because of that. */
  lookAtReports = async (): Promise<WaitingReports> => {
    const waiting = await this.#client.request('reports.waiting');
    this.#reportsWaiting.set(waiting.total);
    return waiting;
  };

  reports = (): Promise<WaitingReports> => this.#withPassword(this.lookAtReports);
  report = (report: Id): Promise<OpenedReport> => this.#withPassword(() => this.#client.request('reports.open', { report }));
  decide = (report: Id, decision: ReportDecision): Promise<void> => this.#withPassword(() => this.#client.request('reports.decide', { report, decision }));

  #hold(session: AdminSession): void {
    this.#session = session;
    this.#expires = performance.now() + session.expiresIn * 1000;
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    await this.#renew();
    return await this.#withPassword(() => this.#send<T>(method, path, body));
  }

  /** Does it, and once more when the password that it needs was typed. */
  async #withPassword<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof KavalekError) || error.code !== 'password_required' || !(await this.#ask?.())) throw error;
      return await act();
    }
  }

  /** A token that ends soon is exchanged, by one call at a time. */
  async #renew(): Promise<void> {
    if (!this.#session || performance.now() < this.#expires - early * 1000) return;
    this.#renewing ??= this.#send<AdminSession>('POST', '/auth/v1/admin/sessions/renew')
      .then(session => {
        this.#hold(session);
        this.#rank.set(session.rank);
      })
      .catch((error: unknown) => {
        // Its half hour is over: the call itself says so.
        if (!(error instanceof KavalekError) || error.code !== 'unauthenticated') throw error;
      })
      .finally(() => {
        this.#renewing = null;
      });
    await this.#renewing;
  }

  async #send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (this.#session) headers['Authorization'] = `Bearer ${this.#session.token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const answer = await fetch(path, {
      method,
      headers,
      credentials: 'omit',
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new KavalekError({ code: 'offline', message: 'The server cannot be reached.', nothingChanged: method === 'GET' });
    });
    if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
    const problem = (await answer.json().catch(() => ({}))) as { code?: unknown; title?: unknown };
    const error = new KavalekError({
      code: typeof problem.code === 'string' ? problem.code : 'unavailable',
      message: typeof problem.title === 'string' ? problem.title : 'The server did not answer as it should.',
      nothingChanged: answer.status < 500,
      ...(answer.headers.has('Retry-After') ? { retryAfter: Number(answer.headers.get('Retry-After')) } : {}),
    });
    if (error.code === 'unauthenticated') this.close();
    throw error;
  }
}

function policyOf({ policy }: SignedPolicy): Policy {
  const bytes = Uint8Array.from(atob(policy.replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Policy;
}
