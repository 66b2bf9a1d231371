import { expect, test } from 'vitest';
import { firstBreak, hashOf, remember, seen, startOf } from '../src/api/audit-chain';
import type { AuditRecord } from '../src/api/records';

const instance = '00112233445566778899aabbccddeeff';
const base64Url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

/** A log of three records, newest first. */
async function log(): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  let before = await startOf(instance);
  for (const [number, act, detail] of [
    [1, 'opened the dashboard', ''],
    [2, 'rank', 'admin'],
    [3, 'policy', '1'],
  ] as const) {
    const record = {
      number,
      at: 1_800_000_000 + number * 60,
      actor: 'ab'.repeat(16),
      act,
      detail,
      hash: '',
      ...(number === 2 ? { subject: 'cd'.repeat(16) } : {}),
    };
    before = await hashOf(before, record);
    records.unshift({ ...record, hash: base64Url(before) });
  }
  return records;
}

test('A whole log holds together, and so does the newest part of it', async () => {
  const records = await log();
  expect(await firstBreak(records, instance)).toBeNull();
  expect(await firstBreak(records.slice(0, 2), instance)).toBeNull();
});

test('A record that was changed, taken out, put in or is of another instance shows', async () => {
  const records = await log();
  const changed = (at: number, part: Partial<AuditRecord>) => records.map((record, i) => (i === at ? { ...record, ...part } : record));
  for (const part of [{ detail: 'owner' }, { act: 'policy' }, { at: 1 }, { actor: 'ef'.repeat(16) }, { subject: 'ef'.repeat(16) }])
    expect(await firstBreak(changed(1, part), instance), JSON.stringify(part)).toBe(2);
  expect(await firstBreak([records[0]!, records[2]!], instance)).toBe(3);
  expect(await firstBreak(records, 'ff'.repeat(16))).toBe(1);
});

test('What was seen is remembered for each instance, and what is stored wrongly counts as nothing', () => {
  remember(instance, { number: 3, hash: 'x' });
  expect(seen(instance)).toEqual({ number: 3, hash: 'x' });
  expect(seen('ff'.repeat(16))).toBeNull();
  localStorage.setItem(`kavalek.admin.audit.${instance}`, '{');
  expect(seen(instance)).toBeNull();
});
