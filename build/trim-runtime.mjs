// Takes out of the prebuilt runtime what a program without cultures, time zones and compression never calls: a third of its code, and half of its constants.
// Relinking would do the same and needs a toolchain. Here each function to which nothing but these libraries leads becomes a trap of three bytes, and each of
// their constant tables zeros. Whatever called one after all would stop at once, in front of every test in a browser.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const libraries = /^(libicu\w+|libz|libbrotli\w+|libSystem\.Globalization\.Native|libSystem\.IO\.Compression\.Native|wasm-bundled-timezones)\.a$/;
/** What leads into them from outside: the host's own call for cultures' data. */
const entrances = new Set(['wasm_load_icu_data', 'mono_wasm_load_icu_data']);
const EXPORTS = 7,
  START = 8,
  ELEMENTS = 9,
  CODE = 10,
  DATA = 11,
  DATA_COUNT = 12,
  IMPORTS = 2,
  CUSTOM = 0;
const trap = Buffer.from([3, 0, 0x00, 0x0b]);
/** Bytes of a function that two may have come by each on their own. */
const mostShared = 64;
/** Shorter tables may be somewhere else by chance. */
const leastTable = 256;

/** The trimmed runtime. `pack`: the folder of the runtime pack it came from, with its symbols and its static libraries. */
export function trimRuntime(wasm, pack) {
  const module = sections(wasm);
  const { imported } = readImports(module.find(one => one.id === IMPORTS));
  const names = readSymbols(join(pack, 'dotnet.native.js.symbols'));
  const bodies = readBodies(module.find(one => one.id === CODE));
  const { left, kept } = readLibraries(pack);
  const theirs = new Set(
    [...names.keys()].filter(index => {
      const name = names.get(index);
      return index >= imported && (entrances.has(name) || name.includes('icu::') || (!kept.has(name) && left.some(library => library.functions.has(name))));
    }),
  );
  // Functions of the same few instructions were made one under either's name: what is short and calls nothing of theirs may be anybody's.
  for (let before = -1; before !== theirs.size;) {
    before = theirs.size;
    for (const index of theirs) {
      const { bytes, calls } = bodies[index - imported];
      if (bytes.length <= mostShared && !calls.some(called => theirs.has(called))) theirs.delete(index);
    }
  }

  // From every way in but theirs, along the calls.
  const reached = new Set();
  const waiting = [];
  const reach = index => {
    if (reached.has(index)) return;
    reached.add(index);
    waiting.push(index);
  };
  for (const index of [
    ...readExports(module.find(one => one.id === EXPORTS)),
    ...readElements(module.find(one => one.id === ELEMENTS)),
    ...readStart(module.find(one => one.id === START)),
  ])
    if (!theirs.has(index)) reach(index);
  while (waiting.length > 0) {
    const index = waiting.pop();
    if (index >= imported) bodies[index - imported].calls.forEach(reach);
  }
  // What nothing led to, theirs or not, is never called.
  // A library of which something is called keeps its tables.
  const used = new Set(
    [...reached]
      .filter(index => index >= imported && bodies[index - imported].bytes.length > mostShared)
      .map(index => names.get(index))
      .filter(name => !kept.has(name)),
  );
  const tables = left.filter(library => ![...library.functions].some(name => used.has(name))).flatMap(library => library.tables);
  const data = withoutTables(module.find(one => one.id === DATA).bytes, tables);
  const parts = [wasm.subarray(0, 8)];
  for (const section of module) {
    if (section.id === CODE) {
      const code = bodies.map((body, at) => (reached.has(at + imported) ? body.bytes : trap));
      parts.push(sectionOf(CODE, Buffer.concat([leb(code.length), ...code])));
    } else if (section.id === DATA) {
      parts.push(sectionOf(DATA, data));
    } else if (section.id === DATA_COUNT) {
      parts.push(sectionOf(DATA_COUNT, leb(new Reader(data).number())));
    } else if (section.id !== CUSTOM) parts.push(section.whole);
  }
  const bytes = Buffer.concat(parts);
  if (!WebAssembly.validate(bytes)) throw new Error('the trimmed runtime is no WebAssembly');
  return bytes;
}

/** The data section without these tables: what is zero is left out of it, as memory begins with zeros. */
function withoutTables(data, tables) {
  const reader = new Reader(data);
  const segments = Array.from({ length: reader.number() }, () => {
    if (reader.number() !== 0 || reader.byte() !== 0x41) throw new Error('a kind of data segment that is not known');
    const address = reader.number();
    if (reader.byte() !== 0x0b) throw new Error('a data segment whose address is not known');
    const length = reader.number();
    reader.at += length;
    return { address, bytes: data.subarray(reader.at - length, reader.at) };
  });
  const memory = Buffer.alloc(Math.max(...segments.map(one => one.address + one.bytes.length)));
  for (const { address, bytes } of segments) bytes.copy(memory, address);
  for (const table of tables) {
    const at = memory.indexOf(table);
    if (at >= 0 && memory.indexOf(table, at + 1) < 0) memory.fill(0, at, at + table.length);
  }
  const written = [];
  for (let at = 0, end; at < memory.length; at = end) {
    while (at < memory.length && memory[at] === 0) at++;
    if (at === memory.length) break;
    // To the next zeros that are more than what begins another segment.
    end = memory.indexOf(gap, at);
    if (end < 0) end = memory.length;
    written.push(Buffer.concat([Buffer.from([0, 0x41]), signed(at), Buffer.from([0x0b]), leb(end - at), memory.subarray(at, end)]));
  }
  return Buffer.concat([leb(written.length), ...written]);
}

const gap = Buffer.alloc(16);

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
  skip() {
    while (this.byte() >= 128);
  }
  text() {
    const length = this.number();
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }
  limits() {
    const flags = this.number();
    this.skip();
    if (flags & 1) this.skip();
  }
}

function leb(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

/** A number that is no negative one, as a constant of the code. */
function signed(value) {
  const bytes = [];
  for (; value >= 64; value = Math.floor(value / 128)) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

const sectionOf = (id, bytes) => Buffer.concat([Buffer.from([id]), leb(bytes.length), bytes]);

function sections(wasm) {
  const reader = new Reader(wasm, 8);
  const found = [];
  while (reader.at < wasm.length) {
    const begin = reader.at;
    const id = reader.byte(),
      length = reader.number();
    found.push({
      id,
      bytes: wasm.subarray(reader.at, reader.at + length),
      whole: wasm.subarray(begin, reader.at + length),
    });
    reader.at += length;
  }
  return found;
}

function readImports(section) {
  const reader = new Reader(section.bytes);
  let imported = 0;
  for (let left = reader.number(); left > 0; left--) {
    reader.text();
    reader.text();
    const kind = reader.byte();
    if (kind === 0) imported++;
    if (kind === 0) reader.skip();
    else if (kind === 1) {
      reader.byte();
      reader.limits();
    } else if (kind === 2) reader.limits();
    else if (kind === 3) reader.at += 2;
    else {
      reader.byte();
      reader.skip();
    }
  }
  return { imported };
}

function readExports(section) {
  const reader = new Reader(section.bytes);
  const found = [];
  for (let left = reader.number(); left > 0; left--) {
    reader.text();
    const kind = reader.byte(),
      index = reader.number();
    if (kind === 0) found.push(index);
  }
  return found;
}

const readStart = section => (section ? [new Reader(section.bytes).number()] : []);

function readElements(section) {
  const reader = new Reader(section.bytes);
  const found = [];
  for (let left = reader.number(); left > 0; left--) {
    if (reader.number() !== 0) throw new Error('a kind of element segment that is not known');
    expression(reader, found);
    for (let count = reader.number(); count > 0; count--) found.push(reader.number());
  }
  return found;
}

function readBodies(section) {
  const reader = new Reader(section.bytes);
  return Array.from({ length: reader.number() }, () => {
    const begin = reader.at,
      length = reader.number(),
      end = reader.at + length;
    for (let locals = reader.number(); locals > 0; locals--) {
      reader.skip();
      reader.byte();
    }
    const calls = [];
    while (reader.at < end) instruction(reader, calls);
    if (reader.at !== end) throw new Error('a function that was not understood');
    return { bytes: section.bytes.subarray(begin, end), calls };
  });
}

function expression(reader, calls) {
  while (reader.bytes[reader.at] !== 0x0b) instruction(reader, calls);
  reader.at++;
}

/** Reads one instruction, and notes which function it names. */
function instruction(reader, calls) {
  const code = reader.byte();
  const memory = () => {
    if (reader.number() & 64) reader.skip();
    reader.skip();
  };
  if (code >= 0x45 && code <= 0xc4) return;
  if (code >= 0x28 && code <= 0x3e) return memory();
  if (code >= 0x20 && code <= 0x26) return reader.skip();
  switch (code) {
    case 0x00:
    case 0x01:
    case 0x05:
    case 0x0a:
    case 0x0b:
    case 0x0f:
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0xd1:
      return;
    case 0x10:
    case 0x12:
    case 0xd2:
      return void calls.push(reader.number());
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
    case 0x0c:
    case 0x0d:
    case 0x18:
    case 0x3f:
    case 0x40:
    case 0x41:
    case 0x42:
    case 0xd0:
      return reader.skip();
    case 0x0e:
      for (let left = reader.number(); left >= 0; left--) reader.skip();
      return;
    case 0x11:
    case 0x13:
      reader.skip();
      return reader.skip();
    case 0x1c:
      reader.at += reader.number();
      return;
    case 0x43:
      reader.at += 4;
      return;
    case 0x44:
      reader.at += 8;
      return;
    case 0xfc: {
      const more = reader.number();
      const operands = more < 8 ? 0 : [2, 1, 2, 1, 2, 1, 2, 1, 1, 1][more - 8];
      for (let left = operands; left > 0; left--) reader.skip();
      return;
    }
    case 0xfd: {
      const more = reader.number();
      if (more <= 11 || more === 92 || more === 93) memory();
      else if (more === 12 || more === 13) reader.at += 16;
      else if (more >= 21 && more <= 34) reader.at++;
      else if (more >= 84 && more <= 91) {
        memory();
        reader.at++;
      }
      return;
    }
    default:
      throw new Error(`an instruction that is not known: ${code.toString(16)}`);
  }
}

/** Names of functions by their number; those of C++ up to their parameters. */
function readSymbols(path) {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return new Map(
    lines.map(line => {
      const name = line.slice(line.indexOf(':') + 1).replace(/\\([0-9a-f]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
      return [parseInt(line, 10), /^((?:[^(]|\(anonymous namespace\))*\()(?!anonymous)/.exec(name)?.[1] ?? name];
    }),
  );
}

/** The libraries to be left out, with the functions they define and the tables that only they have, and the functions of all others. */
function readLibraries(pack) {
  const left = [],
    kept = new Set(),
    keptTables = new Set();
  for (const file of readdirSync(pack).filter(name => name.endsWith('.a'))) {
    const functions = new Set(),
      tables = [];
    for (const object of members(readFileSync(join(pack, file)))) {
      if (object.readUInt32BE(0) !== 0x0061736d) continue;
      const found = readObject(object);
      found.functions.forEach(name => functions.add(name));
      tables.push(...found.data.filter(bytes => bytes.length >= leastTable && bytes.some(byte => byte !== bytes[0])));
    }
    if (libraries.test(file)) left.push({ functions, tables });
    else {
      functions.forEach(name => kept.add(name));
      tables.forEach(bytes => keptTables.add(bytes.toString('latin1')));
    }
  }
  for (const library of left) library.tables = library.tables.filter(bytes => !keptTables.has(bytes.toString('latin1')));
  return { left, kept };
}

/** The files of a static library. */
function* members(archive) {
  for (let at = 8; at + 60 <= archive.length;) {
    const size = Number(archive.toString('latin1', at + 48, at + 58));
    yield archive.subarray(at + 60, at + 60 + size);
    at += 60 + size + (size & 1);
  }
}

/** The functions that an object file defines, and the parts of its data that no address is written into. */
function readObject(object) {
  const all = sections(object);
  const functions = [];
  const segments = [];
  const data = all.findIndex(one => one.id === DATA);
  if (data >= 0) {
    const reader = new Reader(all[data].bytes);
    for (let left = reader.number(); left > 0; left--) {
      const kind = reader.number();
      if (kind === 2) reader.skip();
      if (kind !== 1) expression(reader, []);
      const length = reader.number();
      segments.push({ at: reader.at, end: reader.at + length });
      reader.at += length;
    }
  }
  const addresses = [];
  for (const { id, bytes } of all.filter(one => one.id === CUSTOM)) {
    const reader = new Reader(bytes);
    const name = reader.text();
    if (name === 'linking') readNames(reader, bytes.length, functions);
    if (name.startsWith('reloc.') && reader.number() === data) {
      for (let left = reader.number(); left > 0; left--) {
        const kind = reader.byte(),
          offset = reader.number();
        reader.skip();
        if ([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25].includes(kind)) reader.skip();
        addresses.push(offset);
      }
    }
  }
  // What lies between two addresses is the same in the program.
  addresses.sort((a, b) => a - b);
  const pieces = segments.flatMap(({ at, end }) => {
    const inside = addresses.filter(address => address >= at && address < end);
    return [at, ...inside.map(address => address + 4)].map((from, n) => all[data].bytes.subarray(from, inside[n] ?? end));
  });
  return { functions, data: pieces };
}

/** A name of C++ as the file of symbols has it, up to its parameters; its types are left aside. */
function plain(name) {
  let [, nested, rest] = /^_Z(N?)K?L?(\d.*)/.exec(name) ?? [];
  if (!rest) return name;
  const path = [];
  for (let part; (nested || path.length === 0) && (part = /^L?(\d+)(.*)/.exec(rest)); rest = part[2].slice(Number(part[1])))
    path.push(part[2].slice(0, Number(part[1])).replace(/^_GLOBAL__N_1$/, '(anonymous namespace)'));
  if (/^C[1-3]/.test(rest)) path.push(path.at(-1));
  if (/^D[0-3]/.test(rest)) path.push(`~${path.at(-1)}`);
  return `${path.join('::')}(`;
}

const SYMBOLS = 8,
  UNDEFINED = 0x10,
  EXPLICIT = 0x40;

function readNames(reader, end, functions) {
  reader.skip();
  while (reader.at < end) {
    const kind = reader.byte(),
      length = reader.number(),
      next = reader.at + length;
    if (kind === SYMBOLS) {
      for (let left = reader.number(); left > 0; left--) {
        const what = reader.byte(),
          flags = reader.number();
        if (what === 1) {
          const name = reader.text();
          if (!(flags & UNDEFINED)) {
            reader.skip();
            reader.skip();
            reader.skip();
          }
          void name;
        } else if (what === 3) reader.skip();
        else {
          reader.skip();
          if (!(flags & UNDEFINED) || flags & EXPLICIT) {
            const name = reader.text();
            if (what === 0 && !(flags & UNDEFINED)) functions.push(plain(name));
          }
        }
      }
    }
    reader.at = next;
  }
}
