using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;

namespace Kavalek.Client;

/// <summary>
/// A store in one SQLite file inside a profile folder of its own (mode 0700, file 0600), held by one process at a time. A batch is on
/// the disk when <see cref="ApplyAsync"/> completes, unless it may be postponed; what was deleted is overwritten.
/// </summary>
[UnsupportedOSPlatform("browser")]
public sealed class SqliteClientStore : IClientStore
{
    /// <summary>The file's name in the folder.</summary>
    public const string FileName = "profile.db";

    // Exclusive: one process, so no shared-memory file. Secure delete: what is removed leaves no trace in free pages.
    static readonly string[] Preparation =
    [
        "PRAGMA locking_mode = EXCLUSIVE",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA secure_delete = ON",
        "PRAGMA journal_size_limit = 4194304",
        "PRAGMA temp_store = MEMORY",
        "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT",
    ];

    // So many batches in a row that may not be postponed, and the log is short again.
    const int LongLogEnds = 8;

    readonly SqliteConnection _connection;
    readonly ProfileLock? _profile;
    readonly SemaphoreSlim _turn = new(1, 1);
    bool _isFull = true;
    int _fulls = LongLogEnds;

    SqliteClientStore(SqliteConnection connection, ProfileLock? profile)
    {
        _connection = connection;
        _profile = profile;
    }

    /// <summary>Opens the profile in <paramref name="folder"/>, and makes it where there is none.</summary>
    /// <param name="folder">A folder that holds nothing else.</param>
    /// <param name="patience">How long to wait for another process that uses it; zero by default.</param>
    /// <param name="clock">The clock that is waited by.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="KavalekException"><see cref="ClientErrors.ProfileBusy"/>; <see cref="ClientErrors.ProfileDamaged"/>.</exception>
    public static async Task<SqliteClientStore> OpenAsync(
        string folder, TimeSpan patience = default, TimeProvider? clock = null, CancellationToken cancel = default)
    {
        ProfileFolder.Prepare(folder);
        ProfileLock profile = await ProfileLock.AcquireAsync(folder, patience, clock ?? TimeProvider.System, cancel).ConfigureAwait(false);
        try
        {
            return new SqliteClientStore(Open(Path.Combine(folder, FileName)), profile);
        }
        catch (SqliteException e)
        {
            profile.Dispose();
            throw new KavalekException(ClientErrors.ProfileDamaged,
                $"The profile in {folder} cannot be opened: its file is damaged, or not a profile. Restore it from a backup, or use another folder.", inner: e);
        }
        catch
        {
            profile.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default)
    {
        StoreKey.Check(key);
        using Turn turn = await TakeAsync(cancel).ConfigureAwait(false);
        using SqliteCommand command = Command("SELECT value FROM entry WHERE key = @key", ("@key", key));
        return command.ExecuteScalar() as byte[];
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(range);
        using Turn turn = await TakeAsync(cancel).ConfigureAwait(false);
        using SqliteCommand command = Command(
            range.Reverse
                ? "SELECT key, value FROM entry WHERE key >= @from AND key < @to ORDER BY key DESC LIMIT @limit"
                : "SELECT key, value FROM entry WHERE key >= @from AND key < @to ORDER BY key LIMIT @limit",
            ("@from", range.From), ("@to", range.To), ("@limit", range.Limit));
        List<StoreEntry> found = [];
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read()) found.Add(new StoreEntry(reader.GetString(0), reader.GetFieldValue<byte[]>(1)));
        return found;
    }

    /// <inheritdoc/>
    public async ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (StoreChange change in batch.Changes) StoreKey.Check(change);
        if (batch.IsEmpty) return;
        using Turn turn = await TakeAsync(cancel).ConfigureAwait(false);
        Synchronize(full: !batch.IsPostponable);
        using SqliteTransaction transaction = _connection.BeginTransaction();
        foreach (StoreChange change in batch.Changes)
        {
            using SqliteCommand command = change switch
            {
                StorePut put => Command("INSERT INTO entry (key, value) VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    ("@key", put.Key), ("@value", put.Value)),
                StoreDelete delete => Command("DELETE FROM entry WHERE key = @key", ("@key", delete.Key)),
                StoreDeleteRange range => Command("DELETE FROM entry WHERE key >= @from AND key < @to", ("@from", range.From), ("@to", range.To)),
                _ => throw new InvalidOperationException(change.GetType().Name),
            };
            command.Transaction = transaction;
            command.ExecuteNonQuery();
        }
        transaction.Commit();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        _connection.Dispose();
        _profile?.Dispose();
        _turn.Release();
    }

    // Without, the log is not forced to the disk at a commit, but is with the next that is; its order holds either way. Batches that may be postponed come in thousands and
    // touch pages all over the file: moved there from the log every 1,000 pages, each message costs the more the larger the file is.
    void Synchronize(bool full)
    {
        bool wasLong = _fulls < LongLogEnds;
        _fulls = full ? Math.Min(_fulls + 1, LongLogEnds) : 0;
        if (wasLong != _fulls < LongLogEnds)
        {
            using SqliteCommand log = Command(_fulls < LongLogEnds ? "PRAGMA wal_autocheckpoint = 8000" : "PRAGMA wal_autocheckpoint = 1000");
            log.ExecuteNonQuery();
        }
        if (_isFull == full) return;
        using SqliteCommand command = Command(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        command.ExecuteNonQuery();
        _isFull = full;
    }

    static SqliteConnection Open(string path)
    {
        ProfileFolder.CreatePrivateFile(path);
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            // One at a time: a command of several statements keeps silent about errors behind the first one that gives a row.
            foreach (string statement in Preparation)
            {
                using SqliteCommand command = connection.CreateCommand();
                command.CommandText = statement;
                command.ExecuteNonQuery();
            }
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }

    async ValueTask<Turn> TakeAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        return new Turn(_turn);
    }

    readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
