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

    extension(SignatureAlgorithm signature)
    {
        /// <summary>The most bytes of a signature. ECDSA's is DER, whose two integers lose their leading zeros, so that one in two is shorter.</summary>
        internal int MaxSignatureLength => signature switch
        {
            SignatureAlgorithm.EcdsaP256Sha256 => 72,
            SignatureAlgorithm.EcdsaP384Sha384 => 104,
            SignatureAlgorithm.EcdsaP521Sha512 => 139,
            SignatureAlgorithm.Ed25519 => 64,
            SignatureAlgorithm.Ed448 => 114,
            _ => throw new PlatformNotSupportedException($"unknown signature algorithm {signature}"),
        };
    }

    extension(KemAlgorithm kem)
    {
        /// <summary>Bytes of a private key (Nsk); a P-521 key is left-padded to 66, and with ML-KEM it is a seed.</summary>
        public int PrivateKeyLength => kem switch
        {
            KemAlgorithm.DhkemP256 or KemAlgorithm.DhkemX25519 => 32,
            KemAlgorithm.DhkemP384 => 48,
            KemAlgorithm.DhkemP521 => 66,
            KemAlgorithm.DhkemX448 => 56,
            KemAlgorithm.MlKem768 or KemAlgorithm.MlKem1024 => MlKemParameters.SeedLength,
            KemAlgorithm.MlKem768P256 or KemAlgorithm.MlKem1024P384 or KemAlgorithm.MlKem768X25519 => 32,
            _ => throw new PlatformNotSupportedException($"unknown KEM {kem}"),
        };

        /// <summary>Bytes of the KEM's shared secret (Nsecret).</summary>
        public int SecretLength => kem.MlKem is null ? kem.KdfHash.Length : MlKemParameters.SecretLength;

        /// <summary>The hash inside a DHKEM, which need not be the suite's.</summary>
        public HashAlgorithm KdfHash => kem switch
        {
            KemAlgorithm.DhkemP256 or KemAlgorithm.DhkemX25519 => HashAlgorithm.Sha256,
            KemAlgorithm.DhkemP384 => HashAlgorithm.Sha384,
            KemAlgorithm.DhkemP521 or KemAlgorithm.DhkemX448 => HashAlgorithm.Sha512,
            _ => throw new PlatformNotSupportedException($"no DHKEM: {kem}"),
        };

        /// <summary>The DHKEM whose Diffie-Hellman group the KEM uses: its own, or the traditional half of a hybrid; <c>null</c> for ML-KEM alone.</summary>
        public KemAlgorithm? Group => kem switch
        {
            KemAlgorithm.MlKem768 or KemAlgorithm.MlKem1024 => null,
            KemAlgorithm.MlKem768P256 => KemAlgorithm.DhkemP256,
            KemAlgorithm.MlKem1024P384 => KemAlgorithm.DhkemP384,
            KemAlgorithm.MlKem768X25519 => KemAlgorithm.DhkemX25519,
            _ => kem,
        };

        /// <summary>The ML-KEM inside; <c>null</c> for a DHKEM.</summary>
        public MlKemParameterSet? MlKem => kem switch
        {
            KemAlgorithm.MlKem768 or KemAlgorithm.MlKem768P256 or KemAlgorithm.MlKem768X25519 => MlKemParameterSet.MlKem768,
            KemAlgorithm.MlKem1024 or KemAlgorithm.MlKem1024P384 => MlKemParameterSet.MlKem1024,
            _ => null,
        };

        /// <summary>Whether a quantum computer leaves it standing.</summary>
        public bool IsPostQuantum => kem.MlKem is not null;
    }
}
