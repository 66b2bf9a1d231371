// Reads one request a line from standard input, { id, op, client, … }, and answers { id, … } or { id, error } on standard output.
// Byte strings are hex. Each client is a ts-mls member of at most one group.
import { createInterface } from 'node:readline';
import {
  createApplicationMessage, createCommit, createGroup, createProposal, decode, defaultCapabilities, defaultCredentialTypes, defaultLifetime,
  defaultProposalTypes, encode, generateKeyPackage, joinGroup, mlsExporter, mlsMessageDecoder, mlsMessageEncoder, processMessage,
  protocolVersions, unsafeTestingAuthenticationService, wireformats,
} from 'ts-mls';
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

const operations = {
  // A fresh client with a key package.
  async make(client, { name, suite }) {
    client.context = { cipherSuite: await suiteOf(suite), authService: unsafeTestingAuthenticationService };
    client.keys = await generateKeyPackage({
      credential: { credentialType: defaultCredentialTypes.basic, identity: new TextEncoder().encode(name) },
      capabilities: { ...defaultCapabilities(), ciphersuites: [suite] },
      lifetime: defaultLifetime(),
      cipherSuite: client.context.cipherSuite,
    });
    return {
      keyPackage: hex(encode(mlsMessageEncoder, {
        keyPackage: client.keys.publicPackage, wireformat: wireformats.mls_key_package, version: protocolVersions.mls10,
      })),
    };
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

  // Takes effect at once: the caller delivers it to the others.
  async commit(client, { add = [], remove = [], isPublic = false }) {
    const extraProposals = [
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
