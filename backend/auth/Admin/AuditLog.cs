using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>
/// What those who run the instance did, for every member to read (docs/PROTOCOL.md §5.13): rows are only ever added, in the transaction of the act
/// itself. Each holds the hash of the one before, so that nothing can be taken out or changed unnoticed by whoever remembers a later one, and is signed by a key outside
/// the database, so that whoever changes that alone makes no other log of it.
/// </summary>
internal sealed class AuditLog(AuthDatabase database, InstanceId instance, AuthKeys keys, TimeProvider clock)
{
    /// <summary>Records of one page, at most.</summary>
    public const int MostRecords = 100;

    const string Newest = "SELECT number, hash, signature FROM audit ORDER BY number DESC LIMIT 1";

    const string Insert = """
        INSERT INTO audit (number, at, actor, act, subject, detail, hash, signature) VALUES (@number, @at, @actor, @act, @subject, @detail, @hash, @signature)
        """;

    const string Page = """
        SELECT l.number, l.at, l.actor, l.act, l.subject, l.detail, l.hash, a.handle, s.handle, l.signature
          FROM audit l
          LEFT JOIN account a ON a.id = l.actor
          LEFT JOIN account s ON s.id = l.subject
         WHERE l.number < @before
         ORDER BY l.number DESC LIMIT @limit
        """;

    /// <summary>Adds a record, in the transaction of what was done.</summary>
    /// <exception cref="InvalidOperationException">The newest record was not written here: nothing is signed that follows from it.</exception>
    public async Task WriteAsync(Db db, Id actor, string act, Id? subject = null, string detail = "")
    {
        Head head = await db.FirstAsync(Newest, row => new Head(row.GetInt64(0), row.Bytes(1), row.Bytes(2))) ?? new Head(0, AuditChain.Start(instance.Id), []);
        if (head.Number > 0 && !Signatures.Verify(keys.TokenPoint(), AuditStatement.SignedBytes(instance.Id, head.Number, head.Hash), head.Signature))
            throw new InvalidOperationException("The end of the audit log was not signed by this instance: the database was changed, or belongs to other keys.");
        long number = head.Number + 1, at = clock.Now() / 60;
        byte[] hash = AuditChain.Next(head.Hash, number, at * 60, actor, act, subject ?? default, detail);
        await db.ExecuteAsync(Insert, ("@number", number), ("@at", at), ("@actor", actor), ("@act", act),
            ("@subject", subject), ("@detail", detail), ("@hash", hash), ("@signature", keys.Sign(AuditStatement.SignedBytes(instance.Id, number, hash))));
    }

    /// <summary>The records before a number, the newest first.</summary>
    public Task<AuditPage> ReadAsync(long before, int limit) => database.ReadAsync(async db =>
    {
        List<(AuditRecord Record, byte[] Signature)> rows = await db.AllAsync(Page, row => (new AuditRecord(
            row.GetInt64(0), row.GetInt64(1) * 60, row.Id(2), row.GetString(3), row.GetString(5), row.Bytes(6),
            row.IsDBNull(4) ? null : row.Id(4), row.IsDBNull(7) ? null : row.GetString(7), row.IsDBNull(8) ? null : row.GetString(8)), row.Bytes(9)),
            ("@before", before), ("@limit", limit));
        return new AuditPage([.. rows.Select(row => row.Record)], await db.NumberAsync("SELECT COALESCE(MAX(number), 0) FROM audit"),
            keys.TokenPoint(), rows.Count == 0 ? null : rows[0].Signature);
    });

    sealed record Head(long Number, byte[] Hash, byte[] Signature);
}
