using System.Collections.Immutable;

namespace Kavalek.Mls;

/// <summary>
/// One client's view of a group (RFC 9420). It is immutable: each step gives the next group beside this one, and a refused input
/// leaves this one as it is. The two share what did not change, so a step costs what it changes and not what the group holds.
/// </summary>
/// <remarks>
/// A step, whole: call, write <see cref="Changes"/> of the next group to the store in one transaction, only then send the message or show the
/// content, then <see cref="DisposeExcept"/> on the old group, which zeroes the secrets that the next one does not hold.
/// </remarks>
public sealed partial class MlsGroup : IDisposable
{
    readonly MlsEnvironment _environment;
    readonly EpochState _epoch;
    readonly SecretTree _keys;
    readonly ImmutableList<QueuedProposal> _proposals;

    // The latest first.
    readonly ImmutableList<PastEpoch> _past;

    internal MlsGroup(
        MlsEnvironment environment, EpochState epoch, SecretTree keys, ImmutableList<QueuedProposal> proposals, ImmutableList<PastEpoch> past)
    {
        _environment = environment;
        _epoch = epoch;
        _keys = keys;
        _proposals = proposals;
        _past = past;
    }

    /// <summary>The group's id.</summary>
    public byte[] GroupId => _epoch.Context.GroupId;

    /// <summary>The epoch, from 0.</summary>
    public ulong Epoch => _epoch.Context.Epoch;

    /// <summary>The cipher suite.</summary>
    public CipherSuite Suite => _epoch.Crypto.Suite;

    /// <summary>The extensions of the GroupContext.</summary>
    public IReadOnlyList<Extension> Extensions => _epoch.Context.Extensions;

    /// <summary>The own leaf.</summary>
    public LeafIndex OwnIndex => _epoch.Own;

    /// <summary>The own member.</summary>
    public Member Own => new(_epoch.Own, _epoch.OwnLeaf);

    /// <summary>All members by rising leaf.</summary>
    public IEnumerable<Member> Members => _epoch.Tree.Members;

    /// <summary>How many members there are.</summary>
    public int MemberCount => _epoch.Tree.MemberCount;

    /// <summary>The member at a leaf, or <c>null</c> where it is blank.</summary>
    public Member? Find(LeafIndex index) => _epoch.Tree[index] is { } leaf ? new(index, leaf) : null;

    /// <summary>Whether proposals wait for a commit, which must come before the next application message (§12.4).</summary>
    public bool HasProposals => !_proposals.IsEmpty;

    /// <summary>The proposals that wait, in the order they came.</summary>
    public IReadOnlyList<PendingProposal> Proposals => [.. _proposals.Select(queued => queued.Describe(_epoch))];

    /// <summary>What the group was ended for (§11.2); <c>null</c> while it lives. Of an ended group, only what was sent before can still be read.</summary>
    public ReInit? ReInit => _epoch.Ended;

    /// <summary>What all members of this epoch can compare to see that they are in the same one (§8.7).</summary>
    public byte[] EpochAuthenticator => _epoch.Secrets.EpochAuthenticator.Span.ToArray();

    /// <summary>A secret of the application's own that all members of this epoch share (§8.5).</summary>
    /// <param name="label">Names the use.</param>
    /// <param name="context">Binds the use to a context.</param>
    /// <param name="length">Bytes wanted, at most 255 hash lengths.</param>
    /// <returns>The caller's own, to be disposed by it.</returns>
    public Secret ExportSecret(string label, ReadOnlySpan<byte> context, int length) => _epoch.Secrets.Export(label, context, length);

    /// <summary>The ratchet tree as the ratchet_tree extension carries it (§12.4.3.3), for who joins by a Welcome without it.</summary>
    public byte[] ExportRatchetTree() => _epoch.Tree.Encode();

    internal EpochState State => _epoch;

    internal MlsEnvironment Environment => _environment;

    /// <summary>resumption_psk (§8.6) of this epoch or a past one that is kept; <c>null</c> for any other.</summary>
    internal Secret? ResumptionSecret(ulong epoch) =>
        epoch == Epoch ? _epoch.Secrets.Resumption : _past.Find(past => past.Messages.Epoch == epoch)?.Resumption;

    /// <summary>Who sat where in this epoch or a past one that is kept.</summary>
    internal PersistentArray<LeafNode>? RosterOf(ulong epoch) =>
        epoch == Epoch ? _epoch.Tree.LeafNodes : _past.Find(past => past.Messages.Epoch == epoch)?.Messages.Roster;

    /// <summary>"a group that was re-initialized … MUST NOT be used" (§11.2)</summary>
    void RequireAlive()
    {
        if (_epoch.Ended is not null) throw new MlsException(MlsError.GroupEnded, "11.2", "the group was ended by a ReInit");
    }

    internal MessageEpoch Current => new(
        _epoch.Crypto, GroupId, Epoch, _epoch.Context.Encoded, _epoch.Tree.LeafNodes, _epoch.Secrets.SenderData, _keys);

    /// <summary>This group without past epochs that are older than the retention policy allows. Itself, where there are none.</summary>
    public MlsGroup Prune(DateTimeOffset now)
    {
        ImmutableList<PastEpoch> kept = Retained(_past, now);
        return kept.Count == _past.Count ? this : new(_environment, _epoch, _keys, _proposals, kept);
    }

    /// <summary>The group in the epoch that a commit begins; what this one holds for late messages goes along.</summary>
    internal MlsGroup Advance(EpochState next, SecretTree keys, DateTimeOffset now) =>
        new(_environment, next, keys, [], Retained(_past.Insert(0, PastEpoch.Of(this, next.Tree, now)), now));

    ImmutableList<PastEpoch> Retained(ImmutableList<PastEpoch> past, DateTimeOffset now)
    {
        RetentionPolicy retention = _environment.Retention;
        int kept = 0;
        while (kept < past.Count && kept < retention.PastEpochs && now - past[kept].EndedAt <= retention.PastEpochAge) kept++;
        return kept == past.Count ? past : past.GetRange(0, kept);
    }

    /// <summary>Zeroes the secrets that <paramref name="kept"/> does not hold: for a group that was superseded, or a next one that was refused.</summary>
    public void DisposeExcept(MlsGroup kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        if (ReferenceEquals(this, kept)) return;
        if (!ReferenceEquals(_epoch, kept._epoch) || !ReferenceEquals(_proposals, kept._proposals) || !ReferenceEquals(_past, kept._past))
        {
            HashSet<Secret> held = new(kept.PrivateKeys, ReferenceEqualityComparer.Instance);
            foreach (Secret secret in PrivateKeys) if (!held.Contains(secret)) secret.Dispose();
            if (!ReferenceEquals(_epoch.Secrets, kept._epoch.Secrets)) _epoch.Secrets.Dispose();
        }
        Dictionary<ulong, SecretTree> trees = kept.SecretTrees.ToDictionary(tree => tree.Epoch, tree => tree.Keys);
        foreach ((ulong epoch, SecretTree keys) in SecretTrees)
        {
            if (!trees.TryGetValue(epoch, out SecretTree? other)) keys.Dispose();
            else if (!ReferenceEquals(keys, other)) keys.DisposeExcept(other);
        }
    }

    /// <summary>Zeroes every secret, those shared with groups before and after it too.</summary>
    public void Dispose()
    {
        foreach (Secret secret in PrivateKeys) secret.Dispose();
        _epoch.Secrets.Dispose();
        foreach ((_, SecretTree keys) in SecretTrees) keys.Dispose();
    }

    /// <summary>All secrets but the key schedule's and the message keys: few, whatever the group's size.</summary>
    IEnumerable<Secret> PrivateKeys =>
        _epoch.Keys.Concat(_proposals.SelectMany(proposal => proposal.Keys)).Concat(_past.SelectMany(past => past.Secrets));

    IEnumerable<(ulong Epoch, SecretTree Keys)> SecretTrees => _past.Select(past => (past.Messages.Epoch, past.Messages.Keys)).Prepend((Epoch, _keys));
}
