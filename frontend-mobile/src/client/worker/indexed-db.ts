import { runner, type Complete } from './calls';

const ENTRIES = 'entries', WRITER = 'writer', GENERATION = 'generation';
const PUT = 0, DELETE = 1, DELETE_RANGE = 2;

interface Open {
  readonly database: IDBDatabase;
  /** Which writer this is: one more than the one before. */
  readonly generation: number;
}

interface WithRecords {
  getAllRecords?(options: { query: IDBKeyRange; count: number; direction: 'next' | 'prev' }): IDBRequest<{ key: string; value: Uint8Array }[]>;
}

/**
 * What .NET imports as `kavalek/store`: one object store of bytes by name. Whoever opens it becomes its writer; the one before is
 * fenced off, even in the middle of something: each of its transactions finds another number than its own, and does nothing.
 * @param fenced called when that happens here.
 */
export function indexedDb(complete: Complete, fenced: () => void) {
  const run = runner(complete);
  const opened = new Map<number, Open>();
  let last = 0;

  const of = (number: number): Open => {
    const found = opened.get(number);
    if (!found) throw new DOMException('closed', 'InvalidStateError');
    return found;
  };

  async function open(name: string): Promise<Uint8Array> {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(ENTRIES);
      request.result.createObjectStore(WRITER);
    };
    const database = await result(request);
    database.onversionchange = () => database.close();
    const transaction = database.transaction(WRITER, 'readwrite', { durability: 'strict' });
    const writer = transaction.objectStore(WRITER);
    const generation = (await result(writer.get(GENERATION) as IDBRequest<number | undefined>) ?? 0) + 1;
    writer.put(generation, GENERATION);
    await done(transaction);
    opened.set(++last, { database, generation });
    const number = new Uint8Array(4);
    new DataView(number.buffer).setInt32(0, last, true);
    return number;
  }

  return {
    open: (call: number, name: string) => run(call, () => open(name)),

    get: (call: number, number: number, key: string) => run(call, async () =>
      await result(of(number).database.transaction(ENTRIES).objectStore(ENTRIES).get(key) as IDBRequest<Uint8Array | undefined>) ?? null),

    scan: (call: number, number: number, from: string, to: string, limit: number, reverse: boolean) => run(call, async () => {
      const store = of(number).database.transaction(ENTRIES).objectStore(ENTRIES);
      const range = IDBKeyRange.bound(from, to, false, true);
      return pack(await records(store, range, limit, reverse));
    }),

    // What can be had again need not be on the disk at once: waiting for that takes longer than all else, and holds up what is written beside it.
    apply: (call: number, number: number, changes: Uint8Array, postponable: boolean) => run(call, async () => {
      const { database, generation } = of(number);
      const transaction = database.transaction([ENTRIES, WRITER], 'readwrite', { durability: postponable ? 'relaxed' : 'strict' });
      const finished = done(transaction);
      let outrun = false;
      const asked = transaction.objectStore(WRITER).get(GENERATION) as IDBRequest<number>;
      asked.onsuccess = () => {
        if (asked.result !== generation) {
          outrun = true;
          transaction.abort();
          return;
        }
        write(transaction.objectStore(ENTRIES), changes);
      };
      try {
        await finished;
      } catch (error) {
        if (!outrun) throw error;
        fenced();
        throw Object.assign(new Error(), { name: 'Fenced' });
      }
      return null;
    }),

    close: (number: number) => {
      opened.get(number)?.database.close();
      opened.delete(number);
    },
  };
}

function write(store: IDBObjectStore, changes: Uint8Array): void {
  for (let at = 0; at < changes.length;) {
    const kind = changes[at];
    const key = field(changes, at + 1), value = field(changes, key.next);
    at = value.next;
    const name = ascii(key.bytes);
    if (kind === PUT) store.put(value.bytes.slice(), name);
    else if (kind === DELETE) store.delete(name);
    else if (kind === DELETE_RANGE) {
      const to = ascii(value.bytes);
      if (name < to) store.delete(IDBKeyRange.bound(name, to, false, true));
    }
  }
}

async function records(store: IDBObjectStore, range: IDBKeyRange, limit: number, reverse: boolean): Promise<readonly [string, Uint8Array][]> {
  const count = Math.min(limit, 2 ** 31);
  const fast = store as IDBObjectStore & WithRecords;
  if (fast.getAllRecords) {
    return (await result(fast.getAllRecords({ query: range, count, direction: reverse ? 'prev' : 'next' }))).map(record => [record.key, record.value]);
  }
  if (!reverse) {
    const [keys, values] = await Promise.all([result(store.getAllKeys(range, count)), result(store.getAll(range, count))]);
    return keys.map((key, i) => [key as string, values[i] as Uint8Array]);
  }
  const found: [string, Uint8Array][] = [];
  const request = store.openCursor(range, 'prev');
  await new Promise<void>((resolve, reject) => {
    request.onerror = () => reject(request.error!);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || found.length >= count) return resolve();
      found.push([cursor.key as string, cursor.value as Uint8Array]);
      cursor.continue();
    };
  });
  return found;
}

function pack(entries: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, [key, value]) => sum + 8 + key.length + value.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [key, value] of entries) {
    view.setInt32(at, key.length, true);
    for (let i = 0; i < key.length; i++) bytes[at + 4 + i] = key.charCodeAt(i);
    at += 4 + key.length;
    view.setInt32(at, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + value.length;
  }
  return bytes;
}

function field(bytes: Uint8Array, at: number): { bytes: Uint8Array; next: number } {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getInt32(at, true);
  return { bytes: bytes.subarray(at + 4, at + 4 + length), next: at + 4 + length };
}

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException('aborted', 'AbortError'));
  });
}
