import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** The app as it was built. */
export const builtApp = process.env['KAVALEK_WEB'] ?? join(root, 'frontend-mobile/dist');

/** A server of its own with an empty folder, which serves the app as it is in `dist`. */
export class Server {
  private constructor(
    readonly origin: string,
    /** The link that makes its owner. */
    readonly setup: string,
    private process: ChildProcess,
    /** Where its data is. */
    readonly folder: string,
    private readonly options: readonly string[],
  ) {}

  static async start(options: readonly string[] = []): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), 'kavalek-story-'));
    const origin = `http://localhost:${await freePort()}`;
    const { child, said } = await run(folder, origin, builtApp, options, /#setup=\S+\s/);
    return new Server(origin, /https?:\S+#setup=\S+/.exec(said)![0], child, folder, options);
  }

  /** Stops, and starts again with another release of the app. */
  serve(app: string): Promise<void> {
    return this.while(() => undefined, app);
  }

  /** Stops, has something done with the folder of its data, and starts again. */
  async while(work: (folder: string) => void, app: string): Promise<void> {
    await this.end();
    work(this.folder);
    this.process = (await run(this.folder, this.origin, app, this.options, /listens at/)).child;
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(): Promise<void> {
    const ended = new Promise(resolve => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
  }
}

/** Starts one; it is there when it has said what is waited for. */
async function run(folder: string, origin: string, web: string, options: readonly string[], sign: RegExp): Promise<{ child: ChildProcess; said: string }> {
  const program = process.env['KAVALEK_HOST'] ?? join(root, 'backend/host/bin/Release/net10.0/Kavalek.Host');
  if (!existsSync(program) || !existsSync(join(web, 'index.html'))) throw new Error(`not built: ${program} and ${web}`);
  const child = spawn(program, ['--data', folder, '--web', web, '--urls', origin, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await new Promise<string>((found, failed) => {
    let all = '';
    child.stdout.on('data', (chunk: Buffer) => {
      all += chunk.toString();
      if (sign.test(all)) found(all);
    });
    child.on('exit', () => failed(new Error(`the server ended: ${all}`)));
  });
  return { child, said };
}

function freePort(): Promise<number> {
  return new Promise(found => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => found(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
