namespace Kavalek.Mls;

/// <summary>What came of a message: exactly one of the records below. What a peer sends never throws.</summary>
public abstract record ProcessResult
{
    ProcessResult()
    {
    }

    /// <summary>An application message was decrypted and its signature verified.</summary>
    /// <param name="Sender">Who sent it, as of the message's epoch.</param>
    /// <param name="Content">The application's bytes, padding removed.</param>
    /// <param name="AuthenticatedData">What travelled in clear beside it, authenticated.</param>
    /// <param name="Epoch">The epoch it was sent in: the group's or a past one.</param>
    /// <param name="Generation">Its number among the sender's messages in that epoch, from 0: a gap is a message not received.</param>
    /// <param name="Next">The group without the key that was used. Store it before the content is shown.</param>
    public sealed record ApplicationReceived(
        Member Sender, byte[] Content, byte[] AuthenticatedData, ulong Epoch, uint Generation, MlsGroup Next) : ProcessResult
    {
        /// <summary>What shows to somebody outside the group who sent it.</summary>
        public required SignedApplication Proof { get; init; }
    }

    /// <summary>A proposal was received, and is kept until the epoch ends: somebody should commit it.</summary>
    /// <param name="Sender">Who proposes; <c>null</c> for somebody outside the group: see <see cref="Proposal"/>.</param>
    /// <param name="Type">What, as in <see cref="ProposalType"/>.</param>
    /// <param name="Target">Whom a Remove or an Update is about.</param>
    /// <param name="AuthenticatedData">What travelled beside it, authenticated.</param>
    /// <param name="Next">The group that knows it.</param>
    public sealed record ProposalReceived(
        Member? Sender, ushort Type, LeafIndex? Target, byte[] AuthenticatedData, MlsGroup Next) : ProcessResult
    {
        /// <summary>All there is to know of it.</summary>
        public required PendingProposal Proposal { get; init; }
    }

    /// <summary>
    /// Another member's commit was verified, or that of who joins by it. It takes effect by keeping <paramref name="Next"/>; a policy that refuses
    /// <paramref name="Effects"/> disposes it (<see cref="MlsGroup.DisposeExcept"/>) and stays with the group it has.
    /// </summary>
    /// <param name="Effects">Who joins, leaves and changes.</param>
    /// <param name="AuthenticatedData">What travelled beside it, authenticated.</param>
    /// <param name="Next">The group in its next epoch.</param>
    public sealed record CommitReceived(CommitEffects Effects, byte[] AuthenticatedData, MlsGroup Next) : ProcessResult;

    /// <summary>
    /// A commit removes this client. Its signature was verified; its confirmation tag cannot be by who is removed. The group stays
    /// as it is, to be read and then disposed.
    /// </summary>
    /// <param name="Effects">Who leaves and changes; the new members' leaves.</param>
    /// <param name="AuthenticatedData">What travelled beside it, authenticated.</param>
    public sealed record RemovedFromGroup(CommitEffects Effects, byte[] AuthenticatedData) : ProcessResult;

    /// <summary>The own pending commit came back: it won the epoch.</summary>
    /// <param name="Effects">What it did.</param>
    /// <param name="Next">The group in its next epoch.</param>
    public sealed record OwnCommitConfirmed(CommitEffects Effects, MlsGroup Next) : ProcessResult;

    /// <summary>Nothing new, nothing wrong.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Ignored(IgnoreReason Reason) : ProcessResult;

    /// <summary>The message is not acceptable; the group is as it was.</summary>
    /// <param name="Error">The stable code.</param>
    /// <param name="Section">The section of RFC 9420 that it breaks.</param>
    /// <param name="Detail">For logs; no secrets, no content.</param>
    public sealed record Refused(MlsError Error, string Section, string Detail) : ProcessResult;
}

/// <summary>Why a message was ignored.</summary>
public enum IgnoreReason
{
    /// <summary>An own message that the delivery service echoed.</summary>
    OwnMessage = 1,
    /// <summary>A message whose key was used already: delivered twice.</summary>
    Replay = 2,
    /// <summary>
    /// A message under the own signature that this state has not sent yet: it is older than another copy of itself, put back from a backup
    /// or running elsewhere. To send with it would use keys again; leave the leaf, and be added anew.
    /// </summary>
    NewerOwnMessage = 3,
}
