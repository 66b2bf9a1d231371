import { defineConfig } from 'vitest/config';

/** The story of two people in a real Chromium against a real server: it needs both built (scripts/test.sh does that). */
export default defineConfig({
  test: { include: ['tests/story/*.story.ts'], testTimeout: 240_000, hookTimeout: 60_000, fileParallelism: false },
});
