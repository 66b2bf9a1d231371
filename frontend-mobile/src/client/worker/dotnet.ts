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

interface Runtime {
  setModuleImports(name: string, module: object): void;
  getAssemblyExports(assembly: string): Promise<unknown>;
  runMain(assembly: string, args: readonly string[]): Promise<number>;
}

interface Boot {
  readonly loader: string;
  readonly config: { readonly mainAssemblyName: string };
}

/** Starts .NET from `base` with modules for its imports; `modules` is called first, with a way to the exports that works from then on. */
export async function bootDotnet<T>(base: string, modules: Readonly<Record<string, object>>): Promise<T> {
  const root = new URL(base, self.location.origin).href;
  const boot = await (await fetch(`${root}dotnet.boot.json`, { cache: 'no-cache', credentials: 'omit' })).json() as Boot;
  const { dotnet } = await import(/* @vite-ignore */ root + boot.loader) as {
    dotnet: { withConfig(config: object): { create(): Promise<Runtime> } };
  };
  // Names follow from content: what the cache has is right, and the runtime checks it by hash.
  const runtime = await dotnet.withConfig({ ...boot.config, disableNoCacheFetch: true }).create();
  for (const [name, module] of Object.entries(modules)) runtime.setModuleImports(name, module);
  const exports = await runtime.getAssemblyExports(boot.config.mainAssemblyName);
  await runtime.runMain(boot.config.mainAssemblyName, []);
  return exports as T;
}
