// Compresses what the server hands out: FILE.br and FILE.gz beside each FILE of the folder given. What was compressed before is taken from the cache.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [folder, cache] = process.argv.slice(2);
const worthwhile = new Set(['.js', '.css', '.html', '.json', '.svg', '.wasm', '.dll', '.bin', '.webmanifest', '.txt']);
mkdirSync(cache, { recursive: true });
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !worthwhile.has(extname(entry.name))) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = readFileSync(path);
  const kept = join(cache, createHash('sha256').update(bytes).digest('hex'));
  keep(kept, `${path}.br`, () =>
    brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  );
  keep(`${kept}.gz`, `${path}.gz`, () => gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
}

function keep(kept, path, compress) {
  if (!existsSync(kept)) {
    writeFileSync(`${kept}.part`, compress());
    renameSync(`${kept}.part`, kept);
  }
  copyFileSync(kept, path);
}
