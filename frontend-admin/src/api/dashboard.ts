import { KavalekError, type Client, type Live } from '@app/client';
import { Cell } from '@app/client/live';
import { fromBase64Url } from './bytes';
import type {
  AdminSession,
  AuditPage,
  AuthOverview,
  CreatedInvite,
  Id,
  Invite,
  MessagingOverview,
  PeoplePage,
  Person,
  PersonState,
  Policy,
  Rank,
  ServerSees,
  SignedPolicy,
} from './records';

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

  readonly #client: Client;
  readonly #rank = new Cell<Rank | null>(null);
  #session: AdminSession | null = null;
  #expires = 0;
  #renewing: Promise<void> | null = null;
  #ask: (() => Promise<boolean>) | null = null;

  constructor(client: Client) {
    this.#client = client;
    this.rank = this.#rank;
  }

  /** Opens it, or makes it fresh. Rejects with a `KavalekError`. */
  async open(password: string): Promise<void> {
    this.#take(await this.#client.request('admin.open', { password }));
  }

  /** Who has the person type the password once more where a call needs that, and answers whether they did; returns what ends it. */
  askPasswordBy(ask: () => Promise<boolean>): () => void {
    this.#ask = ask;
    return () => {
      this.#ask = null;
    };
  }

  close(): void {
    this.#session = null;
    this.#rank.set(null);
  }

  overview = (): Promise<AuthOverview> => this.#call('GET', '/auth/v1/admin/overview');
  delivery = (): Promise<MessagingOverview> => this.#call('GET', '/api/v1/admin/overview');

  people({ search, rank, state, after }: PeopleQuestion): Promise<PeoplePage> {
    const question = new URLSearchParams(Object.entries({ search, rank, state, after: after ?? '' }).filter(([, value]) => value !== ''));
    return this.#call('GET', `/auth/v1/admin/people?${question}`);
  }

  person = (account: Id): Promise<Person> => this.#call('GET', `/auth/v1/admin/people/${account}`);
  find = (email: string): Promise<Person> => this.#call('POST', '/auth/v1/admin/people/find', { email: email.trim().normalize('NFC').toLowerCase() });
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

  audit = (before: number | null): Promise<AuditPage> => this.#call('GET', `/auth/v1/admin/audit${before === null ? '' : `?before=${before}`}`);
  serverSees = (): Promise<ServerSees> => this.#call('GET', '/auth/v1/admin/server-sees');
  instance = (): Promise<{ readonly id: Id; readonly name: string }> => this.#call('GET', '/auth/v1/instance');

  #take(session: AdminSession): void {
    this.#session = session;
    this.#expires = performance.now() + session.expiresIn * 1000;
    this.#rank.set(session.rank);
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    await this.#renew();
    try {
      return await this.#send<T>(method, path, body);
    } catch (error) {
      if (!(error instanceof KavalekError) || error.code !== 'password_required' || !(await this.#ask?.())) throw error;
      return await this.#send<T>(method, path, body);
    }
  }

  /** A token that ends soon is exchanged, by one call at a time. */
  async #renew(): Promise<void> {
    if (!this.#session || performance.now() < this.#expires - early * 1000) return;
    this.#renewing ??= this.#send<AdminSession>('POST', '/auth/v1/admin/sessions/renew')
      .then(session => this.#take(session))
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

function policyOf(signed: SignedPolicy): Policy {
  return JSON.parse(new TextDecoder().decode(fromBase64Url(signed.policy))) as Policy;
}
