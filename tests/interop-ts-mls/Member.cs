namespace Kavalek.Interop.TsMls.Tests;

/// <summary>A commit as it leaves its maker: for the others, and for those it adds.</summary>
sealed record SentCommit(byte[] Message, byte[]? Welcome);

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
