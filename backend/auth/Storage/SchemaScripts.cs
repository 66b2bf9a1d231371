using System.Data.Common;
using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace Kavalek.Auth;

/// <summary>The numbered scripts of <c>Schema/</c>: each runs once, in order, in one transaction with the note that it did.</summary>
internal static class SchemaScripts
{
    /// <summary>Brings the database to the newest schema; two processes at once take turns.</summary>
    /// <exception cref="InvalidOperationException">The database is newer than this program.</exception>
    public static async Task ApplyAsync(SqliteConnection connection, string folder)
    {
        await using DbTransaction transaction = connection.BeginTransaction(deferred: false);
        Db db = new(connection);
        await db.ExecuteAsync("CREATE TABLE IF NOT EXISTS auth_schema (number INTEGER NOT NULL)");
        long applied = await db.NumberAsync("SELECT COALESCE(MAX(number), 0) FROM auth_schema");
        List<(int Number, string Sql)> scripts = Read(folder);
        if (applied > scripts[^1].Number)
        {
            throw new InvalidOperationException(
                $"The database has schema {applied}, this program knows {scripts[^1].Number}: start a newer version of the server.");
        }
        foreach ((int number, string sql) in scripts.Where(s => s.Number > applied))
        {
            await db.ExecuteAsync(sql);
            await db.ExecuteAsync("INSERT INTO auth_schema (number) VALUES (@number)", ("@number", number));
        }
        await transaction.CommitAsync();
    }

    static List<(int, string)> Read(string folder)
    {
        Assembly assembly = typeof(SchemaScripts).Assembly;
        List<(int Number, string Sql)> scripts = [];
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith($"{folder}/", StringComparison.Ordinal)))
        {
            using StreamReader reader = new(assembly.GetManifestResourceStream(name)!);
            scripts.Add((int.Parse(Path.GetFileNameWithoutExtension(name), CultureInfo.InvariantCulture), reader.ReadToEnd()));
        }
        return [.. scripts.OrderBy(s => s.Number)];
    }
}
