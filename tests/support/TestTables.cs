using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kavalek.Tests.Support;

/// <summary>What a service has stored, looked at beside the server, whichever database that is in.</summary>
/// <param name="folder">The server's data folder.</param>
/// <param name="postgres">The connection string, where it stores in PostgreSQL.</param>
/// <param name="service"><c>auth</c> or <c>messaging</c>.</param>
public sealed partial class TestTables(string folder, string? postgres, string service)
{
    /// <summary>A connection of the test's own.</summary>
    public DbConnection Open()
    {
        DbConnection connection = postgres is not null
            ? new NpgsqlConnection(new NpgsqlConnectionStringBuilder(postgres) { SearchPath = service, Pooling = false }.ToString())
            : new SqliteConnection($"Data Source={Path.Combine(folder, $"{service}.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    /// <summary>The number that a statement answers. Bytes are written <c>x'00ff'</c> in it.</summary>
    public long Count(string sql)
    {
        using DbConnection connection = Open();
        using DbCommand command = Command(connection, sql);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Changes something behind the server's back.</summary>
    public void Execute(string sql)
    {
        using DbConnection connection = Open();
        using DbCommand command = Command(connection, sql);
        command.ExecuteNonQuery();
    }

    /// <summary>The tables' names.</summary>
    public List<string> Names()
    {
        using DbConnection connection = Open();
        return [.. Rows(connection, postgres is not null
            ? $"SELECT tablename FROM pg_tables WHERE schemaname = '{service}' ORDER BY tablename"
            : "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").Select(row => (string)row[0]!)];
    }

    /// <summary>Every value of a query's rows.</summary>
    public List<object?[]> Rows(string sql)
    {
        using DbConnection connection = Open();
        return Rows(connection, sql);
    }

    /// <summary>Every row of every table as a line, in an order of its own below the table's name: to compare before and after.</summary>
    public string Dump()
    {
        using DbConnection connection = Open();
        List<string> lines = [];
        // Sizes and figures of the server itself change by the clock.
        foreach (string table in Names().Where(name => name is not ("size_of_day" or "node")))
        {
            lines.Add(table);
            lines.AddRange(Rows(connection, $"SELECT * FROM {table}")
                .Select(row => string.Join('|', row.Select(v => v is byte[] bytes ? Convert.ToHexStringLower(bytes) : v?.ToString())) + (row.Length > 1 ? "|" : ""))
                .Order(StringComparer.Ordinal));
        }
        return string.Join('\n', lines);
    }

    /// <summary>Keeps the service from writing until it is disposed, as another process might.</summary>
    public IDisposable Lock()
    {
        DbConnection connection = Open();
        using DbCommand command = Command(connection, postgres is null ? "BEGIN IMMEDIATE"
            : service == "auth" ? $"SELECT pg_advisory_lock({Auth.PostgresAuthDatabase.WriterLock})"
            : "BEGIN; LOCK TABLE stream, archive IN EXCLUSIVE MODE");
        command.ExecuteNonQuery();
        return connection;
    }

    DbCommand Command(DbConnection connection, string sql)
    {
        DbCommand command = connection.CreateCommand();
        command.CommandText = postgres is null ? sql : Hexadecimal().Replace(sql, @"'\x$1'::bytea");
        return command;
    }

    List<object?[]> Rows(DbConnection connection, string sql)
    {
        using DbCommand command = Command(connection, sql);
        using DbDataReader reader = command.ExecuteReader();
        List<object?[]> rows = [];
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }

    [GeneratedRegex("x'([0-9a-fA-F]*)'")]
    private static partial Regex Hexadecimal();
}
