using System.Buffers.Binary;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>What those who run the instance did, as every member may read it (docs/PROTOCOL.md §5.13).</summary>
/// <param name="Records">The newest first.</param>
/// <param name="IsWhole">Whether nothing was changed or taken out of what this device had seen before. It says so once, and goes on from what it is shown.</param>
public sealed record AuditTrail(IReadOnlyList<AuditRecord> Records, bool IsWhole)
{
    /// <summary>Where the number and hash of the newest record are stored that this device has seen.</summary>
    internal const string SeenAt = "audit/seen";

    const int PageRecords = 100;
    const int HashBytes = 32;

    /// <summary>Reads the log back to what this device remembers, at least <paramref name="limit"/> records, and checks each against the next.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.ServerMisbehaves"/>: what is shown does not hold together.</exception>
    internal static async Task<AuditTrail> ReadAsync(AuthApi api, IClientStore store, Id instance, int limit, CancellationToken cancel)
    {
        (long seen, byte[] hash) = await store.GetAsync(SeenAt, cancel).ConfigureAwait(false) is { } stored
            ? (BinaryPrimitives.ReadInt64BigEndian(stored), stored[8..]) : (0L, AuditChain.Start(instance));
        List<AuditRecord> records = [];
        for (long before = long.MaxValue; ;)
        {
            AuditPage page = await api.AuditAsync(before, PageRecords, cancel).ConfigureAwait(false);
            foreach (AuditRecord record in page.Records)
            {
                // From the newest down without a gap; each one's hash is what the next one was made of.
                bool fits = record.Number > 0 && record.Hash.Length == HashBytes && (records.Count == 0 ? record.Number == page.Head : record.Number == before - 1 && IsAfter(records[^1], record.Hash));
                if (!fits) throw ServerErrors.Misbehaves("shows an audit log that does not hold together");
                records.Add(record);
                before = record.Number;
            }
            if (page.Records.Length == 0 && records.Count == 0 && page.Head != 0) throw ServerErrors.Misbehaves("shows less of its audit log than there is");
            bool all = page.Records.Length == 0 || before == 1;
            if (all && before is > 1 and < long.MaxValue) throw ServerErrors.Misbehaves("shows an audit log without its beginning");
            if (all || (before <= seen && records.Count >= limit)) break;
        }
        if (records is [.., { Number: 1 } first] && !IsAfter(first, AuditChain.Start(instance))) throw ServerErrors.Misbehaves("shows an audit log of something else");

        bool whole = seen == 0 || records.Any(r => r.Number == seen && r.Hash.AsSpan().SequenceEqual(hash));
        if (records.Count > 0 && (records[0].Number != seen || !whole))
            await store.ApplyAsync(new StoreBatch().Put(SeenAt, Encode(records[0])), cancel).ConfigureAwait(false);
        else if (records.Count == 0 && seen > 0)
            await store.ApplyAsync(new StoreBatch().Delete(SeenAt), cancel).ConfigureAwait(false);
        return new AuditTrail([.. records.Take(limit)], whole);
    }

    static byte[] Encode(AuditRecord newest)
    {
        byte[] seen = new byte[8 + HashBytes];
        BinaryPrimitives.WriteInt64BigEndian(seen, newest.Number);
        newest.Hash.CopyTo(seen, 8);
        return seen;
    }

    static bool IsAfter(AuditRecord record, byte[] previous) => record.Hash.AsSpan().SequenceEqual(
        AuditChain.Next(previous, record.Number, record.At, record.Actor, record.Act, record.Subject ?? default, record.Detail));
}
