namespace Kavalek.Mls;

/// <summary>
/// The application's word on who is who (RFC 9420 §5.3.1). It is asked for every leaf that enters a tree: at each join, add,
/// update and commit with a path.
/// </summary>
/// <remarks>It may be asked about several leaves at once, from several threads. An exception thrown here passes through to the caller of the library, and the group stays as it was.</remarks>
public interface IAuthenticationService
{
    /// <summary>Whether <paramref name="presented"/> is what it claims to be.</summary>
    ValueTask<bool> ValidateAsync(PresentedCredential presented);

    /// <summary>
    /// Whether <paramref name="next"/> may take the leaf that <paramref name="old"/> holds: the same client, renewed
    /// (§7.3, §12.1.2). Each was validated by itself before.
    /// </summary>
    bool IsSuccessor(PresentedCredential old, PresentedCredential next);
}

/// <summary>A credential with the key it is to vouch for.</summary>
/// <param name="Credential">The credential.</param>
/// <param name="SignatureKey">The raw signature public key of the leaf.</param>
/// <param name="GroupId">The group; <c>null</c> for a key package outside any group.</param>
public sealed record PresentedCredential(Credential Credential, byte[] SignatureKey, byte[]? GroupId);
