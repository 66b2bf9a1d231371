// Reads one request a line from standard input, { id, op, client, … }, and answers { id, … } or { id, error } on standard output.
// Byte strings are hex. Each client is a ts-mls member of at most one group.
import { createInterface } from 'node:readline';
import {
  branchGroup, createApplicationMessage, createCommit, createGroup, createGroupInfoWithExternalPubAndRatchetTree, createProposal, decode, defaultCapabilities, defaultCredentialTypes, defaultExtensionTypes, defaultLifetime,
  defaultProposalTypes, encode, generateKeyPackage, joinGroup, joinGroupExternal, joinGroupFromBranch, joinGroupFromReinit, mlsExporter, mlsMessageDecoder, mlsMessageEncoder, processMessage, proposeAddExternal,
  protocolVersions, reinitCreateNewGroup, unsafeTestingAuthenticationService, wireformats,
} from 'ts-mls';
// Not part of its interface, but the Welcomes of groups that go on for others come without the tree.
import { ratchetTreeDecoder, ratchetTreeEncoder } from './node_modules/ts-mls/dist/src/ratchetTree.js';
import { suiteOf } from './suites.mjs';

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const message = (bytes) => decode(mlsMessageDecoder, unhex(bytes)) ?? (() => { throw new Error('not an MLSMessage'); })();
const clients = new Map();

const keyPackageOf = (bytes) => message(bytes).keyPackage;
const proposals = {
  add: ({ keyPackage }) => ({ proposalType: defaultProposalTypes.add, add: { keyPackage: keyPackageOf(keyPackage) } }),
  remove: ({ leaf }) => ({ proposalType: defaultProposalTypes.remove, remove: { removed: leaf } }),
};

// ts-mls writes and reads external_pub as a bare key, where RFC 9420 has a vector (§12.4.3.2): these put the header on and take it off.
const vector = (bytes) => Uint8Array.from(bytes.length < 64 ? [bytes.length, ...bytes] : [0x40 | bytes.length >> 8, bytes.length & 0xff, ...bytes]);
const unvector = (bytes) => bytes.slice(bytes[0] < 64 ? 1 : 2);
const withHpke = ({ context }, changed) => ({ ...context, cipherSuite: { ...context.cipherSuite, hpke: { ...context.cipherSuite.hpke, ...changed } } });

// What a client is in a group with: the primitives of a suite, and a key package.
async function person(name, suite) {
  const context = { cipherSuite: await suiteOf(suite), authService: unsafeTestingAuthenticationService };
  const keys = await generateKeyPackage({
    credential: { credentialType: defaultCredentialTypes.basic, identity: new TextEncoder().encode(name) },
    capabilities: { ...defaultCapabilities(), ciphersuites: [suite] },
    lifetime: defaultLifetime(),
    cipherSuite: context.cipherSuite,
  });
  return { context, keys };
}

const keyPackageOut = ({ keys }) => ({
  keyPackage: hex(encode(mlsMessageEncoder, { keyPackage: keys.publicPackage, wireformat: wireformats.mls_key_package, version: protocolVersions.mls10 })),
});

const operations = {
  // A fresh client with a key package.
  async make(client, { name, suite }) {
    return keyPackageOut(Object.assign(client, await person(name, suite)));
  },

  // Another key package, for a group that goes on for the one the client is in.
  async makeNext(client, { name, suite }) {
    return keyPackageOut(client.next = await person(name, suite));
  },

  async found(client, { kind, groupId, keyPackages }) {
    const { context, keys } = client.next;
    const what = {
      context, state: client.state, keyPackage: keys.publicPackage, privateKeyPackage: keys.privatePackage, memberKeyPackages: keyPackages.map(keyPackageOf),
    };
    const made = kind === 'branch'
      ? await branchGroup({ ...what, newGroupId: unhex(groupId) })
      : await reinitCreateNewGroup({ ...what, groupId: unhex(groupId), extensions: [], provider: { getCiphersuiteImpl: async () => context.cipherSuite } });
    Object.assign(client, client.next, { state: made.newState });
    return { welcome: hex(encode(mlsMessageEncoder, made.welcome)), tree: hex(encode(ratchetTreeEncoder, made.newState.ratchetTree)) };
  },

  async joinNext(client, { kind, welcome, tree }) {
    const { context, keys } = client.next;
    const what = {
      context, welcome: message(welcome).welcome, keyPackage: keys.publicPackage, privateKeyPackage: keys.privatePackage, ratchetTree: tree && decode(ratchetTreeDecoder, unhex(tree)),
    };
    const state = kind === 'branch'
      ? await joinGroupFromBranch({ ...what, oldState: client.state })
      : await joinGroupFromReinit({ ...what, suspendedState: client.state, provider: { getCiphersuiteImpl: async () => context.cipherSuite } });
    Object.assign(client, client.next, { state });
  },

  async create(client, { groupId }) {
    client.state = await createGroup({
      context: client.context, groupId: unhex(groupId), keyPackage: client.keys.publicPackage, privateKeyPackage: client.keys.privatePackage,
    });
  },

  async join(client, { welcome }) {
    client.state = await joinGroup({
      context: client.context, welcome: message(welcome).welcome, keyPackage: client.keys.publicPackage, privateKeys: client.keys.privatePackage,
    });
  },

  async groupInfo(client) {
    const { hpke } = client.context.cipherSuite;
    const exportPublicKey = async (key) => vector(await hpke.exportPublicKey(key));
    const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(client.state, [], withHpke(client, { exportPublicKey }).cipherSuite);
    return { groupInfo: hex(encode(mlsMessageEncoder, { groupInfo, wireformat: wireformats.mls_group_info, version: protocolVersions.mls10 })) };
  },

  async joinExternally(client, { groupInfo, returning }) {
    const info = message(groupInfo).groupInfo;
    const { hpke } = client.context.cipherSuite;
    const external = info.extensions.find(({ extensionType }) => extensionType === defaultExtensionTypes.external_pub).extensionData;
    const importPublicKey = (key) => hpke.importPublicKey(key === external ? unvector(key) : key);
    const made = await joinGroupExternal({
      context: withHpke(client, { importPublicKey }), groupInfo: info, keyPackage: client.keys.publicPackage, privateKeys: client.keys.privatePackage,
      resync: returning,
    });
    client.state = made.newState;
    return {
      message: hex(encode(mlsMessageEncoder, {
        publicMessage: made.publicMessage, wireformat: wireformats.mls_public_message, version: protocolVersions.mls10,
      })),
    };
  },

  async proposeOneself(client, { groupInfo }) {
    const { publicPackage, privatePackage } = client.keys;
    const proposal = await proposeAddExternal(message(groupInfo).groupInfo, publicPackage, privatePackage, client.context.cipherSuite);
    return { message: hex(encode(mlsMessageEncoder, proposal)) };
  },

  // Takes effect at once: the caller delivers it to the others.
  async commit(client, { add = [], remove = [], reInit, isPublic = false }) {
    const extraProposals = [
      ...reInit ? [{
        proposalType: defaultProposalTypes.reinit,
        reinit: { groupId: unhex(reInit.groupId), version: protocolVersions.mls10, cipherSuite: reInit.suite, extensions: [] },
      }] : [],
      ...remove.map((leaf) => proposals.remove({ leaf })),
      ...add.map((keyPackage) => proposals.add({ keyPackage })),
    ];
    const made = await createCommit({
      context: client.context, state: client.state, extraProposals, ratchetTreeExtension: true, wireAsPublicMessage: isPublic,
    });
    client.state = made.newState;
    return { message: hex(encode(mlsMessageEncoder, made.commit)), welcome: made.welcome && hex(encode(mlsMessageEncoder, made.welcome)) };
  },

  async propose(client, { kind, isPublic = false, ...what }) {
    const made = await createProposal({ context: client.context, state: client.state, proposal: proposals[kind](what), wireAsPublicMessage: isPublic });
    client.state = made.newState;
    return { message: hex(encode(mlsMessageEncoder, made.message)) };
  },

  async send(client, { text }) {
    const made = await createApplicationMessage({ context: client.context, state: client.state, message: new TextEncoder().encode(text) });
    client.state = made.newState;
    return { message: hex(encode(mlsMessageEncoder, made.message)) };
  },

  async process(client, { message: bytes }) {
    // ts-mls fails on a commit that removes oneself, since it cannot open its path; but it asks about the proposals first.
    let removed = false;
    const callback = ({ kind, proposals: all }) => {
      removed = kind === 'commit' && all.some(({ proposal }) => proposal.remove?.removed === client.state.privatePath.leafIndex);
      return removed ? 'reject' : 'accept';
    };
    const result = await processMessage({ context: client.context, state: client.state, message: message(bytes), callback });
    client.state = result.newState;
    client.removed = removed;
    return { text: result.kind === 'applicationMessage' ? new TextDecoder().decode(result.message) : undefined };
  },

  async look(client) {
    const { groupContext, keySchedule } = client.state;
    return {
      epoch: Number(groupContext.epoch),
      removed: client.removed ?? false,
      authenticator: hex(keySchedule.epochAuthenticator),
      treeHash: hex(groupContext.treeHash),
      exported: hex(await mlsExporter(keySchedule.exporterSecret, 'interop', new TextEncoder().encode('context'), 32, client.context.cipherSuite)),
    };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, op, client, ...rest } = JSON.parse(line);
  if (!clients.has(client)) clients.set(client, {});
  let answer;
  try {
    answer = await operations[op](clients.get(client), rest);
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` };
  }
  console.log(JSON.stringify({ id, ...answer }));
}
