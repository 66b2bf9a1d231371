namespace Kavalek.Mls;

/// <summary>
/// What a group's members accept and do of what RFC 9420 leaves to the application. What a rule forbids is refused as
/// <see cref="MlsError.NotAllowed"/>, whoever asks for it: a peer, a Welcome or the own application.
/// </summary>
/// <remarks>
/// All members of a group must have the same rules: where one follows a commit that another refuses, they part. Who may add, remove
/// or change whom is the application's, which looks at <see cref="CommitEffects"/> before it keeps the next epoch.
/// </remarks>
public sealed record MlsRules
{
    /// <summary>All that members do among themselves; nobody from outside changes the group. What an environment has unless told otherwise.</summary>
    public static MlsRules Default { get; } = new();

    /// <summary>All of RFC 9420, from outside too.</summary>
    public static MlsRules Open { get; } = new() { ExternalCommits = true, ExternalSenders = true, NewMemberProposals = true };

    /// <summary>Adds, updates, removes and extensions by members in encrypted messages, and nothing else.</summary>
    public static MlsRules MembersOnly { get; } = new() { PreSharedKeys = false, ReInit = false, Branching = false, PublicHandshakes = false };

    /// <summary>Whoever has the GroupInfo of an epoch may join by a commit of its own (§12.4.3.2). False unless set.</summary>
    public bool ExternalCommits { get; init; }

    /// <summary>The group may name senders outside of it, who may propose (§12.1.8.1). False unless set.</summary>
    public bool ExternalSenders { get; init; }

    /// <summary>Anybody may propose to be added (§12.1.8): each such proposal has to be committed before the next message. False unless set.</summary>
    public bool NewMemberProposals { get; init; }

    /// <summary>Pre-shared keys, external ones and those of earlier epochs, enter the key schedule (§8.4).</summary>
    public bool PreSharedKeys { get; init; } = true;

    /// <summary>A group can be ended in favour of a new one (§11.2).</summary>
    public bool ReInit { get; init; } = true;

    /// <summary>A group can be founded on a part of another (§11.3).</summary>
    public bool Branching { get; init; } = true;

    /// <summary>Proposals and commits of members may come as PublicMessages (§6.2), readable by anyone.</summary>
    public bool PublicHandshakes { get; init; } = true;

    /// <summary>Own proposals and commits are sent as PublicMessages. False unless set.</summary>
    public bool SendPublicHandshakes { get; init; }

    /// <summary>
    /// Proposal types of the application's own. A commit holds one only where every member that stays lists the type among its
    /// capabilities (§12.2). Empty unless set.
    /// </summary>
    public IReadOnlyList<CustomProposalType> CustomProposals { get; init; } = [];

    internal CustomProposalType? Custom(ushort type) => CustomProposals.FirstOrDefault(custom => custom.Type == type);

    internal static void Require(bool allowed, string section, string what)
    {
        if (!allowed) throw new MlsException(MlsError.NotAllowed, section, $"the group's rules do not allow {what}");
    }
}

/// <summary>A proposal type of the application's own. On the wire its content is one vector of bytes, which the library hands over unread.</summary>
/// <param name="Type">Its number, above 7; those from 0xF000 on are for private use (§17.4).</param>
/// <param name="NeedsPath">Whether a commit that holds one must renew the committer's keys (§17.4).</param>
/// <param name="FromOutside">Whether external senders may propose it (§12.1.8).</param>
public sealed record CustomProposalType(ushort Type, bool NeedsPath = false, bool FromOutside = false);
