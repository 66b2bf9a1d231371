using System.Data.Common;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>
/// The instance's policy (docs/PROTOCOL.md §5.12): numbered, signed by a key outside the database, and its number remembered there, so that nobody who takes or changes
/// the database alone tells clients another one, or an older one, or none.
/// </summary>
internal sealed class Policies(AuthDatabase database, AuthOptions options, InstanceId instance, AuthKeys keys, SeenPolicy seen, AuditLog audit, IEventBus bus, TimeProvider clock) : IDisposable
{
    const string Newest = "SELECT number, body, signature FROM policy ORDER BY number DESC";

    readonly Lock _gate = new();
    InForce? _known;
    int _changes;
    IDisposable? _listening;

    /// <summary>The one in force.</summary>
    /// <exception cref="InvalidOperationException">The one in the database was not signed here, or is not the newest: the database was changed.</exception>
    public async Task<SignedPolicy> CurrentAsync() => (await InForceAsync()).Signed;

    /// <summary>What it says.</summary>
    /// <inheritdoc cref="CurrentAsync"/>
    public async Task<InstancePolicy> ReadAsync() => (await InForceAsync()).Policy;

    /// <summary>Puts another one in force: with the number after the present one.</summary>
    /// <exception cref="AuthException">
    /// <see cref="ErrorCodes.Invalid"/>: it makes no sense. <see cref="ErrorCodes.StalePolicy"/>: it was changed meanwhile. And as <see cref="Staff.RequireAsync"/> says.
    /// </exception>
    public async Task<SignedPolicy> ReplaceAsync(Staff actor, InstancePolicy policy)
    {
        Check(policy);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(policy, AdminJson.Default.InstancePolicy);
        SignedPolicy signed = Sign(body);
        SeenPolicy.Seen? before = seen.Read();
        await database.WriteAsync(async db =>
        {
            await actor.RequireAsync(db, clock);
            Stored? stored = await db.FirstAsync(Newest, Stored.Read);
            seen.Require(before, stored?.Number ?? 0, stored?.Body ?? []);
            if (policy.Number != (stored?.Number ?? 0) + 1) throw new AuthException(ErrorCodes.StalePolicy, "The policy is not the successor of the stored one.");
            await db.ExecuteAsync("DELETE FROM policy");
            await db.ExecuteAsync("INSERT INTO policy (number, body, signature) VALUES (@number, @body, @signature)",
                ("@number", policy.Number), ("@body", body), ("@signature", signed.Signature));
            await audit.WriteAsync(db, actor.Account, "policy", detail: policy.Number.ToString(System.Globalization.CultureInfo.InvariantCulture));
        });
        // Never before it is stored: then a write that failed would leave the database with one that is too old.
        seen.Note(policy.Number, body);
        Forget();
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
        if (news is PolicyChanged) Forget();
    }

    void Forget()
    {
        lock (_gate)
        {
            _changes++;
            _known = null;
        }
    }

    static PolicyChanged Change(InstancePolicy policy) => new(policy.RetentionDays, policy.AttachmentBytes, policy.AttachmentQuota);

    async Task<InForce> InForceAsync()
    {
        int changes;
        lock (_gate)
        {
            if (_known is { } known) return known;
            changes = _changes;
        }
        InForce read = await LoadAsync();
        lock (_gate)
        {
            // Not what was read before a change that was heard of meanwhile.
            if (changes == _changes) _known = read;
        }
        return read;
    }

    async Task<InForce> LoadAsync()
    {
        SeenPolicy.Seen? before = seen.Read();
        Stored? stored = await database.ReadAsync(db => db.FirstAsync(Newest, Stored.Read));
        byte[] body = stored?.Body ?? JsonSerializer.SerializeToUtf8Bytes(Defaults(), AdminJson.Default.InstancePolicy);
        SignedPolicy signed = stored is null ? Sign(body) : new SignedPolicy(body, stored.Signature, keys.TokenPoint());
        if (!Signatures.Verify(signed.Key, Bytes(body), signed.Signature))
            throw new InvalidOperationException("The stored policy was not signed by this instance: the database was changed, or belongs to other keys.");
        InstancePolicy policy = JsonSerializer.Deserialize(body, AdminJson.Default.InstancePolicy)!;
        seen.Require(before, policy.Number, body);
        seen.Note(policy.Number, body);
        return new InForce(signed, policy);
    }

    // What the command line says holds until somebody sets it here.
    InstancePolicy Defaults() => new(
        0, options.Registration == RegistrationPolicy.Open ? "open" : "invite", 30, options.TimerFloor, options.TimerCeiling, options.AttachmentBytes, options.AttachmentQuota, true, 0, [Suite]);

    const int Suite = 0xF004;

    void Check(InstancePolicy policy)
    {
        static bool IsLife(long seconds) => seconds is 0 or (>= Limits.ShortestLife and <= Limits.LongestLife);
        bool good = policy.Registration is "invite" or "open" && policy.RetentionDays is >= 1 and <= Limits.RetentionSeconds / 86_400
            && IsLife(policy.TimerFloor) && IsLife(policy.TimerCeiling) && (policy.TimerCeiling == 0 || policy.TimerFloor <= policy.TimerCeiling)
            && policy.AttachmentBytes >= 0 && policy.AttachmentQuota >= 0
            && policy.LockAfter is 0 or (>= 60 and <= 30 * 86_400)
            && policy.Suites is [Suite];
        if (!good) throw AuthException.Invalid("The policy has a value that is not allowed.");
        // Clients keep to the policy alone: it never promises what the server would refuse.
        if (policy.AttachmentBytes > options.AttachmentBytes || policy.AttachmentQuota > options.AttachmentQuota)
            throw AuthException.Invalid("The server's command line allows no attachments as large, or as many, as that.");
    }

    SignedPolicy Sign(byte[] body) => new(body, keys.Sign(Bytes(body)), keys.TokenPoint());

    byte[] Bytes(byte[] body) => PolicyStatement.SignedBytes(instance.Id, body);

    sealed record Stored(long Number, byte[] Body, byte[] Signature)
    {
        public static Stored Read(DbDataReader row) => new(row.GetInt64(0), row.Bytes(1), row.Bytes(2));
    }

    sealed record InForce(SignedPolicy Signed, InstancePolicy Policy);
}
