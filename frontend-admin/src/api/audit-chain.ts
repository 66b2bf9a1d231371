import { areEqual, concat, fromBase64Url, fromHex, uint } from './bytes';
import type { AuditRecord } from './records';

const text = new TextEncoder();

/** The hash of a record after another one's (docs/PROTOCOL.md §5.13). */
export async function hashOf(before: Uint8Array, record: AuditRecord): Promise<Uint8Array> {
  const act = text.encode(record.act),
    detail = text.encode(record.detail);
  const bytes = concat(
    before,
    uint(record.number, 8),
    uint(record.at, 8),
    fromHex(record.actor),
    record.subject ? fromHex(record.subject) : new Uint8Array(16),
    uint(act.length, 2),
    act,
    uint(detail.length, 2),
    detail,
  );
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** What the first record follows. */
export async function startOf(instance: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(text.encode('kavalek/v1/audit'), fromHex(instance))));
}

/** The number of the newest record that does not follow from the one before; `null` where all do. Records are newest first, without gaps. */
export async function firstBreak(records: readonly AuditRecord[], instance: string): Promise<number | null> {
  for (const [i, record] of records.entries()) {
    const next = records[i + 1];
    if (next && next.number !== record.number - 1) return record.number;
    const before = next ? fromBase64Url(next.hash) : record.number === 1 ? await startOf(instance) : null;
    if (before && !areEqual(await hashOf(before, record), fromBase64Url(record.hash))) return record.number;
  }
  return null;
}

/** The newest record that this browser has seen. */
export interface Seen {
  readonly number: number;
  readonly hash: string;
}

const storedAt = 'kavalek.admin.audit';

/** What this browser has seen of an instance's log. */
export function seen(instance: string): Seen | null {
  try {
    return JSON.parse(localStorage.getItem(`${storedAt}.${instance}`) ?? 'null') as Seen | null;
  } catch {
    return null;
  }
}

export function remember(instance: string, record: Seen): void {
  localStorage.setItem(`${storedAt}.${instance}`, JSON.stringify({ number: record.number, hash: record.hash }));
}
