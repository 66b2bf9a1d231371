import { defineConfig } from 'vitest/config';
import { app } from './app.ts';

export default defineConfig({
  resolve: { alias: { '@app': app }, dedupe: ['react', 'react-dom'] },
  test: {
    environment: 'happy-dom',
    environmentOptions: { happyDOM: { url: 'http://localhost:8080/admin/' } },
    include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'],
    css: { modules: { classNameStrategy: 'non-scoped' } },
    env: { TZ: 'Europe/Paris' },
  },
});
