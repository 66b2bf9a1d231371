// Boots the program of the tests (tests/browser/inside) with the modules that the client has, and runs what it is asked to.
import { bootDotnet } from '@client/worker/dotnet';
import { installFastTimeout } from '@client/worker/fast-timeout';
import { indexedDb } from '@client/worker/indexed-db';
import { webCrypto } from '@client/worker/web-crypto';

interface Inside {
  readonly Kavalek: {
    readonly Client: { readonly Browser: { readonly Calls: { Complete(call: number, result: Uint8Array | null, error: string | null): void } } };
    readonly Browser: { readonly Tests: { readonly Inside: { readonly Runner: { Run(type: string): Promise<void> }; readonly Bench: { Run(name: string): Promise<void> } } } };
  };
}

interface Result {
  readonly name: string;
  readonly milliseconds: number;
  readonly failure: string | null;
}

installFastTimeout();

self.addEventListener('message', (event: MessageEvent<{ types?: readonly string[]; bench?: readonly string[] }>) => {
  void (async () => {
    const results: Result[] = [];
    const figures: Record<string, number> = {};
    let inside: Inside | undefined;
    const complete = (call: number, result: Uint8Array | null, error: string | null): void =>
      inside!.Kavalek.Client.Browser.Calls.Complete(call, result, error);
    const { module, detect } = webCrypto(complete);
    await detect();
    inside = await bootDotnet<Inside>('/dotnet-tests/', {
      'kavalek/crypto': module,
      'kavalek/store': indexedDb(complete, () => undefined),
      'kavalek/tests': {
        read(file: string): string {
          const request = new XMLHttpRequest();
          request.open('GET', `/vectors/${file}`, false);
          request.send();
          if (request.status !== 200) throw new Error(`no vectors: ${file}`);
          return request.responseText;
        },
        measured(name: string, microseconds: number): void {
          figures[name] = microseconds;
        },
        ended(name: string, milliseconds: number, failure: string | null): void {
          results.push({ name, milliseconds, failure });
        },
      },
    });
    const { Runner, Bench } = inside.Kavalek.Browser.Tests.Inside;
    for (const type of event.data.types ?? []) await Runner.Run(type);
    for (const name of event.data.bench ?? []) await Bench.Run(name);
    self.postMessage(event.data.bench ? figures : results);
  })().catch((error: unknown) => self.postMessage({ failed: String(error) }));
});
