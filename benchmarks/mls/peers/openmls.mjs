// OpenMLS, native, as Wire's core-crypto has it: each client with a database of its own, in memory; each step is a transaction.
import { CipherSuite, ClientId, ConversationId, CoreCrypto, Credential, Database, DeviceId, KeyPackage, Uuid, Welcome } from '@wireapp/core-crypto/native';
import { run } from './measure.mjs';

const suite = CipherSuite.Mls128Dhkemp256Aes128gcmSha256P256;
const group = new ConversationId(new TextEncoder().encode('benchmark'));
let clients = 0;

function identity() {
  const number = ++clients;
  return new ClientId(new Uuid(`00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`), new DeviceId(BigInt(number)), 'example.org');
}

await run({
  async client() {
    const id = identity();
    const crypto = CoreCrypto.new(await Database.inMemory());
    const client = { crypto, id };
    const transport = { sendCommitBundle: async (bundle) => { client.sent = bundle; }, prepareForTransport: async () => new Uint8Array() };
    await crypto.transaction(async (context) => {
      await context.mlsInit(id, transport);
      client.credential = await context.addCredential(Credential.basic(suite, id));
      // As an MLSMessage, as the others have it.
      client.keyPackage = new Uint8Array([0, 1, 0, 5, ...(await context.generateKeyPackage(client.credential)).serialize()]);
    });
    return client;
  },
  // A signature key and a key package in a database that is there.
  async keyPackage(client) {
    await client.crypto.transaction(async (context) => context.generateKeyPackage(await context.addCredential(Credential.basic(suite, client.id))));
  },
  create: ({ crypto, credential }) => crypto.transaction((context) => context.createConversation(group, credential)),
  async add(client, keyPackages) {
    await client.crypto.transaction((context) => context.addClientsToConversation(group, keyPackages.map((bytes) => new KeyPackage(bytes.slice(4)))));
    return { welcome: client.sent.welcome.serialize() };
  },
  join: ({ crypto }, welcome) => crypto.transaction((context) => context.processWelcomeMessage(new Welcome(welcome))),
  async commit(client) {
    await client.crypto.transaction((context) => context.updateKeyingMaterial(group));
    return client.sent.commit;
  },
  follow: ({ crypto }, commit) => crypto.transaction((context) => context.decryptMessage(group, commit)),
  encrypt: ({ crypto }, content) => crypto.transaction((context) => context.encryptMessage(group, content)),
  decrypt: ({ crypto }, message) => crypto.transaction((context) => context.decryptMessage(group, message)),
});
