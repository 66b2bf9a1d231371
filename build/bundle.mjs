// Makes a published program for the browser small: its runtime without what it never calls (trim-runtime.mjs), and its assemblies in one file, where what
// they repeat of each other compresses away, and for which a browser asks once.
// dotnet.boot.json says where each begins; the worker that starts it cuts them out (frontend-mobile/src/client/worker/dotnet.ts).
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trimRuntime } from './trim-runtime.mjs';

// The folder, and the file in which the build wrote where the runtime came from.
const [folder, pack] = process.argv.slice(2);
const manifest = join(folder, 'dotnet.boot.json');
const boot = JSON.parse(readFileSync(manifest, 'utf8'));
if (boot.bundle) process.exit(0);

const { coreAssembly, assembly, wasmNative } = boot.config.resources;
for (const runtime of wasmNative) {
  const bytes = trimRuntime(readFileSync(join(folder, runtime.name)), readFileSync(pack, 'utf8').trim());
  const hash = createHash('sha256').update(bytes).digest();
  rmSync(join(folder, runtime.name));
  runtime.name = `dotnet.native.${hash.toString('hex').slice(0, 12)}.wasm`;
  runtime.hash = `sha256-${hash.toString('base64')}`;
  writeFileSync(join(folder, runtime.name), bytes);
}
const parts = {};
const all = [];
let offset = 0;
for (const { name } of [...coreAssembly, ...assembly]) {
  const bytes = readFileSync(join(folder, name));
  parts[name] = [offset, bytes.length];
  all.push(bytes);
  offset += bytes.length;
}
const bytes = Buffer.concat(all);
const hash = createHash('sha256').update(bytes).digest();
boot.bundle = { name: `assemblies.${hash.toString('hex').slice(0, 12)}.bin`, hash: `sha256-${hash.toString('base64')}`, parts };
writeFileSync(join(folder, boot.bundle.name), bytes);
writeFileSync(manifest, JSON.stringify(boot, null, 1));
for (const name of Object.keys(parts)) rmSync(join(folder, name));
