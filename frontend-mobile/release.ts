import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Plugin } from 'vite';

const bootManifest = 'public/dotnet/dotnet.boot.json';

/** What `fetch` has to find in `dotnet.boot.json`, so that a page never starts the WebAssembly of another release; empty where it is not built. */
export function bootIntegrity(root: string): string {
  const file = join(root, bootManifest);
  return existsSync(file) ? integrity(readFileSync(file)) : '';
}

/** After the build: names the release in the page, and builds the service worker with the list of the release's files and their hashes. */
export function release(): Plugin {
  let root = '';
  let folder = '';
  return {
    name: 'kavalek-release',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      folder = resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile() && !entry.name.endsWith('.br') && entry.name !== 'service-worker.js')
        .map(entry => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .sort();
      const hashes = files.map(name => `${name} ${integrity(readFileSync(join(folder, name)))}`);
      const id = createHash('sha256').update(hashes.join('\n')).digest('hex').slice(0, 16);
      const page = join(folder, 'index.html');
      writeFileSync(
        page,
        readFileSync(page, 'utf8').replace('<meta charset="utf-8" />', `<meta charset="utf-8" />\n    <meta name="kavalek-release" content="${id}" />`),
      );
      const listed = files.map(name => [name === 'index.html' ? '/' : `/${name}`, integrity(readFileSync(join(folder, name)))]);
      await build({
        configFile: false,
        root,
        logLevel: 'warn',
        publicDir: false,
        define: { __RELEASE__: JSON.stringify(id), __FILES__: JSON.stringify(listed) },
        build: {
          target: 'es2023',
          outDir: folder,
          emptyOutDir: false,
          copyPublicDir: false,
          rollupOptions: { input: join(root, 'src/service-worker/service-worker.ts'), output: { format: 'iife', entryFileNames: 'service-worker.js' } },
        },
      });
    },
  };
}

function integrity(bytes: Uint8Array): string {
  return `sha256-${createHash('sha256').update(bytes).digest('base64')}`;
}
