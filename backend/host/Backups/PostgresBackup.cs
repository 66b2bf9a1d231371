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

    const string OtherServers = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name IN ('kavalek auth', 'kavalek messaging')";

    /// <summary>Copies every table into a file of a folder.</summary>
    /// <exception cref="InvalidOperationException">The database cannot be used.</exception>
    public static BackupContent Read(string connection, string folder, long now) => Use(connection, open =>
    {
        using NpgsqlTransaction transaction = open.BeginTransaction(IsolationLevel.RepeatableRead);
        Execute(open, "SET TRANSACTION READ ONLY");
        foreach (string table in Texts(open, Tables))
        {
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

    /// <summary>Puts every table back, all or none.</summary>
    /// <param name="connection">The database; its schemas are made where they are missing.</param>
    /// <param name="folder">The files of <see cref="Read"/>.</param>
    /// <param name="content">What the backup says of itself.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="overwrite">Whether what is in the tables may go.</param>
    /// <exception cref="InvalidOperationException">A server uses the database, it is not empty, or of another version; nothing was changed.</exception>
    public static void Write(string connection, string folder, BackupContent content, long now, bool overwrite)
    {
        Migrate(connection, "auth", typeof(AuthService));
        Migrate(connection, "messaging", typeof(MessagingOptions));
        Use(connection, open =>
        {
            if (Number(open, OtherServers) > 0) throw new InvalidOperationException("A server uses the database. Stop it first.");
            if (Number(open, "SELECT COUNT(*) FROM auth.account") > 0 && !overwrite) throw new InvalidOperationException("The database is not empty. Nothing was changed; --overwrite replaces what is in it, for good.");
            if (Number(open, "SELECT MAX(number) FROM auth.auth_schema") != content.AuthSchema || Number(open, "SELECT MAX(number) FROM messaging.messaging_schema") != content.MessagingSchema)
                throw new InvalidOperationException("The backup is of an older version than this server: restore it with the version that made it, then start the newer one.");
            List<string> tables = InOrder(Texts(open, Tables), Pairs(open, References));
            string[] files = [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
            if (!files.SequenceEqual(tables.Order(StringComparer.Ordinal))) throw new InvalidDataException("The backup is damaged: it does not hold the tables of its version.");

            using NpgsqlTransaction transaction = open.BeginTransaction();
            Execute(open, $"TRUNCATE {string.Join(", ", tables)}");
            foreach (string table in tables)
            {
                using Stream rows = open.BeginRawBinaryCopy($"COPY {table} FROM STDIN (FORMAT BINARY)");
                using FileStream file = File.OpenRead(Path.Combine(folder, table));
                file.CopyTo(rows);
            }
            // Taken a little further: numbers that were handed out while the backup was made are not handed out again.
            foreach ((string name, long value) in content.Sequences ?? [])
            {
                if (SequencesOf(open).ContainsKey(name)) Execute(open, $"SELECT setval('{name}', {value + 1_000_000})");
            }
            Execute(open, "SET LOCAL search_path TO auth");
            foreach (string statement in DataFolder.StruckFromAuth(now)) Execute(open, statement);
            Execute(open, "SET LOCAL search_path TO messaging");
            Execute(open, DataFolder.StruckFromMessaging);
            transaction.Commit();
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

    static void Migrate(string connection, string schema, Type service)
    {
        using PostgresSource source = PostgresSource.Of(connection, schema, 1);
        source.Migrate(service.Assembly);
    }

    static T Use<T>(string connection, Func<NpgsqlConnection, T> work)
    {
        try
        {
            using PostgresSource source = PostgresSource.Of(connection, "auth", 1);
            using NpgsqlConnection open = source.Open();
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
