/*
 * What the dashboard's calls take and answer (docs/PROTOCOL.md §5.11 to §5.13), as JSON: ids are 32 lower-case hexadecimal digits, bytes are base64url,
 * times are seconds since 1970.
 */

export type Id = string;
export type Rank = 'member' | 'moderator' | 'admin' | 'owner';
export type PersonState = 'active' | 'suspended' | 'left';

/** From the least to the most. */
export const ranks: readonly Rank[] = ['member', 'moderator', 'admin', 'owner'];

/** Whether one rank may do what another one may. */
export function isAtLeast(rank: Rank, wanted: Rank): boolean {
  return ranks.indexOf(rank) >= ranks.indexOf(wanted);
}

/** What opens the dashboard; `freshFor` and `endsIn` are seconds. */
export interface AdminSession {
  readonly token: string;
  readonly expiresIn: number;
  readonly rank: Rank;
  readonly freshFor: number;
  readonly endsIn: number;
}

export interface Person {
  readonly account: Id;
  readonly handle: string;
  readonly rank: Rank;
  readonly state: PersonState;
  /** In force, and how many of them are logged in. */
  readonly devices: number;
  readonly sessions: number;
}

export interface PeoplePage {
  readonly people: readonly Person[];
  /** On all pages. */
  readonly total: number;
  readonly next?: string;
}

export interface Invite {
  readonly invite: Id;
  readonly usesLeft: number;
  readonly expires: number;
  readonly rank: Rank;
}

export interface CreatedInvite {
  readonly invite: Id;
  readonly secret: string;
  readonly expires: number;
}

export interface Policy {
  readonly number: number;
  readonly registration: 'invite' | 'open';
  readonly retentionDays: number;
  readonly timerFloor: number;
  readonly timerCeiling: number;
  readonly attachmentBytes: number;
  readonly attachmentQuota: number;
  readonly receipts: boolean;
  readonly lockAfter: number;
  readonly suites: readonly number[];
}

/** `policy` is JSON, byte for byte as it was signed. */
export interface SignedPolicy {
  readonly policy: string;
  readonly signature: string;
  readonly key: string;
}

export interface AuditRecord {
  readonly number: number;
  readonly at: number;
  readonly actor: Id;
  readonly act: string;
  readonly detail: string;
  readonly hash: string;
  readonly subject?: Id;
  readonly actorHandle?: string;
  readonly subjectHandle?: string;
}

/** Newest first. */
export interface AuditPage {
  readonly records: readonly AuditRecord[];
  readonly head: number;
}

export interface AuthOverview {
  readonly version: string;
  readonly accounts: number;
  readonly suspended: number;
  readonly left: number;
  readonly devices: number;
  readonly sessions: number;
  readonly invites: number;
  readonly databaseBytes: number;
  readonly mail: boolean;
  readonly lastBackup?: number;
  readonly certificateExpires?: number;
}

export interface MessagingOverview {
  readonly connections: number;
  readonly entriesPerMinute: number;
  readonly queueDepth: number;
  readonly databaseBytes: number;
  readonly memoryBytes: number;
  readonly started: number;
}

export interface ServerSees {
  readonly parts: readonly {
    readonly title: string;
    readonly items: readonly { readonly names: readonly string[]; readonly purpose: string; readonly lifetime: string }[];
  }[];
}
