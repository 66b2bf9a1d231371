using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>Looks accounts up.</summary>
internal sealed class DirectoryStore(AuthDatabase database)
{
    const string ByHandle = "SELECT id, handle, account_key, device_list FROM account WHERE handle = @key";
    const string ById = "SELECT id, handle, account_key, device_list FROM account WHERE id = @key";
    const string Certificates = "SELECT certificate FROM device WHERE account = @account AND certificate IS NOT NULL ORDER BY id";

    /// <summary>The account with exactly this handle, or <c>null</c>.</summary>
    public Task<AccountRecord?> FindAsync(string handle) => FindAsync(ByHandle, handle);

    /// <summary>The account with this id, or <c>null</c>.</summary>
    public Task<AccountRecord?> FindAsync(Id account) => FindAsync(ById, account);

    // One read transaction, so that list and certificates belong together.
    Task<AccountRecord?> FindAsync(string sql, object key) => database.ReadAsync(async db =>
    {
        AccountRecord? found = await db.FirstAsync(
            sql, row => new AccountRecord(row.Id(0), row.GetString(1), row.Bytes(2), row.Bytes(3), []), ("@key", key));
        return found is null ? null : found with
        {
            Certificates = [.. await db.AllAsync(Certificates, row => row.Bytes(0), ("@account", found.Account))],
        };
    });
}
