using System.Net.Sockets;
using System.Reflection;
using Npgsql;

namespace Kavalek.Postgres;

/// <summary>
/// The connections of one service to a PostgreSQL database (15 or newer). Each service has a schema of its own there, which is also its search
/// path, so that its SQL reads the same on SQLite.
/// </summary>
public sealed class PostgresSource : IDisposable, IAsyncDisposable
{
    const int OldestVersion = 150_000;
    const int ScriptSeconds = 3_600;

    /// <summary>Holds, until the transaction ends, what changes schemas. One lock for all of them: a start is rare.</summary>
    public const string MigrationLock = "SELECT pg_advisory_xact_lock(4242424242)";

    readonly NpgsqlDataSource _source;
    readonly string _connection, _schema;
    Heartbeat? _heartbeat;

    PostgresSource(string connection, string schema) => (_source, _connection, _schema) = (NpgsqlDataSource.Create(connection), connection, schema);

    /// <summary>Asks for the bytes on the disk of a schema's tables, with their indexes.</summary>
    public static string SizeOf(string schema) =>
        $"SELECT COALESCE(SUM(pg_total_relation_size(oid)), 0)::BIGINT FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r'";

    /// <summary>Reads what a service needs to connect; nothing is opened yet.</summary>
    /// <param name="connection">Keywords and values as Npgsql has them: <c>Host=…;Database=…;Username=…;Password=…</c>.</param>
    /// <param name="schema">The service's schema.</param>
    /// <param name="connections">At most so many connections at a time.</param>
    /// <exception cref="InvalidOperationException">The text is no connection string.</exception>
    public static PostgresSource Of(string connection, string schema, int connections)
    {
        NpgsqlConnectionStringBuilder given = Read(connection);
        given.SearchPath = schema;
        given.ApplicationName = $"kavalek {schema}";
        given.MaxPoolSize = connections;
        given.MaxAutoPrepare = 100;
        given.AutoPrepareMinUsages = 2;
        given.GssEncryptionMode = GssEncryptionMode.Disable;
        given.IncludeErrorDetail = false;
        // Seconds. A server that is gone is noticed soon, and who waits is told.
        if (!given.ShouldSerialize("Timeout")) given.Timeout = 3;
        if (!given.ShouldSerialize("Command Timeout")) given.CommandTimeout = 10;
        if (!given.ShouldSerialize("Keepalive")) given.KeepAlive = 10;
        given.CancellationTimeout = 500;
        // Bytes. A batch of messages is written, and a page of them read, in a few calls of the system and not in a hundred.
        if (!given.ShouldSerialize("Write Buffer Size")) given.WriteBufferSize = 64 * 1024;
        if (!given.ShouldSerialize("Read Buffer Size")) given.ReadBufferSize = 64 * 1024;
        // Milliseconds: who waits for another node's lock longer is told, and asks again.
        // And a node that is cut off in the middle of a transaction does not hold its locks for long: none of ours has anything to wait for in between.
        given.Options = $"{given.Options} -c lock_timeout=2000 -c idle_in_transaction_session_timeout=5000".Trim();
        return new PostgresSource(given.ToString(), schema);
    }

    /// <summary>Takes a connection string apart.</summary>
    /// <exception cref="InvalidOperationException">The text is no connection string.</exception>
    public static NpgsqlConnectionStringBuilder Read(string connection)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connection);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // Without the message of the cause, which may quote the password.
            throw new InvalidOperationException("The connection file holds no connection string like Host=postgres;Database=kavalek;Username=kavalek;Password=...");
        }
    }

    /// <summary>From now on the database is asked every second whether it is there; while it does not answer, <see cref="RequireThere"/> refuses, and so does whoever opens a connection.</summary>
    public void Watch() => _heartbeat ??= new Heartbeat(_connection);

    /// <summary>Where the database does not answer who watches it, for how long; else zero.</summary>
    public TimeSpan Silence => _heartbeat?.Silence ?? TimeSpan.Zero;

    /// <summary>Keeps nobody waiting for a database that does not answer, not even on a connection that they have.</summary>
    /// <exception cref="NpgsqlException">It does not.</exception>
    public void RequireThere()
    {
        if (_heartbeat is { IsSilent: true })
            throw Away(null);
    }

    /// <summary>An open connection; disposing it gives it back.</summary>
    /// <exception cref="NpgsqlException">There is none to be had.</exception>
    public NpgsqlConnection Open()
    {
        RequireThere();
        try
        {
            return _source.OpenConnection();
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            throw Away(e);
        }
    }

    /// <summary>The same, without holding a thread.</summary>
    /// <exception cref="NpgsqlException">There is none to be had.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync()
    {
        RequireThere();
        try
        {
            return await _source.OpenConnectionAsync();
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            throw Away(e);
        }
    }

    /// <summary>
    /// Uses no connection again that is open now: what broke one has mostly broken all of them, and on a line that was cut without a word each would be waited for in turn.
    /// Those in use end when they are given back.
    /// </summary>
    public void Forget() => _source.Clear();

    /// <summary>Brings the schema up to date; processes that start at once take turns.</summary>
    /// <param name="scripts">Has the numbered scripts as resources <c>postgres/NNN.sql</c>.</param>
    /// <exception cref="InvalidOperationException">The server is too old or not to be reached, or the database is newer than this program; the message says what to do.</exception>
    public void Migrate(Assembly scripts)
    {
        try
        {
            using NpgsqlConnection connection = Open();
            if (Number(connection, "SELECT current_setting('server_version_num')::bigint") < OldestVersion)
                throw new InvalidOperationException("PostgreSQL 15 or newer is needed.");
            using NpgsqlTransaction transaction = connection.BeginTransaction();
            Execute(connection, MigrationLock);
            Apply(connection, _schema, scripts);
            transaction.Commit();
        }
        catch (NpgsqlException e)
        {
            throw new InvalidOperationException($"PostgreSQL cannot be used: {PostgresError.Name(e)}. Check the connection file, the server and its rights.", e);
        }
    }

    /// <summary>Runs the scripts that did not run yet, in the transaction that is open.</summary>
    /// <param name="connection">Has an open transaction, which alone changes schemas now.</param>
    /// <param name="schema">The service's schema; it is the transaction's search path from here on.</param>
    /// <param name="scripts">Has the numbered scripts as resources <c>postgres/NNN.sql</c>.</param>
    /// <param name="last">The last one to run, for what an older program made; all by default.</param>
    /// <exception cref="InvalidOperationException">The database is newer than this program.</exception>
    public static void Apply(NpgsqlConnection connection, string schema, Assembly scripts, long last = long.MaxValue)
    {
        Execute(connection, $"CREATE SCHEMA IF NOT EXISTS {schema}");
        Execute(connection, $"SET LOCAL search_path TO {schema}");
        Execute(connection, $"CREATE TABLE IF NOT EXISTS {schema}_schema (number BIGINT NOT NULL)");
        long applied = Number(connection, $"SELECT COALESCE(MAX(number), 0) FROM {schema}_schema");
        List<SchemaScript> all = SchemaScript.Of(scripts, "postgres");
        SchemaScript.RequireKnown(applied, all);
        foreach (SchemaScript script in all.Where(s => s.Number > applied && s.Number <= last))
        {
            Execute(connection, script.Sql);
            Execute(connection, $"INSERT INTO {schema}_schema (number) VALUES ({script.Number})");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _heartbeat?.Dispose();
        _source.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _heartbeat?.Dispose();
        return _source.DisposeAsync();
    }

    // A name that does not resolve, as that of a container that is stopped, comes as it is.
    static NpgsqlException Away(Exception? cause) => new("PostgreSQL is not to be reached.", cause);

    static void Execute(NpgsqlConnection connection, string sql)
    {
        // A script that rewrites a large table takes its time.
        using NpgsqlCommand command = new(sql, connection) { CommandTimeout = ScriptSeconds };
        command.ExecuteNonQuery();
    }

    static long Number(NpgsqlConnection connection, string sql)
    {
        using NpgsqlCommand command = new(sql, connection);
        return (long)command.ExecuteScalar()!;
    }
}
