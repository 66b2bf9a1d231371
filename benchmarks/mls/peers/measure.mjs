// Runs one peer through the operations of the benchmark; each result is a line { name, value } on standard output.
// Times are processor time of the whole process, medians after runs that do not count, as on the other side.
import { createInterface } from 'node:readline';

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const spent = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function milliseconds(runs, prepare, run, warmUp = 1) {
  const times = [];
  for (let i = -warmUp; i < runs; i++) {
    const prepared = await prepare(i);
    globalThis.gc?.();
    const start = spent();
    await run(prepared);
    if (i >= 0) times.push(spent() - start);
  }
  return median(times);
}

const tell = (name, value) => console.log(JSON.stringify({ name, value }));
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));

async function clients(peer, count) {
  const made = [];
  for (let i = 0; i < count; i++) made.push(await peer.client());
  return made;
}

async function keyPackages(peer) {
  const client = await peer.client(), count = 50;
  const time = await milliseconds(7, () => {}, async () => { for (let i = 0; i < count; i++) await peer.keyPackage(client); }, 2);
  tell('key-package', 1000 * count / time);
}

// How often an operation that takes this long for that many is repeated.
const runs = (size) => size < 100 ? 9 : size < 1000 ? 5 : 3;

async function addsAndJoins(peer, wanted) {
  for (const size of [2, 10, 100, 1000]) {
    const joiners = size < 100 ? [] : await clients(peer, runs(size) + 1);
    const others = await clients(peer, size - joiners.length);
    const packages = [...others, ...joiners].map(({ keyPackage }) => keyPackage);
    let welcome;
    const time = await milliseconds(runs(size), () => peer.client(), async (creator) => {
      await peer.create(creator);
      ({ welcome } = await peer.add(creator, packages));
    });
    if (wanted.includes('add')) tell(`add-${size}`, time);
    if (wanted.includes('join') && joiners.length) tell(`join-${size}`, await milliseconds(runs(size), (i) => joiners[i + 1], (joiner) => peer.join(joiner, welcome)));
  }
}

async function blank(peer, size) {
  const creator = await peer.client(), member = await peer.client();
  await peer.create(creator);
  const { welcome } = await peer.add(creator, [...(await clients(peer, size - 2)), member].map(({ keyPackage }) => keyPackage));
  await peer.join(member, welcome);
  return [creator, member];
}

async function commits(peer) {
  const [creator, member] = await blank(peer, 1000);
  const made = [];
  tell('commit-blank-create', await milliseconds(5, () => {}, async () => { made.push(await peer.commit(creator)); }));
  let at = 0;
  tell('commit-blank-process', await milliseconds(5, () => made[at++], (commit) => peer.follow(member, commit)));
}

async function messages(peer) {
  for (const size of [3, 1000]) {
    const [sender, receiver] = await blank(peer, size);
    const content = new Uint8Array(1024), count = 50, sent = [];
    const encrypting = await milliseconds(7, () => {}, async () => { for (let i = 0; i < count; i++) sent.push(await peer.encrypt(sender, content)); }, 2);
    tell(`encrypt-${size}`, 1000 * count / encrypting);
    let at = 0;
    const decrypting = await milliseconds(7, () => {}, async () => { for (let i = 0; i < count; i++) await peer.decrypt(receiver, sent[at++]); }, 2);
    tell(`decrypt-${size}`, 1000 * count / decrypting);
    if (size === 1000 && peer.stored) tell('stored-blank', peer.stored(sender));
  }
}

// A tree of 1,000 without a blank would take this peer many minutes to build: it is made on the other side, and joined.
async function fullTree(peer) {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const ask = async (question) => {
    console.log(JSON.stringify(question));
    return JSON.parse((await lines.next()).value);
  };
  const member = await peer.client();
  const { welcome } = await ask({ ask: 'welcome', keyPackage: hex(member.keyPackage) });
  await peer.join(member, unhex(welcome));
  const made = [];
  const creating = await milliseconds(5, () => {}, async () => { made.push(await peer.commit(member)); }, 2);
  const { commits: theirs } = await ask({ ask: 'commits', commits: made.map(hex) });
  let at = 0;
  const following = await milliseconds(theirs.length - 2, () => unhex(theirs[at++]), (commit) => peer.follow(member, commit), 2);
  tell('commit-full-create', creating);
  tell('commit-full-process', following);
  if (peer.stored) tell('stored-full', peer.stored(member));
}

export async function run(peer) {
  const wanted = process.argv.slice(2);
  if (wanted.includes('key-package')) await keyPackages(peer);
  if (wanted.includes('add') || wanted.includes('join')) await addsAndJoins(peer, wanted);
  if (wanted.includes('commit')) await commits(peer);
  if (wanted.includes('message')) await messages(peer);
  if (wanted.includes('full')) await fullTree(peer);
  process.exit(0);
}
