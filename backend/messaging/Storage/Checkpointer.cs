using Kavalek.Messaging.Streams;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Storage;

/// <summary>
/// Moves the write-ahead log into the database beside the writer, so that no commit waits for it. When it has moved almost everything, the
/// writer moves the rest, and the log starts again from its beginning.
/// </summary>
sealed class Checkpointer : IDisposable
{
    const long StartBytes = 32L << 20;

    readonly SqliteStreamStore _writer;
    readonly ILogger _log;
    readonly SqliteConnection _connection;
    Task _copying = Task.CompletedTask;
    bool _copied;
    long _copiedUpTo;

    public Checkpointer(SqliteDatabase database, SqliteStreamStore writer, ILogger log)
    {
        (_writer, _log) = (writer, log);
        _connection = database.Open();
    }

    /// <summary>Called by the writer after each transaction.</summary>
    public void AfterCommit()
    {
        if (!_copying.IsCompleted)
            return;
        if (_copied)
        {
            _copied = false;
            Try(_writer.Checkpoint);
            return;
        }
        if (_writer.Written - _copiedUpTo < StartBytes)
            return;
        _copiedUpTo = _writer.Written;
        _copied = true;
        // The second time moves what came during the first, and little is left for the writer to move and to wait for.
        _copying = Task.Run(() =>
        {
            Try(Copy);
            Try(Copy);
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _copying.Wait();
        _connection.Dispose();
    }

    void Copy() => SqliteDatabase.Execute(_connection, "PRAGMA wal_checkpoint(PASSIVE)");

    void Try(Action checkpoint)
    {
        try
        {
            checkpoint();
        }
        catch (SqliteException e)
        {
            // The log keeps everything; the next checkpoint moves it.
            _log.LogWarning("A checkpoint failed: SQLite {Code}.", e.SqliteExtendedErrorCode);
        }
    }
}
