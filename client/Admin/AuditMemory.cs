using System.Buffers.Binary;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>
/// What this device remembers of the instance's audit log: number and hash of the newest record it has seen (docs/PROTOCOL.md §5.13). It looks once a day, and whenever somebody reads the
/// log, whether that record is still in it, so that nobody cuts the log short or writes another one unnoticed.
/// </summary>
sealed class AuditMemory(Id instance, InstanceKey key, IClientStore store, ICryptoProvider crypto, AuthApi api, EventHub events, TimeProvider clock) : IDisposable
{
    /// <summary>Where number and hash are stored.</summary>
    public const string SeenAt = "audit/seen";

    /// <summary>Where it is stored when somebody last looked, seconds since 1970.</summary>
    public const string LookedAt = "audit/looked";

    /// <summary>Where it is stored what was found, until somebody has read it.</summary>
    public const string BrokenAt = "audit/broken";

    const int PageRecords = 100;
    const int HashBytes = 32;

    static readonly TimeSpan Every = TimeSpan.FromDays(1);

    readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The newest records, at most <paramref name="limit"/>, and whether what was seen before is still there; with that it is told.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.ServerMisbehaves"/>: what is shown does not hold together.</exception>
    public async Task<AuditTrail> ReadAsync(int limit, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            List<AuditRecord> records = await FollowAsync(limit, cancel).ConfigureAwait(false);
            AuditBreak? found = await FoundAsync(cancel).ConfigureAwait(false);
            if (found is not null) await store.ApplyAsync(new StoreBatch().Delete(BrokenAt), cancel).ConfigureAwait(false);
            return new AuditTrail([.. records.Take(limit)], found);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What was found, until somebody has read the log (<see cref="ReadAsync"/>); <c>null</c> where nothing was.</summary>
    public async Task<AuditBreak?> FoundAsync(CancellationToken cancel) => await store.GetAsync(BrokenAt, cancel).ConfigureAwait(false) is { } stored ? Decode(stored) : null;

    /// <summary>Looks, where a day has passed since the last time.</summary>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public async Task LookAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            DateTimeOffset now = clock.GetUtcNow();
            if (await store.GetAsync(LookedAt, cancel).ConfigureAwait(false) is { } stored
                && DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(stored)) is var looked && looked <= now && now < looked + Every) return;
            await FollowAsync(0, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    // From the newest down to what is remembered, and one more than was asked for: what a record says is in the hash of it that the next one holds together with the one before.
    async Task<List<AuditRecord>> FollowAsync(int limit, CancellationToken cancel)
    {
        (long seen, byte[] hash) = await store.GetAsync(SeenAt, cancel).ConfigureAwait(false) is { } stored ? (BinaryPrimitives.ReadInt64BigEndian(stored), stored[8..]) : (0L, []);
        List<AuditRecord> records = [];
        for (long before = long.MaxValue; ;)
        {
            AuditPage page = await api.AuditAsync(before, PageRecords, cancel).ConfigureAwait(false);
            foreach (AuditRecord record in page.Records)
            {
                bool fits = record.Number > 0 && record.Hash.Length == HashBytes && (records.Count == 0 ? record.Number == page.Head : record.Number == before - 1 && IsAfter(records[^1], record.Hash));
                if (!fits) throw ServerErrors.Misbehaves("shows an audit log that does not hold together");
                if (records.Count == 0) await RequireSignedAsync(page, record, cancel).ConfigureAwait(false);
                records.Add(record);
                before = record.Number;
            }
            if (page.Records.Length == 0 && records.Count == 0 && page.Head != 0) throw ServerErrors.Misbehaves("shows less of its audit log than there is");
            bool all = page.Records.Length == 0 || before == 1;
            if (all && before is > 1 and < long.MaxValue) throw ServerErrors.Misbehaves("shows an audit log without its beginning");
            if (all || (records.Count > limit && (seen == 0 || before <= seen))) break;
        }
        if (records is [.., { Number: 1 } first] && !IsAfter(first, AuditChain.Start(instance))) throw ServerErrors.Misbehaves("shows an audit log of something else");
        await RememberAsync(records, seen, hash, cancel).ConfigureAwait(false);
        return records;
    }

    async Task RequireSignedAsync(AuditPage page, AuditRecord newest, CancellationToken cancel)
    {
        bool signed = page.Signature is { } signature && await crypto.VerifyAsync(
            SignatureAlgorithm.EcdsaP256Sha256, page.Key, AuditStatement.SignedBytes(instance, newest.Number, newest.Hash), signature).ConfigureAwait(false);
        if (!signed) throw ServerErrors.Misbehaves("shows an audit log whose end it has not signed");
        if (!await key.TakesAsync(page.Key, cancel).ConfigureAwait(false)) throw ServerErrors.Misbehaves("shows an audit log that is signed by another key than before");
    }

    async Task RememberAsync(List<AuditRecord> records, long seen, byte[] hash, CancellationToken cancel)
    {
        byte[] now = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(now, clock.GetUtcNow().ToUnixTimeSeconds());
        StoreBatch batch = new StoreBatch().Put(LookedAt, now);
        if (records.Count > 0) batch.Put(SeenAt, Encode(records[0].Number, records[0].Hash));
        else batch.Delete(SeenAt);
        AuditBreak? found = seen == 0 || records.Any(r => r.Number == seen && r.Hash.AsSpan().SequenceEqual(hash)) ? null : new AuditBreak(seen, records.Count > 0 ? records[0].Number : 0);
        if (found is not null) batch.Put(BrokenAt, Encode(found));
        await store.ApplyAsync(batch, cancel).ConfigureAwait(false);
        if (found is not null) events.Publish(new AuditLogBroken(found));
    }

    static byte[] Encode(long number, byte[] hash)
    {
        byte[] seen = new byte[8 + HashBytes];
        BinaryPrimitives.WriteInt64BigEndian(seen, number);
        hash.CopyTo(seen, 8);
        return seen;
    }

    static byte[] Encode(AuditBreak found)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, found.Number);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), found.Head);
        return bytes;
    }

    static AuditBreak Decode(byte[] bytes) => new(BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(8)));

    static bool IsAfter(AuditRecord record, byte[] previous) => record.Hash.AsSpan().SequenceEqual(
        AuditChain.Next(previous, record.Number, record.At, record.Actor, record.Act, record.Subject ?? default, record.Detail));
}
