/** Where an element of EBML (RFC 8794) begins and ends; `end` is beyond the file where its length is not said. */
interface Element {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

const segment = 0x18538067;
const info = 0x1549a966;
/** Which program wrote the file, with which library, when, and its title. */
const telling = new Set([0x4d80, 0x5741, 0x4461, 0x7ba9]);

/** Writes over what a browser says of itself in a WebM that it recorded. What is no WebM stays as it is. */
export function anonymous(file: ArrayBuffer): ArrayBuffer {
  const bytes = new Uint8Array(file);
  const view = new DataView(file);
  for (const top of elements(view, 0, bytes.length)) {
    if (top.id !== segment) continue;
    for (const part of elements(view, top.start, Math.min(top.end, bytes.length))) {
      if (part.id !== info) continue;
      for (const field of elements(view, part.start, Math.min(part.end, bytes.length))) {
        // A date of nought is the first instant of 2001; names become spaces.
        if (telling.has(field.id)) bytes.fill(field.id === 0x4461 ? 0 : 0x20, field.start, Math.min(field.end, bytes.length));
      }
      return file;
    }
  }
  return file;
}

function* elements(view: DataView, from: number, to: number): Generator<Element> {
  for (let at = from; at < to;) {
    const id = number(view, at, to, 4, true);
    const size = id && number(view, at + id.length, to, 8, false);
    if (!id || !size) return;
    const start = at + id.length + size.length;
    const end = size.unknown ? Infinity : start + size.value;
    yield { id: id.value, start, end };
    at = end;
  }
}

/** A number of one to eight bytes: how many, the first one's leading zeros say. */
function number(view: DataView, at: number, to: number, most: number, marked: boolean): { value: number; length: number; unknown: boolean } | null {
  if (at >= to) return null;
  const length = Math.clz32(view.getUint8(at)) - 23;
  if (length > most || at + length > to) return null;
  let value = marked ? view.getUint8(at) : view.getUint8(at) & (0xff >> length);
  let ones = value === 0xff >> length;
  for (let next = 1; next < length; next++) {
    const byte = view.getUint8(at + next);
    ones &&= byte === 0xff;
    value = value * 256 + byte;
  }
  return { value, length, unknown: ones && !marked };
}
