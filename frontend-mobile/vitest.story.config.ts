import { defineConfig } from 'vitest/config';

/** The story of two people in a real Chromium against a real server: it needs both built (scripts/test.sh does that). */
export default defineConfig({
  test: {
    include: ['tests/story/*.story.ts'],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    // What is waited for comes sooner or later: how soon is no question here.
    expect: { poll: { timeout: 30_000 } },
    // Each has a server and a browser of its own, and waits for them half of its time.
    maxWorkers: 2,
  },
});
