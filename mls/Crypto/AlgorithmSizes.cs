namespace Kavalek.Mls;

/// <summary>The lengths that go with each algorithm (RFC 9180 §7, RFC 5869), in bytes.</summary>
public static class AlgorithmSizes
{
    extension(HashAlgorithm hash)
    {
        /// <summary>Bytes of a digest, of an HKDF pseudorandom key and of an HMAC (Nh).</summary>
        public int Length => hash switch
        {
            HashAlgorithm.Sha256 => 32,
            HashAlgorithm.Sha384 => 48,
            HashAlgorithm.Sha512 => 64,
            _ => throw new PlatformNotSupportedException($"unknown hash {hash}"),
        };
    }

    extension(AeadAlgorithm aead)
    {
        /// <summary>Bytes of a key (Nk).</summary>
        public int KeyLength => aead == AeadAlgorithm.Aes128Gcm ? 16 : 32;
    }

    extension(KemAlgorithm kem)
    {
        /// <summary>Bytes of a private key (Nsk); a P-521 key is left-padded to 66.</summary>
        public int PrivateKeyLength => kem switch
        {
            KemAlgorithm.DhkemP256 or KemAlgorithm.DhkemX25519 => 32,
            KemAlgorithm.DhkemP384 => 48,
            KemAlgorithm.DhkemP521 => 66,
            KemAlgorithm.DhkemX448 => 56,
            _ => throw new PlatformNotSupportedException($"unknown KEM {kem}"),
        };

        /// <summary>Bytes of the KEM's shared secret (Nsecret).</summary>
        public int SecretLength => kem.KdfHash.Length;

        /// <summary>The hash inside the KEM, which need not be the suite's.</summary>
        public HashAlgorithm KdfHash => kem switch
        {
            KemAlgorithm.DhkemP256 or KemAlgorithm.DhkemX25519 => HashAlgorithm.Sha256,
            KemAlgorithm.DhkemP384 => HashAlgorithm.Sha384,
            KemAlgorithm.DhkemP521 or KemAlgorithm.DhkemX448 => HashAlgorithm.Sha512,
            _ => throw new PlatformNotSupportedException($"unknown KEM {kem}"),
        };
    }
}
