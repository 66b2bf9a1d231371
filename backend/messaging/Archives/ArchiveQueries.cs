using System.Buffers.Binary;
using System.Collections.Concurrent;
using Google.Protobuf;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.Data.Sqlite;

namespace Kavalek.Messaging.Archives;

/// <summary>Reads archives, on connections of its own; safe to call from many threads.</summary>
sealed class ArchiveQueries(Database database) : IDisposable
{
    const int Connections = 2;

    readonly ConcurrentBag<SqliteConnection> _idle = [];
    readonly SemaphoreSlim _free = new(Connections);

    /// <summary>What the account has; version 0 where there never was an archive.</summary>
    public Task<ArchiveInfo> InfoAsync(Id account, long quota) => WithAsync(connection =>
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT version, state, id, head, bytes FROM archive WHERE account = @account";
        command.Parameters.AddWithValue("@account", account.ToArray());
        using SqliteDataReader row = command.ExecuteReader();
        var info = new ArchiveInfo { Quota = (ulong)quota };
        if (row.Read())
        {
            (info.Version, info.State, info.Archive) = (row.Number(0), ByteString.CopyFrom(row.Bytes(1)), ByteString.CopyFrom(row.Bytes(2)));
            (info.Head, info.Bytes) = (row.Number(3), row.Number(4));
        }
        return info;
    });

    /// <summary>A page downwards from below <paramref name="before"/>, or upwards from above <paramref name="after"/>; null where the account has no such archive.</summary>
    public Task<ArchivePage?> PageAsync(Id account, Id archive, ulong? before, ulong? after, int limit, long now) => WithAsync(connection =>
    {
        using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
        using SqliteCommand head = connection.CreateCommand();
        head.CommandText = "SELECT head FROM archive WHERE account = @account AND id = @archive";
        head.Parameters.AddWithValue("@account", account.ToArray());
        head.Parameters.AddWithValue("@archive", archive.ToArray());
        if (head.ExecuteScalar() is not long newest)
            return null;
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT number, previous, expires, replaces, digest, CASE WHEN expires > 0 AND expires <= @now THEN NULL ELSE sealed END
              FROM archive_segment
             WHERE account = @account AND number {(before is null ? "> @from ORDER BY number" : "< @from ORDER BY number DESC")}
             LIMIT @limit
            """;
        command.Parameters.AddWithValue("@account", account.ToArray());
        command.Parameters.AddWithValue("@from", (long)(before ?? after ?? 0));
        command.Parameters.AddWithValue("@limit", limit);
        command.Parameters.AddWithValue("@now", now);
        var page = new ArchivePage { Head = (ulong)newest };
        int bytes = 0;
        using SqliteDataReader row = command.ExecuteReader();
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

    public void Dispose()
    {
        foreach (SqliteConnection connection in _idle)
            connection.Dispose();
        _free.Dispose();
    }

    static ArchiveSegment Read(SqliteDataReader row)
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

    async Task<T> WithAsync<T>(Func<SqliteConnection, T> read)
    {
        await _free.WaitAsync();
        try
        {
            if (!_idle.TryTake(out SqliteConnection? connection))
            {
                connection = database.Open();
                Database.Execute(connection, "PRAGMA query_only=ON");
            }
            try
            {
                return read(connection);
            }
            finally
            {
                _idle.Add(connection);
            }
        }
        finally
        {
            _free.Release();
        }
    }
}
