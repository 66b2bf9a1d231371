using System.Data;
using Kavalek.Auth;
using Kavalek.Messaging;
using Kavalek.Postgres;
using Npgsql;

namespace Kavalek.Host;

/// <summary>
/// The tables of both services in PostgreSQL, as files of its binary COPY: all of one instant, read in one transaction beside the writers; and back,
/// in one transaction. So nothing but the server's own connection is needed, no program of PostgreSQL's.
/// </summary>
internal static class PostgresBackup
{
    /// <summary>The folder of a backup in which the tables are, a file each.</summary>
    public const string Folder = "postgres";

    // A table of a few gigabytes takes its time.
    const int CopySeconds = 3_600;

    // What stands in the services' own schemas, but the notes of which scripts ran: these are the program's.
    const string Tables = """
        SELECT table_schema || '.' || table_name FROM information_schema.tables
         WHERE table_schema IN ('auth', 'messaging') AND table_type = 'BASE TABLE' AND table_name NOT IN ('auth_schema', 'messaging_schema')
         ORDER BY 1
        """;

    const string Sequences = "SELECT schemaname || '.' || sequencename, COALESCE(last_value, start_value) FROM pg_sequences WHERE schemaname IN ('auth', 'messaging') ORDER BY 1";

    // Which table refers to which.
    const string References = """
        SELECT f.relnamespace::regnamespace::text || '.' || f.relname, t.relnamespace::regnamespace::text || '.' || t.relname
          FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
         WHERE c.contype = 'f' AND c.conrelid <> c.confrelid
        """;

    const string OtherServers = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name IN ('kavalek auth', 'kavalek messaging', 'kavalek news')";

    const string HasNews = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'news' AND tablename = 'news'";

    /// <summary>Copies every table into a file of a folder.</summary>
    /// <exception cref="InvalidOperationException">The database cannot be used.</exception>
    /// <exception cref="IOException">The disk has no room beside the reserve.</exception>
    public static BackupContent Read(string connection, string folder, long now, long reserve) => Use(connection, open =>
    {
        using NpgsqlTransaction transaction = open.BeginTransaction(IsolationLevel.RepeatableRead);
        Execute(open, "SET TRANSACTION READ ONLY");
        foreach (string table in Texts(open, Tables))
        {
            DiskSpace.Require(folder, Number(open, $"SELECT pg_table_size('{table}')"), reserve);
            using Stream rows = open.BeginRawBinaryCopy($"COPY {table} TO STDOUT (FORMAT BINARY)");
            using FileStream file = new(Path.Combine(folder, table), Backup.Private(FileMode.CreateNew));
            rows.CopyTo(file);
        }
        return new BackupContent(
            DataFolder.Format, now, "postgres", Number(open, "SELECT MAX(number) FROM auth.auth_schema"), Number(open, "SELECT MAX(number) FROM messaging.messaging_schema"))
        {
            Sequences = SequencesOf(open),
        };
    });

    /// <summary>Puts every table back as it was, and brings the schema up to this program's: all of it or nothing.</summary>
    /// <param name="connection">The database; its schemas are made anew.</param>
    /// <param name="folder">The files of <see cref="Read"/>.</param>
    /// <param name="content">What the backup says of itself; its schemas are not newer than this program's.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="overwrite">Whether what is in the tables may go.</param>
    /// <param name="last">What is done when the tables hold all of it, before that counts; where it throws, the tables are as they were.</param>
    /// <exception cref="InvalidOperationException">A server uses the database, or it is not empty; nothing was changed.</exception>
    public static void Write(string connection, string folder, BackupContent content, long now, bool overwrite, Action last) => Use(connection, open =>
    {
        using NpgsqlTransaction transaction = open.BeginTransaction();
        Execute(open, PostgresSource.MigrationLock);
        if (Number(open, OtherServers) > 0) throw new InvalidOperationException("A server uses the database. Stop it first.");
        if (!overwrite && Number(open, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'auth' AND tablename = 'account'") > 0 && Number(open, "SELECT COUNT(*) FROM auth.account") > 0)
            throw new InvalidOperationException("The database is not empty. Nothing was changed; --overwrite replaces what is in it, for good.");
        KeepEnded(open, now);
        Execute(open, "DROP SCHEMA IF EXISTS auth, messaging CASCADE");
        // First as the program had them that made the backup, whatever came to them since.
        PostgresSource.Apply(open, "auth", typeof(AuthService).Assembly, content.AuthSchema);
        PostgresSource.Apply(open, "messaging", typeof(MessagingOptions).Assembly, content.MessagingSchema);
        List<string> tables = InOrder(Texts(open, Tables), Pairs(open, References));
        string[] files = [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        if (!files.SequenceEqual(tables.Order(StringComparer.Ordinal))) throw new InvalidDataException("The backup is damaged: it does not hold the tables of its version.");
        // What the scripts themselves put into tables is in the backup.
        Execute(open, $"TRUNCATE {string.Join(", ", tables)}");
        foreach (string table in tables)
        {
            using Stream rows = open.BeginRawBinaryCopy($"COPY {table} FROM STDIN (FORMAT BINARY)");
            using FileStream file = File.OpenRead(Path.Combine(folder, table));
            file.CopyTo(rows);
        }
        // Taken a little further: numbers that were handed out while the backup was made are not handed out again.
        Dictionary<string, long> sequences = SequencesOf(open);
        foreach ((string name, long value) in content.Sequences ?? [])
        {
            if (sequences.ContainsKey(name)) Execute(open, $"SELECT setval('{name}', {value + 1_000_000})");
        }
        PostgresSource.Apply(open, "auth", typeof(AuthService).Assembly);
        PostgresSource.Apply(open, "messaging", typeof(MessagingOptions).Assembly);
        Execute(open, "SET LOCAL search_path TO auth");
        foreach (string statement in DataFolder.StruckFromAuth(now)) Execute(open, statement);
        Execute(open, "INSERT INTO ended_session (id, expires) SELECT id, expires FROM ended_before ON CONFLICT (id) DO NOTHING");
        Execute(open, "SET LOCAL search_path TO messaging");
        Execute(open, DataFolder.StruckFromMessaging);
        // What nodes told each other of a time that is no more: a node that starts hears a week of it, and would delete what was just put back. Which sessions ended, it hears from the table above.
        if (Number(open, HasNews) > 0) Execute(open, "DELETE FROM news.news");
        last();
        try
        {
            transaction.Commit();
        }
        catch (NpgsqlException e)
        {
            // The mark of the restore stays, so that no server starts on files and tables of two times.
            throw new InvalidOperationException($"PostgreSQL broke off at the very end ({PostgresError.Name(e)}), and may have the tables or not. Restore again, with --overwrite.", e);
        }
        return true;
    });

    // Sessions that ended since the backup, or began since, are not in it. Their access tokens live for some minutes more, and nodes believe them unless they are told.
    static void KeepEnded(NpgsqlConnection open, long now)
    {
        Execute(open, "CREATE TEMPORARY TABLE ended_before (id BYTEA NOT NULL PRIMARY KEY, expires BIGINT NOT NULL) ON COMMIT DROP");
        if (Has("session")) Execute(open, $"INSERT INTO ended_before SELECT id, {DataFolder.TokensEnd(now)} FROM auth.session");
        if (Has("ended_session")) Execute(open, $"INSERT INTO ended_before SELECT id, expires FROM auth.ended_session WHERE expires >= {now} ON CONFLICT DO NOTHING");

        bool Has(string table) => Number(open, $"SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'auth' AND tablename = '{table}'") > 0;
    }

    /// <summary>Reads every row of the files into temporary tables, and undoes it. One of an older schema is looked at by its tables alone.</summary>
    /// <exception cref="InvalidDataException">A table is missing, or its rows are none of its own.</exception>
    /// <exception cref="InvalidOperationException">The database cannot be used.</exception>
    public static void Test(string connection, string folder, BackupContent content)
    {
        string[] files = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)] : [];
        Use(connection, open =>
        {
            bool isPresent = content.AuthSchema == Number(open, "SELECT MAX(number) FROM auth.auth_schema") && content.MessagingSchema == Number(open, "SELECT MAX(number) FROM messaging.messaging_schema");
            if (files.Length == 0 || (isPresent && !files.SequenceEqual(Texts(open, Tables).Order(StringComparer.Ordinal))))
                throw new InvalidDataException("The backup is damaged: it does not hold the tables of its version.");
            if (!isPresent) return true;
            using NpgsqlTransaction transaction = open.BeginTransaction();
            foreach (string table in files)
            {
                Execute(open, $"CREATE TEMPORARY TABLE tested (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)");
                try
                {
                    using Stream rows = open.BeginRawBinaryCopy("COPY tested FROM STDIN (FORMAT BINARY)");
                    using FileStream file = File.OpenRead(Path.Combine(folder, table));
                    file.CopyTo(rows);
                }
                catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState.StartsWith("23", StringComparison.Ordinal))
                {
                    throw new InvalidDataException($"The backup is damaged: the rows of {table} are none of its own.", e);
                }
                Execute(open, "DROP TABLE tested");
            }
            transaction.Rollback();
            return true;
        });
    }

    // Who is referred to comes first.
    static List<string> InOrder(List<string> tables, List<(string From, string To)> references)
    {
        List<string> done = [];
        while (done.Count < tables.Count)
        {
            string[] next = [.. tables.Where(t => !done.Contains(t) && references.Where(r => r.From == t).All(r => done.Contains(r.To)))];
            if (next.Length == 0) throw new InvalidOperationException("The tables refer to each other in a circle.");
            done.AddRange(next);
        }
        return done;
    }

    static T Use<T>(string connection, Func<NpgsqlConnection, T> work)
    {
        try
        {
            using PostgresSource source = PostgresSource.Of(connection, "auth", 1);
            using NpgsqlConnection open = source.Open();
            // A slow disk is no reason to lose it half-way.
            Execute(open, "SET idle_in_transaction_session_timeout = 0");
            return work(open);
        }
        catch (NpgsqlException e)
        {
            throw new InvalidOperationException($"PostgreSQL cannot be used: {PostgresError.Name(e)}. Nothing was changed.", e);
        }
    }

    static Dictionary<string, long> SequencesOf(NpgsqlConnection open)
    {
        using NpgsqlCommand command = new(Sequences, open);
        using NpgsqlDataReader row = command.ExecuteReader();
        Dictionary<string, long> found = [];
        while (row.Read()) found.Add(row.GetString(0), row.GetInt64(1));
        return found;
    }

    static List<string> Texts(NpgsqlConnection open, string sql)
    {
        using NpgsqlCommand command = new(sql, open);
        using NpgsqlDataReader row = command.ExecuteReader();
        List<string> found = [];
        while (row.Read()) found.Add(row.GetString(0));
        return found;
    }

    static List<(string, string)> Pairs(NpgsqlConnection open, string sql)
    {
        using NpgsqlCommand command = new(sql, open);
        using NpgsqlDataReader row = command.ExecuteReader();
        List<(string, string)> found = [];
        while (row.Read()) found.Add((row.GetString(0), row.GetString(1)));
        return found;
    }

    static long Number(NpgsqlConnection open, string sql)
    {
        using NpgsqlCommand command = new(sql, open);
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    static void Execute(NpgsqlConnection open, string sql)
    {
        using NpgsqlCommand command = new(sql, open) { CommandTimeout = CopySeconds };
        command.ExecuteNonQuery();
    }
}
