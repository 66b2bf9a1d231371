namespace Kavalek.Protocol.Identity;

/// <summary>By which an account vouches for the key that reports to it are sealed to (docs/PROTOCOL.md §13.2).</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Account">Whose key it is.</param>
/// <param name="Key">The public key, <see cref="Limits.ReportKeyBytes"/>.</param>
public sealed record ReportKeyStatement(Id Instance, Id Account, byte[] Key)
{
    /// <summary>What the account key signs: <c>instance ‖ account ‖ key</c>.</summary>
    public byte[] SignedBytes() => SignContent.Encode(SignContent.ReportKey, [.. Instance.ToArray(), .. Account.ToArray(), .. Key]);
}
