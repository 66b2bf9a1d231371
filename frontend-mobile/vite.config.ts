import { defineConfig } from 'vite';
import { emojiData } from './emoji-data.ts';
import { bootIntegrity, release } from './release.ts';

export default defineConfig(({ command }) => ({
  plugins: [emojiData(), release()],
  define: { __BOOT__: JSON.stringify(command === 'build' ? bootIntegrity(import.meta.dirname) : '') },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    // Nothing is inlined into the page: it is served under script-src 'self' and style-src 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: {
    proxy: {
      '/auth': 'http://localhost:8080',
      '/api': 'http://localhost:8080',
      '/socket': { target: 'http://localhost:8080', ws: true },
    },
  },
}));
