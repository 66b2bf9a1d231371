using System.Security.Cryptography;

namespace Kavalek.Mls.Benchmarks;

/// <summary>Microseconds of single operations of the library's provider with keys already imported: what no protocol above can beat.</summary>
sealed record PlatformLimits(double Sign, double Verify, double Agree, double Generate, double Import, double Seal, double Open, double Expand)
{
    /// <summary>An HPKE encryption: an ephemeral key, a fresh recipient key, an agreement.</summary>
    public double HpkeSeal => Generate + Import + Agree;

    public static async Task<PlatformLimits> MeasureAsync()
    {
        const SignatureAlgorithm Ecdsa = SignatureAlgorithm.EcdsaP256Sha256;
        const KemAlgorithm Kem = KemAlgorithm.DhkemP256;
        NativeCryptoProvider provider = NativeCryptoProvider.Shared;
        byte[] data = new byte[1024], nonce = new byte[CipherSuite.NonceLength], digest = new byte[32], okm = new byte[32];
        using KeyPair signer = await provider.GenerateSignatureKeyPairAsync(Ecdsa);
        using KeyPair mine = await provider.GenerateKeyPairAsync(Kem), theirs = await provider.GenerateKeyPairAsync(Kem);
        using Secret key = Secret.Zero(16);
        byte[] signature = await provider.SignAsync(Ecdsa, signer.PrivateKey, data);
        byte[] ciphertext = await provider.SealAsync(AeadAlgorithm.Aes128Gcm, key, nonce, nonce, data);

        async Task AgreeAsync(NativeCryptoProvider by) => (await by.AgreeAsync(Kem, mine.PrivateKey, theirs.PublicKey))!.Dispose();
        double agree = await Measure.MicrosecondsAsync(7, 300, () => AgreeAsync(provider));
        // A provider of its own each time: its cache is empty.
        double cold = await Measure.MicrosecondsAsync(7, 300, () => AgreeAsync(new NativeCryptoProvider()));
        double empty = Measure.Microseconds(7, 300, () => _ = new NativeCryptoProvider());
        return new PlatformLimits(
            await Measure.MicrosecondsAsync(7, 500, async () => await provider.SignAsync(Ecdsa, signer.PrivateKey, data)),
            await Measure.MicrosecondsAsync(7, 300, async () => await provider.VerifyAsync(Ecdsa, signer.PublicKey, data, signature)),
            agree,
            await Measure.MicrosecondsAsync(7, 500, async () => (await provider.GenerateKeyPairAsync(Kem)).Dispose()),
            Math.Max(0, cold - empty - agree),
            await Measure.MicrosecondsAsync(7, 3000, async () => await provider.SealAsync(AeadAlgorithm.Aes128Gcm, key, nonce, nonce, data)),
            await Measure.MicrosecondsAsync(7, 3000, async () => await provider.OpenAsync(AeadAlgorithm.Aes128Gcm, key, nonce, nonce, ciphertext)),
            Measure.Microseconds(7, 5000, () => provider.HkdfExpand(HashAlgorithm.Sha256, digest, data.AsSpan(0, 40), okm)));
    }

    public void Print(Table table)
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] data = new byte[1024], signature = ecdsa.SignData(data, HashAlgorithmName.SHA256);
        using ECDiffieHellman mine = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256), theirs = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using ECDiffieHellmanPublicKey peer = theirs.PublicKey;
        Rate("ECDSA P-256 sign 1 KiB (limit: .NET's class)", Sign, Measure.Microseconds(7, 500, () => ecdsa.SignData(data, HashAlgorithmName.SHA256)));
        Rate("ECDSA P-256 verify 1 KiB (limit: .NET's class)", Verify, Measure.Microseconds(7, 300, () => ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256)));
        Rate("ECDH P-256 (limit: .NET's class)", Agree, Measure.Microseconds(7, 300, () => mine.DeriveRawSecretAgreement(peer)));
        Rate("P-256 key generation (limit: .NET's class)", Generate, Measure.Microseconds(7, 300, () =>
        {
            using ECDiffieHellman key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            key.ExportParameters(true);
        }));
        Rate("AES-128-GCM seal 1 KiB", Seal, null);
        Rate("HKDF-Expand 32 bytes", Expand, null);

        void Rate(string name, double microseconds, double? limit) =>
            table.Rate(name, null, 1e6 / microseconds, 1e6 / limit);
    }
}
