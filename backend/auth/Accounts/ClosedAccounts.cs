using System.Security.Cryptography;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>
/// Accounts that were deleted a moment ago: said again at the next start, should the process end before everybody has heard. Their ids are kept sealed under a
/// key outside the database, so that its file names nobody who is gone, and for some minutes only.
/// </summary>
internal sealed class ClosedAccounts(AuthDatabase database, AuthKeys keys, TimeProvider clock)
{
    const int NonceBytes = 12;
    const int TagBytes = 16;

    /// <summary>Notes the end of an account in the transaction that deletes it.</summary>
    public Task NoteAsync(Db db, Id account)
    {
        byte[] body = new byte[NonceBytes + Limits.IdLength + TagBytes];
        RandomNumberGenerator.Fill(body.AsSpan(0, NonceBytes));
        using AesGcm aes = new(Key(), TagBytes);
        aes.Encrypt(body.AsSpan(0, NonceBytes), account.ToArray(), body.AsSpan(NonceBytes, Limits.IdLength), body.AsSpan(NonceBytes + Limits.IdLength));
        return db.ExecuteAsync("INSERT INTO closed_account (body, closed) VALUES (@body, @now)", ("@body", body), ("@now", clock.Now()));
    }

    /// <summary>Those noted since the last sweep.</summary>
    public async Task<Id[]> RecentAsync()
    {
        List<byte[]> bodies = await database.ReadAsync(db => db.AllAsync("SELECT body FROM closed_account", row => row.Bytes(0)));
        using AesGcm aes = new(Key(), TagBytes);
        return [.. bodies.Select(body =>
        {
            byte[] account = new byte[Limits.IdLength];
            aes.Decrypt(body.AsSpan(0, NonceBytes), body.AsSpan(NonceBytes, Limits.IdLength), body.AsSpan(NonceBytes + Limits.IdLength), account);
            return Id.Read(account);
        })];
    }

    byte[] Key() => HKDF.Expand(HashAlgorithmName.SHA256, keys.EmailSeal, 32, "kavalek/v1/closed-account"u8.ToArray());
}
