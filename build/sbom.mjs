// The software bill of materials of a release, in CycloneDX 1.6, from the lock files of what ships: sbom.mjs VERSION > sbom.cdx.json
// The same input gives the same output: no time and no random number is in it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [version] = process.argv.slice(2);
if (!version) {
  console.error('usage: sbom.mjs VERSION');
  process.exit(2);
}
// What people run: the server, the terminal client, the client in the browser.
const projects = ['backend/host', 'backend/auth', 'backend/messaging', 'cli', 'client', 'client/browser', 'mls', 'protocol'];
const components = new Map();
const hash = (base64) => [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }];
const add = (component) => components.set(component.purl, { type: 'library', 'bom-ref': component.purl, ...component });

for (const project of projects) {
  const lock = JSON.parse(readFileSync(join(root, project, 'packages.lock.json'), 'utf8'));
  for (const framework of Object.values(lock.dependencies)) {
    for (const [name, entry] of Object.entries(framework)) {
      if (entry.type === 'Project') continue;
      // The hash is of the package's content as NuGet counts it.
      add({ name, version: entry.resolved, purl: `pkg:nuget/${name}@${entry.resolved}`, hashes: hash(entry.contentHash) });
    }
  }
}
const npm = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
for (const [path, entry] of Object.entries(npm.packages)) {
  if (!path.includes('node_modules/') || entry.dev || entry.link) continue;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const purl = `pkg:npm/${name.replace('@', '%40')}@${entry.version}`;
  if (!entry.integrity?.startsWith('sha512-')) throw new Error(`${name} has no SHA-512 in the lock file`);
  add({ name, version: entry.version, purl, hashes: hash(entry.integrity.slice('sha512-'.length)), ...(entry.license ? { licenses: [{ expression: entry.license }] } : {}) });
}
const list = [...components.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1));
const digits = createHash('sha256').update(JSON.stringify([version, list])).digest('hex');
// A UUID of version 8: made of the content.
const serial = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${serial}`,
  version: 1,
  metadata: { component: { type: 'application', 'bom-ref': 'kavalek', name: 'kavalek', version, licenses: [{ expression: 'AGPL-3.0-or-later' }] } },
  components: list,
  dependencies: [{ ref: 'kavalek', dependsOn: list.map((component) => component.purl) }],
};
process.stdout.write(`${JSON.stringify(bom, null, 1)}\n`);
