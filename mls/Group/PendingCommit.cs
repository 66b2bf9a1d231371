using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>
/// An own commit that the delivery service has not confirmed. Store it (<see cref="Encode"/>) before it is sent. It is settled by what
/// comes back: its own bytes (give it to <see cref="MlsGroup.ProcessAsync"/>, or call <see cref="Apply"/>), or a rival's commit for the
/// same epoch, after which it is disposed and its request made anew.
/// </summary>
/// <remarks>The request is not part of it, only what it does (<see cref="Effects"/>): whoever wants to make it anew after a restart stores it beside.</remarks>
public sealed class PendingCommit : IDisposable
{
    const byte Version = 2;

    readonly EpochState _before;
    readonly EpochState _next;
    readonly SecretTree _keys;
    readonly byte[] _hash;
    bool _applied, _disposed;

    internal PendingCommit(byte[] message, byte[]? welcome, CommitEffects effects, EpochState before, EpochState next, SecretTree keys)
    {
        Message = message;
        Welcome = welcome;
        Effects = effects;
        _before = before;
        _next = next;
        _keys = keys;
        _hash = SHA256.HashData(message);
    }

    /// <summary>The commit, an MLSMessage.</summary>
    public byte[] Message { get; }

    /// <summary>The Welcome for all who are added, an MLSMessage; <c>null</c> where nobody is. Deliver it only with the winning commit.</summary>
    public byte[]? Welcome { get; }

    /// <summary>What it does.</summary>
    public CommitEffects Effects { get; }

    /// <summary>The epoch it ends.</summary>
    public ulong Epoch => _before.Context.Epoch;

    /// <summary>The epoch authenticator (§8.7) of the epoch it begins.</summary>
    public byte[] NextEpochAuthenticator => _next.Secrets.EpochAuthenticator.Span.ToArray();

    /// <summary>Whether <paramref name="message"/> is this commit, as the delivery service gives it back.</summary>
    public bool IsEchoedBy(ReadOnlySpan<byte> message) => message.Length == Message.Length && SHA256.HashData(message).AsSpan().SequenceEqual(_hash);

    /// <summary>The ratchet tree of the epoch it begins, for who joins by a Welcome without it.</summary>
    public byte[] ExportRatchetTree() => _next.Tree.Encode();

    /// <summary>The group in its next epoch, once the delivery service has said that this commit won.</summary>
    /// <param name="group">The group as it is now, in the epoch that the commit ends: messages may have come since the commit was made.</param>
    /// <param name="now">The time, from which the age of the ended epoch is counted.</param>
    /// <exception cref="MlsException"><see cref="MlsError.EpochTooOld"/>: the group is not in that epoch.</exception>
    /// <exception cref="ObjectDisposedException">It was given up, and its keys with it.</exception>
    public MlsGroup Apply(MlsGroup group, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (!group.State.Context.Encoded.AsSpan().SequenceEqual(_before.Context.Encoded))
            throw new MlsException(MlsError.EpochTooOld, "12.4", "the pending commit is for another epoch");
        ObjectDisposedException.ThrowIf(_disposed, this);
        _applied = true;
        return group.Advance(_next, _keys, now);
    }

    /// <summary>The group in its epoch 1, nothing of epoch 0 kept: for a founder, whose epoch 0 nobody shared.</summary>
    internal MlsGroup Found(MlsGroup first)
    {
        _applied = true;
        return new(first.Environment, _next, _keys, [], []);
    }

    /// <summary>The epoch it begins.</summary>
    internal EpochState Next => _next;

    /// <summary>All of it, secrets included, for the caller's encrypted store.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(Message.Length + (Welcome?.Length ?? 0) + 4096);
        writer.WriteUInt8(Version);
        writer.WriteVector(_before.Context.Encoded);
        writer.WriteVector(Message);
        writer.WriteOptional(Welcome, static (w, welcome) => w.WriteVector(welcome));
        EffectsCodec.Write(writer, Effects);
        writer.WriteVector(EpochRecord.Encode(_next));
        writer.WriteList([.. TreeRecords.Changes(_next.Tree, _before.Tree)], static (w, record) =>
        {
            w.WriteVector(System.Text.Encoding.ASCII.GetBytes(record.Key));
            w.WriteOptional(record.Value, static (inner, value) => inner.WriteVector(value));
        });
        foreach (SecretTreeRecord record in _keys.Records())
        {
            writer.WriteVector(record.Key.Encode());
            writer.WriteVector(record.Value!.Span);
            record.Value.Dispose();
        }
        return writer.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote, beside the group in the same epoch.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidState"/>; <see cref="MlsError.EpochTooOld"/>: the group has moved on.</exception>
    public static PendingCommit Decode(MlsGroup group, ReadOnlySpan<byte> stored)
    {
        ArgumentNullException.ThrowIfNull(group);
        try
        {
            return Read(group.State, stored);
        }
        catch (MlsException damage) when (damage.Error is not (MlsError.InvalidState or MlsError.EpochTooOld))
        {
            throw new MlsException(MlsError.InvalidState, damage.Section, damage.Message);
        }
        catch (Exception damage) when (damage is ArgumentException or OverflowException)
        {
            // A number that no commit could have written: a date, an index, a leaf twice.
            throw new MlsException(MlsError.InvalidState, "12.4", damage.Message);
        }
    }

    static PendingCommit Read(EpochState before, ReadOnlySpan<byte> stored)
    {
        TlsReader reader = new(stored);
        if (reader.ReadUInt8() != Version) throw new MlsException(MlsError.InvalidState, "12.4", "version of a stored commit");
        if (!reader.ReadVectorSpan().SequenceEqual(before.Context.Encoded))
            throw new MlsException(MlsError.EpochTooOld, "12.4", "the pending commit is for another epoch");
        byte[] message = reader.ReadVector();
        byte[]? welcome = reader.ReadOptional(static (ref TlsReader r) => r.ReadVector());
        EffectsCodec.Indices effects = EffectsCodec.Read(ref reader);
        byte[] epoch = reader.ReadVector();
        List<StateRecord> nodes = reader.ReadList(static (ref TlsReader r) =>
            new StateRecord(System.Text.Encoding.ASCII.GetString(r.ReadVectorSpan()), r.ReadOptional(static (ref TlsReader inner) => inner.ReadVector())), ListLimits.Stored);
        List<SecretTreeRecord> secrets = [];
        while (reader.Remaining > 0) secrets.Add(new(SecretTreeKey.Decode(reader.ReadVectorSpan()), Secret.Copy(reader.ReadVectorSpan())));

        EpochState next = EpochRecord.Decode(before.Crypto, epoch, size => TreeRecords.Load(before.Crypto, before.Tree, size, nodes));
        CryptographicOperations.ZeroMemory(epoch);
        SecretTree keys = SecretTree.Restore(before.Crypto, next.Tree.Size, secrets);
        foreach (SecretTreeRecord record in secrets) record.Value?.Dispose();
        return new(message, welcome, effects.Resolve(before, next), before, next, keys);
    }

    /// <summary>Zeroes the secrets of the epoch that did not come to be. Without effect once <see cref="Apply"/> has handed them to the next group.</summary>
    public void Dispose()
    {
        if (_applied || _disposed) return;
        _disposed = true;
        HashSet<Secret> kept = new(_before.Keys, ReferenceEqualityComparer.Instance);
        foreach (Secret secret in _next.Keys) if (!kept.Contains(secret)) secret.Dispose();
        _next.Secrets.Dispose();
        _keys.Dispose();
    }
}
