import { join } from 'node:path';
import { defineConfig } from 'vite';
import { build, server } from '../frontend-mobile/serving.ts';
import { app, built, workerOfTheApp } from './app.ts';

export default defineConfig({
  base: '/admin/',
  publicDir: false,
  plugins: [workerOfTheApp()],
  resolve: { alias: { '@app': app }, dedupe: ['react', 'react-dom'] },
  worker: { format: 'es' },
  build: { ...build, outDir: join(built, 'admin'), emptyOutDir: true },
  server,
});
