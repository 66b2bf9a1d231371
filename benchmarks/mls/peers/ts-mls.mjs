// ts-mls in Node.
import { p256 } from '@noble/curves/nist.js';
import {
  clientStateEncoder, createApplicationMessage, createCommit, createGroup, decode, defaultCapabilities, defaultCredentialTypes, defaultLifetime, encode,
  generateKeyPackage, getCiphersuiteImpl, joinGroup, mlsMessageDecoder, mlsMessageEncoder, processMessage, protocolVersions, unsafeTestingAuthenticationService, wireformats,
} from 'ts-mls';
import { run } from './measure.mjs';

const implementation = await getCiphersuiteImpl('MLS_128_DHKEMP256_AES128GCM_SHA256_P256');
const context = {
  // Its own keys would be compressed points, which RFC 9420 §5.1.1 does not have.
  cipherSuite: {
    ...implementation,
    signature: {
      ...implementation.signature,
      keygen: async () => {
        const signKey = p256.utils.randomSecretKey();
        return { signKey, publicKey: p256.getPublicKey(signKey, false) };
      },
    },
  },
  authService: unsafeTestingAuthenticationService,
};
const read = (bytes) => decode(mlsMessageDecoder, bytes);
const write = (message) => encode(mlsMessageEncoder, message);
let clients = 0;

async function process(client, bytes) {
  const result = await processMessage({ context, state: client.state, message: read(bytes), callback: () => 'accept' });
  client.state = result.newState;
}

async function commit(client, extraProposals) {
  const made = await createCommit({ context, state: client.state, extraProposals, ratchetTreeExtension: true });
  client.state = made.newState;
  return { message: write(made.commit), welcome: made.welcome && write(made.welcome) };
}

const generate = () => generateKeyPackage({
  credential: { credentialType: defaultCredentialTypes.basic, identity: new TextEncoder().encode(`member ${++clients}`) },
  capabilities: { ...defaultCapabilities(), ciphersuites: [2] },
  lifetime: defaultLifetime(),
  cipherSuite: context.cipherSuite,
});

await run({
  keyPackage: generate,
  async client() {
    const keys = await generate();
    return { keys, keyPackage: write({ keyPackage: keys.publicPackage, wireformat: wireformats.mls_key_package, version: protocolVersions.mls10 }) };
  },
  async create(client) {
    client.state = await createGroup({
      context, groupId: new TextEncoder().encode('benchmark'), keyPackage: client.keys.publicPackage, privateKeyPackage: client.keys.privatePackage,
    });
  },
  add: (client, keyPackages) => commit(client, keyPackages.map((bytes) => ({ proposalType: 1, add: { keyPackage: read(bytes).keyPackage } }))),
  async join(client, welcome) {
    client.state = await joinGroup({ context, welcome: read(welcome).welcome, keyPackage: client.keys.publicPackage, privateKeys: client.keys.privatePackage });
  },
  commit: async (client) => (await commit(client, [])).message,
  follow: process,
  async encrypt(client, content) {
    const made = await createApplicationMessage({ context, state: client.state, message: content });
    client.state = made.newState;
    return write(made.message);
  },
  decrypt: process,
  stored: ({ state }) => encode(clientStateEncoder, state).length,
});
