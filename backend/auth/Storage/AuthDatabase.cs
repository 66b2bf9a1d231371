using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>
/// The service's database: many readers, one writer at a time, whatever holds it. A write is one transaction, and it is on the disk when
/// <see cref="WriteAsync{T}"/> returns.
/// </summary>
internal abstract class AuthDatabase : IAsyncDisposable
{
    /// <summary>Seconds to wait for another process's lock, a backup's or another node's for instance.</summary>
    protected const int LockSeconds = 2;

    /// <summary>Where the disk or a lock holds the writer up, who comes after it is told so soon, and does not wait for all before it in turn.</summary>
    protected static readonly TimeSpan WriterWait = TimeSpan.FromSeconds(15);

    static readonly TimeSpan LockRetry = TimeSpan.FromSeconds(LockSeconds);

    /// <summary>Opens the database that the options name, and applies the schema scripts it lacks.</summary>
    /// <exception cref="InvalidOperationException">It cannot be used; the message says what to do.</exception>
    public static async Task<AuthDatabase> OpenAsync(AuthOptions options) => options.Postgres is { } connection
        ? PostgresAuthDatabase.Open(connection)
        : await SqliteAuthDatabase.OpenAsync(Path.Combine(options.DataFolder, "auth.db"));

    /// <summary>Runs <paramref name="read"/> on a state that does not change under it.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Unavailable"/>.</exception>
    public abstract Task<T> ReadAsync<T>(Func<Db, Task<T>> read);

    /// <summary>Runs <paramref name="write"/> alone in a transaction; if it throws, nothing was written. It may be run more than once.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Unavailable"/>.</exception>
    public abstract Task<T> WriteAsync<T>(Func<Db, Task<T>> write);

    /// <summary>Bytes on the disk.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Unavailable"/>.</exception>
    public abstract Task<long> SizeAsync();

    /// <summary>The same for a write without a result.</summary>
    public Task WriteAsync(Func<Db, Task> write) => WriteAsync(async db =>
    {
        await write(db);
        return true;
    });

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    protected static AuthException Unavailable(Exception? cause) =>
        new(ErrorCodes.Unavailable, "The database is busy or its disk is full; nothing was stored.", LockRetry, cause);
}
