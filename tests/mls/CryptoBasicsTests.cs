namespace Kavalek.Mls.Tests;

public static class CryptoBasicsTests
{
    [Fact]
    public static void Labelled_hashes_match_the_vectors_of_every_suite()
    {
        foreach (var vector in Vectors.Mls("crypto-basics"))
        {
            SuiteCrypto crypto = Suites.HashesOf(vector);
            var refHash = vector.GetProperty("ref_hash");
            Assert.Equal(refHash.Hex("out"), crypto.RefHash(refHash.Text("label"), refHash.Hex("value")));

            var expand = vector.GetProperty("expand_with_label");
            Assert.Equal(expand.Secret("out"), crypto.ExpandWithLabel(expand.Secret("secret"), expand.Text("label"), expand.Hex("context"), expand.Int("length")));

            var derive = vector.GetProperty("derive_secret");
            Assert.Equal(derive.Secret("out"), crypto.DeriveSecret(derive.Secret("secret"), derive.Text("label")));

            var tree = vector.GetProperty("derive_tree_secret");
            Assert.Equal(tree.Secret("out"), crypto.DeriveTreeSecret(tree.Secret("secret"), tree.Text("label"), tree.UInt("generation"), tree.Int("length")));
        }
    }

    [Fact]
    public static async Task Labelled_signatures_match_the_vectors_of_every_suite()
    {
        int run = 0;
        foreach (var vector in Vectors.Mls("crypto-basics"))
        {
            if (Suites.Of(vector) is not { } crypto) continue;
            run++;
            var sign = vector.GetProperty("sign_with_label");
            (string label, byte[] content, byte[] publicKey) = (sign.Text("label"), sign.Hex("content"), sign.Hex("pub"));
            Assert.True(await crypto.VerifyWithLabelAsync(publicKey, label, content, sign.Hex("signature")));
            Assert.False(await crypto.VerifyWithLabelAsync(publicKey, label + "?", content, sign.Hex("signature")));

            using Secret privateKey = crypto.PrivateKey(sign.Hex("priv"));
            byte[] own = await crypto.SignWithLabelAsync(privateKey, label, content);
            Assert.True(await crypto.VerifyWithLabelAsync(publicKey, label, content, own));
        }
        Assert.Equal(Suites.InVectors, run);
    }

    [Fact]
    public static async Task Labelled_encryption_matches_the_vectors_of_every_suite()
    {
        int run = 0;
        foreach (var vector in Vectors.Mls("crypto-basics"))
        {
            if (Suites.Of(vector) is not { } crypto) continue;
            run++;
            var encrypt = vector.GetProperty("encrypt_with_label");
            (string label, byte[] context, byte[] plaintext) = (encrypt.Text("label"), encrypt.Hex("context"), encrypt.Hex("plaintext"));
            using Secret privateKey = crypto.PrivateKey(encrypt.Hex("priv"));
            HpkeCiphertext given = new(encrypt.Hex("kem_output"), encrypt.Hex("ciphertext"));
            using Secret? opened = await crypto.DecryptWithLabelAsync(privateKey, label, context, given);
            Assert.Equal(plaintext, opened!.Span.ToArray());
            Assert.Null(await crypto.DecryptWithLabelAsync(privateKey, label + "?", context, given));

            HpkeCiphertext? own = await crypto.EncryptWithLabelAsync(encrypt.Hex("pub"), label, context, plaintext);
            using Secret? reopened = await crypto.DecryptWithLabelAsync(privateKey, label, context, own!);
            Assert.Equal(plaintext, reopened!.Span.ToArray());
        }
        Assert.Equal(Suites.InVectors, run);
    }
}
