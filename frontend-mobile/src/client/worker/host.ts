import type { ClientError, ClientEvent, Method, Snapshot } from '../protocol';
import { bootDotnet, type Exports } from './dotnet';
import { pageFiles } from './files';
import { indexedDb } from './indexed-db';
import { webCrypto } from './web-crypto';

/** The client, running in this worker. */
export interface Host {
  /** Asks it; rejects with a `ClientError`. */
  request(method: Method, params: unknown): Promise<unknown>;
  snapshot(): Promise<Snapshot>;
  /** Closes the account without writing: another tab has it. */
  leave(): Promise<void>;
}

export interface HostOptions {
  /** Where the files of .NET are. */
  readonly base: string;
  readonly database: string;
  /** Everything that happens, in its order; a snapshot stands for all before it. */
  readonly emit: (happened: { kind: 'event'; event: ClientEvent } | { kind: 'snapshot'; snapshot: Snapshot }) => void;
  /** Another tab has become the writer of the store. */
  readonly fenced: () => void;
}

const files = pageFiles();
let runtime: Promise<Exports> | undefined;
let current: HostOptions | undefined;
let last = 0;
const open = new Map<number, { resolve(value: unknown): void; reject(error: ClientError): void }>();

/** Starts .NET where it does not run yet, and opens what the browser holds. */
export async function startHost(options: HostOptions): Promise<Host> {
  current = options;
  runtime ??= boot(options.base);
  const { Bridge } = (await runtime).Kavalek.Client.Browser;
  const call = (start: (id: number) => void): Promise<unknown> => new Promise((resolve, reject) => {
    const id = ++last;
    open.set(id, { resolve, reject });
    start(id);
  });
  const snapshot = (): Promise<Snapshot> => call(id => Bridge.Snapshot(id)) as Promise<Snapshot>;
  takeSnapshot = snapshot;
  await call(id => Bridge.Start(id, self.location.origin, options.database));
  return {
    request: async (method, params) => {
      const { text, done } = files.pack(params ?? null);
      try {
        return await call(id => Bridge.Request(id, method, text));
      } finally {
        done();
      }
    },
    snapshot,
    leave: async () => {
      current = undefined;
      await call(id => Bridge.Leave(id));
    },
  };
}

let takeSnapshot: (() => Promise<Snapshot>) | undefined;
/** Events that wait for the snapshot that is being taken: it must not undo them. */
let held: ClientEvent[] | undefined;

function happened(text: string): void {
  const event = JSON.parse(text) as ClientEvent | { type: 'snapshot' };
  if (event.type === 'snapshot') void replace();
  else if (held) held.push(event);
  else current?.emit({ kind: 'event', event });
}

async function replace(): Promise<void> {
  if (held || !takeSnapshot) return;
  held = [];
  try {
    const snapshot = await takeSnapshot();
    current?.emit({ kind: 'snapshot', snapshot });
  } catch {
    // Closed meanwhile; that is told by another one.
  }
  const events = held;
  held = undefined;
  for (const event of events) current?.emit({ kind: 'event', event });
}

async function boot(base: string): Promise<Exports> {
  let exports: Exports | undefined;
  const complete = (call: number, result: Uint8Array | null, error: string | null): void =>
    exports!.Kavalek.Client.Browser.Calls.Complete(call, result, error);
  const { module, detect } = webCrypto(complete);
  const [started] = await Promise.all([
    bootDotnet<Exports>(base, {
      'kavalek/crypto': module,
      'kavalek/store': indexedDb(complete, () => current?.fenced()),
      'kavalek/files': files.module(complete),
      'kavalek/bridge': {
        answer(call: number, value: string | null, error: string | null): void {
          const asked = open.get(call);
          open.delete(call);
          if (error !== null) asked?.reject(JSON.parse(error) as ClientError);
          else asked?.resolve(value === null ? null : files.unpack(value));
        },
        emit: happened,
      },
    }),
    detect(),
  ]);
  exports = started;
  return started;
}
