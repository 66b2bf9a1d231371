namespace Kavalek.Mls.Tests;

/// <summary>What the native provider wraps, against Wycheproof's edge cases and forgeries.</summary>
public static class WycheproofTests
{
    static readonly NativeCryptoProvider Provider = new();

    [Fact]
    public static async Task Aes_gcm_opens_what_is_valid_and_nothing_else()
    {
        int run = 0;
        foreach (var (group, test) in Vectors.Wycheproof("aes_gcm_test"))
        {
            // MLS has 128- and 256-bit keys and 96-bit nonces only.
            if (group.Int("ivSize") != 96 || group.Int("keySize") is not (128 or 256)) continue;
            AeadAlgorithm algorithm = group.Int("keySize") == 128 ? AeadAlgorithm.Aes128Gcm : AeadAlgorithm.Aes256Gcm;
            using Secret key = test.Secret("key");
            byte[] ciphertext = [.. test.Hex("ct"), .. test.Hex("tag")];
            byte[]? opened = await Provider.OpenAsync(algorithm, key, test.Hex("iv"), test.Hex("aad"), ciphertext);
            if (test.Text("result") == "valid")
            {
                Assert.Equal(test.Hex("msg"), opened);
                Assert.Equal(ciphertext, await Provider.SealAsync(algorithm, key, test.Hex("iv"), test.Hex("aad"), test.Hex("msg")));
            }
            else
            {
                Assert.Null(opened);
            }
            run++;
        }
        Assert.True(run > 100, $"only {run} cases");
    }

    [Fact]
    public static async Task Ecdh_agrees_on_valid_points_and_refuses_the_others()
    {
        int run = 0;
        foreach (var (_, test) in Vectors.Wycheproof("ecdh_secp256r1_ecpoint_test"))
        {
            using Secret privateKey = Suites.P256.PrivateKey([.. test.Hex("private").SkipWhile(b => b == 0)]);
            foreach (NativeCryptoProvider provider in Suites.Providers)
            {
                using Secret own = privateKey.Clone();
                using Secret? agreed = await provider.AgreeAsync(KemAlgorithm.DhkemP256, own, test.Hex("public"));
                // MLS carries uncompressed points only: a compressed one ("acceptable") is refused like an invalid one.
                if (test.Text("result") == "valid") Assert.Equal(test.Secret("shared"), agreed); else Assert.Null(agreed);
            }
            run++;
        }
        Assert.Equal(355, run);
    }

    [Fact]
    public static async Task Ecdsa_verifies_what_is_valid_and_nothing_else()
    {
        int run = 0;
        foreach (var (group, test) in Vectors.Wycheproof("ecdsa_secp256r1_sha256_test"))
        {
            byte[] publicKey = group.GetProperty("publicKey").Hex("uncompressed");
            foreach (NativeCryptoProvider provider in Suites.Providers)
            {
                bool verified = await provider.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, publicKey, test.Hex("msg"), test.Hex("sig"));
                Assert.True(verified == (test.Text("result") == "valid"), $"case {test.Int("tcId")}: {test.Text("comment")}");
            }
            run++;
        }
        Assert.Equal(484, run);
    }

    [Theory]
    [InlineData("hkdf_sha256_test", HashAlgorithm.Sha256)]
    [InlineData("hkdf_sha384_test", HashAlgorithm.Sha384)]
    public static void Hkdf_matches(string file, HashAlgorithm hash)
    {
        int run = 0;
        foreach (var (_, test) in Vectors.Wycheproof(file))
        {
            byte[] prk = new byte[hash.Length];
            Provider.HkdfExtract(hash, test.Hex("salt"), test.Hex("ikm"), prk);
            byte[] okm = new byte[test.Int("size")];
            if (test.Text("result") == "valid")
            {
                Provider.HkdfExpand(hash, prk, test.Hex("info"), okm);
                Assert.Equal(test.Hex("okm"), okm);
            }
            else
            {
                // Longer than 255 hashes: an error of the caller, not of a peer.
                Assert.ThrowsAny<ArgumentException>(() => Provider.HkdfExpand(hash, prk, test.Hex("info"), okm));
            }
            run++;
        }
        Assert.True(run > 80);
    }
}
