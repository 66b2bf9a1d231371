using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>
/// What the server can see, as docs/STORED.md says it: the page that a test holds against the running server's schema, log and headers is built in and shown,
/// so that what people read is what was checked.
/// </summary>
internal static class StoredList
{
    /// <summary>The page, in parts.</summary>
    public static ServerSees Shown { get; } = Parse(Text());

    static string Text()
    {
        using StreamReader reader = new(typeof(StoredList).Assembly.GetManifestResourceStream("STORED.md")
            ?? throw new InvalidOperationException("STORED.md is not built in."));
        return reader.ReadToEnd();
    }

    internal static ServerSees Parse(string page) => new([.. page.Split("\n## ").Skip(1).Select(Part)]);

    static SeenPart Part(string section)
    {
        string[] lines = section.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        List<SeenItem> items = [];
        foreach (string line in lines.Skip(1))
        {
            if (line.StartsWith("| ", StringComparison.Ordinal))
            {
                string[] cells = line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
                // The head of a table, and the rule beneath it.
                if (cells[0] is "column" or "line" || cells[0].StartsWith("---", StringComparison.Ordinal)) continue;
                items.Add(cells.Length >= 3 ? new SeenItem(cells[0].Split(", "), cells[1], cells[2]) : new SeenItem([cells[0].Trim('`')], "", ""));
            }
            else if (line.StartsWith('`'))
            {
                items.Add(new SeenItem([.. line.Split(", ").Select(name => name.Trim('`'))], "", ""));
            }
        }
        return new SeenPart(lines[0], [.. items]);
    }
}
