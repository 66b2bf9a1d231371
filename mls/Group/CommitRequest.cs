namespace Kavalek.Mls;

/// <summary>What to put into a commit (RFC 9420 §12.4). An empty request renews the own keys, and commits what others proposed.</summary>
public sealed record CommitRequest
{
    /// <summary>Clients to add.</summary>
    public IReadOnlyList<KeyPackage> Add { get; init; } = [];

    /// <summary>Members to remove; not oneself, since nobody can commit its own removal.</summary>
    public IReadOnlyList<LeafIndex> Remove { get; init; } = [];

    /// <summary>New extensions of the GroupContext, in place of all of the old ones; <c>null</c> leaves them.</summary>
    public IReadOnlyList<Extension>? Extensions { get; init; }

    /// <summary>Pre-shared keys to mix in, by the application's names for them.</summary>
    public IReadOnlyList<byte[]> ExternalPsks { get; init; } = [];

    /// <summary>Earlier epochs, of this group or others, whose members alone can follow the commit (§8.4).</summary>
    public IReadOnlyList<ResumptionPsk> ResumptionPsks { get; init; } = [];

    /// <summary>Proposals of the application's own types.</summary>
    public IReadOnlyList<CustomProposal> Custom { get; init; } = [];

    /// <summary>End the group in favour of a new one (§11.2). Such a commit holds nothing else; what others proposed is left out.</summary>
    public ReInit? ReInit { get; init; }

    /// <summary>The epoch of another group that this first commit of a group continues.</summary>
    internal PreSharedKeyId? Origin { get; init; }

    /// <summary>
    /// Renew the own keys even where the proposals alone do not need it. After many adds the tree is blank, and a path costs
    /// an encryption a member; without a path new members are added cheaply, but nothing heals.
    /// </summary>
    public bool ForcePath { get; init; }

    /// <summary>Commit what others proposed in this epoch, but what cannot stand beside this request, beside the rest or in this group (§12.2).</summary>
    public bool IncludeProposals { get; init; } = true;

    /// <summary>
    /// Which of them to commit, by the application's policy; all where <c>null</c>, a ReInit too if there is nothing else to commit. Who
    /// commits answers for what is in it.
    /// </summary>
    public Func<PendingProposal, bool>? Accept { get; init; }

    /// <summary>A new credential, key or extensions for the own leaf; implies a path.</summary>
    public LeafChange? OwnLeaf { get; init; }

    /// <summary>Bytes that travel with the commit, authenticated; readable by anyone (§6.3.1).</summary>
    public byte[] AuthenticatedData { get; init; } = [];

    /// <summary>Zero bytes appended inside the encryption, to hide the size (§6.3.1).</summary>
    public int Padding { get; init; }

    /// <summary>Put the ratchet tree into the Welcome. Without it the joiner gets it beside: see <see cref="MlsGroup.ExportRatchetTree"/>.</summary>
    public bool TreeInWelcome { get; init; } = true;
}

/// <summary>What changes in one's own leaf beside its encryption key, which is always renewed. <c>null</c> keeps the old.</summary>
public sealed record LeafChange
{
    /// <summary>A new credential; peers ask their authentication service whether it succeeds the old one.</summary>
    public Credential? Credential { get; init; }

    /// <summary>New signature keys, copied.</summary>
    public KeyPair? SignatureKey { get; init; }

    /// <summary>New capabilities.</summary>
    public Capabilities? Capabilities { get; init; }

    /// <summary>New extensions of the leaf.</summary>
    public IReadOnlyList<Extension>? Extensions { get; init; }
}
