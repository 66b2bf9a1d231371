namespace Kavalek.Mls;

/// <summary>
/// Most entries of each list, held against it while it is read: an entry of two bytes takes some forty of memory, so that a limit looked at afterwards comes too late. What a group
/// itself allows (<see cref="MlsLimits"/>) may be less.
/// </summary>
internal static class ListLimits
{
    /// <summary>Lists of one entry a member or a change: proposals of a commit, new members of a Welcome, recipients of a path. Four times what <see cref="MlsLimits"/> sets by default.</summary>
    public const int Leaves = 16_384;

    /// <summary>Nodes of a path: no tree is higher (<see cref="SecretTree.MaxLeaves"/>).</summary>
    public const int PathNodes = 30;

    /// <summary>Extensions of one object, of which each type occurs once; a handful are registered.</summary>
    public const int Extensions = 64;

    /// <summary>External senders of a group.</summary>
    public const int ExternalSenders = 256;

    /// <summary>Lists of the own stored state, which nobody else wrote: as many as there are.</summary>
    public const int Stored = int.MaxValue;
}
