import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

export default {
  root: here,
  publicDir: false,
  worker: { format: 'es' },
  resolve: { alias: { '@client': `${here}../../../frontend-mobile/src/client` } },
  build: { target: 'es2023', outDir: `${here}../obj/web`, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
};
