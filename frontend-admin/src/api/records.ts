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
  readonly memoryBytes: number;
  /** Whether delivery runs in processes of its own; where not, its memory is the same. */
  readonly apart: boolean;
  readonly lastBackup?: number;
  readonly certificateExpires?: number;
}

/** Of the last five minutes, in microseconds: below `p50` was half of it, below `p99` 99 %. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

export interface NodeFigures {
  readonly node: Id;
  readonly connections: number;
  readonly entriesPerMinute: number;
  readonly queueDepth: number;
  readonly memoryBytes: number;
  readonly started: number;
  readonly delivery: Latency;
}

export interface SizeOfDay {
  readonly day: number;
  readonly databaseBytes: number;
  readonly attachmentBytes: number;
}

export interface MessagingOverview {
  readonly connections: number;
  readonly entriesPerMinute: number;
  readonly queueDepth: number;
  readonly databaseBytes: number;
  readonly memoryBytes: number;
  readonly started: number;
  readonly attachmentBytes: number;
  /** In the database. */
  readonly archiveBytes: number;
  /** On the disk. */
  readonly freeBytes: number;
  /** Of the slowest node. */
  readonly delivery: Latency;
  /** A row a day, the oldest first. */
  readonly growth: readonly SizeOfDay[];
  readonly nodes: readonly NodeFigures[];
}

export type TestOutcome = 'ok' | 'off' | 'no_name' | 'not_reached' | 'no_tls' | 'login_refused' | 'refused';

/** What came of trying something now; `detail` is the number that a mail server said. */
export interface SelfTest {
  readonly outcome: TestOutcome;
  readonly detail?: string;
}

export interface PushTest {
  readonly services: readonly { readonly service: string; readonly outcome: TestOutcome }[];
}

/** `created` and `rekeyed` are days. */
export interface Group {
  readonly group: number;
  readonly devicesUpTo: number;
  /** What waits to be delivered. */
  readonly bytes: number;
  readonly created?: number;
  readonly rekeyed?: number;
}

export interface GroupsPage {
  readonly groups: readonly Group[];
  readonly total: number;
  readonly next?: number;
}

export interface Stored {
  readonly account: Id;
  readonly attachmentBytes: number;
  readonly files: number;
  readonly archiveBytes: number;
}

export interface StoragePage {
  readonly accounts: readonly Stored[];
  readonly total: number;
}

/** What a purge would take. */
export interface PurgePreview {
  readonly files: number;
  readonly bytes: number;
}

/** The password is never answered; left out it stays as it is, with host, port and user. */
export interface MailSettings {
  readonly host: string;
  readonly port: number;
  readonly from: string;
  readonly user?: string;
  readonly password?: string;
}

export interface InstanceSettings {
  readonly name: string;
  readonly mail?: MailSettings;
}

/** What the pages for setting up have to lead through, until that is finished. */
export interface SetUpState {
  readonly settings: InstanceSettings;
  readonly registration: Policy['registration'];
  readonly behindProxy: boolean;
  readonly origin?: string;
}

export interface SetUpCheck {
  readonly check: string;
  readonly outcome: string;
  readonly detail?: string;
}

export interface BackupResult {
  readonly at: number;
  readonly outcome: 'ok' | 'damaged' | 'wrong_key' | 'disk' | 'database';
  readonly bytes: number;
  /** When the backup was made that was tested. */
  readonly made?: number;
}

export interface BackupState {
  readonly isSetUp: boolean;
  /** Seconds. */
  readonly every: number;
  readonly keep: number;
  /** The newest first. */
  readonly backups: readonly { readonly made: number; readonly bytes: number }[];
  readonly next?: number;
  readonly work?: { readonly what: 'backup' | 'test'; readonly since: number; readonly done: number; readonly of: number };
  readonly lastRun?: BackupResult;
  readonly lastTest?: BackupResult;
}

export interface ServerSees {
  readonly parts: readonly {
    readonly title: string;
    readonly items: readonly { readonly names: readonly string[]; readonly purpose: string; readonly lifetime: string }[];
  }[];
}
