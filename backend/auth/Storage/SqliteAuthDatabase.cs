using System.Data.Common;
using Kavalek.Postgres;
using Microsoft.Data.Sqlite;

namespace Kavalek.Auth;

/// <summary>The service's database as a SQLite file: the embedded default, of one process.</summary>
internal sealed class SqliteAuthDatabase : AuthDatabase
{
    readonly string _connectionString;
    readonly SqliteConnection _writer;
    readonly SemaphoreSlim _oneWriter = new(1);

    SqliteAuthDatabase(string connectionString, SqliteConnection writer) => (_connectionString, _writer) = (connectionString, writer);

    /// <summary>Opens or creates the file and applies the schema scripts it lacks.</summary>
    public static async Task<SqliteAuthDatabase> OpenAsync(string path)
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
            await MigrateAsync(writer);
            return new SqliteAuthDatabase(connectionString, writer);
        }
        catch
        {
            await writer.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task<T> ReadAsync<T>(Func<Db, Task<T>> read)
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

    /// <inheritdoc/>
    public override async Task<T> WriteAsync<T>(Func<Db, Task<T>> write)
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

    /// <inheritdoc/>
    public override Task<long> SizeAsync()
    {
        string file = _writer.DataSource;
        return Task.FromResult(((string[])[file, $"{file}-wal"]).Sum(path => new FileInfo(path) is { Exists: true } found ? found.Length : 0));
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        SqliteConnection.ClearPool(new SqliteConnection(_connectionString));
        _oneWriter.Dispose();
    }

    // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
    static bool IsTransient(SqliteException e) => e.SqliteErrorCode is 5 or 6 or 8 or 10 or 13 or 14;

    /// <summary>Brings the file to the newest schema; two processes at once take turns.</summary>
    static async Task MigrateAsync(SqliteConnection connection)
    {
        await using DbTransaction transaction = connection.BeginTransaction(deferred: false);
        Db db = new(connection);
        await db.ExecuteAsync("CREATE TABLE IF NOT EXISTS auth_schema (number INTEGER NOT NULL)");
        long applied = await db.NumberAsync("SELECT COALESCE(MAX(number), 0) FROM auth_schema");
        List<SchemaScript> scripts = SchemaScript.Of(typeof(SqliteAuthDatabase).Assembly, "sqlite");
        SchemaScript.RequireKnown(applied, scripts);
        foreach (SchemaScript script in scripts.Where(s => s.Number > applied))
        {
            await db.ExecuteAsync(script.Sql);
            await db.ExecuteAsync("INSERT INTO auth_schema (number) VALUES (@number)", ("@number", script.Number));
        }
        await transaction.CommitAsync();
    }
}
