import { defineConfig } from 'vitest/config';

/** The story of two people in a real Chromium against a real server: it needs both built (scripts/test.sh does that). */
export default defineConfig({
  test: {
    include: ['tests/story/*.story.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    // As long as everybody's patience (tests/story/person.ts)
    expect: { poll: { timeout: 90_000 } },
    // Each has a server and a browser of its own, and waits for them half of its time.
    maxWorkers: 2,
  },
});
