using System.Text;
using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>The curves that come from OpenSSL: by examples of their RFCs and of the MLS working group, and by what must be refused.</summary>
public static class OpenSslTests
{
    static readonly RawKeyCurve X25519 = RawKeyCurve.X25519(), X448 = RawKeyCurve.X448(), Ed25519 = RawKeyCurve.Ed25519(), Ed448 = RawKeyCurve.Ed448();

    [Fact]
    public static void X25519_agrees_as_in_rfc_7748_section_6_1()
    {
        using Secret own = Secret.Own(Convert.FromHexString("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
        Assert.Equal("DE9EDB7D7B7DC1B4D35B61C2ECE435373F8343C85B78674DADFC7E146F882B4F", Convert.ToHexString(X25519.PublicKey(own)!));
        byte[] peer = Convert.FromHexString("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        using Secret shared = X25519.Agree(own, peer)!;
        Assert.Equal("4A5D9D5BA4CE2DE1728E3BF480350F25E07E21C947D19E3376F09B3C1E161742", Convert.ToHexString(shared.Span));
    }

    [Fact]
    public static void Ed25519_signs_as_in_rfc_8032_section_7_1()
    {
        using Secret key = Secret.Own(Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
        Assert.Equal("D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A", Convert.ToHexString(Ed25519.PublicKey(key)!));
        Assert.Equal(
            "E5564300C360AC729086E2CC806E828A84877F1EB8E5D974D873E065224901555FB8821590A33BACC61E39701CF9B46BD25BF5F0595BBE24655141438E7A100B",
            Convert.ToHexString(Ed25519.Sign(key, [])!));
    }

    [Fact]
    public static void The_keys_of_the_HPKE_vectors_give_their_public_keys()
    {
        int run = 0;
        foreach (JsonElement vector in Vectors.Load("hpke/rfc9180.json").EnumerateArray())
        {
            if (Of((KemAlgorithm)vector.Int("kem_id")) is not { } curve) continue;
            using Secret recipient = vector.Secret("skRm"), ephemeral = vector.Secret("skEm");
            Assert.Equal(vector.Hex("pkRm"), curve.PublicKey(recipient));
            using Secret? sent = curve.Agree(ephemeral, vector.Hex("pkRm")), received = curve.Agree(recipient, vector.Hex("pkEm"));
            Assert.NotNull(sent);
            Assert.Equal(sent, received);
            run++;
        }
        Assert.Equal(64, run);
    }

    [Theory]
    [InlineData(KemAlgorithm.DhkemX25519)]
    [InlineData(KemAlgorithm.DhkemX448)]
    public static void Two_fresh_pairs_agree_and_a_third_does_not(KemAlgorithm kem)
    {
        RawKeyCurve curve = Of(kem)!;
        using KeyPair one = curve.Generate(), two = curve.Generate(), three = curve.Generate();
        using Secret? a = curve.Agree(one.PrivateKey, two.PublicKey), b = curve.Agree(two.PrivateKey, one.PublicKey), c = curve.Agree(three.PrivateKey, one.PublicKey);
        Assert.Equal(a, b);
        Assert.NotEqual(a, c);
    }

    [Theory]
    [InlineData(KemAlgorithm.DhkemX25519, "00")]
    [InlineData(KemAlgorithm.DhkemX25519, "01")]
    [InlineData(KemAlgorithm.DhkemX25519, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData(KemAlgorithm.DhkemX448, "00")]
    [InlineData(KemAlgorithm.DhkemX448, "01")]
    public static void A_point_of_small_order_is_refused(KemAlgorithm kem, string start)
    {
        RawKeyCurve curve = Of(kem)!;
        byte[] point = new byte[curve.KeyLength];
        Convert.FromHexString(start).CopyTo(point, 0);
        using KeyPair own = curve.Generate();
        Assert.Null(curve.Agree(own.PrivateKey, point));
    }

    [Theory]
    [InlineData(KemAlgorithm.DhkemX25519)]
    [InlineData(KemAlgorithm.DhkemX448)]
    public static void Keys_of_another_length_are_refused(KemAlgorithm kem)
    {
        RawKeyCurve curve = Of(kem)!;
        using KeyPair own = curve.Generate();
        using Secret brief = Secret.Copy(own.PrivateKey.Span[1..]);
        Assert.Null(curve.PublicKey(brief));
        Assert.Null(curve.Agree(brief, own.PublicKey));
        Assert.Null(curve.Agree(own.PrivateKey, own.PublicKey.AsSpan(1)));
        Assert.Null(curve.Agree(own.PrivateKey, []));
        Assert.Null(curve.Agree(own.PrivateKey, [.. own.PublicKey, 0]));
    }

    [Theory]
    [InlineData(SignatureAlgorithm.Ed25519)]
    [InlineData(SignatureAlgorithm.Ed448)]
    public static void A_signature_verifies_for_its_key_and_data_only(SignatureAlgorithm algorithm)
    {
        RawKeyCurve curve = algorithm == SignatureAlgorithm.Ed25519 ? Ed25519 : Ed448;
        using KeyPair signer = curve.Generate(), other = curve.Generate();
        byte[] data = Encoding.UTF8.GetBytes("signed"), signature = curve.Sign(signer.PrivateKey, data)!;
        Assert.True(curve.Verify(signer.PublicKey, data, signature));
        Assert.False(curve.Verify(other.PublicKey, data, signature));
        Assert.False(curve.Verify(signer.PublicKey, "Signed"u8, signature));
        Assert.False(curve.Verify(signer.PublicKey, data, signature.AsSpan(1)));
        Assert.False(curve.Verify(signer.PublicKey, data, [.. signature, 0]));
        Assert.False(curve.Verify(signer.PublicKey, data, []));
        Assert.False(curve.Verify(signer.PublicKey.AsSpan(1), data, signature));
        Assert.False(curve.Verify([], data, signature));
        signature[^1] ^= 1;
        Assert.False(curve.Verify(signer.PublicKey, data, signature));
        using Secret brief = Secret.Copy(signer.PrivateKey.Span[1..]);
        Assert.Null(curve.Sign(brief, data));
    }

    [Theory]
    [InlineData(SignatureAlgorithm.Ed25519, 1, 3)]
    [InlineData(SignatureAlgorithm.Ed448, 4, 6)]
    public static void The_signatures_of_the_MLS_vectors_verify_and_are_reproduced(SignatureAlgorithm algorithm, int one, int other)
    {
        RawKeyCurve curve = algorithm == SignatureAlgorithm.Ed25519 ? Ed25519 : Ed448;
        foreach (JsonElement vector in Vectors.Mls("crypto-basics").Where(vector => vector.Int("cipher_suite") is var suite && (suite == one || suite == other)))
        {
            JsonElement test = vector.GetProperty("sign_with_label");
            using TlsWriter signed = new(256);
            signed.WriteVector(Encoding.ASCII.GetBytes("MLS 1.0 " + test.Text("label")));
            signed.WriteVector(test.Hex("content"));
            using Secret key = Secret.Own(test.Hex("priv"));
            Assert.Equal(test.Hex("pub"), curve.PublicKey(key));
            Assert.True(curve.Verify(test.Hex("pub"), signed.Written, test.Hex("signature")));
            Assert.Equal(test.Hex("signature"), curve.Sign(key, signed.Written));
        }
    }

    [Fact]
    public static void Threads_share_keys()
    {
        RawKeyCurve agree = X25519, sign = Ed25519;
        using KeyPair own = agree.Generate(), peer = agree.Generate(), signer = sign.Generate();
        using Secret expected = agree.Agree(own.PrivateKey, peer.PublicKey)!;
        byte[] signature = sign.Sign(signer.PrivateKey, "data"u8)!;
        Parallel.For(0, 2000, i =>
        {
            using Secret? shared = agree.Agree(own.PrivateKey, peer.PublicKey);
            Assert.Equal(expected, shared);
            Assert.True(sign.Verify(signer.PublicKey, "data"u8, signature));
            Assert.Equal(signature, sign.Sign(signer.PrivateKey, "data"u8));
        });
    }

    static RawKeyCurve? Of(KemAlgorithm kem) => kem switch { KemAlgorithm.DhkemX25519 => X25519, KemAlgorithm.DhkemX448 => X448, _ => null };
}
