using System.Globalization;
using System.Reflection;

namespace Kavalek.Postgres;

/// <summary>A numbered schema script: it runs once on each database, in order, in one transaction with the note that it did.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Sql">Its statements.</param>
public sealed record SchemaScript(long Number, string Sql)
{
    /// <summary>The scripts of a service for one kind of database, in order.</summary>
    /// <param name="assembly">Has them as resources <c>FOLDER/NNN.sql</c>.</param>
    /// <param name="folder"><c>sqlite</c> or <c>postgres</c>.</param>
    public static List<SchemaScript> Of(Assembly assembly, string folder)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        List<SchemaScript> scripts = [];
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith($"{folder}/", StringComparison.Ordinal)))
        {
            using StreamReader reader = new(assembly.GetManifestResourceStream(name)!);
            scripts.Add(new SchemaScript(int.Parse(Path.GetFileNameWithoutExtension(name), CultureInfo.InvariantCulture), reader.ReadToEnd()));
        }
        return [.. scripts.OrderBy(s => s.Number)];
    }

    /// <summary>Refuses a database that a newer program has changed.</summary>
    /// <exception cref="InvalidOperationException">It is.</exception>
    public static void RequireKnown(long applied, List<SchemaScript> scripts)
    {
        ArgumentNullException.ThrowIfNull(scripts);
        if (applied > scripts[^1].Number)
            throw new InvalidOperationException($"The database has schema {applied}, this program knows {scripts[^1].Number}: start a newer version of the server.");
    }
}
