using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>
/// A password that was right. Its check waits in a queue and takes its time: whatever is done upon it asks in its own transaction whether that is the password still.
/// </summary>
/// <param name="Account">Whose.</param>
/// <param name="Hash">The stored hash it was checked against.</param>
internal sealed record PasswordProof(Id Account, string Hash)
{
    /// <summary>Refuses a password that was changed meanwhile.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.WrongCredentials"/>.</exception>
    public async Task RequireAsync(Db db)
    {
        if (!await db.AnyAsync("SELECT 1 FROM account WHERE id = @account AND password = @hash", ("@account", Account), ("@hash", Hash))) throw AuthException.WrongCredentials();
    }
}
