using System.Text.Json;

namespace Kavalek.Mls.Tests;

public static class HpkeTests
{
    static readonly NativeCryptoProvider Provider = new();

    // Browsers have none; natively, SuiteTests holds that all suites are there.
    static bool HasX448 => Provider.Supports(CipherSuite.X448Aes256);

    [Fact]
    public static async Task Base_mode_matches_rfc_9180_on_every_curve()
    {
        int run = 0, opened = 0;
        foreach (var vector in Vectors.Load("hpke/rfc9180.json").EnumerateArray())
        {
            KemAlgorithm kem = (KemAlgorithm)vector.Int("kem_id");
            if (vector.Int("mode") != 0 || (kem == KemAlgorithm.DhkemX448 && !HasX448)) continue;
            AeadAlgorithm aead = (AeadAlgorithm)vector.Int("aead_id");
            Hpke hpke = new(Provider, kem, (HashAlgorithm)vector.Int("kdf_id"), aead);
            Dhkem dhkem = new(Provider, kem);
            using KeyPair recipient = await Derive(hpke, vector, "R"), ephemeral = await Derive(hpke, vector, "E");
            byte[] encapsulated = vector.Hex("enc"), info = vector.Hex("info");
            Assert.Equal(encapsulated, ephemeral.PublicKey);

            foreach (var export in vector.GetProperty("exports").EnumerateArray())
            {
                using Secret? exported = await hpke.ReceiveExportAsync(encapsulated, recipient.PrivateKey, info, export.Hex("exporter_context"), export.Int("L"));
                Assert.Equal(export.Secret("exported_value"), exported);
            }
            // 0xFFFF only exports.
            if (Enum.IsDefined(aead))
            {
                var first = vector.GetProperty("encryptions")[0];
                (byte[] aad, byte[] plaintext, byte[] ciphertext) = (first.Hex("aad"), first.Hex("pt"), first.Hex("ct"));
                using Secret? open = await hpke.OpenAsync(encapsulated, recipient.PrivateKey, info, aad, ciphertext);
                Assert.Equal(plaintext, open!.Span.ToArray());
                using Encapsulation? encapsulation = await dhkem.EncapsulateAsync(ephemeral, recipient.PublicKey);
                HpkeCiphertext made = await hpke.SealAsync(encapsulation!, hpke.Digest(info), aad, plaintext);
                Assert.Equal(ciphertext, made.Ciphertext);
                opened++;
            }
            run++;
        }
        Assert.Equal(HasX448 ? (32, 24) : (24, 18), (run, opened));
    }

    [Fact]
    public static async Task What_is_sealed_opens_once_per_seal_with_a_fresh_key()
    {
        foreach (CipherSuite suite in CipherSuite.Known.Where(Provider.Supports))
        {
            SuiteCrypto crypto = new(suite, Provider);
            using KeyPair recipient = await crypto.GenerateKeyPairAsync();
            HpkeCiphertext? one = await crypto.Hpke.SealAsync(recipient.PublicKey, "info"u8.ToArray(), "aad"u8.ToArray(), "text"u8.ToArray());
            HpkeCiphertext? two = await crypto.Hpke.SealAsync(recipient.PublicKey, "info"u8.ToArray(), "aad"u8.ToArray(), "text"u8.ToArray());
            Assert.NotEqual(one!.KemOutput, two!.KemOutput);
            using Secret? opened = await crypto.Hpke.OpenAsync(one.KemOutput, recipient.PrivateKey, "info"u8.ToArray(), "aad"u8.ToArray(), one.Ciphertext);
            Assert.Equal("text"u8.ToArray(), opened!.Span.ToArray());
            Assert.Null(await crypto.Hpke.OpenAsync(two.KemOutput, recipient.PrivateKey, "info"u8.ToArray(), "aad"u8.ToArray(), one.Ciphertext));
            Assert.Null(await crypto.Hpke.OpenAsync(one.KemOutput, recipient.PrivateKey, "other"u8.ToArray(), "aad"u8.ToArray(), one.Ciphertext));
        }
    }

    [Fact]
    public static async Task Exported_secrets_agree()
    {
        using KeyPair recipient = await Suites.P256.GenerateKeyPairAsync();
        var sent = await Suites.P256.Hpke.SendExportAsync(recipient.PublicKey, "info"u8.ToArray(), "context"u8.ToArray(), 40);
        using Secret exported = sent!.Value.Exported;
        using Secret? received = await Suites.P256.Hpke.ReceiveExportAsync(sent.Value.KemOutput, recipient.PrivateKey, "info"u8.ToArray(), "context"u8.ToArray(), 40);
        Assert.Equal(exported, received);
    }

    static async Task<KeyPair> Derive(Hpke hpke, JsonElement vector, string whose)
    {
        KeyPair pair = await hpke.DeriveKeyPairAsync(vector.Secret("ikm" + whose));
        Assert.Equal(vector.Secret($"sk{whose}m"), pair.PrivateKey);
        Assert.Equal(vector.Hex($"pk{whose}m"), pair.PublicKey);
        return pair;
    }
}
