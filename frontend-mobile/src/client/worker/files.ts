import { runner, type Complete } from './calls';

/** What stands in JSON for a file. */
interface Mark {
  readonly $file: number;
}

/**
 * Files between page and .NET. In JSON a number stands for each; their bytes go through in pieces. What .NET writes becomes a `Blob` piece by piece, which the
 * browser keeps where it likes, on disk for instance, so that no whole file is in this worker's memory.
 */
export function pageFiles() {
  const given = new Map<number, Blob>();
  const made = new Map<number, Blob[]>();
  let last = 0;

  return {
    /** Parameters as JSON, with numbers for files; `done` forgets them. */
    pack(params: unknown): { text: string; done: () => void } {
      const numbers: number[] = [];
      const text = JSON.stringify(params, (_, value: unknown) => {
        if (!(value instanceof Blob)) return value;
        given.set(++last, value);
        numbers.push(last);
        return { $file: last, size: value.size };
      });
      return { text, done: () => numbers.forEach(number => given.delete(number)) };
    },

    /** An answer, with files in the places of their numbers. */
    unpack(text: string): unknown {
      return JSON.parse(text, (_, value: unknown) => {
        const { $file: number, type } = (value ?? {}) as Partial<Mark & { type: string }>;
        if (typeof value !== 'object' || typeof number !== 'number') return value;
        const parts = made.get(number) ?? [];
        made.delete(number);
        return new Blob(parts, { type: type ?? 'application/octet-stream' });
      });
    },

    /** What .NET imports as `kavalek/files`. */
    module(complete: Complete) {
      const run = runner(complete);
      return {
        read: (call: number, file: number, at: number, length: number) =>
          run(call, async () => {
            const blob = given.get(file);
            if (!blob) throw new DOMException('gone', 'NotFoundError');
            return await blob.slice(at, at + length).arrayBuffer();
          }),
        begin(): number {
          made.set(++last, []);
          return last;
        },
        append(file: number, bytes: Uint8Array<ArrayBuffer>): void {
          made.get(file)?.push(new Blob([bytes]));
        },
        drop: (file: number) => void made.delete(file),
      };
    },
  };
}
