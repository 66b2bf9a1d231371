import { defineConfig } from 'vitest/config';

/** How fast the app opens, in a real Chromium: figures to read, not tests to pass (`npm run figures`). */
export default defineConfig({
  test: { include: ['tests/figures/*.figures.ts'], testTimeout: 240_000, hookTimeout: 60_000, fileParallelism: false },
});
