// The post-quantum KEMs of draft-ietf-hpke-pq on noble's primitives, in the shape @hpke/core takes: ts-mls itself has only
// earlier drafts of them, whose DeriveKeyPair differs.
import { p256, p384 } from '@noble/curves/nist.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { sha3_256, shake256 } from '@noble/hashes/sha3.js';
import { concatBytes, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';

const nist = (curve, length) => ({
  scalarLength: length,
  isScalar: (bytes) => curve.utils.isValidSecretKey(bytes),
  publicKey: (scalar) => curve.getPublicKey(scalar, false),
  agree: (scalar, point) => curve.getSharedSecret(scalar, point, true).subarray(1),
  pointLength: 2 * length + 1,
});

const P256 = nist(p256, 32);
const P384 = nist(p384, 48);
const X25519 = {
  scalarLength: 32,
  isScalar: () => true,
  publicKey: (scalar) => x25519.getPublicKey(scalar),
  agree: (scalar, point) => x25519.getSharedSecret(scalar, point),
  pointLength: 32,
};

const MLKEM768 = { primitive: ml_kem768, publicKeyLength: 1184, ciphertextLength: 1088 };
const MLKEM1024 = { primitive: ml_kem1024, publicKeyLength: 1568, ciphertextLength: 1568 };

const u16 = (n) => Uint8Array.of(n >> 8, n & 255);
const bytesOf = (data) => (data instanceof Uint8Array ? data : new Uint8Array(data));
const bufferOf = (bytes) => bytes.slice().buffer;

class PostQuantumKem {
  constructor(id, mlKem, group, label) {
    this.id = id;
    this.mlKem = mlKem;
    this.group = group;
    this.label = label;
    this.secretSize = 32;
    this.privateKeySize = group ? 32 : 64;
    this.publicKeySize = mlKem.publicKeyLength + (group?.pointLength ?? 0);
    this.encSize = mlKem.ciphertextLength + (group?.pointLength ?? 0);
  }

  init() {}

  expand(seed) {
    if (!this.group) return { mlKem: this.mlKem.primitive.keygen(seed) };
    const { scalarLength, isScalar, publicKey } = this.group;
    const bytes = shake256(seed, { dkLen: 64 + 4 * scalarLength });
    let at = 64;
    while (!isScalar(bytes.subarray(at, at + scalarLength))) at += scalarLength;
    const scalar = bytes.slice(at, at + scalarLength);
    return { mlKem: this.mlKem.primitive.keygen(bytes.slice(0, 64)), scalar, point: publicKey(scalar) };
  }

  pair(seed) {
    const { mlKem, point } = this.expand(seed);
    const publicKey = point ? concatBytes(mlKem.publicKey, point) : mlKem.publicKey;
    return { privateKey: { type: 'private', bytes: seed }, publicKey: { type: 'public', bytes: publicKey } };
  }

  combine(first, second, ephemeral, recipient) {
    return sha3_256(concatBytes(first, second, ephemeral, recipient, utf8ToBytes(this.label)));
  }

  async generateKeyPair() {
    return this.pair(randomBytes(this.privateKeySize));
  }

  async deriveKeyPair(ikm) {
    const label = utf8ToBytes('DeriveKeyPair');
    const input = concatBytes(bytesOf(ikm), utf8ToBytes('HPKE-v1KEM'), u16(this.id), u16(label.length), label, u16(this.privateKeySize));
    return this.pair(shake256(input, { dkLen: this.privateKeySize }));
  }

  async encap({ recipientPublicKey }) {
    const key = recipientPublicKey.bytes;
    const split = this.mlKem.publicKeyLength;
    const { cipherText, sharedSecret } = this.mlKem.primitive.encapsulate(key.slice(0, split));
    if (!this.group) return { sharedSecret: bufferOf(sharedSecret), enc: bufferOf(cipherText) };
    let scalar;
    do scalar = randomBytes(this.group.scalarLength); while (!this.group.isScalar(scalar));
    const ephemeral = this.group.publicKey(scalar);
    const recipient = key.slice(split);
    const shared = this.combine(sharedSecret, this.group.agree(scalar, recipient), ephemeral, recipient);
    return { sharedSecret: bufferOf(shared), enc: bufferOf(concatBytes(cipherText, ephemeral)) };
  }

  async decap({ recipientKey, enc }) {
    const key = this.expand((recipientKey.privateKey ?? recipientKey).bytes);
    const bytes = bytesOf(enc);
    const split = this.mlKem.ciphertextLength;
    const first = this.mlKem.primitive.decapsulate(bytes.slice(0, split), key.mlKem.secretKey);
    if (!this.group) return bufferOf(first);
    const ephemeral = bytes.slice(split);
    return bufferOf(this.combine(first, this.group.agree(key.scalar, ephemeral), ephemeral, key.point));
  }

  async serializePublicKey(key) { return bufferOf(key.bytes); }
  async serializePrivateKey(key) { return bufferOf(key.bytes); }
  async deserializePublicKey(data) { return this.key('public', bytesOf(data), this.publicKeySize); }
  async deserializePrivateKey(data) { return this.key('private', bytesOf(data), this.privateKeySize); }

  key(type, bytes, length) {
    if (bytes.length !== length) throw new Error(`a ${type} key of ${bytes.length} bytes, not ${length}`);
    return { type, bytes: bytes.slice() };
  }
}

export const kems = {
  mlKem768: () => new PostQuantumKem(0x0041, MLKEM768),
  mlKem1024: () => new PostQuantumKem(0x0042, MLKEM1024),
  mlKem768P256: () => new PostQuantumKem(0x0050, MLKEM768, P256, 'MLKEM768-P256'),
  mlKem1024P384: () => new PostQuantumKem(0x0051, MLKEM1024, P384, 'MLKEM1024-P384'),
  mlKem768X25519: () => new PostQuantumKem(0x647a, MLKEM768, X25519, '\\.//^\\'),
};
