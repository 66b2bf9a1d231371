using System.Buffers.Binary;
using System.Data.Common;
using Google.Protobuf;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Archives;

/// <summary>Reads archives, on connections of its own; safe to call from many threads.</summary>
sealed class ArchiveQueries(Database database) : IDisposable
{
    readonly ReaderPool<DbConnection> _readers = new(database, connections: 2, static connection => connection);

    /// <summary>What the account has; version 0 where there never was an archive.</summary>
    public Task<ArchiveInfo> InfoAsync(Id account, long quota) => _readers.WithAsync(connection =>
    {
        using var command = new Statement(connection, "SELECT version, state, id, head, bytes FROM archive WHERE account = @account", "@account");
        using DbDataReader row = command.Read(account);
        var info = new ArchiveInfo { Quota = (ulong)quota };
        if (row.Read())
        {
            (info.Version, info.State, info.Archive) = (row.Number(0), ByteString.CopyFrom(row.Bytes(1)), ByteString.CopyFrom(row.Bytes(2)));
            (info.Head, info.Bytes) = (row.Number(3), row.Number(4));
        }
        return info;
    });

    /// <summary>A page downwards from below <paramref name="before"/>, or upwards from above <paramref name="after"/>; null where the account has no such archive.</summary>
    public Task<ArchivePage?> PageAsync(Id account, Id archive, ulong? before, ulong? after, int limit, long now) => _readers.WithAsync(connection =>
    {
        using DbTransaction snapshot = database.Snapshot(connection);
        ulong newest;
        using (var head = new Statement(connection, "SELECT head FROM archive WHERE account = @account AND id = @archive", "@account", "@archive"))
        using (DbDataReader found = head.Read(account, archive))
        {
            if (!found.Read())
                return null;
            newest = found.Number(0);
        }
        using var command = new Statement(connection, $"""
            SELECT number, previous, expires, replaces, digest, CASE WHEN expires > 0 AND expires <= @now THEN NULL ELSE sealed END
              FROM archive_segment
             WHERE account = @account AND number {(before is null ? "> @from ORDER BY number" : "< @from ORDER BY number DESC")}
             LIMIT @limit
            """, "@account", "@from", "@limit", "@now");
        var page = new ArchivePage { Head = newest };
        int bytes = 0;
        using DbDataReader row = command.Read(account, before ?? after ?? 0, (long)limit, now);
        while (row.Read())
        {
            ArchiveSegment segment = Read(row);
            bytes += segment.Sealed.Length;
            if (page.Segments.Count > 0 && bytes > Limits.ArchivePageBytes)
                break;
            page.Segments.Add(segment);
        }
        return page;
    });

    /// <summary>The account's notes; version 0 where there never were any.</summary>
    public Task<ArchiveNotes> NotesAsync(Id account) => _readers.WithAsync(connection =>
    {
        using var command = new Statement(connection, "SELECT version, sealed FROM note WHERE account = @account", "@account");
        using DbDataReader row = command.Read(account);
        return row.Read() ? new ArchiveNotes { Version = row.Number(0), Sealed = ByteString.CopyFrom(row.Bytes(1)) } : new ArchiveNotes();
    });

    public void Dispose() => _readers.Dispose();

    static ArchiveSegment Read(DbDataReader row)
    {
        var segment = new ArchiveSegment { Number = row.Number(0), Previous = ByteString.CopyFrom(row.Bytes(1)), Expires = row.Number(2) };
        byte[] replaces = row.Bytes(3);
        for (int at = 0; at < replaces.Length; at += 8)
            segment.Replaces.Add(BinaryPrimitives.ReadUInt64BigEndian(replaces.AsSpan(at)));
        if (row.IsDBNull(5))
            segment.Digest = ByteString.CopyFrom(row.Bytes(4));
        else
            segment.Sealed = ByteString.CopyFrom(row.Bytes(5));
        return segment;
    }
}
