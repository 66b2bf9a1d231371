using System.Diagnostics;
using Kavalek.Postgres;
using Npgsql;

namespace Kavalek.Tests.Support;

/// <summary>
/// The PostgreSQL of a test run: the one that <c>KAVALEK_POSTGRES</c> names, or one that this process starts and stops. Each server under test gets a
/// database of its own, copied from one that has the schema already.
/// </summary>
public static class TestPostgres
{
    const string Template = "kavalek_template";

    static readonly Lock s_gate = new();
    static string? s_owner;

    /// <summary>Whether tests run on PostgreSQL (<c>KAVALEK_TEST_DATABASE=postgres</c>) and not on SQLite.</summary>
    public static bool Wanted { get; } = Environment.GetEnvironmentVariable("KAVALEK_TEST_DATABASE") == "postgres";

    /// <summary>Where the repository is.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The owner's connection string.</summary>
    public static string Owner
    {
        get
        {
            lock (s_gate) return s_owner ??= Start();
        }
    }

    /// <summary>A new database with both services' tables; answers its connection string.</summary>
    public static string CreateDatabase()
    {
        string name = $"test_{Guid.NewGuid():n}";
        string owner = Owner;
        lock (s_gate) Execute(owner, $"CREATE DATABASE {name} TEMPLATE {Template}");
        return new NpgsqlConnectionStringBuilder(owner) { Database = name }.ToString();
    }

    /// <summary>Drops it, whoever is still connected.</summary>
    public static void DropDatabase(string connection) =>
        Execute(Owner, $"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(connection).Database} WITH (FORCE)");

    /// <summary>Runs one of the repository's scripts and answers what it printed.</summary>
    public static string Run(string script, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(Repository, "scripts", script), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{script}: {errors.Result}");
    }

    static string Start()
    {
        string owner = Environment.GetEnvironmentVariable("KAVALEK_POSTGRES") ?? "";
        if (owner.Length == 0)
        {
            Run("install-services.sh");
            string folder = Path.Combine(Path.GetTempPath(), $"kavalek-postgres-{Guid.NewGuid():n}");
            owner = Run("postgres.sh", "start", folder, "fsync=off", "full_page_writes=off", "autovacuum=off");
            AppDomain.CurrentDomain.ProcessExit += (_, _) =>
            {
                Run("postgres.sh", "stop", folder, "immediate");
                Directory.Delete(folder, recursive: true);
            };
        }
        using NpgsqlConnection connection = new(Single(owner));
        connection.Open();
        using NpgsqlCommand there = new($"SELECT 1 FROM pg_database WHERE datname = '{Template}'", connection);
        if (there.ExecuteScalar() is null)
        {
            Execute(owner, $"CREATE DATABASE {Template}");
            string template = new NpgsqlConnectionStringBuilder(owner) { Database = Template, Pooling = false }.ToString();
            foreach ((string schema, Type of) in (ValueTuple<string, Type>[])[("auth", typeof(Auth.AuthOptions)), ("messaging", typeof(Messaging.MessagingOptions))])
            {
                using PostgresSource source = PostgresSource.Of(template, schema, 2);
                source.Migrate(of.Assembly);
            }
        }
        return owner;
    }

    static void Execute(string owner, string sql)
    {
        using NpgsqlConnection connection = new(Single(owner));
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        command.ExecuteNonQuery();
    }

    static string Single(string connection) => new NpgsqlConnectionStringBuilder(connection) { Pooling = false }.ToString();

    static string FindRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Kavalek.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
