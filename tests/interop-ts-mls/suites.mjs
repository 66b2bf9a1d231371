// Cipher suites by number: those of RFC 9420 are ts-mls's own, the post-quantum ones are put together here from its parts.
import { Aes128Gcm, Aes256Gcm, CipherSuite, HkdfSha256, HkdfSha384 } from '@hpke/core';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { ciphersuites, getCiphersuiteImpl } from 'ts-mls';
import { kems } from './kems.mjs';

const own = Object.fromEntries(Object.entries(ciphersuites).filter(([, id]) => id <= 7).map(([name, id]) => [id, name]));
const X25519 = own[1], P256 = own[2], P384 = own[7];

// [KEM, the suite whose hash and key derivation it has, the suite whose signatures it has, AES-256]
const postQuantum = {
  0xf001: [kems.mlKem768X25519, X25519, X25519, false],
  0xf002: [kems.mlKem768X25519, P384, X25519, true],
  0xf003: [kems.mlKem768P256, P256, P256, false],
  0xf004: [kems.mlKem768P256, P384, P256, true],
  0xf005: [kems.mlKem1024P384, P384, P384, true],
  0xf006: [kems.mlKem768, P384, X25519, true],
  0xf007: [kems.mlKem768, P384, P256, true],
  0xf008: [kems.mlKem1024, P384, P384, true],
};

const buffer = (bytes) => bytes.slice().buffer;
const bytes = (data) => new Uint8Array(data);

function hpkeOf(suite, aeadLike) {
  return {
    open: async (privateKey, kemOutput, ciphertext, info, aad) =>
      bytes(await suite.open({ recipientKey: privateKey, enc: buffer(kemOutput), info: buffer(info) }, buffer(ciphertext), buffer(aad ?? new Uint8Array()))),
    seal: async (publicKey, plaintext, info, aad) => {
      const sealed = await suite.seal({ recipientPublicKey: publicKey, info: buffer(info) }, buffer(plaintext), buffer(aad ?? new Uint8Array()));
      return { ct: bytes(sealed.ct), enc: bytes(sealed.enc) };
    },
    exportSecret: async (publicKey, exporterContext, length, info) => {
      const context = await suite.createSenderContext({ recipientPublicKey: publicKey, info: buffer(info) });
      return { enc: bytes(context.enc), secret: bytes(await context.export(buffer(exporterContext), length)) };
    },
    importSecret: async (privateKey, exporterContext, kemOutput, length, info) => {
      const context = await suite.createRecipientContext({ recipientKey: privateKey, enc: buffer(kemOutput), info: buffer(info) });
      return bytes(await context.export(buffer(exporterContext), length));
    },
    importPrivateKey: (key) => suite.kem.deserializePrivateKey(key),
    importPublicKey: (key) => suite.kem.deserializePublicKey(key),
    exportPublicKey: async (key) => bytes(await suite.kem.serializePublicKey(key)),
    exportPrivateKey: async (key) => bytes(await suite.kem.serializePrivateKey(key)),
    deriveKeyPair: (ikm) => suite.kem.deriveKeyPair(ikm),
    generateKeyPair: () => suite.kem.generateKeyPair(),
    encryptAead: aeadLike.encryptAead,
    decryptAead: aeadLike.decryptAead,
    keyLength: suite.aead.keySize,
    nonceLength: suite.aead.nonceSize,
  };
}

// ts-mls makes compressed signature keys on these curves, where MLS has uncompressed points (RFC 9420 §5.1.1, RFC 8446 §4.2.8.2).
const nistCurves = { [P256]: p256, [P384]: p384, [own[5]]: p521 };

async function implementationOf(name) {
  const implementation = await getCiphersuiteImpl(name);
  const curve = nistCurves[name];
  if (!curve) return implementation;
  const keygen = async () => {
    const signKey = curve.utils.randomSecretKey();
    return { signKey, publicKey: curve.getPublicKey(signKey, false) };
  };
  return { ...implementation, signature: { ...implementation.signature, keygen } };
}

export async function suiteOf(id) {
  if (own[id]) return implementationOf(own[id]);
  if (!postQuantum[id]) throw new Error(`no cipher suite ${id}`);
  const [kem, hashes, signatures, aes256] = postQuantum[id];
  const base = await implementationOf(hashes);
  const suite = new CipherSuite({
    kem: kem(),
    kdf: hashes === P384 ? new HkdfSha384() : new HkdfSha256(),
    aead: aes256 ? new Aes256Gcm() : new Aes128Gcm(),
  });
  // ts-mls encrypts messages through the same object, with its AES-GCM, which takes either key length.
  return { ...base, id, signature: (await implementationOf(signatures)).signature, hpke: hpkeOf(suite, base.hpke) };
}
