using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Mls;

/// <summary>An HPKE ciphertext as MLS carries it (RFC 9420 §7.6).</summary>
/// <param name="KemOutput">The encapsulated key.</param>
/// <param name="Ciphertext">The AEAD ciphertext with its tag.</param>
public sealed record HpkeCiphertext(byte[] KemOutput, byte[] Ciphertext);

/// <summary>
/// The functions that RFC 9420 builds from a cipher suite (§5.1, §5.2, §8), bound to the provider that computes them.
/// Immutable and safe for concurrent use.
/// </summary>
public sealed class SuiteCrypto
{
    /// <summary>Binds <paramref name="suite"/> to <paramref name="provider"/>.</summary>
    /// <exception cref="PlatformNotSupportedException">The provider lacks the suite.</exception>
    public SuiteCrypto(CipherSuite suite, ICryptoProvider provider)
        : this(suite, provider, provider.Supports(suite) ? default(object) : throw new PlatformNotSupportedException($"{suite.Name} is not available on this platform"))
    {
    }

    SuiteCrypto(CipherSuite suite, ICryptoProvider provider, object? _)
    {
        Suite = suite;
        Provider = provider;
        Hpke = new Hpke(provider, suite.Kem, suite.Hash, suite.Aead);
    }

    /// <summary>A suite of which only the hash is used: the key schedule of a suite whose curves the platform lacks.</summary>
    internal static SuiteCrypto HashOnly(CipherSuite suite, ICryptoProvider provider) => new(suite, provider, null);

    /// <summary>The algorithms.</summary>
    public CipherSuite Suite { get; }

    /// <summary>Who computes them.</summary>
    public ICryptoProvider Provider { get; }

    /// <summary>HPKE with the suite's KEM, KDF and AEAD.</summary>
    public Hpke Hpke { get; }

    /// <summary>KDF.Nh, bytes.</summary>
    public int HashLength => Suite.HashLength;

    /// <summary>Random bytes as a secret.</summary>
    public Secret RandomSecret(int length)
    {
        byte[] bytes = new byte[length];
        Provider.Random(bytes);
        return Secret.Own(bytes);
    }

    /// <summary>The suite's hash.</summary>
    public byte[] Hash(ReadOnlySpan<byte> data)
    {
        byte[] digest = new byte[HashLength];
        Provider.Hash(Suite.Hash, data, digest);
        return digest;
    }

    /// <summary>The suite's MAC: HMAC (§5.2).</summary>
    public byte[] Mac(Secret key, ReadOnlySpan<byte> data)
    {
        byte[] tag = new byte[HashLength];
        Provider.Hmac(Suite.Hash, key.Span, data, tag);
        return tag;
    }

    /// <summary>Whether <paramref name="tag"/> is the MAC of <paramref name="data"/>, compared in constant time, length included.</summary>
    public bool VerifyMac(Secret key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> tag)
    {
        Span<byte> expected = stackalloc byte[HashLength];
        Provider.Hmac(Suite.Hash, key.Span, data, expected);
        return CryptographicOperations.FixedTimeEquals(expected, tag);
    }

    /// <summary>KDF.Extract (§5.1).</summary>
    public Secret Extract(Secret salt, Secret ikm)
    {
        byte[] prk = new byte[HashLength];
        Provider.HkdfExtract(Suite.Hash, salt.Span, ikm.Span, prk);
        return Secret.Own(prk);
    }

    /// <summary>ExpandWithLabel (§8): <c>KDF.Expand(secret, KDFLabel{length, "MLS 1.0 " + label, context}, length)</c>.</summary>
    public Secret ExpandWithLabel(Secret secret, string label, ReadOnlySpan<byte> context, int length)
    {
        byte[] output = new byte[length];
        ExpandWithLabel(secret, label, context, output);
        return Secret.Own(output);
    }

    /// <summary>DeriveSecret (§8): an expansion to KDF.Nh bytes without context.</summary>
    public Secret DeriveSecret(Secret secret, string label) => ExpandWithLabel(secret, label, [], HashLength);

    /// <summary>DeriveTreeSecret (§9.1): the context is the generation.</summary>
    public Secret DeriveTreeSecret(Secret secret, string label, uint generation, int length)
    {
        Span<byte> context = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(context, generation);
        return ExpandWithLabel(secret, label, context, length);
    }

    /// <summary>RefHash (§5.2) under <c>"MLS 1.0 " + label</c>'s full text, for instance <c>MLS 1.0 KeyPackage Reference</c>.</summary>
    /// <param name="label">The label as it stands on the wire, prefix included.</param>
    /// <param name="value">The encoded object.</param>
    public byte[] RefHash(string label, ReadOnlySpan<byte> value)
    {
        using TlsWriter input = new(label.Length + value.Length + 8);
        input.WriteVector(Encoding.ASCII.GetBytes(label));
        input.WriteVector(value);
        return Hash(input.Written);
    }

    /// <summary>KeyPackageRef (§5.2) of an encoded KeyPackage.</summary>
    public byte[] KeyPackageRef(ReadOnlySpan<byte> keyPackage) => RefHash("MLS 1.0 KeyPackage Reference", keyPackage);

    /// <summary>ProposalRef (§5.2) of an encoded AuthenticatedContent.</summary>
    public byte[] ProposalRef(ReadOnlySpan<byte> authenticatedContent) => RefHash("MLS 1.0 Proposal Reference", authenticatedContent);

    /// <summary>SignWithLabel (§5.1.2).</summary>
    public ValueTask<byte[]> SignWithLabelAsync(Secret privateKey, string label, ReadOnlySpan<byte> content) =>
        Provider.SignAsync(Suite.Signature, privateKey, Labelled(label, content));

    /// <summary>VerifyWithLabel (§5.1.2); false for a malformed key or signature too.</summary>
    public ValueTask<bool> VerifyWithLabelAsync(ReadOnlyMemory<byte> publicKey, string label, ReadOnlySpan<byte> content, ReadOnlyMemory<byte> signature) =>
        Provider.VerifyAsync(Suite.Signature, publicKey, Labelled(label, content), signature);

    /// <summary>EncryptWithLabel (§5.1.3); <c>null</c> where <paramref name="publicKey"/> is no valid key.</summary>
    public ValueTask<HpkeCiphertext?> EncryptWithLabelAsync(ReadOnlyMemory<byte> publicKey, string label, ReadOnlySpan<byte> context, ReadOnlyMemory<byte> plaintext) =>
        EncryptWithLabelAsync(publicKey, EncryptContext(label, context), plaintext);

    /// <summary>EncryptContext (§5.1.3), digested once for all recipients: a Welcome's is as large as the tree.</summary>
    public HpkeInfo EncryptContext(string label, ReadOnlySpan<byte> context) => Hpke.Digest(Labelled(label, context));

    /// <summary>EncryptWithLabel (§5.1.3) with the context made before; <c>null</c> where <paramref name="publicKey"/> is no valid key.</summary>
    public ValueTask<HpkeCiphertext?> EncryptWithLabelAsync(ReadOnlyMemory<byte> publicKey, HpkeInfo context, ReadOnlyMemory<byte> plaintext) =>
        Hpke.SealAsync(publicKey, context, ReadOnlyMemory<byte>.Empty, plaintext);

    /// <summary>DecryptWithLabel (§5.1.3); <c>null</c> where it does not open.</summary>
    public ValueTask<Secret?> DecryptWithLabelAsync(Secret privateKey, string label, ReadOnlySpan<byte> context, HpkeCiphertext ciphertext) =>
        Hpke.OpenAsync(ciphertext.KemOutput, privateKey, Labelled(label, context), ReadOnlyMemory<byte>.Empty, ciphertext.Ciphertext);

    /// <summary>Whether <paramref name="publicKey"/> is an HPKE key that can be encrypted to.</summary>
    public ValueTask<bool> IsPublicKeyAsync(ReadOnlyMemory<byte> publicKey) => Hpke.IsPublicKeyAsync(publicKey);

    /// <summary>A fresh HPKE key pair.</summary>
    public ValueTask<KeyPair> GenerateKeyPairAsync() => Hpke.GenerateKeyPairAsync();

    /// <summary>KEM.DeriveKeyPair (RFC 9180 §4), as tree nodes (§7.4) and <c>external_pub</c> (§8) use it.</summary>
    public ValueTask<KeyPair> DeriveKeyPairAsync(Secret ikm) => Hpke.DeriveKeyPairAsync(ikm);

    /// <summary>A fresh signature key pair.</summary>
    public ValueTask<KeyPair> GenerateSignatureKeyPairAsync() => Provider.GenerateSignatureKeyPairAsync(Suite.Signature);

    /// <summary>Fills <paramref name="output"/> by ExpandWithLabel (§8).</summary>
    internal void ExpandWithLabel(Secret secret, string label, ReadOnlySpan<byte> context, Span<byte> output)
    {
        // The context is empty, a hash or an encoded GroupContext; a label is short.
        int most = 2 + 4 + Prefix.Length + label.Length + 4 + context.Length;
        Span<byte> info = most <= 512 ? stackalloc byte[most] : new byte[most];
        BinaryPrimitives.WriteUInt16BigEndian(info, checked((ushort)output.Length));
        int at = 2;
        at += TlsWriter.WriteHeader(info[at..], Prefix.Length + label.Length);
        Prefix.CopyTo(info[at..]);
        at += Prefix.Length;
        at += Encoding.ASCII.GetBytes(label, info[at..]);
        at += TlsWriter.WriteHeader(info[at..], context.Length);
        context.CopyTo(info[at..]);
        at += context.Length;
        Provider.HkdfExpand(Suite.Hash, secret.Span, info[..at], output);
    }

    static ReadOnlySpan<byte> Prefix => "MLS 1.0 "u8;

    /// <summary>SignContent and EncryptContext (§5.1.2, §5.1.3): the same two vectors.</summary>
    static byte[] Labelled(string label, ReadOnlySpan<byte> content)
    {
        int labelLength = Prefix.Length + label.Length;
        byte[] result = new byte[TlsWriter.HeaderLength(labelLength) + labelLength + TlsWriter.HeaderLength(content.Length) + content.Length];
        int at = TlsWriter.WriteHeader(result, labelLength);
        Prefix.CopyTo(result.AsSpan(at));
        at += Prefix.Length;
        at += Encoding.ASCII.GetBytes(label, result.AsSpan(at));
        at += TlsWriter.WriteHeader(result.AsSpan(at), content.Length);
        content.CopyTo(result.AsSpan(at));
        return result;
    }
}
