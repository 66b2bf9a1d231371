using System.Data;
using System.Data.Common;
using Npgsql;

namespace Kavalek.Postgres;

/// <summary>What an error of PostgreSQL means for who asked.</summary>
public static class PostgresError
{
    /// <summary>The transaction lost a race and may be tried again from its beginning: serialization, deadlock, a row that another one inserted first.</summary>
    public static bool MayRepeat(DbException error) =>
        error is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation };

    /// <summary>The connection is gone: another one may do. Whether a commit that was under way happened is not known.</summary>
    public static bool IsBroken(DbException error) => error switch
    {
        PostgresException server => server.SqlState.StartsWith("57P", StringComparison.Ordinal) || server.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException => true,
        _ => false,
    };

    /// <summary>Nobody answered in time. The same question again would wait as long; another server of ours may be better off.</summary>
    public static bool IsSilent(DbException error) => error is NpgsqlException { InnerException: TimeoutException };

    /// <summary>Not a defect but a state that passes: the server is away, busy, read-only or its disk full.</summary>
    public static bool IsTransient(DbException error) =>
        IsBroken(error) || MayRepeat(error)
        || error is PostgresException { SqlState: { } state }
            && (state.StartsWith("53", StringComparison.Ordinal) || state is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.ReadOnlySqlTransaction
                or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.IoError);

    /// <summary>
    /// Whether somebody used a connection that had died meanwhile, unused: the watch that Npgsql keeps over it had closed it. Npgsql tells that like a mistake of the caller,
    /// not like an error of the database.
    /// </summary>
    public static bool IsLost(DbConnection? connection, InvalidOperationException error) =>
        error is not ObjectDisposedException && connection is NpgsqlConnection { State: not ConnectionState.Open };

    /// <summary>The same, as the error of the database that it is.</summary>
    public static NpgsqlException Lost(Exception? cause = null) => new("The connection was lost while nobody used it.", cause);

    /// <summary>The error without anything that was asked or stored: SQLSTATE, or the kind of exception.</summary>
    public static string Name(DbException error) =>
        error is PostgresException server ? $"SQLSTATE {server.SqlState}" : (error?.InnerException ?? error!).GetType().Name;
}
