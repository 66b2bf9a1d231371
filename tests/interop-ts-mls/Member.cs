namespace Kavalek.Interop.TsMls.Tests;

/// <summary>A commit as it leaves its maker: for the others, and for those it adds.</summary>
sealed record SentCommit(byte[] Message, byte[]? Welcome);

/// <summary>A group that goes on for another, for those who are to join it.</summary>
/// <param name="Welcome">The Welcome.</param>
/// <param name="Tree">The ratchet tree, where it is not inside.</param>
sealed record NextGroup(byte[] Welcome, byte[]? Tree);

/// <summary>What all members of an epoch must agree on.</summary>
sealed record View(ulong Epoch, string Authenticator, string Exported);

/// <summary>One member of the group, of either implementation.</summary>
abstract class Member(string name)
{
    public string Name => name;

    /// <summary>A key package for the suite the member was made with, as an MLSMessage.</summary>
    public abstract Task<byte[]> KeyPackageAsync();

    public abstract Task CreateAsync(byte[] groupId);

    public abstract Task JoinAsync(byte[] welcome);

    /// <summary>What others need to join by themselves.</summary>
    public abstract Task<byte[]> GroupInfoAsync();

    /// <summary>Joins by a commit of its own, which the others are to process.</summary>
    /// <param name="groupInfo">From a member.</param>
    /// <param name="returning">Whether it is in the group already, and replaces itself.</param>
    public abstract Task<byte[]> JoinExternallyAsync(byte[] groupInfo, bool returning);

    /// <summary>Proposes to be added itself.</summary>
    public abstract Task<byte[]> ProposeOneselfAsync(byte[] groupInfo);

    /// <summary>Commits, and takes the own commit as accepted.</summary>
    public abstract Task<SentCommit> CommitAsync(IReadOnlyList<byte[]> add, IReadOnlyList<uint> remove);

    /// <summary>Ends the group in favour of one on another cipher suite (RFC 9420 §11.2).</summary>
    public abstract Task<SentCommit> EndAsync(byte[] nextGroupId, ushort nextSuite);

    /// <summary>A key package for the group that goes on for this one.</summary>
    public abstract Task<byte[]> NextKeyPackageAsync(ushort suite);

    /// <summary>Founds the group that this one was ended for, or one of some of its members (§11.3), and is in it.</summary>
    public abstract Task<NextGroup> FoundAsync(bool branch, byte[] groupId, IReadOnlyList<byte[]> others);

    /// <summary>Leaves this group for one that goes on for it.</summary>
    public abstract Task JoinNextAsync(bool branch, NextGroup next);

    public abstract Task<byte[]> ProposeAddAsync(byte[] keyPackage);

    public abstract Task<byte[]> ProposeRemoveAsync(uint leaf);

    public abstract Task<byte[]> SendAsync(string text);

    /// <summary>The text of an application message; <c>null</c> for a proposal or a commit.</summary>
    /// <exception cref="RefusedException">The member refuses it.</exception>
    public abstract Task<string?> ProcessAsync(byte[] message);

    public abstract Task<View> LookAsync();

    /// <summary>Whether a commit removed it.</summary>
    public abstract Task<bool> IsRemovedAsync();
}

/// <summary>A member refused a message.</summary>
sealed class RefusedException(string message) : Exception(message);
