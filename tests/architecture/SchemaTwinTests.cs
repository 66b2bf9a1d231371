using System.Text.RegularExpressions;

namespace Kavalek.Architecture.Tests;

/// <summary>Whatever one database learns, the other one learns under the same number (docs/postgres.md).</summary>
public static partial class SchemaTwinTests
{
    // What PostgreSQL needs for several nodes, and SQLite for its rows.
    static readonly string[] Differences = ["run.key", "stream.version"];

    [Theory, InlineData("auth", "Schema"), InlineData("messaging", "Storage")]
    public static void Every_schema_script_has_a_twin_with_the_same_tables(string service, string folder)
    {
        string scripts = Path.Combine(SecurityRowsTests.Root, "backend", service, folder);
        string[] sqlite = [.. Directory.GetFiles(Path.Combine(scripts, "sqlite"), "*.sql").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal(sqlite, Directory.GetFiles(Path.Combine(scripts, "postgres"), "*.sql").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        foreach (string name in sqlite)
        {
            Assert.Equal(
                Columns(Path.Combine(scripts, "sqlite", name)).Except(Differences),
                Columns(Path.Combine(scripts, "postgres", name)).Except(Differences));
        }
    }

    static IEnumerable<string> Columns(string file)
    {
        string table = "";
        foreach (string line in File.ReadLines(file))
        {
            if (Table().Match(line) is { Success: true } begins)
                table = begins.Groups[1].Value;
            else if (Column().Match(line) is { Success: true } column)
                yield return $"{table}.{column.Groups[1].Value}";
            else if (Added().Match(line) is { Success: true } added)
                yield return $"{added.Groups[1].Value}.{added.Groups[2].Value}";
        }
    }

    [GeneratedRegex(@"^CREATE TABLE (\w+)")]
    private static partial Regex Table();

    [GeneratedRegex(@"^\s+(\w+)\s+(?:BLOB|BYTEA|TEXT|INTEGER|BIGINT)\b")]
    private static partial Regex Column();

    [GeneratedRegex(@"^ALTER TABLE (\w+) ADD COLUMN (\w+)")]
    private static partial Regex Added();
}
