namespace Kavalek.Mls;

/// <summary>
/// An own commit that the delivery service has not confirmed. Store it (<see cref="Encode"/>) before it is sent. It is settled by what
/// comes back: its own bytes (give it to <see cref="MlsGroup.ProcessAsync"/>, or call <see cref="Apply"/>), or a rival's commit for the
/// same epoch, after which it is disposed and its request made anew.
/// </summary>
public sealed class PendingCommit : IDisposable
{
    /// <summary>The commit, an MLSMessage.</summary>
    public byte[] Message => throw new NotImplementedException();

    /// <summary>The Welcome for all who are added, an MLSMessage; <c>null</c> where nobody is. Deliver it only with the winning commit.</summary>
    public byte[]? Welcome => throw new NotImplementedException();

    /// <summary>What it does.</summary>
    public CommitEffects Effects => throw new NotImplementedException();

    /// <summary>The epoch it ends.</summary>
    public ulong Epoch => throw new NotImplementedException();

    /// <summary>The epoch authenticator (§8.7) of the epoch it begins.</summary>
    public byte[] NextEpochAuthenticator => throw new NotImplementedException();

    /// <summary>Whether <paramref name="message"/> is this commit, as the delivery service gives it back.</summary>
    public bool IsEchoedBy(ReadOnlySpan<byte> message) => throw new NotImplementedException();

    /// <summary>The group in its next epoch, once the delivery service has said that this commit won.</summary>
    /// <param name="group">The group as it is now, in the epoch that the commit ends: messages may have come since the commit was made.</param>
    /// <param name="now">The time, from which the age of the ended epoch is counted.</param>
    public MlsGroup Apply(MlsGroup group, DateTimeOffset now) => throw new NotImplementedException();

    /// <summary>All of it, secrets included, for the caller's encrypted store.</summary>
    public byte[] Encode() => throw new NotImplementedException();

    /// <summary>Reads what <see cref="Encode"/> wrote, beside the group in the same epoch.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidState"/>, <see cref="MlsError.EpochTooOld"/>.</exception>
    public static PendingCommit Decode(MlsGroup group, ReadOnlySpan<byte> stored) => throw new NotImplementedException();

    /// <summary>Zeroes the secrets of the epoch that did not come to be. Without effect once <see cref="Apply"/> has handed them to the next group.</summary>
    public void Dispose() => throw new NotImplementedException();
}
