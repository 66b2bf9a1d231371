import { defineConfig } from 'vitest/config';
import { emojiData } from './emoji-data.ts';

export default defineConfig({
  plugins: [emojiData()],
  test: {
    environment: 'happy-dom',
    environmentOptions: { happyDOM: { url: 'http://localhost:8080/' } },
    include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'],
    css: { modules: { classNameStrategy: 'non-scoped' } },
    env: { TZ: 'Europe/Paris' },
  },
});
