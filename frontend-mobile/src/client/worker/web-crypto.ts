import { runner, wrong, type Complete } from './calls';

// The numbers of `client/browser/Crypto/WebCrypto.cs`.
const CURVE25519 = 1, CHACHA20 = 2, ML_KEM = 4;

type Bytes = Uint8Array<ArrayBuffer>;

interface Curve {
  readonly name: string;
  readonly hash: string;
  readonly length: number;
  /** PKCS #8 up to the private key, which is the rest. */
  readonly prefix: Bytes;
}

const hex = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], pair => parseInt(pair, 16));

const nist: Readonly<Record<number, Curve>> = {
  256: { name: 'P-256', hash: 'SHA-256', length: 32, prefix: hex('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420') },
  384: { name: 'P-384', hash: 'SHA-384', length: 48, prefix: hex('304e020100301006072a8648ce3d020106052b81040022043730350201010430') },
  521: { name: 'P-521', hash: 'SHA-512', length: 66, prefix: hex('3060020100301006072a8648ce3d020106052b81040023044930470201010442') },
};
const x25519Prefix = hex('302e020100300506032b656e04220420'), ed25519Prefix = hex('302e020100300506032b657004220420');

/** Public keys that stay imported: more than the members of the largest group. */
const CACHED = 4096;

/** What .NET imports as `kavalek/crypto`. Call `detect` first. */
export function webCrypto(complete: Complete) {
  const run = runner(complete);
  const subtle = crypto.subtle;
  const held = new Map<number, CryptoKey>();
  const imported = new Map<string, Promise<CryptoKey>>();
  let features = 0;

  /** A public key, imported once. What is no key is forgotten again. */
  function publicKey(use: 'verify' | 'agree' | 'kem', curve: number, bytes: Bytes): Promise<CryptoKey> {
    const name = `${use}${curve}${String.fromCharCode(...bytes)}`;
    const known = imported.get(name);
    if (known) return known;
    const key = use === 'kem' ? subtle.importKey('raw-public' as 'raw', bytes, { name: `ML-KEM-${curve}` }, false, ['encapsulateBits' as KeyUsage])
      : use === 'verify' ? subtle.importKey('raw', point(curve, bytes), verifier(curve), false, ['verify'])
      : subtle.importKey('raw', point(curve, bytes), agreement(curve), false, []);
    imported.set(name, key);
    key.catch(() => imported.delete(name));
    if (imported.size > CACHED) imported.delete(imported.keys().next().value!);
    return key;
  }

  /** The key under a handle, imported at its first use; from then on .NET does not give its bytes any more, and nobody can have them back. */
  async function privateKey(handle: number, bytes: Bytes | null, importing: (bytes: Bytes) => Promise<CryptoKey>): Promise<CryptoKey> {
    const known = held.get(handle);
    if (known) return known;
    if (!bytes) throw wrong;
    const waiting = importing(bytes).finally(() => bytes.fill(0)).catch(() => { throw wrong; });
    pending.set(handle, waiting);
    try {
      const key = await waiting;
      if (pending.get(handle) === waiting) held.set(handle, key);
      return key;
    } finally {
      if (pending.get(handle) === waiting) pending.delete(handle);
    }
  }
  const pending = new Map<number, Promise<CryptoKey>>();
  const keyOf = (handle: number, bytes: Uint8Array | null, importing: (bytes: Bytes) => Promise<CryptoKey>): Promise<CryptoKey> =>
    // A second use while the first still imports.
    !bytes && pending.has(handle) ? pending.get(handle)! : privateKey(handle, bytes as Bytes | null, importing);

  const agreement = (curve: number): { name: string; namedCurve?: string } => curve === 25519 ? { name: 'X25519' } : { name: 'ECDH', namedCurve: shape(curve).name };
  const verifier = (curve: number): { name: string; namedCurve?: string } => curve === 25519 ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: shape(curve).name };
  const signing = (curve: number): { name: string; hash?: string } => curve === 25519 ? { name: 'Ed25519' } : { name: 'ECDSA', hash: shape(curve).hash };

  const importAgreement = (curve: number, extractable: boolean) => (bytes: Bytes): Promise<CryptoKey> =>
    subtle.importKey('pkcs8', pkcs8(curve === 25519 ? x25519Prefix : shape(curve).prefix, bytes), agreement(curve), extractable, ['deriveBits']);
  const importSigner = (curve: number) => (bytes: Bytes): Promise<CryptoKey> =>
    subtle.importKey('pkcs8', pkcs8(curve === 25519 ? ed25519Prefix : shape(curve).prefix, bytes), verifier(curve), false, ['sign']);

  const derive = async (key: CryptoKey, peer: CryptoKey, curve: number): Promise<Uint8Array> => {
    const bits = curve === 25519 ? 256 : shape(curve).length * 8;
    // Asked for by length, P-521 gives its 66 bytes with the leading zeros.
    const shared = new Uint8Array(await subtle.deriveBits({ name: key.algorithm.name, public: peer }, key, curve === 521 ? 528 : bits));
    return shared;
  };

  const aead = (algorithm: number, nonce: Bytes, associatedData: Bytes): { name: string; iv: Bytes; additionalData: Bytes; tagLength?: number } =>
    algorithm === 3 ? { name: 'ChaCha20-Poly1305', iv: nonce, additionalData: associatedData } : { name: 'AES-GCM', iv: nonce, additionalData: associatedData, tagLength: 128 };
  const aeadKey = (algorithm: number, key: Bytes, usage: KeyUsage): Promise<CryptoKey> =>
    subtle.importKey((algorithm === 3 ? 'raw-secret' : 'raw') as 'raw', key, algorithm === 3 ? 'ChaCha20-Poly1305' : 'AES-GCM', false, [usage]).finally(() => key.fill(0));

  const kem = (bits: number): { name: string } => ({ name: `ML-KEM-${bits}` });
  const kemSubtle = subtle as unknown as {
    encapsulateBits(algorithm: object, key: CryptoKey): Promise<{ ciphertext: ArrayBuffer; sharedKey: ArrayBuffer }>;
    decapsulateBits(algorithm: object, key: CryptoKey, ciphertext: Bytes): Promise<ArrayBuffer>;
    getPublicKey(key: CryptoKey, usages: readonly string[]): Promise<CryptoKey>;
  };
  const seedKey = (bits: number, seed: Bytes): Promise<CryptoKey> =>
    subtle.importKey('raw-seed' as 'raw', seed, kem(bits), false, ['decapsulateBits' as KeyUsage]).finally(() => seed.fill(0));

  const module = {
    features: () => features,

    seal: (call: number, algorithm: number, key: Bytes, nonce: Bytes, associatedData: Bytes, plaintext: Bytes) =>
      run(call, async () => subtle.encrypt(aead(algorithm, nonce, associatedData), await aeadKey(algorithm, key, 'encrypt'), plaintext)),

    open: (call: number, algorithm: number, key: Bytes, nonce: Bytes, associatedData: Bytes, ciphertext: Bytes) =>
      run(call, async () => subtle.decrypt(aead(algorithm, nonce, associatedData), await aeadKey(algorithm, key, 'decrypt'), ciphertext)
        .catch((error: unknown) => { throw error instanceof DOMException && error.name === 'OperationError' ? wrong : error; })),

    generate: (call: number, curve: number, signs: boolean) => run(call, async () => {
      const pair = await subtle.generateKey(signs ? verifier(curve) : agreement(curve), true, signs ? ['sign', 'verify'] : ['deriveBits']) as CryptoKeyPair;
      return privateAndPublic(await subtle.exportKey('jwk', pair.privateKey));
    }),

    publicKey: (call: number, curve: number, bytes: Bytes) => run(call, async () => {
      const key = await importAgreement(curve, true)(bytes).finally(() => bytes.fill(0)).catch(() => { throw wrong; });
      return publicOf(await subtle.exportKey('jwk', key));
    }),

    isPublicKey: (call: number, curve: number, bytes: Bytes) => run(call, async () => {
      const key = await publicKey('agree', curve, bytes).catch(() => { throw wrong; });
      // On Curve25519 every string is a key; some agree on nothing but zero.
      if (curve === 25519) await derive(await probe(), key, curve).catch(() => { throw wrong; });
      return Uint8Array.of(1);
    }),

    agree: (call: number, curve: number, handle: number, bytes: Bytes | null, peer: Bytes) => run(call, async () => {
      const [own, other] = await Promise.all([
        keyOf(handle, bytes, importAgreement(curve, false)),
        publicKey('agree', curve, peer).catch(() => { throw wrong; }),
      ]);
      return derive(own, other, curve).catch(() => { throw wrong; });
    }),

    sign: (call: number, curve: number, handle: number, bytes: Bytes | null, data: Bytes) =>
      run(call, async () => subtle.sign(signing(curve), await keyOf(handle, bytes, importSigner(curve)), data)),

    verify: (call: number, curve: number, key: Bytes, data: Bytes, signature: Bytes) => run(call, async () => {
      const verifying = await publicKey('verify', curve, key).catch(() => { throw wrong; });
      return await subtle.verify(signing(curve), verifying, signature, data) ? Uint8Array.of(1) : null;
    }),

    release: (handle: number) => {
      held.delete(handle);
      pending.delete(handle);
    },

    kemPublicKey: (call: number, bits: number, seed: Bytes) => run(call, async () =>
      subtle.exportKey('raw-public' as 'raw', await kemSubtle.getPublicKey(await seedKey(bits, seed), ['encapsulateBits']))),

    kemEncapsulate: (call: number, bits: number, key: Bytes) => run(call, async () => {
      const { sharedKey, ciphertext } = await kemSubtle.encapsulateBits(kem(bits), await publicKey('kem', bits, key).catch(() => { throw wrong; }));
      return concat(new Uint8Array(sharedKey), new Uint8Array(ciphertext));
    }),

    kemDecapsulate: (call: number, bits: number, seed: Bytes, ciphertext: Bytes) => run(call, async () =>
      kemSubtle.decapsulateBits(kem(bits), await seedKey(bits, seed), ciphertext)),

    stretch: (call: number, password: Bytes, salt: Bytes, iterations: number, length: number) => run(call, async () => {
      const key = await subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']).finally(() => password.fill(0));
      return subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, length * 8);
    }),

    normalize: (text: string, form: string) => text.isWellFormed() ? text.normalize(form) : null,
  };

  let probing: Promise<CryptoKey> | undefined;
  const probe = (): Promise<CryptoKey> => probing ??= importAgreement(25519, false)(new Uint8Array(32).fill(0x40));

  /** Finds out what this browser has. */
  async function detect(): Promise<void> {
    const has = (trial: Promise<unknown>): Promise<boolean> => trial.then(() => true, () => false);
    const [curve25519, chaCha20, mlKem] = await Promise.all([
      has(Promise.all([probe(), importSigner(25519)(new Uint8Array(32).fill(1))])),
      has(aeadKey(3, new Uint8Array(32), 'encrypt').then(key => subtle.encrypt(aead(3, new Uint8Array(12), new Uint8Array()), key, new Uint8Array(1)))),
      has(Promise.all([768, 1024].map(async bits => {
        const pub = await kemSubtle.getPublicKey(await seedKey(bits, new Uint8Array(64)), ['encapsulateBits']);
        await subtle.exportKey('raw-public' as 'raw', pub);
        await kemSubtle.encapsulateBits(kem(bits), pub);
      }))),
    ]);
    features = (curve25519 ? CURVE25519 : 0) | (chaCha20 ? CHACHA20 : 0) | (mlKem ? ML_KEM : 0);
  }

  return { module, detect };
}

function shape(curve: number): Curve {
  const known = nist[curve];
  if (!known) throw new TypeError('curve');
  return known;
}

// A compressed point would be taken, too; MLS knows none.
function point(curve: number, bytes: Bytes): Bytes {
  if (curve !== 25519 && (bytes.length !== 1 + 2 * shape(curve).length || bytes[0] !== 4)) throw wrong;
  return bytes;
}

function pkcs8(prefix: Bytes, key: Bytes): Bytes {
  return concat(prefix, key);
}

function publicOf(jwk: JsonWebKey): Uint8Array {
  const x = base64Url(jwk.x!);
  return jwk.y === undefined ? x : concat(Uint8Array.of(4), x, base64Url(jwk.y));
}

function privateAndPublic(jwk: JsonWebKey): Uint8Array {
  return concat(base64Url(jwk.d!), publicOf(jwk));
}

function base64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
}

function concat(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
