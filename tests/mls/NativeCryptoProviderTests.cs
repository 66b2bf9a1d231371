namespace Kavalek.Mls.Tests;

public static class NativeCryptoProviderTests
{
    static readonly NativeCryptoProvider Provider = Suites.Providers[0];

    /// <summary>Each curve of each provider.</summary>
    public static TheoryData<int, ushort> Curves
    {
        get
        {
            TheoryData<int, ushort> data = [];
            for (int provider = 0; provider < Suites.Providers.Count; provider++)
                foreach (CipherSuite suite in Suites.Nist) data.Add(provider, suite.Id);
            return data;
        }
    }

    static (NativeCryptoProvider, KemAlgorithm, SignatureAlgorithm) Pick(int provider, ushort suite) =>
        (Suites.Providers[provider], CipherSuite.Find(suite)!.Kem, CipherSuite.Find(suite)!.Signature);

    [Theory, MemberData(nameof(Curves))]
    public static async Task A_private_key_from_its_bytes_alone_gives_the_same_public_key_and_agreement(int which, ushort suite)
    {
        (NativeCryptoProvider provider, KemAlgorithm kem, SignatureAlgorithm signature) = Pick(which, suite);
        using KeyPair one = await provider.GenerateKeyPairAsync(kem), two = await provider.GenerateKeyPairAsync(kem);
        using Secret reloaded = one.PrivateKey.Clone();
        Assert.Equal(one.PublicKey, await provider.PublicKeyAsync(kem, reloaded));
        using Secret? here = await provider.AgreeAsync(kem, reloaded, two.PublicKey), there = await provider.AgreeAsync(kem, two.PrivateKey, one.PublicKey);
        Assert.Equal(here, there);

        using KeyPair signer = await provider.GenerateSignatureKeyPairAsync(signature);
        using Secret again = signer.PrivateKey.Clone();
        byte[] signed = await provider.SignAsync(signature, again, "data"u8.ToArray());
        Assert.True(await provider.VerifyAsync(signature, signer.PublicKey, "data"u8.ToArray(), signed));
        Assert.False(await provider.VerifyAsync(signature, signer.PublicKey, "date"u8.ToArray(), signed));
    }

    [Theory, MemberData(nameof(Curves))]
    public static async Task Bad_keys_from_a_peer_give_nothing_and_throw_nothing(int which, ushort suite)
    {
        (NativeCryptoProvider provider, KemAlgorithm kem, SignatureAlgorithm signature) = Pick(which, suite);
        using KeyPair own = await provider.GenerateKeyPairAsync(kem);
        byte[] point = own.PublicKey, flipped = [.. point];
        flipped[^1] ^= 1;
        byte[] signed = new byte[70];
        foreach (byte[] bad in (byte[][])[[], [0], point[..^1], [.. point, 0], flipped, new byte[point.Length], [4, .. Enumerable.Repeat((byte)0xff, point.Length - 1)], [2, .. point[1..(point.Length / 2 + 1)]]])
        {
            Assert.Null(await provider.AgreeAsync(kem, own.PrivateKey, bad));
            Assert.False(await provider.VerifyAsync(signature, bad, signed, signed));
        }
        foreach (byte[] bad in (byte[][])[[], new byte[own.PrivateKey.Length], Enumerable.Repeat((byte)0xff, own.PrivateKey.Length).ToArray(), [1, 2, 3]])
        {
            Assert.Null(await provider.PublicKeyAsync(kem, Secret.Copy(bad)));
            Assert.Null(await provider.AgreeAsync(kem, Secret.Copy(bad), point));
        }
    }

    [Theory, MemberData(nameof(Curves))]
    public static async Task Every_shorter_or_changed_signature_is_refused(int which, ushort suite)
    {
        (NativeCryptoProvider provider, _, SignatureAlgorithm signature) = Pick(which, suite);
        Assert.True(provider.Supports(CipherSuite.Find(suite)!));
        using KeyPair signer = await provider.GenerateSignatureKeyPairAsync(signature);
        byte[] data = [1, 2, 3], signed = await provider.SignAsync(signature, signer.PrivateKey, data);
        for (int cut = 0; cut < signed.Length; cut++) Assert.False(await provider.VerifyAsync(signature, signer.PublicKey, data, signed.AsMemory(0, cut)));
        for (int at = 0; at < signed.Length; at++)
        {
            byte[] changed = [.. signed];
            changed[at] ^= 1;
            Assert.False(await provider.VerifyAsync(signature, signer.PublicKey, data, changed));
        }
        Assert.False(await provider.VerifyAsync(signature, signer.PublicKey, data, (byte[])[.. signed, 0]));
    }

    [Theory, MemberData(nameof(Curves))]
    public static async Task A_private_key_at_or_above_the_order_is_refused(int which, ushort suite)
    {
        (NativeCryptoProvider provider, KemAlgorithm kem, _) = Pick(which, suite);
        byte[] order = Convert.FromHexString(kem switch
        {
            KemAlgorithm.DhkemP256 => "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
            KemAlgorithm.DhkemP384 => "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
            _ => "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        });
        Assert.Null(await provider.PublicKeyAsync(kem, Secret.Copy(order)));
        order[^1]--;
        Assert.NotNull(await provider.PublicKeyAsync(kem, Secret.Copy(order)));
    }

    [Fact]
    public static async Task Providers_agree_with_each_other()
    {
        if (Suites.Providers.Count < 2) return;
        (NativeCryptoProvider one, NativeCryptoProvider two) = (Suites.Providers[0], Suites.Providers[1]);
        foreach (CipherSuite suite in Suites.Nist)
        {
            using KeyPair mine = await one.GenerateKeyPairAsync(suite.Kem), theirs = await two.GenerateKeyPairAsync(suite.Kem);
            using Secret? here = await one.AgreeAsync(suite.Kem, mine.PrivateKey, theirs.PublicKey);
            using Secret? there = await two.AgreeAsync(suite.Kem, theirs.PrivateKey, mine.PublicKey);
            Assert.Equal(here, there);
            using Secret moved = mine.PrivateKey.Clone();
            Assert.Equal(mine.PublicKey, await two.PublicKeyAsync(suite.Kem, moved));
            using Secret signer = mine.PrivateKey.Clone();
            byte[] signature = await one.SignAsync(suite.Signature, signer, "data"u8.ToArray());
            Assert.True(await two.VerifyAsync(suite.Signature, mine.PublicKey, "data"u8.ToArray(), signature));
        }
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
            for (byte i = 0; i < 100; i++) Assert.Equal(Convert.ToHexString([i]), cache.Get([i], Import));
        }
        Assert.Equal(300, imports);
        for (int round = 0; round < 50; round++) Assert.Equal("01", cache.Get([1], Import));
        Assert.Equal(301, imports);
        Assert.Null(cache.Get([255], Import));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                byte[] key = [(byte)(i % 20)];
                Assert.Equal(Convert.ToHexString(key), new PublicKeyCache<string>(8).Get(key, e => Convert.ToHexString(e)));
                Assert.Equal(Convert.ToHexString(key), cache.Get(key, e => Convert.ToHexString(e)));
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
