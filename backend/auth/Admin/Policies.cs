using System.Security.Cryptography;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>
/// The instance's policy (docs/PROTOCOL.md §5.12): numbered, and signed by a key outside the database, so that nobody who takes or changes the database alone
/// tells clients another one, or an older one.
/// </summary>
internal sealed class Policies(AuthDatabase database, AuthOptions options, InstanceId instance, AuthKeys keys, AuditLog audit, IEventBus bus, TimeProvider clock) : IDisposable
{
    SignedPolicy? _current;
    InstancePolicy? _read;
    IDisposable? _listening;

    /// <summary>The one in force.</summary>
    public async Task<SignedPolicy> CurrentAsync() => Volatile.Read(ref _current) ?? await LoadAsync();

    /// <summary>What it says.</summary>
    public async Task<InstancePolicy> ReadAsync()
    {
        await CurrentAsync();
        return Volatile.Read(ref _read)!;
    }

    /// <summary>Puts another one in force: with the number after the present one.</summary>
    /// <exception cref="AuthException">
    /// <see cref="ErrorCodes.Invalid"/>: it makes no sense. <see cref="ErrorCodes.StalePolicy"/>: it was changed meanwhile. And as <see cref="Staff.RequireAsync"/> says.
    /// </exception>
    public async Task<SignedPolicy> ReplaceAsync(Staff actor, InstancePolicy policy)
    {
        Check(policy);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(policy, AdminJson.Default.InstancePolicy);
        SignedPolicy signed = Sign(body);
        await database.WriteAsync(async db =>
        {
            await actor.RequireAsync(db, clock);
            long newest = await db.NumberAsync("SELECT COALESCE(MAX(number), 0) FROM policy");
            if (policy.Number != newest + 1) throw new AuthException(ErrorCodes.StalePolicy, "The policy is not the successor of the stored one.");
            await db.ExecuteAsync("DELETE FROM policy");
            await db.ExecuteAsync("INSERT INTO policy (number, body, signature) VALUES (@number, @body, @signature)",
                ("@number", policy.Number), ("@body", body), ("@signature", signed.Signature));
            await audit.WriteAsync(db, actor.Account, "policy", detail: policy.Number.ToString(System.Globalization.CultureInfo.InvariantCulture));
        });
        Volatile.Write(ref _read, policy);
        Volatile.Write(ref _current, signed);
        bus.Publish(Change(policy));
        return signed;
    }

    /// <summary>Tells the delivery service what holds since before this start.</summary>
    public async Task AnnounceAsync()
    {
        _listening ??= bus.Listen(Hear);
        bus.Publish(Change(await ReadAsync()));
    }

    /// <summary>Hears no more of other nodes.</summary>
    public void Dispose() => _listening?.Dispose();

    // Another node may have changed it: it is read again.
    void Hear(BusEvent news)
    {
        if (news is PolicyChanged) Volatile.Write(ref _current, null);
    }

    static PolicyChanged Change(InstancePolicy policy) => new(policy.RetentionDays, policy.AttachmentBytes, policy.AttachmentQuota);

    async Task<SignedPolicy> LoadAsync()
    {
        Stored? stored = await database.ReadAsync(db => db.FirstAsync("SELECT body, signature FROM policy ORDER BY number DESC", row => new Stored(row.Bytes(0), row.Bytes(1))));
        byte[] body = stored?.Body ?? JsonSerializer.SerializeToUtf8Bytes(Defaults(), AdminJson.Default.InstancePolicy);
        SignedPolicy signed = stored is null ? Sign(body) : new SignedPolicy(body, stored.Signature, Key());
        if (!Signatures.Verify(signed.Key, Bytes(body), signed.Signature))
            throw new InvalidOperationException("The stored policy was not signed by this instance: the database was changed, or belongs to other keys.");
        Volatile.Write(ref _read, JsonSerializer.Deserialize(body, AdminJson.Default.InstancePolicy)!);
        Volatile.Write(ref _current, signed);
        return signed;
    }

    // What the command line says holds until somebody sets it here.
    InstancePolicy Defaults() => new(
        0, options.Registration == RegistrationPolicy.Open ? "open" : "invite", 30, options.TimerFloor, options.TimerCeiling, DefaultAttachment, DefaultQuota, true, 0, [Suite]);

    const long DefaultAttachment = 100L << 20, DefaultQuota = 1L << 30;
    const int Suite = 0xF004;

    static void Check(InstancePolicy policy)
    {
        static bool IsLife(long seconds) => seconds is 0 or (>= Limits.ShortestLife and <= Limits.LongestLife);
        bool good = policy.Registration is "invite" or "open" && policy.RetentionDays is >= 1 and <= Limits.RetentionSeconds / 86_400
            && IsLife(policy.TimerFloor) && IsLife(policy.TimerCeiling) && (policy.TimerCeiling == 0 || policy.TimerFloor <= policy.TimerCeiling)
            && policy.AttachmentBytes is >= 0 and <= 1L << 40 && policy.AttachmentQuota is >= 0 and <= 1L << 50
            && policy.LockAfter is 0 or (>= 60 and <= 30 * 86_400)
            && policy.Suites is [Suite];
        if (!good) throw AuthException.Invalid("The policy has a value that is not allowed.");
    }

    SignedPolicy Sign(byte[] body) => new(body, keys.Token.SignData(Bytes(body), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence), Key());

    byte[] Bytes(byte[] body) => PolicyStatement.SignedBytes(instance.Id, body);

    byte[] Key()
    {
        ECParameters parameters = keys.Token.ExportParameters(includePrivateParameters: false);
        return [4, .. parameters.Q.X!, .. parameters.Q.Y!];
    }

    sealed record Stored(byte[] Body, byte[] Signature);
}
