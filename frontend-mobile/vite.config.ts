import { defineConfig } from 'vite';
import { emojiData } from './emoji-data.ts';
import { bootIntegrity, release } from './release.ts';
import { build, server } from './serving.ts';

export default defineConfig(({ command }) => ({
  plugins: [emojiData(), release()],
  define: { __BOOT__: JSON.stringify(command === 'build' ? bootIntegrity(import.meta.dirname) : '') },
  worker: { format: 'es' },
  build,
  server,
}));
