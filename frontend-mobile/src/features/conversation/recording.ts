import { anonymous } from './web-m';

/** What was recorded and not sent yet. */
export interface Recording {
  readonly blob: Blob;
  readonly type: string;
  readonly name: string;
  readonly milliseconds: number;
  /** How loud it is from its beginning to its end, 0 to 255. */
  readonly levels: Uint8Array;
}

/** What a recording is stopped after. */
export const longestMilliseconds = 10 * 60_000;

const everyMs = 80;
const mostLevels = 64;
const bitsPerSecond = 32_000;
/** Opus wherever a browser writes it; the first is the one of which nothing but the sound is left. */
const types = ['audio/webm;codecs=opus', 'audio/mp4;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];

/** Whether this browser can record at all. */
export const canRecord = (): boolean =>
  typeof MediaRecorder === 'function' && typeof navigator.mediaDevices?.getUserMedia === 'function' && typeOf() !== undefined;

const typeOf = (): string | undefined => types.find(type => MediaRecorder.isTypeSupported(type));

/** Whether the browser has been told already that it may, or may not, listen. */
export async function permission(): Promise<PermissionState> {
  try {
    return (await navigator.permissions.query({ name: 'microphone' })).state;
  } catch {
    // A browser that does not say so asks when it is time.
    return 'prompt';
  }
}

/** The microphone, from when it opens until it is stopped or discarded. */
export class Recorder {
  static #opened = false;
  readonly #stream: MediaStream;
  readonly #recorder: MediaRecorder;
  readonly #parts: Blob[] = [];
  readonly #levels: number[] = [];
  readonly #context = new AudioContext();
  readonly #begun = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #ended: Promise<void>;

  private constructor(stream: MediaStream, heard: (milliseconds: number, levels: readonly number[]) => void) {
    this.#stream = stream;
    this.#recorder = new MediaRecorder(stream, { mimeType: typeOf()!, audioBitsPerSecond: bitsPerSecond });
    this.#recorder.addEventListener('dataavailable', event => this.#parts.push(event.data));
    this.#ended = new Promise(resolve => this.#recorder.addEventListener('stop', () => resolve()));
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 2048;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const wave = new Uint8Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getByteTimeDomainData(wave);
      this.#levels.push(Math.min(255, 2 * wave.reduce((most, value) => Math.max(most, Math.abs(value - 128)), 0)));
      heard(performance.now() - this.#begun, this.#levels);
    }, everyMs);
    this.#recorder.start();
  }

  /** Whether it was opened since the page was: what it is for was said then. */
  static get wasOpened(): boolean {
    return Recorder.#opened;
  }

  /** Opens the microphone; the browser may ask its owner first. */
  static async open(heard: (milliseconds: number, levels: readonly number[]) => void): Promise<Recorder> {
    const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    Recorder.#opened = true;
    return new Recorder(stream, heard);
  }

  /** Closes the microphone, and gives what was heard. */
  async stop(): Promise<Recording> {
    const milliseconds = Math.min(longestMilliseconds, Math.round(performance.now() - this.#begun));
    this.#close();
    await this.#ended;
    const type = (this.#recorder.mimeType || this.#parts[0]?.type || '').split(';')[0]!;
    const whole = new Blob(this.#parts, { type });
    const blob = type === 'audio/webm' ? new Blob([anonymous(await whole.arrayBuffer())], { type }) : whole;
    const name = `voice-message.${type === 'audio/webm' ? 'webm' : type === 'audio/ogg' ? 'ogg' : 'm4a'}`;
    return { blob, type, name, milliseconds, levels: fewer(this.#levels, mostLevels) };
  }

  /** Closes the microphone, and forgets what was heard. */
  discard(): void {
    this.#close();
    this.#parts.length = 0;
  }

  #close(): void {
    clearInterval(this.#timer);
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
    this.#stream.getTracks().forEach(track => track.stop());
    if (this.#context.state !== 'closed') void this.#context.close();
  }
}

/** So many levels in place of more: of each stretch the loudest. One at least. */
export function fewer(levels: readonly number[], most: number): Uint8Array {
  const count = Math.max(1, Math.min(most, levels.length));
  return Uint8Array.from({ length: count }, (_, at) => {
    const from = Math.floor((at * levels.length) / count);
    return Math.max(0, ...levels.slice(from, Math.max(from + 1, Math.floor(((at + 1) * levels.length) / count))));
  });
}
