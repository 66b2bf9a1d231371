import type { ClientError } from '../protocol';

/** What the bridge exports: `client/browser/Bridge/Bridge.cs` and `Interop/Calls.cs`. */
export interface Exports {
  readonly Kavalek: {
    readonly Client: {
      readonly Browser: {
        readonly Bridge: {
          Start(call: number, origin: string, database: string): void;
          Request(call: number, method: string, parameters: string): void;
          Snapshot(call: number): void;
          Leave(call: number): void;
        };
        readonly Calls: { Complete(call: number, result: Uint8Array | null, error: string | null): void };
      };
    };
  };
}

/** This page, its worker and the WebAssembly are not of one release; what a page shows then offers to load it anew. */
export const otherRelease: ClientError = {
  code: 'other_release', message: 'There is another version of Kavalek here by now. Load the page again.', nothingChanged: true,
};

interface Runtime {
  setModuleImports(name: string, module: object): void;
  getAssemblyExports(assembly: string): Promise<unknown>;
  runMain(assembly: string, args: readonly string[]): Promise<number>;
}

interface Boot {
  readonly loader: string;
  readonly config: { readonly mainAssemblyName: string };
  /** The assemblies in one file: where each begins, and how long it is, in bytes (`build/bundle.mjs`). */
  readonly bundle?: { readonly name: string; readonly hash: string; readonly parts: Readonly<Record<string, readonly [number, number]>> };
}

interface Starter {
  withConfig(config: object): Starter;
  withResourceLoader(load: (type: string, name: string) => Promise<Response> | undefined): Starter;
  create(): Promise<Runtime>;
}

/** What the build found in `dotnet.boot.json`; the build puts it in, the development server does not. */
declare const __BOOT__: string | undefined;

/** Starts .NET from `base` with modules for its imports; `modules` is called first, with a way to the exports that works from then on. */
export async function bootDotnet<T>(base: string, modules: Readonly<Record<string, object>>): Promise<T> {
  const root = new URL(base, self.location.origin).href;
  const integrity = typeof __BOOT__ === 'undefined' ? '' : __BOOT__;
  const answer = await fetch(`${root}dotnet.boot.json`, { cache: 'no-cache', credentials: 'omit', integrity }).catch(async (error: unknown) => {
    // It is there, and is not this release's: the server has a newer one.
    if (integrity && (await fetch(`${root}dotnet.boot.json`, { method: 'HEAD', cache: 'no-cache', credentials: 'omit' }).catch(() => null))?.ok) throw otherRelease;
    throw error;
  });
  const boot = await answer.json() as Boot;
  const { dotnet } = await import(/* @vite-ignore */ root + boot.loader) as {
    dotnet: Starter;
  };
  // Names follow from content: what the cache has is right, and the runtime checks it by hash.
  const starter = dotnet.withConfig({ ...boot.config, disableNoCacheFetch: true });
  if (boot.bundle) starter.withResourceLoader(fromBundle(root, boot.bundle));
  const runtime = await starter.create();
  for (const [name, module] of Object.entries(modules)) runtime.setModuleImports(name, module);
  const exports = await runtime.getAssemblyExports(boot.config.mainAssemblyName);
  await runtime.runMain(boot.config.mainAssemblyName, []);
  return exports as T;
}

/** Cuts what the runtime asks for out of the one file of assemblies, whose hash the browser checks; the rest the runtime gets itself. */
function fromBundle(root: string, { name, hash, parts }: NonNullable<Boot['bundle']>): (type: string, name: string) => Promise<Response> | undefined {
  const all = fetch(root + name, { credentials: 'omit', integrity: hash }).then(answer => answer.arrayBuffer());
  return (_, asked) => {
    const part = parts[asked];
    return part && all.then(bytes => new Response(bytes.slice(part[0], part[0] + part[1])));
  };
}
