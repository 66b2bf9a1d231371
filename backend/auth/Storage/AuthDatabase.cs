using System.Data.Common;
using Kavalek.Protocol;
using Microsoft.Data.Sqlite;

namespace Kavalek.Auth;

/// <summary>
/// The service's database: many readers, one writer at a time. A write is one transaction, and it is on the disk when
/// <see cref="WriteAsync{T}"/> returns.
/// </summary>
internal sealed class AuthDatabase : IAsyncDisposable
{
    /// <summary>Seconds to wait for another process's lock, a backup's for instance.</summary>
    const int LockSeconds = 2;

    /// <summary>Where the disk or a lock holds the writer up, who comes after it is told so soon, and does not wait for all before it in turn.</summary>
    static readonly TimeSpan WriterWait = TimeSpan.FromSeconds(15);

    readonly string _connectionString;
    readonly SqliteConnection _writer;
    readonly SemaphoreSlim _oneWriter = new(1);

    AuthDatabase(string connectionString, SqliteConnection writer) => (_connectionString, _writer) = (connectionString, writer);

    /// <summary>Opens or creates the file and applies the schema scripts it lacks.</summary>
    public static async Task<AuthDatabase> OpenAsync(string path)
    {
        // Created here and not by SQLite, so that it is never readable by others, not even for a moment.
        if (!File.Exists(path)) await new FileStream(path, PrivateFile.New).DisposeAsync();
        string connectionString = new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, DefaultTimeout = LockSeconds }.ToString();
        SqliteConnection writer = new(connectionString);
        try
        {
            await writer.OpenAsync();
            // FULL: what was answered survives a power cut, not only a crash. Readers go on beside the writer.
            // One at a time: a command of several keeps silent about errors behind the first that gives a row.
            Db db = new(writer);
            await db.ExecuteAsync("PRAGMA journal_mode = WAL");
            await db.ExecuteAsync("PRAGMA synchronous = FULL");
            await db.ExecuteAsync("PRAGMA secure_delete = ON");
            await SchemaScripts.ApplyAsync(writer, "sqlite");
            return new AuthDatabase(connectionString, writer);
        }
        catch
        {
            await writer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <paramref name="read"/> on a state that does not change under it.</summary>
    public async Task<T> ReadAsync<T>(Func<Db, Task<T>> read)
    {
        try
        {
            await using SqliteConnection connection = new(_connectionString);
            await connection.OpenAsync();
            await using DbTransaction transaction = connection.BeginTransaction(deferred: true);
            return await read(new Db(connection));
        }
        catch (SqliteException e) when (IsTransient(e))
        {
            throw Unavailable(e);
        }
    }

    /// <summary>Runs <paramref name="write"/> alone in a transaction; if it throws, nothing was written.</summary>
    public async Task<T> WriteAsync<T>(Func<Db, Task<T>> write)
    {
        if (!await _oneWriter.WaitAsync(WriterWait)) throw Unavailable(null);
        try
        {
            await using DbTransaction transaction = _writer.BeginTransaction(deferred: false);
            T result = await write(new Db(_writer));
            await transaction.CommitAsync();
            return result;
        }
        catch (SqliteException e) when (IsTransient(e))
        {
            throw Unavailable(e);
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    /// <summary>The same for a write without a result.</summary>
    public Task WriteAsync(Func<Db, Task> write) => WriteAsync(async db =>
    {
        await write(db);
        return true;
    });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        SqliteConnection.ClearPool(new SqliteConnection(_connectionString));
        _oneWriter.Dispose();
    }

    static readonly TimeSpan LockRetry = TimeSpan.FromSeconds(LockSeconds);

    // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
    static bool IsTransient(SqliteException e) => e.SqliteErrorCode is 5 or 6 or 8 or 10 or 13 or 14;

    static AuthException Unavailable(SqliteException? cause) =>
        new(ErrorCodes.Unavailable, "The database is busy or its disk is full; nothing was stored.", LockRetry, cause);
}
