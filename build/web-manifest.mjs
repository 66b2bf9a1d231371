// Lists the web app of a release with its hashes, for `kavalek verify-web`: web-manifest.mjs FOLDER VERSION > web-manifest.json
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const [folder, version] = process.argv.slice(2);
if (!folder || !version) {
  console.error('usage: web-manifest.mjs FOLDER VERSION');
  process.exit(2);
}
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => {
    const bytes = readFileSync(path);
    return { path: `/${relative(folder, path).split(sep).join('/')}`, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  })
  .sort((a, b) => (a.path < b.path ? -1 : 1));
process.stdout.write(`${JSON.stringify({ format: 1, version, files }, null, 1)}\n`);
