import { join } from 'node:path';
import { defineConfig } from 'vite';
import { app, built, workerOfTheApp } from './app.ts';

export default defineConfig({
  base: '/admin/',
  publicDir: false,
  plugins: [workerOfTheApp()],
  resolve: { alias: { '@app': app }, dedupe: ['react', 'react-dom'] },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: join(built, 'admin'),
    emptyOutDir: true,
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
});
