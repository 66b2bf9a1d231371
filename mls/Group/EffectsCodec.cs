namespace Kavalek.Mls;

/// <summary>The effects of a stored commit, by leaf: the members themselves are in the two trees beside it.</summary>
internal static class EffectsCodec
{
    public sealed record Indices(
        LeafIndex Committer, List<LeafIndex> Added, List<LeafIndex> Removed, List<LeafIndex> Updated,
        List<(LeafIndex Removed, LeafIndex Proposer)> Proposers, bool HasPath, List<QueuedProposal> Noted)
    {
        public CommitEffects Resolve(EpochState before, EpochState after)
        {
            static Member At(EpochState epoch, LeafIndex leaf) =>
                new(leaf, epoch.Tree[leaf] ?? throw new MlsException(MlsError.InvalidState, "12.4", "a stored commit names a leaf that is blank"));
            return new CommitEffects(
                At(before, Committer),
                [.. Added.Select(leaf => At(after, leaf))],
                [.. Removed.Select(leaf => At(before, leaf))],
                [.. Updated.Select(leaf => new UpdatedMember(At(before, leaf), At(after, leaf)))],
                before.Context.Extensions,
                after.Context.Extensions,
                Proposers.ToDictionary(entry => entry.Removed, entry => entry.Proposer),
                HasPath).With(Noted, before);
        }
    }

    public static void Write(TlsWriter writer, CommitEffects effects)
    {
        writer.WriteUInt32(effects.Committer.Index.Value);
        writer.WriteList(effects.Added, static (w, member) => w.WriteUInt32(member.Index.Value));
        writer.WriteList(effects.Removed, static (w, member) => w.WriteUInt32(member.Index.Value));
        writer.WriteList(effects.Updated, static (w, member) => w.WriteUInt32(member.After.Index.Value));
        writer.WriteList([.. effects.Proposers], static (w, entry) =>
        {
            w.WriteUInt32(entry.Key.Value);
            w.WriteUInt32(entry.Value.Value);
        });
        writer.WriteUInt8(effects.HasPath ? (byte)1 : (byte)0);
        writer.WriteList(effects.Noted, static (w, queued) => queued.Write(w));
    }

    public static Indices Read(ref TlsReader reader) => new(
        ReadLeaf(ref reader), reader.ReadList(ReadLeaf, ListLimits.Stored), reader.ReadList(ReadLeaf, ListLimits.Stored), reader.ReadList(ReadLeaf, ListLimits.Stored),
        reader.ReadList(static (ref TlsReader r) => (ReadLeaf(ref r), ReadLeaf(ref r)), ListLimits.Stored), reader.ReadUInt8() == 1,
        reader.ReadList(QueuedProposal.Read, ListLimits.Stored));

    static LeafIndex ReadLeaf(ref TlsReader reader) => new(reader.ReadUInt32());
}
