namespace Kavalek.Mls.Tests;

public static class NativeCryptoProviderTests
{
    static readonly NativeCryptoProvider Provider = new();

    public static TheoryData<KemAlgorithm, SignatureAlgorithm> Curves => new()
    {
        { KemAlgorithm.DhkemP256, SignatureAlgorithm.EcdsaP256Sha256 },
        { KemAlgorithm.DhkemP384, SignatureAlgorithm.EcdsaP384Sha384 },
        { KemAlgorithm.DhkemP521, SignatureAlgorithm.EcdsaP521Sha512 },
    };

    [Theory, MemberData(nameof(Curves))]
    public static async Task A_private_key_from_its_bytes_alone_gives_the_same_public_key_and_agreement(KemAlgorithm kem, SignatureAlgorithm signature)
    {
        using KeyPair one = await Provider.GenerateKeyPairAsync(kem), two = await Provider.GenerateKeyPairAsync(kem);
        using Secret reloaded = one.PrivateKey.Clone();
        Assert.Equal(one.PublicKey, await Provider.PublicKeyAsync(kem, reloaded));
        using Secret? here = await Provider.AgreeAsync(kem, reloaded, two.PublicKey), there = await Provider.AgreeAsync(kem, two.PrivateKey, one.PublicKey);
        Assert.Equal(here, there);

        using KeyPair signer = await Provider.GenerateSignatureKeyPairAsync(signature);
        using Secret again = signer.PrivateKey.Clone();
        byte[] signed = await Provider.SignAsync(signature, again, "data"u8.ToArray());
        Assert.True(await Provider.VerifyAsync(signature, signer.PublicKey, "data"u8.ToArray(), signed));
        Assert.False(await Provider.VerifyAsync(signature, signer.PublicKey, "date"u8.ToArray(), signed));
    }

    [Theory, MemberData(nameof(Curves))]
    public static async Task Bad_keys_from_a_peer_give_nothing_and_throw_nothing(KemAlgorithm kem, SignatureAlgorithm signature)
    {
        using KeyPair own = await Provider.GenerateKeyPairAsync(kem);
        byte[] point = own.PublicKey, flipped = [.. point];
        flipped[^1] ^= 1;
        byte[] signed = new byte[70];
        foreach (byte[] bad in (byte[][])[[], [0], point[..^1], [.. point, 0], flipped, new byte[point.Length], [4, .. Enumerable.Repeat((byte)0xff, point.Length - 1)], [2, .. point[1..(point.Length / 2 + 1)]]])
        {
            Assert.Null(await Provider.AgreeAsync(kem, own.PrivateKey, bad));
            Assert.False(await Provider.VerifyAsync(signature, bad, signed, signed));
        }
        foreach (byte[] bad in (byte[][])[[], new byte[own.PrivateKey.Length], Enumerable.Repeat((byte)0xff, own.PrivateKey.Length).ToArray(), [1, 2, 3]])
        {
            Assert.Null(await Provider.PublicKeyAsync(kem, Secret.Copy(bad)));
            Assert.Null(await Provider.AgreeAsync(kem, Secret.Copy(bad), point));
        }
    }

    [Theory, MemberData(nameof(Curves))]
    public static async Task Every_shorter_or_changed_signature_is_refused(KemAlgorithm kem, SignatureAlgorithm signature)
    {
        Assert.True(Provider.Supports(CipherSuite.Known.Single(suite => suite.Kem == kem)));
        using KeyPair signer = await Provider.GenerateSignatureKeyPairAsync(signature);
        byte[] data = [1, 2, 3], signed = await Provider.SignAsync(signature, signer.PrivateKey, data);
        for (int cut = 0; cut < signed.Length; cut++) Assert.False(await Provider.VerifyAsync(signature, signer.PublicKey, data, signed.AsMemory(0, cut)));
        for (int at = 0; at < signed.Length; at++)
        {
            byte[] changed = [.. signed];
            changed[at] ^= 1;
            Assert.False(await Provider.VerifyAsync(signature, signer.PublicKey, data, changed));
        }
        Assert.False(await Provider.VerifyAsync(signature, signer.PublicKey, data, (byte[])[.. signed, 0]));
    }

    [Fact]
    public static async Task Every_shorter_or_changed_ciphertext_is_refused()
    {
        using Secret key = Secret.Zero(16);
        byte[] nonce = new byte[12], sealedBytes = await Provider.SealAsync(AeadAlgorithm.Aes128Gcm, key, nonce, nonce, "hello"u8.ToArray());
        for (int cut = 0; cut < sealedBytes.Length; cut++) Assert.Null(await Provider.OpenAsync(AeadAlgorithm.Aes128Gcm, key, nonce, nonce, sealedBytes.AsMemory(0, cut)));
        for (int at = 0; at < sealedBytes.Length; at++)
        {
            byte[] changed = [.. sealedBytes];
            changed[at] ^= 0x80;
            Assert.Null(await Provider.OpenAsync(AeadAlgorithm.Aes128Gcm, key, nonce, nonce, changed));
        }
    }

    [Fact]
    public static async Task The_public_key_cache_stays_within_its_bound_and_right()
    {
        PublicKeyCache<string> cache = new(8);
        int imports = 0;
        string? Import(ReadOnlySpan<byte> encoded)
        {
            imports++;
            return encoded[0] == 255 ? null : Convert.ToHexString(encoded);
        }
        for (int round = 0; round < 3; round++)
        {
            for (byte i = 0; i < 100; i++) Assert.Equal(Convert.ToHexString([i]), cache.Get(1, [i], Import));
        }
        Assert.Equal(300, imports);
        for (int round = 0; round < 50; round++) Assert.Equal("01", cache.Get(1, [1], Import));
        Assert.Equal(301, imports);
        Assert.Null(cache.Get(1, [255], Import));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                byte[] key = [(byte)(i % 20)];
                Assert.Equal(Convert.ToHexString(key), new PublicKeyCache<string>(8).Get(1, key, e => Convert.ToHexString(e)));
                Assert.Equal(Convert.ToHexString(key), cache.Get(1, key, e => Convert.ToHexString(e)));
            }
        })));
    }

    [Fact]
    public static async Task A_disposed_private_key_signs_nothing()
    {
        KeyPair signer = await Provider.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        Assert.NotEmpty(await Provider.SignAsync(SignatureAlgorithm.EcdsaP256Sha256, signer.PrivateKey, "data"u8.ToArray()));
        signer.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Provider.SignAsync(SignatureAlgorithm.EcdsaP256Sha256, signer.PrivateKey, "data"u8.ToArray()));
    }

    [Fact]
    public static void A_secret_prints_its_length_and_compares_by_content()
    {
        using Secret one = Secret.Copy([1, 2, 3]), same = Secret.Copy([1, 2, 3]), longer = Secret.Copy([1, 2, 3, 4]);
        Assert.Equal("Secret[3]", one.ToString());
        Assert.Equal(one, same);
        Assert.NotEqual(one, longer);
    }
}
