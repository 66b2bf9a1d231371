/**
 * What the page and the worker say to each other (docs/browser.md). All of it is structured-cloneable data. The worker holds the
 * account, its keys and the connection; what crosses is what the page draws or what a person typed.
 *
 * Ids are 32 lower-case hexadecimal digits; times are milliseconds since 1970; durations are seconds. Every `code` is stable: the
 * codes of `client/KavalekException.cs` and `protocol/ErrorCodes.cs`, which the page translates by. `message` is English.
 */

export type Id = string;
/** Names a message in its conversation; opaque. */
export type MessageId = string;
/** Where a message stands in its conversation on this device: 16 hexadecimal digits, so that the order of the strings is the order of the messages. */
export type Position = string;
/** Milliseconds since 1970. */
export type Time = number;
/** A length of time in seconds. */
export type Seconds = number;

/** Something a person can act on. */
export interface ClientError {
  readonly code: string;
  /** One or two plain sentences, in English: what happened, whether anything changed, what to do. */
  readonly message: string;
  /** Whether it is certain that nothing changed, here or on the server. */
  readonly nothingChanged: boolean;
  /** When the server asked to come back. */
  readonly retryAfter?: Seconds;
}

/** Codes that the bridge adds to those of the SDK. */
export type BridgeErrorCode =
  /** A defect of the program; `message` has no detail that could hold a secret. */
  | 'internal'
  /** The call needs an account that is open, and there is none. */
  | 'not_open'
  /** The tab that held the account went away during the call; whether it took effect is not known. */
  | 'interrupted'
  /** The browser could not store it, its storage may be full. */
  | 'storage'
  /** The page, its worker, the WebAssembly or another tab are of another release: the page is to be loaded again. */
  | 'other_release'
  /** This browser lacks what Kavalek needs (WebAssembly, WebCrypto, IndexedDB, Web Locks, or a secure origin). */
  | 'unsupported';

// ---- State ----

export type Session =
  /** The worker starts, or another tab closed and this one takes over. */
  | { readonly state: 'starting' }
  | { readonly state: 'unsupported'; readonly error: ClientError }
  /** No account in this browser. */
  | { readonly state: 'empty' }
  /** An account whose password is needed. `tab_closed`: another tab had it open, and its keys went with it. */
  | { readonly state: 'locked'; readonly why: 'start' | 'asked' | 'idle' | 'logged_out' | 'tab_closed' }
  /** A password is being worked with. */
  | { readonly state: 'busy'; readonly doing: 'signing_up' | 'logging_in' | 'unlocking' }
  /** Logged in as a new device: let in by another device, by the recovery key, or by beginning afresh. */
  | { readonly state: 'waiting'; readonly me: Me }
  /** In use, also offline. `ended`: the server wants the password again (`session.logInAgain`); reading and writing go on, sending waits. */
  | { readonly state: 'ready'; readonly me: Me; readonly ended: ClientError | null }
  /** It is being locked: nothing of it is drawn any more, and what the worker holds is on its way out of memory. */
  | { readonly state: 'closing' }
  /** This device was removed from the account; everything here is deleted. */
  | { readonly state: 'removed'; readonly error: ClientError };

export type Connection = {
  readonly state: 'offline' | 'connecting' | 'syncing' | 'online';
  /** Why it is not connected, where that is known. */
  readonly error: ClientError | null;
};

export interface Me {
  readonly id: Id;
  /** Without the @; empty on a waiting device that does not know it yet. */
  readonly handle: string;
  readonly displayName: string | null;
  readonly email: string;
  /** The server's origin. */
  readonly server: string;
  readonly device: Id;
  /** Whoever adds by it has verified; `null` while waiting. */
  readonly contactLink: string | null;
}

export type Trust = 'unverified' | 'verified' | 'changed' | 'verified_changed';

export interface Contact {
  readonly account: Id;
  /** Without the @; empty for somebody seen only in a group. */
  readonly handle: string;
  /** What they call themselves; no fact. */
  readonly displayName: string | null;
  /** What to show: the display name, or the handle. */
  readonly name: string;
  readonly trust: Trust;
  readonly blocked: boolean;
  /** Whether a conversation with them was opened or accepted: belongs in the list of contacts. */
  readonly added: boolean;
}

export type Role = 'member' | 'admin' | 'owner';

export interface Member {
  readonly contact: Contact;
  readonly role: Role;
  readonly devices: number;
  readonly me: boolean;
  readonly pending: 'none' | 'joining' | 'removing';
}

export interface Conversation {
  readonly id: Id;
  readonly kind: 'direct' | 'group';
  readonly title: string;
  /** The other person of a direct conversation. */
  readonly peer: Contact | null;
  /** Who brought us in; `null` where this account began it. */
  readonly inviter: Contact | null;
  /** `restored`: known from the archive, to be read until somebody brings this device in. */
  readonly state: 'request' | 'active' | 'left' | 'removed' | 'declined' | 'restored';
  readonly members: number;
  readonly myRole: Role;
  /** How long messages live; `null` where they stay. */
  readonly timer: Seconds | null;
  readonly unread: number;
  /** How many of those name me. */
  readonly unreadMentions: number;
  readonly lastActivity: Time;
  readonly last: Message | null;
  /** Why nothing can be sent; `null` where it can. */
  readonly cannotSend: { readonly code: string; readonly message: string } | null;
  /** Who no longer sees the same conversation as this device (a fork); nothing is sent while there is somebody. */
  readonly apart: readonly Contact[];
  /** Since when it stands on top of the list; like what follows, on all devices of the account. */
  readonly pinned: Time | null;
  /** Put away until somebody says something in it; a muted one stays so. */
  readonly archived: boolean;
  /** Until when it is not announced and its unread messages do not count; `mutedForGood` and beyond: always. */
  readonly mutedUntil: Time | null;
  /** Its owner marked it so; `conversation.markRead` takes the mark away. */
  readonly markedUnread: boolean;
  /** What was begun here and not sent; `replyTo` is `null` also where that message is gone. */
  readonly draft: { readonly text: string; readonly replyTo: Message | null; readonly files: readonly DraftFile[] } | null;
}

/** A file that was chosen and not sent: what it is called, not what it holds. A page cannot read it again once it was loaded anew. */
export interface DraftFile {
  readonly name: string;
  readonly size: number;
}

/** The time that stands for ever: 9999-12-31. */
export const mutedForGood: Time = 253_402_300_799_999;

/** `queued`: stored here; `sent`: stored by the server; `delivered`, `read`: by all others; `received`: from somebody else. */
export type MessageState = 'received' | 'queued' | 'sent' | 'delivered' | 'read' | 'failed';

export type SystemKind =
  | 'created' | 'joined' | 'left' | 'removed' | 'renamed' | 'role_changed' | 'device_added' | 'device_removed' | 'key_changed'
  | 'accepted' | 'messages_missing' | 'timer_changed' | 'apart' | 'started_afresh' | 'history_shared';

export type MessageBody =
  | {
      readonly type: 'text';
      readonly text: string;
      readonly replyTo: MessageId | null;
      readonly mentions: readonly Mention[];
      readonly attachments?: readonly Attachment[] | null;
    }
  /** What it said was taken back: by its writer, or by somebody whose role allows it. */
  | { readonly type: 'deleted'; readonly by: Person }
  /** A line about the conversation. `text`: the new title or role, how many are missing, seconds of the timer, or what is passed on. */
  | { readonly type: 'system'; readonly kind: SystemKind; readonly by: Person | null; readonly accounts: readonly Person[]; readonly text: string | null };

/** A part of a text that stands for somebody: what is shown there is what this account knows them as. */
export interface Mention {
  readonly person: Person;
  /** In UTF-16 units, as strings count here. */
  readonly start: number;
  readonly length: number;
}

/** The same on its way to the worker. */
export interface NewMention {
  readonly account: Id;
  readonly start: number;
  readonly length: number;
}

/** What somebody thinks of a message; one each. */
export interface Reaction {
  readonly emoji: string;
  readonly person: Person;
}

/** A file that came with a message. What it says of itself is its sender's word; its name is fit to show and to save. */
export interface Attachment {
  readonly id: Id;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Pixels of a picture; 0 where that is not said. */
  readonly width: number;
  readonly height: number;
  /** Base64: width and height (a byte each, at most 32) and red, green and blue of each pixel. */
  readonly preview: string | null;
  /** Whether it may be shown or played in place, once it was opened and `attachment.open` says so too. */
  readonly inline: boolean;
  /** Milliseconds of a sound; 0 where that is not said. */
  readonly length: number;
  /** Base64, of a voice message: how loud it is from its beginning to its end, a byte each, at most 64. */
  readonly levels: string | null;
}

/** A file to send. */
export interface OutgoingFile {
  readonly blob: Blob;
  readonly name: string;
  readonly type: string;
  readonly width: number;
  readonly height: number;
  readonly preview: string | null;
  /** As of an attachment. */
  readonly length?: number;
  readonly levels?: string | null;
}

/** How far an attachment is: `here` means on this device, and what its sender sent; `stopped`, that another try goes on where it was. */
export interface Transfer {
  readonly conversation: Id;
  readonly message: MessageId;
  readonly attachment: Id;
  readonly state: 'uploading' | 'uploaded' | 'downloading' | 'here' | 'stopped';
  readonly done: number;
  readonly total: number;
}

/** Somebody named in a line or message. */
export interface Person {
  readonly account: Id;
  readonly name: string;
  readonly me: boolean;
}

export interface Message {
  readonly id: MessageId;
  readonly conversation: Id;
  readonly sender: Person;
  readonly mine: boolean;
  /** The sender's clock. */
  readonly sentAt: Time;
  readonly body: MessageBody;
  readonly state: MessageState;
  readonly position: Position;
  /** Why it failed. */
  readonly failure: string | null;
  /** When it goes, everywhere; `null` where it stays. */
  readonly endsAt: Time | null;
  /** Who passed it on: who wrote it, and what, is that person's word alone. */
  readonly passedOnBy: Person | null;
  readonly deliveredTo: readonly Id[];
  readonly readBy: readonly Id[];
  readonly reactions: readonly Reaction[];
  /** When its words were last changed; `null` where they are the first. */
  readonly editedAt: Time | null;
  /** What it said before, oldest first. */
  readonly former: readonly { readonly text: string; readonly sentAt: Time }[];
  readonly mentionsMe: boolean;
  /** As of when it was drawn: roles change, and times run out. */
  readonly mayEdit: boolean;
  /** For everybody. */
  readonly mayDelete: boolean;
  /** Whether this device can show to others who wrote it. */
  readonly mayReport: boolean;
}

export type ReportReason = 'harassment' | 'threat' | 'spam' | 'impersonation' | 'unlawful' | 'other';

/** Those to whom a report goes, as this device has checked; `shown` names this list. */
export interface Moderators {
  readonly shown: number;
  readonly all: readonly { readonly contact: Contact; readonly rank: 'moderator' | 'admin' | 'owner'; readonly since: Time; readonly givenBy: string | null }[];
  /** Those it does not go to: their key changed. */
  readonly changed: readonly Contact[];
  /** Whether the log that names them is the one that was seen before. */
  readonly logWhole: boolean;
}

/** Reports that wait and are sealed to the own account: how many, and of these the oldest hundred. */
export interface WaitingReports {
  readonly reports: readonly { readonly id: Id; /** The day it came. */ readonly filedOn: Time }[];
  readonly total: number;
}

/** A report, opened and checked by the client. */
export interface OpenedReport {
  readonly id: Id;
  /** The day it came. */
  readonly filedOn: Time;
  /** The reporter's word alone, as are `words`. */
  readonly reason: ReportReason;
  readonly words: string;
  readonly messages: readonly ReportedMessage[];
}

/** A reported message, or new words for one. Of a forged one nothing else holds. */
export interface ReportedMessage {
  /** `proven`: signed by a device of `writer`. `other_key`: under another key than the one known as theirs. `forged`: it says nothing about anybody. */
  readonly verdict: 'proven' | 'other_key' | 'forged';
  readonly writer: Id | null;
  /** `null` where the account is gone. */
  readonly handle: string | null;
  readonly trust: Contact['trust'];
  readonly kind: Conversation['kind'];
  /** The group's title then. */
  readonly title: string;
  /** The writer's clock. */
  readonly sentAt: Time;
  readonly text: string;
  /** Names of what went with it. */
  readonly files: readonly string[];
  readonly edit: boolean;
}

export type ReportDecision = 'dismissed' | 'suspended' | 'acted';

export interface SearchHit {
  readonly message: Message;
  /** The part of the text around the first match, on one line. */
  readonly excerpt: string;
  /** What of the excerpt matches, in UTF-16 units. */
  readonly marks: readonly { readonly start: number; readonly length: number }[];
}

export interface Device {
  readonly id: Id;
  /** What it calls itself, which only the account's devices know. */
  readonly name: string | null;
  readonly current: boolean;
  readonly waiting: boolean;
  /** `YYYY-MM-DD`. */
  readonly added: string;
  readonly lastSeen: string;
}

export interface SafetyNumber {
  /** Twelve groups of five digits. */
  readonly groups: readonly string[];
  /** What the QR code carries. */
  readonly qr: string;
}

export interface History {
  readonly on: boolean;
  readonly complete: boolean;
  /** Parts of the archive, and how many of them this device has still to read: progress. */
  readonly segments: number;
  readonly unread: number;
  /** Messages that came to this device from it. */
  readonly restored: number;
  /** Messages of this device that are not in it yet. */
  readonly waiting: number;
  readonly bytes: number;
  /** 0 while that is not known. */
  readonly quota: number;
  readonly problem: string | null;
}

export interface Settings {
  /** After how long without a touch it locks; `null` for never. */
  readonly autoLock: Seconds | null;
  /** For conversations begun here; `null` where messages stay. */
  readonly defaultTimer: Seconds | null;
  /** `none`: the account has no recovery key; `unknown` until the server was asked; `refused`: the server shows another vault than before, and the key may not work. */
  readonly recovery: 'unknown' | 'none' | 'set' | 'refused';
  /** What this device tells others of the messages it gets; neither at first. */
  readonly receipts: { readonly delivered: boolean; readonly read: boolean };
  /** The server's audit log is not what this device saw before; so until somebody reads it here (`audit.list`). */
  readonly auditBroken: boolean;
}

export interface Invite {
  readonly id: Id;
  readonly usesLeft: number;
  readonly expires: Time;
}

/** What the dashboard's calls carry (docs/PROTOCOL.md §5.11); the times are from now on. */
export interface AdminSession {
  readonly token: string;
  readonly expiresIn: Seconds;
  readonly rank: 'moderator' | 'admin' | 'owner';
  /** Calls that reach far are taken until then. */
  readonly freshFor: Seconds;
  /** It cannot be renewed after that. */
  readonly endsIn: Seconds;
}

/** The audit log of the server. `whole`: nothing was changed or taken out of what this device had seen before; it says so once. */
export interface AuditTrail {
  readonly records: readonly AuditRecord[];
  readonly whole: boolean;
}

export interface AuditRecord {
  readonly number: number;
  /** To the minute. */
  readonly at: Time;
  readonly actor: Id;
  /** `null` where the account is gone. */
  readonly actorHandle: string | null;
  /** One of docs/PROTOCOL.md §5.13. */
  readonly act: string;
  readonly subject: Id | null;
  readonly subjectHandle: string | null;
  readonly detail: string;
}

/** What became of a removed device; a conversation without an epoch is re-keyed with the next connection. */
export interface Offboarded {
  readonly at: Time;
  readonly conversations: readonly { readonly id: Id; readonly title: string; readonly epoch: number | null }[];
}

/** A device that is let in: show the code or QR, wait for `link.joined`, have the matching codes compared, `link.grant`. */
export interface DeviceLink {
  readonly code: string;
  readonly qr: string;
  readonly expires: Time;
}

/** What to pass on of what was said before. */
export type HistoryShare = { readonly last: number } | { readonly since: Time };

/** Everything that is kept up to date in the page; given whole when a page connects or the session changes. */
export interface Snapshot {
  readonly session: Session;
  readonly connection: Connection;
  readonly conversations: readonly Conversation[];
  readonly contacts: readonly Contact[];
  readonly history: History | null;
  readonly settings: Settings | null;
}

// ---- Requests ----

/** Every request: its parameters and its answer. A request that fails rejects with a `ClientError`. */
export interface Requests {
  'session.signUp': [{ invite: string | null; email: string; handle: string; password: string; displayName: string | null }, void];
  /** Resumes the account of this browser, or adds this browser as a new device, which then is `waiting`. */
  'session.logIn': [{ email: string; password: string }, void];
  'session.unlock': [{ password: string }, void];
  /** After `ready` with `ended`. */
  'session.logInAgain': [{ password: string }, void];
  'session.lock': [void, void];
  /** `removeDevice` also deletes everything here. */
  'session.logOut': [{ removeDevice: boolean }, void];
  'session.changePassword': [{ current: string; next: string }, void];
  'session.deleteAccount': [{ password: string }, void];
  /** Somebody is there: auto-lock begins anew. Call it on input, at most every few seconds. */
  'session.touch': [void, void];
  /** Tries to connect now instead of after the pause (the page came back, the network did). */
  'session.wake': [void, void];

  'me.setDisplayName': [{ name: string }, void];
  'settings.setAutoLock': [{ idle: Seconds | null }, void];
  'settings.setDefaultTimer': [{ timer: Seconds | null }, void];
  'settings.setReceipts': [{ delivered: boolean; read: boolean }, void];

  /** Makes a recovery key and gives its words, to be shown once; nothing is changed before `recovery.use`. */
  'recovery.generate': [{ language: 'english' | 'french' }, { words: readonly string[] }];
  /** Makes the generated key the account's. */
  'recovery.use': [void, void];
  /** Forgets the generated key. */
  'recovery.drop': [void, void];

  /** On the waiting device: joins the link whose code or QR text another device shows; gives what both screens must show alike. */
  'join.begin': [{ code: string }, { matchingCode: string }];
  /** The person has compared; answers when this device is in. */
  'join.confirm': [void, void];
  /** Whether it came in meanwhile. */
  'join.check': [void, { in: boolean }];
  'join.recover': [{ words: string }, void];
  'join.beginAfresh': [{ password: string }, void];

  'devices.list': [void, readonly Device[]];
  /** What to file: the conversations it was in, and the epoch from which on it reads nothing. */
  'devices.remove': [{ device: Id }, Offboarded];
  /** Names this device, also one that waits to be let in. */
  'devices.name': [{ name: string }, void];
  /** The same for a device that somebody else may have: account and archive get new keys, all contacts see a changed key, and there is no recovery key until a new one is in use. */
  'devices.removeLost': [{ device: Id }, Offboarded];
  'link.begin': [void, DeviceLink];
  'link.grant': [void, void];
  'link.cancel': [void, void];

  'history.setOn': [{ on: boolean }, void];
  'history.restore': [void, void];
  'history.save': [void, void];

  'contacts.find': [{ handle: string }, Contact];
  'contacts.get': [{ account: Id }, Contact | null];
  'contacts.addByLink': [{ link: string }, Contact];
  'contacts.safetyNumber': [{ account: Id }, SafetyNumber];
  /** `compared`: digits or scanned text. */
  'contacts.verify': [{ account: Id; compared: string }, Contact];
  'contacts.acceptKey': [{ account: Id }, Contact];
  'contacts.block': [{ account: Id; blocked: boolean }, Contact];

  /** Opens one if there is none. */
  'conversations.direct': [{ account: Id }, Conversation];
  'conversations.createGroup': [{ title: string; accounts: readonly Id[] }, Conversation];
  /** The newest messages before `before` (or the newest of all), oldest first, at most 200. */
  'conversation.messages': [{ conversation: Id; before: Position | null; limit: number }, readonly Message[]];
  /** The oldest messages after `after`, oldest first, at most 200. */
  'conversation.messagesAfter': [{ conversation: Id; after: Position; limit: number }, readonly Message[]];
  /** A message with those around it, oldest first; whether the first and the last of them are the conversation's. `null` where it is not here. */
  'conversation.around': [
    { conversation: Id; message: MessageId; limit: number },
    { messages: readonly Message[]; oldest: boolean; newest: boolean } | null,
  ];
  /** Kept on this device until it is sent; an empty text with nothing to answer takes it back. */
  'drafts.set': [{ conversation: Id; text: string; replyTo: MessageId | null; files?: readonly DraftFile[] }, void];
  /** Messages with all of these words or beginnings of words, the newest first; `after` is the `next` of the page before. */
  'search.messages': [
    { text: string; conversation: Id | null; sender: Id | null; after: string | null; limit: number },
    { hits: readonly SearchHit[]; next: string | null },
  ];
  'conversation.members': [{ conversation: Id }, readonly Member[]];
  /** Safe on this device when it answers; `queued` at first. */
  'conversation.send': [{ conversation: Id; text: string; replyTo: MessageId | null; mentions?: readonly NewMention[] }, Message];
  /** One emoji in place of the one before; `null` takes it back. */
  'message.react': [{ conversation: Id; message: MessageId; emoji: string | null }, void];
  'message.edit': [{ conversation: Id; message: MessageId; text: string; mentions: readonly NewMention[] }, Message];
  /** For everybody, all or none; or only for this account. What never left, or failed, just goes. */
  'message.delete': [{ conversation: Id; messages: readonly MessageId[]; forEveryone: boolean }, void];
  /** Sends the files of a message, encrypted anew, and a text into another conversation; what was begun there stays. */
  'message.forward': [{ conversation: Id; message: MessageId; to: Id; text: string }, Message];
  /** To be shown before anything is reported. */
  'reports.moderators': [void, Moderators];
  /** Discloses messages of others to those of the list that was shown. */
  'message.report': [{ conversation: Id; messages: readonly MessageId[]; reason: ReportReason; words: string; shown: number }, void];
  /** Sends a failed message once more, at the end. */
  'message.retry': [{ conversation: Id; message: MessageId }, Message];
  /** At most ten files; the text may be empty. Answers when all of it is on this device; it is sent when the server has the files. */
  'conversation.sendFiles': [
    /** `sending`: any name of its own, by which its progress is told, and it can be cancelled until it is stored. */
    { sending: string; conversation: Id; text: string; replyTo: MessageId | null; mentions?: readonly NewMention[]; files: readonly OutgoingFile[] },
    Message,
  ];
  /** Stops reading files for a message that is not there yet. */
  'conversation.cancelFiles': [{ sending: string }, void];
  /** The whole file, fetched where it is not here. `inline`: the type it may be shown or played under; `null` where it is to be saved. */
  'attachment.open': [{ conversation: Id; message: MessageId; attachment: Id }, { file: Blob; inline: string | null }];
  'attachment.cancel': [{ attachment: Id }, void];
  'conversation.markRead': [{ conversation: Id; upTo: MessageId }, void];
  /** These four hold on all devices of the account. */
  'conversation.pin': [{ conversation: Id; pinned: boolean }, void];
  'conversation.archive': [{ conversation: Id; archived: boolean }, void];
  /** `until`: `null` for not any more, `mutedForGood` for good. */
  'conversation.mute': [{ conversation: Id; until: Time | null }, void];
  'conversation.markUnread': [{ conversation: Id; unread: boolean }, void];
  'conversation.accept': [{ conversation: Id }, void];
  'conversation.decline': [{ conversation: Id; block: boolean }, void];
  'conversation.add': [{ conversation: Id; accounts: readonly Id[]; share: HistoryShare | null }, void];
  'conversation.passOn': [{ conversation: Id; accounts: readonly Id[]; share: HistoryShare }, void];
  'conversation.remove': [{ conversation: Id; account: Id }, void];
  'conversation.leave': [{ conversation: Id }, void];
  'conversation.rename': [{ conversation: Id; title: string }, void];
  'conversation.setTimer': [{ conversation: Id; timer: Seconds | null }, void];
  'conversation.setRole': [{ conversation: Id; account: Id; role: Role }, void];
  'conversation.startAfresh': [{ conversation: Id; without: readonly Id[] }, void];
  /** Goes on without those of `apart`. */
  'conversation.goOn': [{ conversation: Id }, void];
  /** Six groups of five digits, the same for all in the same epoch of the same history; `null` where this device is no member. */
  'conversation.epochNumber': [{ conversation: Id }, readonly string[] | null];

  /** `key`: what to subscribe at the push service with, base64url; `null` where the server has push switched off. `on`: whether this device is woken. */
  'push.state': [void, { readonly key: string | null; readonly on: boolean }];
  /** What the browser's push service gave; bytes in base64url. */
  'push.set': [{ endpoint: string; key: string; secret: string }, void];
  'push.drop': [void, void];
  /** Has this device woken now; answers when the push service has taken it. */
  'push.test': [void, void];

  /** For the instance's owner. */
  'invites.create': [{ uses: number; validity: Seconds }, { id: Id; link: string; uses: number; expires: Time }];
  'invites.list': [void, readonly Invite[]];
  'invites.revoke': [{ invite: Id }, void];

  /** Opens the dashboard, or makes it fresh: the password once more, for an account with a rank. What comes back is for the page at /admin alone. */
  'admin.open': [{ password: string }, AdminSession];
  /** What those who run the server did, the newest first; checked against what this device saw before. */
  /** Forgets it. */
  'admin.close': [void, void];
  /** Of those who opened the dashboard, here or in another tab; else `password_required`. */
  'reports.waiting': [void, WaitingReports];
  'reports.open': [{ report: Id }, OpenedReport];
  /** Writes the decision into the audit log, and deletes the report. */
  'reports.decide': [{ report: Id; decision: ReportDecision }, void];
  'audit.list': [{ limit: number }, AuditTrail];
}

export type Method = keyof Requests;
export type Params<M extends Method> = Requests[M][0];
export type Answer<M extends Method> = Requests[M][1];

// ---- Events ----

/** Something happened; what it shows is stored already. */
export type ClientEvent =
  | { readonly type: 'session'; readonly session: Session }
  | { readonly type: 'connection'; readonly connection: Connection }
  | { readonly type: 'conversation'; readonly conversation: Conversation }
  | { readonly type: 'message.added'; readonly message: Message }
  | { readonly type: 'message.changed'; readonly message: Message }
  | { readonly type: 'message.removed'; readonly conversation: Id; readonly message: MessageId }
  /** Older messages came in beneath or between: read the pages again. */
  | { readonly type: 'history.restored'; readonly conversation: Id }
  | { readonly type: 'history'; readonly history: History }
  | { readonly type: 'settings'; readonly settings: Settings }
  | { readonly type: 'contact'; readonly contact: Contact }
  | { readonly type: 'key.changed'; readonly contact: Contact }
  | { readonly type: 'request'; readonly conversation: Conversation }
  /** Another device of the account has a name, or another one. */
  | { readonly type: 'devices.named' }
  | { readonly type: 'devices'; readonly devices: readonly Device[]; readonly added: readonly Id[]; readonly removed: readonly Id[] }
  /** The device that joined the link of `link.begin`; show the code, and grant when the person has compared. */
  | { readonly type: 'link.joined'; readonly device: Id; readonly matchingCode: string }
  | { readonly type: 'link.ended'; readonly error: ClientError }
  | { readonly type: 'transfer'; readonly transfer: Transfer }
  /** Bytes of the files of a `conversation.sendFiles` that were read and encrypted. */
  | { readonly type: 'sending'; readonly sending: { readonly sending: string; readonly done: number } }
  /** One calm line that needs no answer. */
  | { readonly type: 'notice'; readonly text: string };

// ---- The wire between page and worker ----

export type ToWorker =
  | { readonly kind: 'request'; readonly id: number; readonly method: Method; readonly params: unknown };

export type FromWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ClientError }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'event'; readonly event: ClientEvent }
  /** The account is closed: this worker is to be ended with all that is in its memory, and another one started. */
  | { readonly kind: 'spent' };
