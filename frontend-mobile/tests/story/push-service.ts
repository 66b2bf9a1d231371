import { createECDH, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import { type BrowserContext, type CDPSession, type Page } from 'playwright-core';

/** What came to the push service, decrypted with the browser's key. */
export interface Wake {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly bytes: number;
}

/**
 * A push service of our own: browsers have theirs built in, and a headless one reaches none. Everything else is real: the server's encryption, opened here with the
 * browser's key, and the service worker, which Chromium hands the message to.
 */
export class PushService {
  readonly wakes: Wake[] = [];
  private readonly key = createECDH('prime256v1');
  private readonly secret = randomBytes(16);
  private waiting: (() => void) | undefined;

  private constructor(
    private readonly http: HttpServer,
    readonly origin: string,
  ) {
    this.key.generateKeys();
  }

  static async start(): Promise<PushService> {
    const http = createServer();
    await new Promise<void>(listening => http.listen(0, '127.0.0.1', listening));
    const address = http.address();
    const service = new PushService(http, `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
    http.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = Buffer.concat(parts);
        response.writeHead(201).end();
        service.wakes.push({ headers: request.headers, text: service.open(body).toString(), bytes: body.length });
        service.waiting?.();
      });
    });
    return service;
  }

  /** The next one after `count`. */
  async wake(count: number): Promise<Wake> {
    while (this.wakes.length <= count) await new Promise<void>(came => (this.waiting = came));
    return this.wakes[count]!;
  }

  /** Gives the browser's pages a subscription at this service, in place of the one that its vendor would give. */
  async serve(context: BrowserContext): Promise<void> {
    await context.addInitScript(
      ({ endpoint, key, secret }) => {
        const bytes = (text: string) => Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer;
        let subscription: object | null = null;
        const made = (options: { applicationServerKey?: string }) => ({
          endpoint,
          options: { applicationServerKey: bytes(options.applicationServerKey!.replaceAll('-', '+').replaceAll('_', '/')) },
          getKey: (name: string) => bytes(name === 'p256dh' ? key : secret),
          unsubscribe: () => ((subscription = null), Promise.resolve(true)),
        });
        PushManager.prototype.subscribe = options => Promise.resolve((subscription = made(options as { applicationServerKey?: string })) as PushSubscription);
        PushManager.prototype.getSubscription = () => Promise.resolve(subscription as PushSubscription | null);
      },
      { endpoint: `${this.origin}/browser`, key: this.key.getPublicKey('base64'), secret: this.secret.toString('base64') },
    );
  }

  stop(): Promise<void> {
    this.http.closeAllConnections();
    return new Promise(stopped => this.http.close(() => stopped()));
  }

  /** RFC 8291, for one record. */
  private open(body: Buffer): Buffer {
    const salt = body.subarray(0, 16);
    const sender = body.subarray(21, 86);
    const record = body.subarray(86);
    const hmac = (key: Buffer, ...parts: (Buffer | string)[]) => parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest();
    const one = Buffer.from([1]);
    const input = hmac(hmac(this.secret, this.key.computeSecret(sender)), 'WebPush: info\0', this.key.getPublicKey(), sender, one);
    const random = hmac(salt, input);
    const cipher = createDecipheriv(
      'aes-128-gcm',
      hmac(random, 'Content-Encoding: aes128gcm\0', one).subarray(0, 16),
      hmac(random, 'Content-Encoding: nonce\0', one).subarray(0, 12),
    );
    cipher.setAuthTag(record.subarray(-16));
    const plain = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()]);
    return plain.subarray(0, plain.lastIndexOf(2));
  }
}

/** Chromium's own way to hand a push message to a service worker. */
export async function wakeWorker(page: Page, origin: string, text: string): Promise<void> {
  const tools: CDPSession = await page.context().newCDPSession(page);
  const registration = new Promise<string>(found =>
    tools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const ours = registrations.find(one => one.scopeURL === `${origin}/` && !one.isDeleted);
      if (ours) found(ours.registrationId);
    }),
  );
  await tools.send('ServiceWorker.enable');
  await tools.send('ServiceWorker.deliverPushMessage', { origin, registrationId: await registration, data: text });
  await tools.detach();
}
