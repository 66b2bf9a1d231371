using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>One vault an account, replaced by a later one only.</summary>
internal sealed class VaultStore(AuthDatabase database, InstanceId instance, TimeProvider clock)
{
    const string Find = "SELECT number, body, signature FROM vault WHERE account = @account";

    const string Store = """
        INSERT INTO vault (account, number, body, signature) VALUES (@account, @number, @body, @signature)
        ON CONFLICT (account) DO UPDATE SET number = @number, body = @body, signature = @signature
        """;

    /// <summary>The account's vault, or <c>null</c>.</summary>
    public Task<VaultRecord?> FindAsync(Id account) => database.ReadAsync(db => FindAsync(db, account));

    /// <summary>What is said of the vault to who need not have it.</summary>
    public static async Task<VaultState?> StateAsync(Db db, Id account) =>
        await FindAsync(db, account) is { } vault ? new VaultState(vault.Number, SHA256.HashData(vault.Vault), vault.Signature) : null;

    /// <summary>Puts a later vault in the place of the stored one.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.StaleVault"/>: it is no later one. <see cref="ErrorCodes.Invalid"/>, <see cref="ErrorCodes.TooLarge"/>.</exception>
    public Task ReplaceAsync(Caller caller, VaultRecord next) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        byte[] key = await db.FirstAsync("SELECT account_key FROM account WHERE id = @account", row => row.Bytes(0), ("@account", caller.Account))
            ?? throw AuthException.Unauthenticated();
        await ReplaceAsync(db, caller.Account, key, next);
    });

    /// <summary>The same, inside a transaction that also changes the account's key.</summary>
    public async Task ReplaceAsync(Db db, Id account, byte[] accountKey, VaultRecord next)
    {
        if (next.Vault.Length is 0) throw AuthException.Invalid("The vault is empty.");
        if (next.Vault.Length > Limits.VaultBytes) throw new AuthException(ErrorCodes.TooLarge, "A vault has at most 1,024 bytes.");
        if (!Signatures.Verify(accountKey, new VaultStatement(instance.Id, account, next.Number, SHA256.HashData(next.Vault)).SignedBytes(), next.Signature))
        {
            throw AuthException.Invalid("The vault is not signed by the account key.");
        }
        ulong stored = (await FindAsync(db, account))?.Number ?? 0;
        // Where this database was put back to a backup, the account's devices have counted further.
        if (next.Number <= stored || next.Number - stored > Limits.ForgottenChanges) throw new AuthException(ErrorCodes.StaleVault, "The vault is not a later one than the stored one.");
        await db.ExecuteAsync(Store, ("@account", account), ("@number", (long)next.Number), ("@body", next.Vault), ("@signature", next.Signature));
    }

    static Task<VaultRecord?> FindAsync(Db db, Id account) =>
        db.FirstAsync(Find, row => new VaultRecord((ulong)row.GetInt64(0), row.Bytes(1), row.Bytes(2)), ("@account", account));
}
