namespace Kavalek.Mls;

/// <summary>An epoch that is over, kept so that application messages sent in it can still be read (RFC 9420 §15.3).</summary>
/// <param name="Messages">What it takes to read them; holds its own copy of the sender data secret.</param>
/// <param name="Resumption">resumption_psk (§8.6).</param>
/// <param name="EndedAt">When the commit that ended it was applied.</param>
/// <param name="RosterBefore">Leaves whose member, or whose member's identity, the following epoch changed: who was there before, <c>null</c> for nobody.</param>
internal sealed record PastEpoch(
    MessageEpoch Messages, Secret Resumption, DateTimeOffset EndedAt, IReadOnlyList<(uint Leaf, LeafNode? Member)> RosterBefore)
{
    /// <summary>Secrets held beside the message keys.</summary>
    public IEnumerable<Secret> Secrets => [Messages.SenderData, Resumption];

    /// <summary>The epoch that <paramref name="group"/> is in, once a commit has led to <paramref name="next"/>.</summary>
    public static PastEpoch Of(MlsGroup group, RatchetTree next, DateTimeOffset now)
    {
        EpochState epoch = group.State;
        List<(uint, LeafNode?)> before = [];
        foreach ((uint leaf, LeafNode? old, LeafNode? after) in next.LeafNodes.ChangesSince(epoch.Tree.LeafNodes))
        {
            bool sameIdentity = old is not null && after is not null && old.Credential == after.Credential && old.SignatureKey.AsSpan().SequenceEqual(after.SignatureKey);
            if (!sameIdentity) before.Add((leaf, old));
        }
        return new(
            group.Current with { SenderData = epoch.Secrets.SenderData.Clone() },
            epoch.Secrets.Resumption.Clone(), now, before);
    }

    /// <summary>The stored form without the message keys, which are records of their own.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(1024);
        writer.WriteUInt64(Messages.Epoch);
        writer.WriteVector(Messages.Context);
        writer.WriteVector(Messages.SenderData.Span);
        writer.WriteVector(Resumption.Span);
        writer.WriteUInt64((ulong)EndedAt.ToUnixTimeMilliseconds());
        writer.WriteUInt32(Messages.Keys.LeafCount);
        writer.WriteList(RosterBefore, static (w, change) =>
        {
            w.WriteUInt32(change.Leaf);
            w.WriteOptional(change.Member, static (inner, leaf) => leaf.Write(inner));
        });
        return writer.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <param name="crypto">The suite.</param>
    /// <param name="stored">The record.</param>
    /// <param name="following">Who sat where in the epoch after it.</param>
    /// <param name="groupId">The group.</param>
    /// <param name="keys">Gives the message keys of an epoch with so many leaves.</param>
    public static PastEpoch Decode(
        SuiteCrypto crypto, ReadOnlySpan<byte> stored, PersistentArray<LeafNode> following, byte[] groupId, Func<ulong, uint, SecretTree> keys)
    {
        TlsReader reader = new(stored);
        ulong epoch = reader.ReadUInt64();
        byte[] context = reader.ReadVector();
        Secret senderData = Secret.Copy(reader.ReadVectorSpan());
        Secret resumption = Secret.Copy(reader.ReadVectorSpan());
        DateTimeOffset endedAt = DateTimeOffset.FromUnixTimeMilliseconds((long)reader.ReadUInt64());
        uint leafCount = reader.ReadUInt32();
        List<(uint Leaf, LeafNode? Member)> before = reader.ReadList(static (ref TlsReader r) => (r.ReadUInt32(), r.ReadOptional(LeafNode.Read)), ListLimits.Stored);
        reader.End();
        PersistentArray<LeafNode> roster = following;
        foreach ((uint leaf, LeafNode? member) in before) roster = roster.With(leaf, member);
        return new(new MessageEpoch(crypto, groupId, epoch, context, roster, senderData, keys(epoch, leafCount)), resumption, endedAt, before);
    }
}
