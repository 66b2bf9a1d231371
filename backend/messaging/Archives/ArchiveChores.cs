using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Archives;

/// <summary>A segment as a device sends it (docs/PROTOCOL.md §10.2), checked for its form.</summary>
sealed record NewSegment(Id Archive, ulong Number, byte[] Previous, long Expires, ulong[] Replaces, byte[] Sealed)
{
    /// <summary>SHA-256 of what is sealed.</summary>
    public byte[] Digest { get; } = SHA256.HashData(Sealed);

    /// <summary>Numbers of 8 bytes each.</summary>
    public byte[] EncodedReplaces()
    {
        byte[] bytes = new byte[8 * Replaces.Length];
        for (int i = 0; i < Replaces.Length; i++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8 * i), Replaces[i]);
        return bytes;
    }
}

/// <summary><c>PUT archive</c>: a new state, and with another id, or none, the end of what was there.</summary>
sealed class PutArchiveChore(Id account, ulong follows, byte[] state, byte[] id) : Chore
{
    public override void Run(StreamStore store)
    {
        store.Alone(account);
        ulong version = 0;
        byte[] before = [];
        using (DbCommand command = Command(store, "SELECT version, id FROM archive WHERE account = @account", ("@account", account)))
        using (DbDataReader row = command.ExecuteReader())
        {
            if (row.Read())
                (version, before) = (row.Number(0), row.Bytes(1));
        }
        if (version != follows)
        {
            Outcome = new Outcome(ErrorCodes.StaleArchive, 0, version);
            return;
        }
        bool goesOn = version > 0 && before.AsSpan().SequenceEqual(id);
        if (!goesOn)
            Execute(store, "DELETE FROM archive_segment WHERE account = @account", ("@account", account));
        Execute(store, """
            INSERT INTO archive (account, version, state, id, head, bytes) VALUES (@account, @version, @state, @id, 0, 0)
                ON CONFLICT (account) DO UPDATE
               SET version = excluded.version, state = excluded.state, id = excluded.id,
                   head = CASE WHEN @goesOn = 1 THEN archive.head ELSE 0 END, bytes = CASE WHEN @goesOn = 1 THEN archive.bytes ELSE 0 END
            """, ("@account", account), ("@version", (long)version + 1), ("@state", state), ("@id", id), ("@goesOn", goesOn));
    }
}

/// <summary><c>POST archive/segments</c>: the next segment, or the same one again.</summary>
sealed class AppendSegmentChore(Id account, NewSegment segment, long quota) : Chore
{
    public override int Bytes => 256 + segment.Sealed.Length;

    public override void Run(StreamStore store)
    {
        store.Alone(account);
        if (Read(store) is not { } archive || archive.Id != segment.Archive)
        {
            Outcome = Outcome.Refused(ErrorCodes.NotFound);
            return;
        }
        if (segment.Number != archive.Head + 1)
        {
            bool again = Keys(store, "SELECT 1 FROM archive_segment WHERE account = @account AND number = @number AND digest = @digest",
                ("@account", account), ("@number", (long)segment.Number), ("@digest", segment.Digest)).Count > 0;
            Outcome = again ? Outcome.Done : new Outcome(ErrorCodes.StaleArchive, 0, archive.Head);
            return;
        }
        long freed = 0;
        foreach (ulong number in segment.Replaces)
        {
            freed += Keys(store, "SELECT LENGTH(sealed) FROM archive_segment WHERE account = @account AND number = @number AND sealed IS NOT NULL",
                ("@account", account), ("@number", (long)number)).Sum();
        }
        if (archive.Bytes + segment.Sealed.Length - freed > quota)
        {
            Outcome = Outcome.Refused(ErrorCodes.OverQuota);
            return;
        }
        foreach (ulong number in segment.Replaces)
        {
            Execute(store, "UPDATE archive_segment SET sealed = NULL WHERE account = @account AND number = @number",
                ("@account", account), ("@number", (long)number));
        }
        Execute(store, """
            INSERT INTO archive_segment (account, number, previous, expires, replaces, digest, sealed)
            VALUES (@account, @number, @previous, @expires, @replaces, @digest, @sealed)
            """, ("@account", account), ("@number", (long)segment.Number), ("@previous", segment.Previous), ("@expires", segment.Expires),
            ("@replaces", segment.EncodedReplaces()), ("@digest", segment.Digest), ("@sealed", segment.Sealed));
        Execute(store, "UPDATE archive SET head = @head, bytes = @bytes WHERE account = @account",
            ("@account", account), ("@head", (long)segment.Number), ("@bytes", archive.Bytes + segment.Sealed.Length - freed));
    }

    (Id Id, ulong Head, long Bytes)? Read(StreamStore store)
    {
        using DbCommand command = Command(store, "SELECT id, head, bytes FROM archive WHERE account = @account AND LENGTH(id) > 0", ("@account", account));
        using DbDataReader row = command.ExecuteReader();
        return row.Read() ? (row.Id(0), row.Number(1), row.GetInt64(2)) : null;
    }
}

/// <summary>Segments past their time: what they held goes, and their place in the chain stays.</summary>
sealed class ExpireArchivesChore : Chore
{
    const string Over = "expires > 0 AND expires <= @now AND sealed IS NOT NULL";

    public override void Run(StreamStore store)
    {
        if (!store.TryAlone("expire archives"))
            return;
        List<Id> accounts = [];
        using (DbCommand command = Command(store, $"SELECT DISTINCT account FROM archive_segment WHERE {Over}", ("@now", Now)))
        using (DbDataReader row = command.ExecuteReader())
        {
            while (row.Read())
                accounts.Add(row.Id(0));
        }
        foreach (Id account in accounts)
        {
            // Nobody counts its bytes meanwhile: what another node replaces now would be taken off twice, or what is taken off here be forgotten there.
            store.Alone(account);
            Execute(store, $"""
                UPDATE archive
                   SET bytes = bytes - (SELECT COALESCE(SUM(LENGTH(sealed)), 0) FROM archive_segment WHERE archive_segment.account = archive.account AND {Over})
                 WHERE account = @account
                """, ("@account", account), ("@now", Now));
            Execute(store, $"UPDATE archive_segment SET sealed = NULL WHERE account = @account AND {Over}", ("@account", account), ("@now", Now));
        }
    }
}
