using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Attachments;

/// <summary>An attachment as the database has it.</summary>
sealed record StoredAttachment(Id Account, long Size, long Received, long Expires, byte[] Reader)
{
    /// <summary>Whether all of it came.</summary>
    public bool IsWhole => Received == Size;
}

/// <summary>Looks attachments up, on connections of its own; safe to call from many threads.</summary>
sealed class AttachmentQueries(Database database) : IDisposable
{
    readonly ReaderPool<DbConnection> _readers = new(database, connections: 2, static connection => connection);

    /// <summary>What is there under an id and not over yet; <c>null</c> where nothing is.</summary>
    public Task<StoredAttachment?> FindAsync(Id id, long now) => _readers.WithAsync(connection =>
    {
        using var command = new Statement(connection, "SELECT account, size, received, expires, reader FROM attachment WHERE id = @id AND expires > @now", "@id", "@now");
        using DbDataReader row = command.Read(id, now);
        return row.Read() ? new StoredAttachment(row.Id(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.Bytes(4)) : null;
    });

    /// <summary>Whether an id has a row, over or not.</summary>
    public Task<bool> IsKnownAsync(Id id) => _readers.WithAsync(connection =>
    {
        using var command = new Statement(connection, "SELECT size FROM attachment WHERE id = @id", "@id");
        using DbDataReader row = command.Read(id);
        return row.Read();
    });

    public void Dispose() => _readers.Dispose();
}
