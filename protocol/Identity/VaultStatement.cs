namespace Kavalek.Protocol.Identity;

/// <summary>Which vault is the account's, as one of its devices says (docs/PROTOCOL.md §5.6); the account key signs it.</summary>
/// <param name="Instance">The instance it is for.</param>
/// <param name="Account">Whose vault.</param>
/// <param name="Number">1, then one more at each replacement.</param>
/// <param name="Hash">SHA-256 of the vault, 32 bytes.</param>
public sealed record VaultStatement(Id Instance, Id Account, ulong Number, byte[] Hash)
{
    /// <summary>What the account key signs.</summary>
    public byte[] SignedBytes() => SignContent.Encode(SignContent.Vault, new TlsBytes().Id(Instance).Id(Account).UInt64(Number).Raw(Hash).ToArray());
}
