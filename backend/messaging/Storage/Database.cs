using System.Data.Common;
using Kavalek.Messaging.Streams;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Storage;

/// <summary>Where the service stores: a SQLite file of this process alone, or PostgreSQL, which nodes share.</summary>
abstract class Database : IDisposable
{
    /// <summary>Opens what the options name and brings its schema up to date.</summary>
    /// <exception cref="IOException">Another server uses the folder.</exception>
    /// <exception cref="InvalidOperationException">PostgreSQL cannot be used; the message says what to do.</exception>
    public static Database Open(MessagingOptions options) =>
        options.Postgres is { } connection ? new PostgresDatabase(connection) : new SqliteDatabase(options.DataFolder);

    /// <summary>Connections that may read at a time.</summary>
    public abstract int Readers { get; }

    /// <summary>A connection that reads; it is used by one thread at a time.</summary>
    public abstract DbConnection OpenReader();

    /// <summary>Begins a transaction whose reads all see the same state.</summary>
    public abstract DbTransaction Snapshot(DbConnection reader);

    /// <summary>What the writer stores with.</summary>
    public abstract StreamStore OpenStore(ILogger log);

    /// <summary>Whether the error says that the connection is of no use any more, and another one may be.</summary>
    public abstract bool IsBroken(DbException error);

    /// <summary>Where it does not answer, for how long; else zero. A file always answers.</summary>
    public virtual TimeSpan Silence => TimeSpan.Zero;

    /// <summary>Keeps nobody waiting for a database that does not answer.</summary>
    /// <exception cref="DbException">It does not.</exception>
    public virtual void RequireThere()
    {
    }

    /// <summary>A connection broke, and so may have those that nobody uses: none of them is used again.</summary>
    public virtual void Forget()
    {
    }

    /// <summary>Bytes on the disk.</summary>
    public abstract long Size();

    /// <summary>Whether it lies in the service's folder, and takes of the same disk.</summary>
    public virtual bool IsInFolder => false;

    /// <summary>Bytes that what was deleted left free inside.</summary>
    public virtual long FreeInside() => 0;

    /// <inheritdoc/>
    public abstract void Dispose();
}
