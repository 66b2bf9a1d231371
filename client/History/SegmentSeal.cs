using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;
using HashAlgorithm = Kavalek.Mls.HashAlgorithm;

namespace Kavalek.Client;

/// <summary>What is authenticated with a segment, and what the chain is made of (docs/PROTOCOL.md §10.2).</summary>
/// <param name="Archive">The archive's id.</param>
/// <param name="Number">1, 2, 3, …</param>
/// <param name="Previous">The link of the segment before, 32 bytes.</param>
/// <param name="Expires">Seconds since 1970; 0: never.</param>
/// <param name="Replaces">Earlier segments that this one takes the place of, rising.</param>
sealed record SegmentHeader(Id Archive, ulong Number, byte[] Previous, ulong Expires, IReadOnlyList<ulong> Replaces);

/// <summary>The account's archive as to a new device: whether there is one.</summary>
/// <param name="Serial">Grows with every change.</param>
/// <param name="Archive">The archive's id; <c>null</c> where it is off.</param>
sealed record ArchiveState(ulong Serial, Id? Archive);

/// <summary>What was opened, and under which key.</summary>
/// <param name="What">It.</param>
/// <param name="Generation">How often the history key had been replaced when it was sealed.</param>
sealed record Opened<T>(T What, uint Generation);

/// <summary>Seals what the archive holds under keys that follow from the newest history key, and opens what was sealed under any that the account's devices hold.</summary>
/// <param name="crypto">The primitives.</param>
/// <param name="instance">The instance.</param>
/// <param name="account">The account.</param>
/// <param name="historyKeys">The keys as they are now: another device may replace them.</param>
sealed class SegmentSeal(ICryptoProvider crypto, Id instance, Id account, Func<Secret> historyKeys)
{
    const ushort Version = 1;
    const int SaltBytes = 32, CommitmentBytes = 32, KeyBytes = 32;
    static readonly int[] Sizes = [4_096, 16_384, 65_536, 262_144];

    /// <summary>Bytes of a batch that fit the largest size.</summary>
    public const int BatchBytes = 262_144 - 4;

    /// <summary>Bytes of a sealed segment of the smallest size.</summary>
    public const int SmallBytes = 4_096 + SaltBytes + CommitmentBytes + CipherSuite.TagLength;

    /// <summary>How often the history key has been replaced, as this device knows.</summary>
    public uint Generation => HistoryKeys.Generation(historyKeys());

    /// <summary>Seals a batch, padded.</summary>
    public Task<byte[]> SealAsync(SegmentHeader header, ArchiveBatch batch) =>
        SealAsync(ArchiveInfo(header.Archive), "segment"u8.ToArray(), Bound(header), Pad(batch.ToByteArray()));

    /// <summary>Opens a segment; <c>null</c> where it is not what its header says, of this account, whole and unchanged.</summary>
    public async Task<Opened<ArchiveBatch>?> OpenAsync(SegmentHeader header, ReadOnlyMemory<byte> sealedBytes)
    {
        if (await OpenAsync(ArchiveInfo(header.Archive), "segment"u8.ToArray(), Bound(header), sealedBytes).ConfigureAwait(false) is not { } opened || opened.What.Length < 4) return null;
        int length = BinaryPrimitives.ReadInt32BigEndian(opened.What);
        if (length < 0 || length > opened.What.Length - 4) return null;
        return UntrustedMessage.TryRead(ArchiveBatch.Parser, opened.What.AsSpan(4, length), out ArchiveBatch? batch, UntrustedMessage.FieldsOfHistory) ? new(batch, opened.Generation) : null;
    }

    /// <summary>The link of a segment, of what is sealed or its digest.</summary>
    public byte[] Link(SegmentHeader header, ReadOnlySpan<byte> digest) => SHA256.HashData([.. "kavalek/v1/archive/link"u8, .. Encode(header), .. digest]);

    /// <summary>The link that the first segment follows.</summary>
    public byte[] FirstLink(Id archive) => SHA256.HashData([.. "kavalek/v1/archive/link"u8, .. instance.ToArray(), .. account.ToArray(), .. archive.ToArray()]);

    /// <summary>Seals the state.</summary>
    public Task<byte[]> SealAsync(ArchiveState state) => SealAsync(StateInfo(), "state"u8.ToArray(), StateBound(), new TlsBytes()
        .UInt16(Version).UInt64(state.Serial).Raw([state.Archive is null ? (byte)0 : (byte)1]).Id(state.Archive ?? default).ToArray());

    /// <summary>Seals notes, padded.</summary>
    public Task<byte[]> SealNotesAsync(ulong version, byte[] notes) => SealAsync(NotesInfo(), "notes"u8.ToArray(), NotesBound(version), Pad(notes));

    /// <summary>Opens notes; <c>null</c> where no device of this account has sealed them as this version.</summary>
    public async Task<Opened<Noted.Notes>?> OpenNotesAsync(ulong version, ReadOnlyMemory<byte> notes)
    {
        if (await OpenAsync(NotesInfo(), "notes"u8.ToArray(), NotesBound(version), notes).ConfigureAwait(false) is not { What: { Length: >= 4 } plaintext } opened) return null;
        int length = BinaryPrimitives.ReadInt32BigEndian(plaintext);
        if (length < 0 || length > plaintext.Length - 4) return null;
        return UntrustedMessage.TryRead(Noted.Notes.Parser, plaintext.AsSpan(4, length), out Noted.Notes? read, UntrustedMessage.FieldsOfHistory) ? new(read, opened.Generation) : null;
    }

    /// <summary>Opens the state; <c>null</c> where no device of this account has sealed it.</summary>
    public async Task<Opened<ArchiveState>?> OpenStateAsync(ReadOnlyMemory<byte> state)
    {
        if (await OpenAsync(StateInfo(), "state"u8.ToArray(), StateBound(), state).ConfigureAwait(false) is not { } opened) return null;
        try
        {
            TlsView view = new(opened.What);
            if (view.UInt16() != Version) return null;
            ulong serial = view.UInt64();
            bool on = view.Raw(1)[0] == 1;
            Id archive = view.Id();
            view.End();
            return new(new ArchiveState(serial, on ? archive : null), opened.Generation);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    async Task<byte[]> SealAsync(byte[] info, byte[] label, byte[] bound, byte[] plaintext)
    {
        using Secret parent = Expand(historyKeys(), 0, info);
        byte[] salt = new byte[SaltBytes];
        crypto.Random(salt);
        (Secret key, byte[] nonce, byte[] commitment) = Derive(parent, label, salt);
        using (key) return [.. salt, .. commitment, .. await crypto.SealAsync(AeadAlgorithm.Aes256Gcm, key, nonce, bound, plaintext).ConfigureAwait(false)];
    }

    async Task<Opened<byte[]>?> OpenAsync(byte[] info, byte[] label, byte[] bound, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < SaltBytes + CommitmentBytes + CipherSuite.TagLength) return null;
        Secret keys = historyKeys();
        for (int index = 0; index < HistoryKeys.Count(keys); index++)
        {
            using Secret parent = Expand(keys, index, info);
            (Secret key, byte[] nonce, byte[] commitment) = Derive(parent, label, bytes.Span[..SaltBytes]);
            using (key)
            {
                // First the commitment: AES-GCM alone would let one ciphertext open under two keys. It says which of the keys it is, too.
                if (!CryptographicOperations.FixedTimeEquals(commitment, bytes.Span.Slice(SaltBytes, CommitmentBytes))) continue;
                return await crypto.OpenAsync(AeadAlgorithm.Aes256Gcm, key, nonce, bound, bytes[(SaltBytes + CommitmentBytes)..]).ConfigureAwait(false) is { } plaintext
                    ? new(plaintext, HistoryKeys.Generation(keys) - (uint)index) : null;
            }
        }
        return null;
    }

    (Secret Key, byte[] Nonce, byte[] Commitment) Derive(Secret parent, byte[] label, ReadOnlySpan<byte> salt)
    {
        byte[] all = new byte[KeyBytes + CipherSuite.NonceLength + CommitmentBytes];
        crypto.HkdfExpand(HashAlgorithm.Sha256, parent.Span, [.. label, .. salt], all);
        Secret key = Secret.Copy(all.AsSpan(0, KeyBytes));
        CryptographicOperations.ZeroMemory(all.AsSpan(0, KeyBytes));
        return (key, all[KeyBytes..(KeyBytes + CipherSuite.NonceLength)], all[(KeyBytes + CipherSuite.NonceLength)..]);
    }

    byte[] ArchiveInfo(Id archive) => [.. "kavalek/v1/archive"u8, .. instance.ToArray(), .. account.ToArray(), .. archive.ToArray()];

    byte[] StateInfo() => [.. "kavalek/v1/archive/state"u8, .. instance.ToArray(), .. account.ToArray()];

    byte[] NotesInfo() => [.. "kavalek/v1/archive/notes"u8, .. instance.ToArray(), .. account.ToArray()];

    byte[] NotesBound(ulong version) => [.. "kavalek/v1/archive/notes"u8, .. instance.ToArray(), .. account.ToArray(), .. new TlsBytes().UInt64(version).ToArray()];

    Secret Expand(Secret keys, int index, byte[] info)
    {
        byte[] key = new byte[KeyBytes];
        crypto.HkdfExpand(HashAlgorithm.Sha256, HistoryKeys.KeyAt(keys, index), info, key);
        return Secret.Own(key);
    }

    byte[] Bound(SegmentHeader header) => [.. "kavalek/v1/archive/segment"u8, .. Encode(header)];

    byte[] StateBound() => [.. "kavalek/v1/archive/state"u8, .. instance.ToArray(), .. account.ToArray()];

    byte[] Encode(SegmentHeader header)
    {
        TlsBytes replaces = new();
        foreach (ulong number in header.Replaces) replaces.UInt64(number);
        return new TlsBytes().UInt16(Version).Id(instance).Id(account).Id(header.Archive).UInt64(header.Number).Raw(header.Previous).UInt64(header.Expires)
            .Vector(replaces.ToArray()).ToArray();
    }

    static byte[] Pad(byte[] batch)
    {
        byte[] padded = new byte[Sizes.First(size => size >= batch.Length + 4)];
        BinaryPrimitives.WriteInt32BigEndian(padded, batch.Length);
        batch.CopyTo(padded, 4);
        return padded;
    }
}
