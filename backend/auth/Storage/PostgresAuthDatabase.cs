using System.Data;
using System.Data.Common;
using Kavalek.Postgres;
using Npgsql;

namespace Kavalek.Auth;

/// <summary>
/// The service's tables in PostgreSQL, shared with other nodes. One writer at a time here too, on all nodes together, by a lock that a
/// transaction holds: so a store's steps never meet another's half-way, as on SQLite, and there is nothing to serialize.
/// </summary>
internal sealed class PostgresAuthDatabase : AuthDatabase
{
    const int Connections = 16;
    const int Attempts = 5;

    /// <summary>The lock's number, of which the database has one namespace: "kavalek auth".</summary>
    public const long WriterLock = 0x6B61_7641_7574_68;

    // One round trip: the lock first, so that the transaction sees all that was committed before it.
    static readonly string s_begin = $"SET LOCAL lock_timeout = '{LockSeconds}s'; SELECT pg_advisory_xact_lock({WriterLock})";

    readonly PostgresSource _source;
    readonly SemaphoreSlim _oneWriter = new(1);

    PostgresAuthDatabase(PostgresSource source) => _source = source;

    /// <summary>Connects and applies the schema scripts that the database lacks.</summary>
    /// <exception cref="InvalidOperationException">It cannot be used; the message says what to do.</exception>
    public static PostgresAuthDatabase Open(string connection)
    {
        PostgresSource source = PostgresSource.Of(connection, "auth", Connections);
        try
        {
            source.Migrate(typeof(PostgresAuthDatabase).Assembly);
            source.Watch();
            return new PostgresAuthDatabase(source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override Task<T> ReadAsync<T>(Func<Db, Task<T>> read) => AttemptAsync(_ => ConnectedAsync(async connection =>
    {
        await using DbTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        return await read(new Db(connection));
    }));

    /// <inheritdoc/>
    public override async Task<T> WriteAsync<T>(Func<Db, Task<T>> write)
    {
        if (!await _oneWriter.WaitAsync(WriterWait)) throw Unavailable(null);
        try
        {
            return await AttemptAsync(attempt => ConnectedAsync(async connection =>
            {
                await using DbTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
                Db db = new(connection);
                await db.ExecuteAsync(s_begin);
                T result = await write(db);
                attempt.MayHaveHappened = true;
                await transaction.CommitAsync();
                return result;
            }));
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    /// <inheritdoc/>
    public override Task<long> SizeAsync() => ReadAsync(db => db.NumberAsync(PostgresSource.SizeOf("auth")));

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _oneWriter.Dispose();
    }

    async Task<T> ConnectedAsync<T>(Func<NpgsqlConnection, Task<T>> work)
    {
        await using NpgsqlConnection connection = await _source.OpenAsync();
        try
        {
            return await work(connection);
        }
        catch (InvalidOperationException e) when (PostgresError.IsLost(connection, e))
        {
            throw PostgresError.Lost(e);
        }
        finally
        {
            if (connection.State != ConnectionState.Open)
                _source.Forget();
        }
    }

    // A server that was restarted leaves dead connections behind, which show only when they are used: those are tried again on another one.
    // What was being committed then is not: nobody knows whether it is there.
    static async Task<T> AttemptAsync<T>(Func<Attempt, Task<T>> work)
    {
        Attempt attempt = new();
        for (int count = 1; ; count++)
        {
            try
            {
                return await work(attempt);
            }
            catch (DbException e) when (count < Attempts && (PostgresError.MayRepeat(e) || (PostgresError.IsBroken(e) && !PostgresError.IsSilent(e) && !attempt.MayHaveHappened)))
            {
                attempt.MayHaveHappened = false;
            }
            catch (DbException e) when (PostgresError.IsTransient(e))
            {
                throw Unavailable(e);
            }
        }
    }

    sealed class Attempt
    {
        public bool MayHaveHappened { get; set; }
    }
}
