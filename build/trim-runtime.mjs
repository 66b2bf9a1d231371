// Takes out of the prebuilt runtime what a program without cultures, time zones and compression never calls: a third of its code, and half of its constants.
// Relinking would do the same and needs a toolchain. Here each function to which nothing but these libraries leads becomes a trap of three bytes, and each of
// their constant tables zeros. Whatever called one after all would stop at once, in front of every test in a browser.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { data, defined, exported, functions, number, objects, pointed, section, Section, sections } from './wasm.mjs';

const libraries = /^(libicu\w+|libz|libbrotli\w+|libSystem\.Globalization\.Native|libSystem\.IO\.Compression\.Native|wasm-bundled-timezones)\.a$/;
/** What leads into them from outside: the host's own call for cultures' data. */
const entrances = new Set(['wasm_load_icu_data', 'mono_wasm_load_icu_data']);
/** A function of three bytes: no locals, `unreachable`, `end`. */
const trap = Buffer.from([3, 0, 0x00, 0x0b]);
/** Bytes of a function that two may have come by each on their own. */
const mostShared = 64;
/** Shorter tables may be somewhere else by chance. */
const leastTable = 256;
/** Zeros that are more than what begins another segment. */
const gap = Buffer.alloc(16);

/** The trimmed runtime. `pack`: the folder of the runtime pack it came from, with its symbols and its static libraries. */
export function trimRuntime(wasm, pack) {
  const module = sections(wasm);
  const bytesOf = id => module.find(one => one.id === id)?.bytes;
  const names = readSymbols(join(pack, 'dotnet.native.js.symbols'));
  const bodies = functions(bytesOf(Section.code));
  // Functions are numbered from those that are imported, which have names as well.
  const imported = names.length - bodies.length;
  const { left, kept } = readLibraries(pack);

  const reached = reach([...exported(bytesOf(Section.exports)), ...pointed(bytesOf(Section.elements)).flat()], theirs(names, bodies, left, kept), index => bodies[index - imported]?.calls ?? []);
  const code = bodies.map((body, at) => (reached.has(at + imported) ? body.bytes : trap));

  // A library of which something is called keeps its tables.
  const used = new Set([...reached].filter(index => bodies[index - imported]?.bytes.length > mostShared && !kept.has(names[index])).map(index => names[index]));
  const memory = withoutTables(data(bytesOf(Section.data)), left.filter(library => !library.functions.some(name => used.has(name))).flatMap(library => library.tables));

  const written = {
    [Section.code]: () => section(Section.code, number(code.length), ...code),
    [Section.data]: () => section(Section.data, number(memory.length), ...memory),
    [Section.dataCount]: () => section(Section.dataCount, number(memory.length)),
    [Section.custom]: () => Buffer.alloc(0),
  };
  const bytes = Buffer.concat([wasm.subarray(0, 8), ...module.map(({ id, whole }) => written[id]?.() ?? whole)]);
  if (bytesOf(Section.start) || !WebAssembly.validate(bytes)) throw new Error('the runtime is other than what this can trim');
  return bytes;
}

/** The functions of these libraries, by their numbers. */
function theirs(names, bodies, left, kept) {
  const imported = names.length - bodies.length;
  const own = new Set(left.flatMap(library => library.functions).filter(name => !kept.has(name)));
  const found = new Set([...names.keys()].filter(index => index >= imported && (entrances.has(names[index]) || names[index].includes('icu::') || own.has(names[index]))));
  // Functions of the same few instructions were made one under either's name: what is short and calls nothing of theirs may be anybody's.
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const index of found) {
      const { bytes, calls } = bodies[index - imported];
      if (bytes.length <= mostShared && !calls.some(called => found.has(called))) found.delete(index);
    }
  }
  return found;
}

/** The functions to which these ways in lead, but for those that are left out, along the calls. */
function reach(entries, leftOut, callsOf) {
  const reached = new Set(entries.filter(index => !leftOut.has(index)));
  // A set goes on to what is added to it meanwhile.
  for (const index of reached) for (const called of callsOf(index)) reached.add(called);
  return reached;
}

/** The data without these tables: what is zero is left out of it, as memory begins with zeros. */
function withoutTables(segments, tables) {
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
    end = memory.indexOf(gap, at);
    if (end < 0) end = memory.length;
    // Of the first memory, from this address on.
    written.push(Buffer.concat([Buffer.from([0, 0x41]), number(at, true), Buffer.from([0x0b]), number(end - at), memory.subarray(at, end)]));
  }
  return written;
}

/** The libraries to be left out, with the functions they define and the tables that only they have, and the functions of all others. */
function readLibraries(pack) {
  const left = [];
  const kept = new Set();
  const keptTables = new Set();
  for (const file of readdirSync(pack).filter(name => name.endsWith('.a'))) {
    const all = objects(readFileSync(join(pack, file)));
    const functions = all.flatMap(defined).map(plain);
    const tables = all
      .flatMap(object => object.filter(one => one.id === Section.data).flatMap(one => data(one.bytes)))
      .map(one => one.bytes)
      .filter(bytes => bytes.length >= leastTable && bytes.some(byte => byte !== bytes[0]));
    if (libraries.test(file)) left.push({ functions, tables });
    else {
      functions.forEach(name => kept.add(name));
      tables.forEach(bytes => keptTables.add(bytes.toString('latin1')));
    }
  }
  return { left: left.map(({ functions, tables }) => ({ functions, tables: tables.filter(bytes => !keptTables.has(bytes.toString('latin1'))) })), kept };
}

/** Names of functions by their number; those of C++ up to their parameters. */
function readSymbols(path) {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => {
      const name = line.slice(line.indexOf(':') + 1).replace(/\\([0-9a-f]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
      return /^((?:[^(]|\(anonymous namespace\))*\()(?!anonymous)/.exec(name)?.[1] ?? name;
    });
}

/** A name of C++ as the file of symbols has it, up to its parameters; its types are left aside. */
function plain(name) {
  let [, nested, rest] = /^_Z(N?)K?L?(\d.*)/.exec(name) ?? [];
  if (!rest) return name;
  const path = [];
  for (let part; (nested || path.length === 0) && (part = /^L?(\d+)(.*)/.exec(rest)); rest = part[2].slice(Number(part[1])))
    path.push(part[2].slice(0, Number(part[1])).replace(/^_GLOBAL__N_1$/, '(anonymous namespace)'));
  return `${path.join('::')}(`;
}
