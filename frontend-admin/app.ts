import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Plugin } from 'vite';

/** The sources of the app: what both draw with, and the door to the account. */
export const app = join(import.meta.dirname, '../frontend-mobile/src');
/** The app as it was built; the dashboard is built into it. */
export const built = join(import.meta.dirname, '../frontend-mobile/dist');

const mark = '\0the-worker-of-the-app';

/**
 * Has the dashboard start the very worker that the app was built with: tabs of one browser share an account only where their workers are one release,
 * and a second copy of it would be another one.
 */
export function workerOfTheApp(): Plugin {
  return {
    name: 'kavalek-worker-of-the-app',
    apply: 'build',
    enforce: 'pre',
    resolveId: id => (id.endsWith('/worker.ts?worker&url') ? mark : null),
    load(id) {
      if (id !== mark) return null;
      const folder = join(built, 'assets');
      const [worker, ...others] = existsSync(folder) ? readdirSync(folder).filter(name => /^worker-[\w-]+\.js$/.test(name)) : [];
      if (!worker || others.length > 0) throw new Error('Build the app first: the dashboard starts its worker.');
      return `export default ${JSON.stringify(`/assets/${worker}`)};`;
    },
  };
}
