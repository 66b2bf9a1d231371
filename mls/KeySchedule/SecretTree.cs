using System.Collections.Immutable;
using System.Numerics;

namespace Kavalek.Mls;

/// <summary>
/// The keys that protect an epoch's messages (RFC 9420 §9): a tree of secrets from which each leaf's ratchets are derived when
/// first needed, and what they were derived from is deleted (§9.2).
/// </summary>
/// <remarks>
/// Immutable: using a key gives a <see cref="RatchetStep"/> with the next tree, at a cost that grows with the tree's height
/// at the first use of a leaf and with nothing after that. It is stored in small records, of which a step names the changed ones.
/// </remarks>
public sealed class SecretTree : IDisposable
{
    readonly SuiteCrypto _crypto;
    readonly PersistentArray<Secret> _nodes;
    readonly PersistentArray<LeafRatchets> _leaves;

    static readonly RatchetKind[] Kinds = [RatchetKind.Handshake, RatchetKind.Application];

    sealed record LeafRatchets(Ratchet Handshake, Ratchet Application)
    {
        public Ratchet this[RatchetKind kind] => kind == RatchetKind.Handshake ? Handshake : Application;

        public LeafRatchets With(RatchetKind kind, Ratchet ratchet) =>
            kind == RatchetKind.Handshake ? this with { Handshake = ratchet } : this with { Application = ratchet };
    }

    SecretTree(SuiteCrypto crypto, uint leafCount, PersistentArray<Secret> nodes, PersistentArray<LeafRatchets> leaves)
    {
        if (!BitOperations.IsPow2(leafCount) || leafCount > MaxLeaves)
            throw new ArgumentOutOfRangeException(nameof(leafCount), "a ratchet tree has a power of two of leaves (RFC 9420 §4.1)");
        _crypto = crypto;
        _nodes = nodes;
        _leaves = leaves;
        LeafCount = leafCount;
    }

    /// <summary>Most leaves a tree can have, so that node indices stay 32-bit.</summary>
    public const uint MaxLeaves = 1u << 30;

    /// <summary>Leaves, blank ones included: a power of two.</summary>
    public uint LeafCount { get; }

    uint Root => LeafCount - 1;

    /// <summary>A new epoch's tree; takes over <paramref name="encryptionSecret"/>.</summary>
    internal static SecretTree Start(SuiteCrypto crypto, Secret encryptionSecret, uint leafCount) => new(
        crypto, leafCount, PersistentArray<Secret>.Empty.With(leafCount - 1, encryptionSecret), PersistentArray<LeafRatchets>.Empty);

    /// <summary>The key for the next message that <paramref name="leaf"/>, the own one, sends.</summary>
    /// <exception cref="InvalidOperationException">All 2^32 generations of this epoch are used up: commit first.</exception>
    public RatchetStep Send(uint leaf, RatchetKind kind)
    {
        uint generation = _leaves[leaf]?[kind].Generation ?? 0;
        if (generation == uint.MaxValue) throw new InvalidOperationException("no generation left in this epoch");
        return Advance(leaf, kind, generation, maxSkipped: 0);
    }

    /// <summary>The generation of the next message of <paramref name="leaf"/>, as far as this tree knows.</summary>
    internal uint Next(uint leaf, RatchetKind kind) => _leaves[leaf]?[kind].Generation ?? 0;

    /// <summary>The key with which <paramref name="leaf"/> protected the message of <paramref name="generation"/>.</summary>
    /// <exception cref="MlsException">
    /// <see cref="MlsError.SecretReuse"/>: it was used already. <see cref="MlsError.GenerationTooOld"/>: it is not kept any more.
    /// <see cref="MlsError.GenerationTooFar"/>: more than <see cref="RetentionPolicy.MaxForward"/> ahead.
    /// <see cref="MlsError.InvalidSender"/>: no such leaf.
    /// </exception>
    public RatchetStep Receive(uint leaf, RatchetKind kind, uint generation, RetentionPolicy retention)
    {
        if (leaf >= LeafCount) throw new MlsException(MlsError.InvalidSender, "6.3.2", "the sender is outside the tree");
        if (_leaves[leaf] is { } known && generation < known[kind].Generation)
            return TakeSkipped(leaf, kind, known, generation);

        uint next = _leaves[leaf]?[kind].Generation ?? 0;
        if (generation - next > (uint)Math.Max(0, retention.MaxForward) || generation == uint.MaxValue)
            throw new MlsException(MlsError.GenerationTooFar, "9.2", "more generations ahead than may be skipped");
        return Advance(leaf, kind, generation, Math.Max(0, retention.MaxSkipped));
    }

    /// <summary>Every record, as a store must hold them after the first save; the caller disposes their values.</summary>
    public IEnumerable<SecretTreeRecord> Records()
    {
        foreach ((uint node, Secret secret) in _nodes.Entries()) yield return new(new(SecretTreePart.Node, node), secret.Clone());
        foreach ((uint leaf, LeafRatchets ratchets) in _leaves.Entries())
        {
            foreach (RatchetKind kind in Kinds)
            {
                yield return new(RatchetRecord(leaf, kind), ratchets[kind].Encode());
                foreach ((uint generation, Secret key) in ratchets[kind].Skipped) yield return new(SkippedRecord(leaf, kind, generation), key.Clone());
            }
        }
    }

    /// <summary>A tree from its stored records, whose values it copies.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidState"/>: the records do not make a tree.</exception>
    public static SecretTree Restore(SuiteCrypto crypto, uint leafCount, IEnumerable<SecretTreeRecord> records)
    {
        var nodes = PersistentArray<Secret>.Empty;
        Dictionary<(uint Leaf, RatchetKind Kind), Ratchet> ratchets = [];
        List<(SecretTreeKey Key, Secret Value)> skipped = [];
        foreach (SecretTreeRecord record in records)
        {
            if (record.Value is not { } value) continue;
            switch (record.Key.Part)
            {
                case SecretTreePart.Node: nodes = nodes.With(record.Key.Index, value.Clone()); break;
                case SecretTreePart.HandshakeRatchet: ratchets[(record.Key.Index, RatchetKind.Handshake)] = Ratchet.Decode(crypto, value.Span); break;
                case SecretTreePart.ApplicationRatchet: ratchets[(record.Key.Index, RatchetKind.Application)] = Ratchet.Decode(crypto, value.Span); break;
                default: skipped.Add((record.Key, value.Clone())); break;
            }
        }
        foreach (var group in skipped.GroupBy(entry => (entry.Key.Index, entry.Key.Part == SecretTreePart.SkippedHandshake ? RatchetKind.Handshake : RatchetKind.Application)))
        {
            if (!ratchets.TryGetValue(group.Key, out Ratchet? ratchet)) throw Damaged();
            ratchets[group.Key] = ratchet with { Skipped = ratchet.Skipped.AddRange(group.Select(entry => KeyValuePair.Create(entry.Key.Generation, entry.Value))) };
        }
        var leaves = PersistentArray<LeafRatchets>.Empty;
        int opened = 0;
        foreach ((uint leaf, RatchetKind kind) in ratchets.Keys)
        {
            if (kind != RatchetKind.Handshake) continue;
            if (!ratchets.TryGetValue((leaf, RatchetKind.Application), out Ratchet? application)) throw Damaged();
            leaves = leaves.With(leaf, new LeafRatchets(ratchets[(leaf, kind)], application));
            opened++;
        }
        if (opened * 2 != ratchets.Count) throw Damaged();
        return new SecretTree(crypto, leafCount, nodes, leaves);

        static MlsException Damaged() => new(MlsError.InvalidState, "9", "the records of a secret tree are incomplete");
    }

    /// <summary>Zeroes every secret. Not for a tree from which a step was accepted.</summary>
    public void Dispose()
    {
        foreach ((_, Secret secret) in _nodes.Entries()) secret.Dispose();
        foreach ((_, LeafRatchets ratchets) in _leaves.Entries())
        {
            foreach (RatchetKind kind in Kinds)
            {
                Ratchet ratchet = ratchets[kind];
                ratchet.Secret.Dispose();
                foreach (Secret key in ratchet.Skipped.Values) key.Dispose();
            }
        }
    }

    /// <summary>What a store must write to hold this tree after it held <paramref name="old"/>; the caller disposes the values.</summary>
    internal IEnumerable<SecretTreeRecord> ChangesSince(SecretTree old)
    {
        foreach ((uint node, _, Secret? now) in _nodes.ChangesSince(old._nodes)) yield return new(new(SecretTreePart.Node, node), now?.Clone());
        foreach ((uint leaf, LeafRatchets? before, LeafRatchets? after) in _leaves.ChangesSince(old._leaves))
        {
            foreach (RatchetKind kind in Kinds)
            {
                Ratchet? was = before?[kind], now = after?[kind];
                if (ReferenceEquals(was, now)) continue;
                if (!ReferenceEquals(was?.Secret, now?.Secret)) yield return new(RatchetRecord(leaf, kind), now?.Encode());
                if (ReferenceEquals(was?.Skipped, now?.Skipped)) continue;
                var keysBefore = was?.Skipped ?? ImmutableSortedDictionary<uint, Secret>.Empty;
                var keysAfter = now?.Skipped ?? ImmutableSortedDictionary<uint, Secret>.Empty;
                foreach (uint generation in keysBefore.Keys)
                    if (!keysAfter.ContainsKey(generation)) yield return new(SkippedRecord(leaf, kind, generation), null);
                foreach ((uint generation, Secret key) in keysAfter)
                    if (!keysBefore.ContainsKey(generation)) yield return new(SkippedRecord(leaf, kind, generation), key.Clone());
            }
        }
    }

    /// <summary>Zeroes the secrets that <paramref name="kept"/>, a tree of the same epoch before or after this one, does not hold.</summary>
    internal void DisposeExcept(SecretTree kept)
    {
        foreach ((_, _, Secret? mine) in _nodes.ChangesSince(kept._nodes)) mine?.Dispose();
        foreach ((_, LeafRatchets? theirs, LeafRatchets? mine) in _leaves.ChangesSince(kept._leaves))
        {
            if (mine is null) continue;
            foreach (RatchetKind kind in Kinds)
            {
                Ratchet ratchet = mine[kind];
                Ratchet? other = theirs?[kind];
                if (ReferenceEquals(ratchet, other)) continue;
                if (!ReferenceEquals(ratchet.Secret, other?.Secret)) ratchet.Secret.Dispose();
                if (ReferenceEquals(ratchet.Skipped, other?.Skipped)) continue;
                foreach ((uint generation, Secret key) in ratchet.Skipped)
                    if (other is null || !other.Skipped.TryGetValue(generation, out Secret? same) || !ReferenceEquals(same, key)) key.Dispose();
            }
        }
    }

    /// <summary>The ratchets of <paramref name="leaf"/>; derived, with the secrets aside of the way down, where they are not there yet.</summary>
    (PersistentArray<Secret> Nodes, LeafRatchets Ratchets) Open(uint leaf)
    {
        if (_leaves[leaf] is { } known) return (_nodes, known);

        uint target = 2 * leaf;
        (uint node, int level) = NearestSecret(target);
        Secret first = _nodes[node]!, secret = first;
        PersistentArray<Secret> nodes = _nodes.With(node, null);
        for (; level > 0; level--)
        {
            uint left = node ^ (1u << (level - 1)), right = node ^ (3u << (level - 1));
            bool isLeft = target < node;
            nodes = nodes.With(isLeft ? right : left, _crypto.ExpandWithLabel(secret, "tree", isLeft ? "right"u8 : "left"u8, _crypto.HashLength));
            Secret child = _crypto.ExpandWithLabel(secret, "tree", isLeft ? "left"u8 : "right"u8, _crypto.HashLength);
            Drop(secret, unless: first);
            (node, secret) = (isLeft ? left : right, child);
        }
        LeafRatchets ratchets = new(Ratchet.Start(_crypto, secret, RatchetKind.Handshake), Ratchet.Start(_crypto, secret, RatchetKind.Application));
        Drop(secret, unless: first);
        return (nodes, ratchets);
    }

    (uint Node, int Level) NearestSecret(uint target)
    {
        uint node = Root;
        for (int level = BitOperations.Log2(LeafCount); ; level--)
        {
            if (_nodes[node] is not null) return (node, level);
            if (level == 0) throw new MlsException(MlsError.InvalidState, "9", "the secret tree has no secret for this leaf");
            node = target < node ? node ^ (1u << (level - 1)) : node ^ (3u << (level - 1));
        }
    }

    /// <summary>Moves a ratchet past <paramref name="generation"/>, keeping the keys of at most <paramref name="maxSkipped"/> generations before it.</summary>
    RatchetStep Advance(uint leaf, RatchetKind kind, uint generation, int maxSkipped)
    {
        (PersistentArray<Secret> nodes, LeafRatchets ratchets) = Open(leaf);
        Ratchet from = ratchets[kind];
        // What the leaf had before belongs to this tree, which may yet be the one that goes on.
        Secret? kept = _leaves[leaf]?[kind].Secret;
        var skipped = from.Skipped;
        uint floor = from.Floor;
        Secret secret = from.Secret;
        for (uint at = from.Generation; at < generation; at++)
        {
            if (generation - at <= (uint)maxSkipped) skipped = skipped.Add(at, Ratchet.Key(_crypto, secret, at));
            else floor = at + 1;
            Secret following = Ratchet.NextSecret(_crypto, secret, at);
            Drop(secret, unless: kept);
            secret = following;
        }
        while (generation > from.Generation && skipped.Count > maxSkipped)
        {
            uint oldest = skipped.Keys.First();
            skipped = skipped.Remove(oldest);
            floor = Math.Max(floor, oldest + 1);
        }

        Secret used = Ratchet.Key(_crypto, secret, generation);
        Ratchet moved = new(Ratchet.NextSecret(_crypto, secret, generation), generation + 1, floor, skipped);
        Drop(secret, unless: kept);
        return new RatchetStep(this, new(_crypto, LeafCount, nodes, _leaves.With(leaf, ratchets.With(kind, moved))), generation, used, _crypto.Suite.KeyLength);
    }

    RatchetStep TakeSkipped(uint leaf, RatchetKind kind, LeafRatchets ratchets, uint generation)
    {
        Ratchet ratchet = ratchets[kind];
        if (!ratchet.Skipped.TryGetValue(generation, out Secret? key))
        {
            throw generation < ratchet.Floor
                ? new MlsException(MlsError.GenerationTooOld, "9.2", "the key of this generation is not kept any more")
                : new MlsException(MlsError.SecretReuse, "9.2", "the key of this generation was used");
        }
        Ratchet without = ratchet with { Skipped = ratchet.Skipped.Remove(generation) };
        return new RatchetStep(this, new(_crypto, LeafCount, _nodes, _leaves.With(leaf, ratchets.With(kind, without))), generation, key.Clone(), _crypto.Suite.KeyLength);
    }

    static void Drop(Secret secret, Secret? unless)
    {
        if (!ReferenceEquals(secret, unless)) secret.Dispose();
    }

    static SecretTreeKey RatchetRecord(uint leaf, RatchetKind kind) =>
        new(kind == RatchetKind.Handshake ? SecretTreePart.HandshakeRatchet : SecretTreePart.ApplicationRatchet, leaf);

    static SecretTreeKey SkippedRecord(uint leaf, RatchetKind kind, uint generation) =>
        new(kind == RatchetKind.Handshake ? SecretTreePart.SkippedHandshake : SecretTreePart.SkippedApplication, leaf, generation);
}
