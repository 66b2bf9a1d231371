import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** A server of its own with an empty folder, which serves the app as it is in `dist`. */
export class Server {
  private constructor(
    readonly origin: string,
    /** The link that makes its owner. */
    readonly setup: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Server> {
    const program = process.env['KAVALEK_HOST'] ?? join(root, 'backend/host/bin/Release/net10.0/Kavalek.Host');
    const web = process.env['KAVALEK_WEB'] ?? join(root, 'frontend-mobile/dist');
    if (!existsSync(program) || !existsSync(join(web, 'index.html'))) throw new Error(`not built: ${program} and ${web}`);
    const folder = mkdtempSync(join(tmpdir(), 'kavalek-story-'));
    const origin = `http://localhost:${await freePort()}`;
    const child = spawn(program, ['--data', folder, '--web', web, '--urls', origin], { stdio: ['ignore', 'pipe', 'inherit'] });
    const setup = await new Promise<string>((found, failed) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const link = /https?:\S+#setup=\S+/.exec(said);
        if (link) found(link[0]);
      });
      child.on('exit', () => failed(new Error(`the server ended: ${said}`)));
    });
    return new Server(origin, setup, child, folder);
  }

  async stop(): Promise<void> {
    const ended = new Promise(resolve => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise(found => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => found(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
