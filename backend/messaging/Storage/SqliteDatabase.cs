using System.Data.Common;
using Kavalek.Messaging.Streams;
using Kavalek.Postgres;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Storage;

/// <summary>
/// The service's SQLite file: one writer and several readers in WAL mode. A commit is on the disk when it returns
/// (<c>synchronous=FULL</c>). Only one process may hold it, because the writer answers from memory.
/// </summary>
sealed class SqliteDatabase : Database
{
    readonly FileStream _held;

    /// <summary>Opens or creates the file in a folder and brings its schema up to date.</summary>
    /// <exception cref="IOException">Another server uses the folder.</exception>
    public SqliteDatabase(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Path = System.IO.Path.Combine(folder, "messaging.db");
        _held = CreatePrivate(System.IO.Path.Combine(folder, "messaging.lock"), FileShare.None);
        try
        {
            CreatePrivate(Path, FileShare.ReadWrite).Dispose();
            using SqliteConnection connection = Open();
            Migrate(connection);
        }
        catch
        {
            _held.Dispose();
            throw;
        }
    }

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>A new connection; each is used by one thread at a time.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = SqliteOpenMode.ReadWrite, // made when the server started: one that is gone is not replaced by an empty one
            Pooling = false,
            DefaultTimeout = 2, // seconds to wait for another process's lock, a backup's for instance
        }.ToString());
        connection.Open();
        // Deleted ciphertext is overwritten where that costs no extra page (secure_delete=FAST). Checkpoints are the writer's business.
        // One at a time: a command of several keeps silent about errors behind the first that gives a row.
        Execute(connection, "PRAGMA journal_mode=WAL");
        Execute(connection, "PRAGMA synchronous=FULL");
        Execute(connection, "PRAGMA secure_delete=FAST");
        Execute(connection, "PRAGMA temp_store=MEMORY");
        Execute(connection, "PRAGMA cache_size=-8192");
        Execute(connection, "PRAGMA wal_autocheckpoint=0");
        Execute(connection, "PRAGMA journal_size_limit=67108864");
        return connection;
    }

    /// <summary>Runs statements that return nothing.</summary>
    public static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public override int Readers => 4;

    public override DbConnection OpenReader()
    {
        SqliteConnection connection = Open();
        Execute(connection, "PRAGMA query_only=ON");
        return connection;
    }

    public override DbTransaction Snapshot(DbConnection reader) => ((SqliteConnection)reader).BeginTransaction(deferred: true);

    public override StreamStore OpenStore(ILogger log) => new SqliteStreamStore(this, log);

    public override bool IsBroken(DbException error) => false;

    public override long Size() => new[] { Path, $"{Path}-wal" }.Sum(file => File.Exists(file) ? new FileInfo(file).Length : 0);

    public override bool IsInFolder => true;

    public override long FreeInside()
    {
        using SqliteConnection connection = Open();
        return Number(connection, "PRAGMA freelist_count") * Number(connection, "PRAGMA page_size");
    }

    /// <inheritdoc/>
    public override void Dispose() => _held.Dispose();

    static long Number(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    static FileStream CreatePrivate(string path, FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    /// <summary>Runs the numbered scripts that this file has not seen, each in a transaction with its number.</summary>
    static void Migrate(SqliteConnection connection)
    {
        using SqliteCommand version = connection.CreateCommand();
        version.CommandText = "PRAGMA user_version";
        long done = (long)version.ExecuteScalar()!;
        List<SchemaScript> scripts = SchemaScript.Of(typeof(SqliteDatabase).Assembly, "sqlite");
        SchemaScript.RequireKnown(done, scripts);
        foreach (SchemaScript script in scripts.Where(s => s.Number > done))
        {
            using SqliteTransaction transaction = connection.BeginTransaction();
            using SqliteCommand command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = $"{script.Sql}\nPRAGMA user_version={script.Number};";
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }
}
