// Reads of WebAssembly what trim-runtime.mjs needs (the binary format of the specification, chapter 5; object files and static libraries as its tools link them).

/** The numbers of sections. */
export const Section = { custom: 0, exports: 7, start: 8, elements: 9, code: 10, data: 11, dataCount: 12 };

/** The sections of a module: which each is, what is in it, and all of it with its head. */
export function sections(wasm) {
  const reader = new Reader(wasm, 8);
  const found = [];
  while (reader.at < wasm.length) {
    const begin = reader.at;
    const id = reader.byte();
    const bytes = reader.bytes();
    found.push({ id, bytes, whole: wasm.subarray(begin, reader.at) });
  }
  return found;
}

/** A section to be written. */
export const section = (id, ...parts) => Buffer.concat([Buffer.from([id]), number(Buffer.concat(parts).length), ...parts]);

/** A number to be written. */
export function number(value, signed = false) {
  const bytes = [];
  for (; value >= (signed ? 64 : 128); value = Math.floor(value / 128)) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

/** The functions that are exported. */
export const exported = bytes =>
  new Reader(bytes).list(reader => (reader.text(), { isFunction: reader.byte() === 0, index: reader.number() })).flatMap(one => (one.isFunction ? [one.index] : []));

/** The functions to which a table points. */
export const pointed = bytes =>
  new Reader(bytes).list(reader => {
    if (reader.number() !== 0) throw new Error('a kind of element segment that is not known');
    return [...expression(reader), ...reader.list(() => reader.number())];
  });

/** The functions that a module has itself: each with its head, and which others it names. */
export const functions = section =>
  new Reader(section).list(reader => {
    const begin = reader.at;
    const code = new Reader(reader.bytes());
    code.list(() => (code.skip(), code.skip()));
    const calls = [];
    while (code.at < code.all.length) instruction(code, calls);
    return { bytes: section.subarray(begin, reader.at), calls };
  });

/** The data of a module, each part with the address at which it comes to lie; of an object file that is not known yet. */
export const data = bytes =>
  new Reader(bytes).list(reader => {
    const kind = reader.number();
    if (kind > 1) throw new Error('a kind of data segment that is not known');
    let address = 0;
    if (kind === 0) {
      if (reader.byte() !== 0x41) throw new Error('a data segment whose address is not known');
      address = reader.number();
      if (reader.byte() !== END) throw new Error('a data segment whose address is not known');
    }
    return { address, bytes: reader.bytes() };
  });

/** The object files of a static library. */
export function objects(library) {
  const found = [];
  for (let at = 8; at + 60 <= library.length; ) {
    const size = Number(library.toString('latin1', at + 48, at + 58));
    const object = library.subarray(at + 60, at + 60 + size);
    if (object.toString('latin1', 0, 4) === '\0asm') found.push(sections(object));
    at += 60 + size + (size & 1);
  }
  return found;
}

/** The names of the functions that an object file defines: its table of symbols. */
export function defined(object) {
  const names = [];
  for (const { bytes } of object.filter(one => one.id === Section.custom)) {
    const reader = new Reader(bytes);
    if (reader.text() !== 'linking') continue;
    reader.skip();
    while (reader.at < bytes.length) {
      const isSymbols = reader.byte() === 8;
      const part = new Reader(reader.bytes());
      if (isSymbols) part.list(() => symbol(part, names));
    }
  }
  return names;
}

function symbol(reader, names) {
  const kind = reader.byte();
  const flags = reader.number();
  const isUndefined = (flags & 0x10) !== 0;
  if (kind === 1) {
    // Data: a name, and where it lies.
    reader.text();
    if (!isUndefined) for (let left = 3; left > 0; left--) reader.skip();
    return;
  }
  reader.skip();
  // A section has no name; what is of another file only where that is not the import's own.
  const name = kind !== 3 && (!isUndefined || flags & 0x40) ? reader.text() : null;
  if (kind === 0 && !isUndefined) names.push(name);
}

const END = 0x0b;

class Reader {
  constructor(all, at = 0) {
    this.all = all;
    this.at = at;
  }
  byte() {
    return this.all[this.at++];
  }
  number() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }
  /** A number of any size and sign. */
  skip() {
    while (this.byte() >= 128);
  }
  bytes(length = this.number()) {
    this.at += length;
    return this.all.subarray(this.at - length, this.at);
  }
  text() {
    return this.bytes().toString('utf8');
  }
  list(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

function expression(reader) {
  const calls = [];
  while (reader.all[reader.at] !== END) instruction(reader, calls);
  reader.at++;
  return calls;
}

/** What may follow an instruction. */
const operands = {
  number: reader => reader.skip(),
  function: (reader, calls) => calls.push(reader.number()),
  memory: reader => (reader.number() & 64 && reader.skip(), reader.skip()),
  list: reader => reader.list(() => reader.skip()),
  lane: reader => reader.bytes(1),
  bytes4: reader => reader.bytes(4),
  bytes8: reader => reader.bytes(8),
  bytes16: reader => reader.bytes(16),
};

/** Instructions by what follows them. */
const instructions = table({
  '': '00 01 05 0a 0b 0f 19-1b 45-c4 d1',
  number: '02-04 06-09 0c 0d 18 20-26 3f-42 d0',
  'number number': '11 13',
  function: '10 12 d2',
  memory: '28-3e',
  list: '1c',
  'list number': '0e',
  bytes4: '43',
  bytes8: '44',
});
/** Those behind 0xfc, of numbers and whole memories; and behind 0xfd, of vectors, of which most have nothing. */
const wide = table({ '': '00-07', number: '09 0b 0d 0f-11', 'number number': '08 0a 0c 0e' });
const vector = table({ '': '00-ff', memory: '00-0b 5c 5d', bytes16: '0c 0d', lane: '15-22', 'memory lane': '54-5b' });

/** Reads one instruction, and notes which function it names. */
function instruction(reader, calls) {
  const code = reader.byte();
  const follows = code === 0xfc ? wide[reader.number()] : code === 0xfd ? (vector[reader.number()] ?? []) : instructions[code];
  if (!follows) throw new Error(`an instruction that is not known: ${code.toString(16)}`);
  for (const read of follows) read(reader, calls);
}

function table(shapes) {
  const found = [];
  for (const [shape, codes] of Object.entries(shapes))
    for (const range of codes.split(' ')) {
      const [from, to = from] = range.split('-').map(code => parseInt(code, 16));
      for (let code = from; code <= to; code++) found[code] = shape.split(' ').flatMap(name => operands[name] ?? []);
    }
  return found;
}
