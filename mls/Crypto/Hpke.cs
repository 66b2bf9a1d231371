using System.Buffers.Binary;

namespace Kavalek.Mls;

/// <summary>
/// HPKE in base mode, single shot (RFC 9180 §5, §6), composed over a provider's primitives.
/// Immutable and safe for concurrent use.
/// </summary>
public sealed class Hpke
{
    readonly ICryptoProvider _provider;
    readonly Kem _kem;
    readonly LabeledKdf _kdf;
    readonly AeadAlgorithm _aead;
    // psk_id is empty in base mode, so its hash is a constant of the suite (RFC 9180 §5.1).
    readonly byte[] _pskIdHash;

    /// <summary>HPKE with one KEM, KDF and AEAD.</summary>
    public Hpke(ICryptoProvider provider, KemAlgorithm kem, HashAlgorithm kdf, AeadAlgorithm aead)
    {
        _provider = provider;
        _kem = Kem.Of(provider, kem);
        _aead = aead;
        byte[] suiteId = [.. "HPKE"u8, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(suiteId.AsSpan(4), (ushort)kem);
        BinaryPrimitives.WriteUInt16BigEndian(suiteId.AsSpan(6), (ushort)kdf);
        BinaryPrimitives.WriteUInt16BigEndian(suiteId.AsSpan(8), (ushort)aead);
        _kdf = new LabeledKdf(provider, kdf, suiteId);
        _pskIdHash = new byte[kdf.Length];
        _kdf.Extract([], "psk_id_hash"u8, [], _pskIdHash);
    }

    /// <summary>GenerateKeyPair (RFC 9180 §4): a fresh pair.</summary>
    public ValueTask<KeyPair> GenerateKeyPairAsync() => _kem.GenerateKeyPairAsync();

    /// <summary>The public key of <paramref name="privateKey"/>; <c>null</c> where that is no valid private key of the KEM.</summary>
    public ValueTask<byte[]?> PublicKeyAsync(Secret privateKey) => _kem.PublicKeyAsync(privateKey);

    /// <summary>Whether <paramref name="publicKey"/> is a key that can be encrypted to.</summary>
    public ValueTask<bool> IsPublicKeyAsync(ReadOnlyMemory<byte> publicKey) => _kem.IsPublicKeyAsync(publicKey);

    /// <summary>DeriveKeyPair (RFC 9180 §7.1.3): always the same pair for the same input.</summary>
    public ValueTask<KeyPair> DeriveKeyPairAsync(Secret ikm) => _kem.DeriveKeyPairAsync(ikm);

    /// <summary>Digests <paramref name="info"/> once, where many encryptions have it in common.</summary>
    public HpkeInfo Digest(ReadOnlySpan<byte> info)
    {
        int hash = _pskIdHash.Length;
        byte[] scheduleContext = new byte[1 + 2 * hash];
        _pskIdHash.CopyTo(scheduleContext.AsSpan(1));
        _kdf.Extract([], "info_hash"u8, info, scheduleContext.AsSpan(1 + hash));
        return new HpkeInfo(scheduleContext);
    }

    /// <summary>SealBase (RFC 9180 §6.1); <c>null</c> where <paramref name="publicKey"/> is no valid key.</summary>
    public ValueTask<HpkeCiphertext?> SealAsync(
        ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> info, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext) =>
        SealAsync(publicKey, Digest(info.Span), associatedData, plaintext);

    /// <summary>SealBase with an info string that was digested before.</summary>
    public async ValueTask<HpkeCiphertext?> SealAsync(
        ReadOnlyMemory<byte> publicKey, HpkeInfo info, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext)
    {
        using Encapsulation? encapsulation = await _kem.EncapsulateAsync(publicKey).ConfigureAwait(false);
        return encapsulation is null ? null : await SealAsync(encapsulation, info, associatedData, plaintext).ConfigureAwait(false);
    }

    /// <summary>SealBase with a given encapsulation, which must never serve twice.</summary>
    internal async ValueTask<HpkeCiphertext> SealAsync(
        Encapsulation encapsulation, HpkeInfo info, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> plaintext)
    {
        using Context context = Schedule(encapsulation.SharedSecret, info);
        byte[] ciphertext = await _provider.SealAsync(_aead, context.Key, context.Nonce, associatedData, plaintext).ConfigureAwait(false);
        return new HpkeCiphertext(encapsulation.Ciphertext, ciphertext);
    }

    /// <summary>OpenBase (RFC 9180 §6.1); <c>null</c> where the encapsulated key is invalid or the ciphertext does not open.</summary>
    public async ValueTask<Secret?> OpenAsync(
        ReadOnlyMemory<byte> kemOutput, Secret privateKey, ReadOnlyMemory<byte> info, ReadOnlyMemory<byte> associatedData, ReadOnlyMemory<byte> ciphertext)
    {
        using Secret? shared = await _kem.DecapsulateAsync(kemOutput, privateKey).ConfigureAwait(false);
        if (shared is null) return null;
        using Context context = Schedule(shared, Digest(info.Span));
        byte[]? plaintext = await _provider.OpenAsync(_aead, context.Key, context.Nonce, associatedData, ciphertext).ConfigureAwait(false);
        return plaintext is null ? null : Secret.Own(plaintext);
    }

    /// <summary>
    /// SendExportBase (RFC 9180 §6.2): a secret that only the holder of the private key can derive from the first value
    /// returned, which is sent; <c>null</c> where <paramref name="publicKey"/> is no valid key.
    /// </summary>
    public async ValueTask<(byte[] KemOutput, Secret Exported)?> SendExportAsync(
        ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> info, ReadOnlyMemory<byte> exporterContext, int length)
    {
        using Encapsulation? made = await _kem.EncapsulateAsync(publicKey).ConfigureAwait(false);
        return made is null ? null : (made.Ciphertext, Export(made.SharedSecret, info.Span, exporterContext.Span, length));
    }

    /// <summary>ReceiveExportBase (RFC 9180 §6.2); <c>null</c> where the encapsulated key is invalid.</summary>
    public async ValueTask<Secret?> ReceiveExportAsync(
        ReadOnlyMemory<byte> kemOutput, Secret privateKey, ReadOnlyMemory<byte> info, ReadOnlyMemory<byte> exporterContext, int length)
    {
        using Secret? shared = await _kem.DecapsulateAsync(kemOutput, privateKey).ConfigureAwait(false);
        return shared is null ? null : Export(shared, info.Span, exporterContext.Span, length);
    }

    Secret Export(Secret shared, ReadOnlySpan<byte> info, ReadOnlySpan<byte> exporterContext, int length)
    {
        HpkeInfo digested = Digest(info);
        byte[] scheduled = new byte[_pskIdHash.Length], exporter = new byte[_pskIdHash.Length], exported = new byte[length];
        using Secret secret = Secret.Own(scheduled), exporterSecret = Secret.Own(exporter);
        _kdf.Extract(shared.Span, "secret"u8, [], scheduled);
        _kdf.Expand(scheduled, "exp"u8, digested.ScheduleContext, exporter);
        _kdf.Expand(exporter, "sec"u8, exporterContext, exported);
        return Secret.Own(exported);
    }

    /// <summary>KeySchedule (RFC 9180 §5.1) in base mode: what encryption takes of it.</summary>
    Context Schedule(Secret shared, HpkeInfo info)
    {
        byte[] scheduled = new byte[_pskIdHash.Length], key = new byte[_aead.KeyLength], nonce = new byte[CipherSuite.NonceLength];
        using Secret secret = Secret.Own(scheduled);
        _kdf.Extract(shared.Span, "secret"u8, [], scheduled);
        _kdf.Expand(scheduled, "key"u8, info.ScheduleContext, key);
        _kdf.Expand(scheduled, "base_nonce"u8, info.ScheduleContext, nonce);
        return new Context(Secret.Own(key), nonce);
    }

    sealed record Context(Secret Key, byte[] Nonce) : IDisposable
    {
        public void Dispose() => Key.Dispose();
    }
}

/// <summary>An info string digested for the key schedule of one suite (RFC 9180 §5.1), for any number of encryptions.</summary>
public sealed class HpkeInfo
{
    internal HpkeInfo(byte[] scheduleContext) => ScheduleContext = scheduleContext;

    /// <summary>mode ‖ psk_id_hash ‖ info_hash.</summary>
    internal byte[] ScheduleContext { get; }
}
