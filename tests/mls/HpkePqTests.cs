using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>The post-quantum KEMs of draft-ietf-hpke-pq, by the vectors of its working group.</summary>
public static class HpkePqTests
{
    static readonly NativeCryptoProvider Provider = new();

    [Fact]
    public static async Task Keys_encapsulations_and_secrets_are_those_of_the_draft()
    {
        int run = 0;
        foreach (JsonElement vector in Cases())
        {
            KemAlgorithm algorithm = (KemAlgorithm)vector.Int("kem_id");
            Kem kem = Kem.Of(Provider, algorithm);
            using Secret ikm = vector.Secret("ikmR"), secret = vector.Secret("skRm"), expected = vector.Secret("shared_secret");
            using KeyPair recipient = await kem.DeriveKeyPairAsync(ikm);
            Assert.Equal(secret, recipient.PrivateKey);
            Assert.Equal(vector.Hex("pkRm"), recipient.PublicKey);
            Assert.Equal(vector.Hex("pkRm"), await kem.PublicKeyAsync(secret));
            Assert.True(await kem.IsPublicKeyAsync(recipient.PublicKey));

            using Encapsulation made = await EncapsulateAsync(kem, algorithm, vector.Hex("pkRm"), vector.Hex("ikmE"));
            Assert.Equal(vector.Hex("enc"), made.Ciphertext);
            Assert.Equal(expected, made.SharedSecret);
            using Secret? opened = await kem.DecapsulateAsync(vector.Hex("enc"), secret);
            Assert.Equal(expected, opened);
            run++;
        }
        Assert.Equal(8, run);
    }

    [Fact]
    public static async Task What_the_draft_seals_opens_and_its_exports_agree()
    {
        int run = 0;
        foreach (JsonElement vector in Cases())
        {
            // The single-stage KDFs of the draft are no KDF of MLS.
            if (!Enum.IsDefined((HashAlgorithm)vector.Int("kdf_id"))) continue;
            Hpke hpke = new(Provider, (KemAlgorithm)vector.Int("kem_id"), (HashAlgorithm)vector.Int("kdf_id"), (AeadAlgorithm)vector.Int("aead_id"));
            using Secret secret = vector.Secret("skRm");
            byte[] encapsulated = vector.Hex("enc"), info = vector.Hex("info");
            JsonElement first = vector.GetProperty("encryptions")[0];
            using Secret? opened = await hpke.OpenAsync(encapsulated, secret, info, first.Hex("aad"), first.Hex("ct"));
            Assert.Equal(first.Hex("pt"), opened!.Span.ToArray());
            foreach (JsonElement export in vector.GetProperty("exports").EnumerateArray())
            {
                using Secret? exported = await hpke.ReceiveExportAsync(encapsulated, secret, info, export.Hex("exporter_context"), export.Int("L"));
                Assert.Equal(export.Secret("exported_value"), exported);
            }
            run++;
        }
        Assert.Equal(5, run);
    }

    [Fact]
    public static async Task Keys_and_encapsulations_that_are_none_are_refused_by_every_KEM()
    {
        // X448 is nowhere in a browser.
        foreach (KemAlgorithm algorithm in Enum.GetValues<KemAlgorithm>().Where(kem => kem != KemAlgorithm.DhkemX448 || Provider.Supports(CipherSuite.X448Aes256)))
        {
            Kem kem = Kem.Of(Provider, algorithm);
            using KeyPair own = await kem.GenerateKeyPairAsync();
            Assert.Equal(algorithm.PrivateKeyLength, own.PrivateKey.Length);
            using Encapsulation? made = await kem.EncapsulateAsync(own.PublicKey);
            using Secret? opened = await kem.DecapsulateAsync(made!.Ciphertext, own.PrivateKey);
            Assert.Equal(made.SharedSecret, opened);
            Assert.Equal(algorithm.SecretLength, opened!.Length);

            foreach (byte[] bad in (byte[][])[[], [1], own.PublicKey[1..], [.. own.PublicKey, 0], [.. Enumerable.Repeat((byte)0xff, own.PublicKey.Length)], .. Mangled(own.PublicKey, algorithm)])
            {
                bool x = algorithm is KemAlgorithm.DhkemX25519 or KemAlgorithm.DhkemX448 && bad.Length == own.PublicKey.Length && bad[0] != 0;
                Assert.Equal(x, await kem.IsPublicKeyAsync(bad));
                Assert.Equal(x, await kem.EncapsulateAsync(bad) is not null);
            }
            foreach (byte[] bad in (byte[][])[[], [1], made.Ciphertext[1..], [.. made.Ciphertext, 0], .. algorithm.Group is null ? [] : Mangled(made.Ciphertext, algorithm)])
                Assert.Null(await kem.DecapsulateAsync(bad, own.PrivateKey));
            using Secret brief = Secret.Copy(own.PrivateKey.Span[1..]);
            Assert.Null(await kem.PublicKeyAsync(brief));
            Assert.Null(await kem.DecapsulateAsync(made.Ciphertext, brief));
        }

        // The last bytes, the group's part where there is one, all zero: no point, or one of small order.
        static byte[][] Mangled(byte[] key, KemAlgorithm algorithm)
        {
            if (algorithm.Group is not { } group) return [];
            int length = group switch { KemAlgorithm.DhkemP256 => 65, KemAlgorithm.DhkemP384 => 97, KemAlgorithm.DhkemP521 => 133, KemAlgorithm.DhkemX25519 => 32, _ => 56 };
            byte[] mangled = [.. key];
            mangled.AsSpan(key.Length - length).Clear();
            return [mangled];
        }
    }

    [Fact]
    public static async Task A_hybrid_secret_depends_on_both_halves()
    {
        foreach (KemAlgorithm algorithm in (KemAlgorithm[])[KemAlgorithm.MlKem768P256, KemAlgorithm.MlKem1024P384, KemAlgorithm.MlKem768X25519])
        {
            Kem kem = Kem.Of(Provider, algorithm);
            using KeyPair own = await kem.GenerateKeyPairAsync();
            using Encapsulation one = (await kem.EncapsulateAsync(own.PublicKey))!, two = (await kem.EncapsulateAsync(own.PublicKey))!;
            int split = MlKemParameters.Of(algorithm.MlKem!.Value).CiphertextLength;
            using Secret first = (await kem.DecapsulateAsync((byte[])[.. one.Ciphertext[..split], .. two.Ciphertext[split..]], own.PrivateKey))!;
            using Secret second = (await kem.DecapsulateAsync((byte[])[.. two.Ciphertext[..split], .. one.Ciphertext[split..]], own.PrivateKey))!;
            Assert.Equal(4, new[] { one.SharedSecret, two.SharedSecret, first, second }.Select(secret => Convert.ToHexString(secret.Span)).Distinct().Count());
        }
    }

    static IEnumerable<JsonElement> Cases() =>
        Vectors.Load("hpke/draft-ietf-hpke-pq.json").EnumerateArray().Where(vector => Enum.IsDefined((KemAlgorithm)vector.Int("kem_id")) && ((KemAlgorithm)vector.Int("kem_id")).IsPostQuantum);

    /// <summary>Encap with the vector's randomness: 32 bytes for ML-KEM, then candidates for the ephemeral scalar.</summary>
    static async Task<Encapsulation> EncapsulateAsync(Kem kem, KemAlgorithm algorithm, byte[] publicKey, byte[] randomness)
    {
        MlKemParameters parameters = MlKemParameters.Of(algorithm.MlKem!.Value);
        byte[] ciphertext = new byte[parameters.CiphertextLength], shared = new byte[MlKemParameters.SecretLength];
        Assert.True(ManagedMlKemKey.TryEncapsulate(parameters, publicKey.AsSpan(0, parameters.EncapsulationKeyLength), randomness.AsSpan(0, 32), ciphertext, shared));
        Encapsulation first = new(ciphertext, Secret.Own(shared));
        if (algorithm.Group is not { } group) return first;
        for (int at = 32; ; at += group.PrivateKeyLength)
        {
            Secret scalar = Secret.Copy(randomness.AsSpan(at, group.PrivateKeyLength));
            if (await Provider.PublicKeyAsync(group, scalar) is not { } point) continue;
            using KeyPair ephemeral = new(scalar, point);
            return (await ((HybridKem)kem).EncapsulateAsync(first, ephemeral, publicKey))!;
        }
    }
}
