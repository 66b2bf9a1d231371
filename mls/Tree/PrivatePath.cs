namespace Kavalek.Mls;

/// <summary>
/// The private keys a member holds in the tree: its leaf's, and those of nodes above it (RFC 9420 §4.2). Immutable; the paths of two
/// epochs share the keys that did not change.
/// </summary>
internal sealed class PrivatePath(Secret leafKey, IReadOnlyDictionary<uint, Secret> nodeKeys)
{
    /// <summary>Only a leaf's key: a new member, before it reads the path secret of its Welcome.</summary>
    public static PrivatePath Of(Secret leafKey) => new(leafKey, new Dictionary<uint, Secret>());

    public Secret LeafKey { get; } = leafKey;

    /// <summary>By node index.</summary>
    public IReadOnlyDictionary<uint, Secret> NodeKeys { get; } = nodeKeys;

    /// <summary>Every key held.</summary>
    public IEnumerable<Secret> Keys => NodeKeys.Values.Prepend(LeafKey);

    /// <summary>The private key of <paramref name="node"/> to a member at <paramref name="own"/>; <c>null</c> where it has none.</summary>
    public Secret? Find(NodeIndex node, LeafIndex own) => node == own.Node ? LeafKey : NodeKeys.GetValueOrDefault(node.Value);

    public PrivatePath WithLeafKey(Secret key) => new(key, NodeKeys);

    /// <summary>Without the keys of nodes that are blank in <paramref name="tree"/>.</summary>
    public PrivatePath Within(RatchetTree tree) =>
        NodeKeys.Keys.All(node => tree.Parent(new(node)) is not null)
            ? this
            : new(LeafKey, NodeKeys.Where(entry => tree.Parent(new(entry.Key)) is not null).ToDictionary());

    /// <summary>Zeroes the keys that <paramref name="kept"/> does not hold: of a path that came to nothing.</summary>
    public void DisposeExcept(PrivatePath kept)
    {
        HashSet<Secret> held = new(kept.Keys, ReferenceEqualityComparer.Instance);
        foreach (Secret key in Keys) if (!held.Contains(key)) key.Dispose();
    }

    /// <summary>With fresh keys from the common ancestor with a committer up.</summary>
    public PrivatePath With(IEnumerable<(NodeIndex Node, Secret Key)> fresh)
    {
        Dictionary<uint, Secret> keys = new(NodeKeys);
        foreach ((NodeIndex node, Secret key) in fresh) keys[node.Value] = key;
        return new(LeafKey, keys);
    }
}
