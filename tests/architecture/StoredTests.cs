using System.Text.RegularExpressions;
using Kavalek.Host;
using Microsoft.Data.Sqlite;

namespace Kavalek.Architecture.Tests;

/// <summary>docs/STORED.md lists all that the server keeps, logs and says of itself: a new column, line or header fails until its purpose is written down.</summary>
public static partial class StoredTests
{
    static readonly string Page = File.ReadAllText(Path.Combine(SecurityRowsTests.Root, "docs", "STORED.md"));

    // K-67
    [Fact]
    public static async Task Every_column_and_header_of_a_running_server_is_on_the_page_with_its_purpose()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-stored-");
        await using (Server server = await Server.StartAsync(new ServerOptions { Data = folder.FullName, Urls = "http://127.0.0.1:0" }, console: TextWriter.Null))
        {
            string[] columns = [.. ((string[])["auth.db", "messaging.db"]).SelectMany(file => Columns(Path.Combine(folder.FullName, file))).Order(StringComparer.Ordinal)];
            string[] listed = [.. Column().Matches(string.Join('\n', Page.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Select(l => l.Split('|')[1])))
                .Select(m => m.Value).Order(StringComparer.Ordinal)];
            Assert.Equal(columns, listed);

            string[] headers = [.. Header().Matches(Page.Split("## Headers of answers")[1]).Select(m => m.Groups[1].Value)];
            using var http = new HttpClient { BaseAddress = server.Address };
            foreach (string path in (string[])["/", "/auth/v1/instance", "/auth/v1/devices", "/api/v1/streams", "/nowhere", "/socket", "/auth/.well-known/jwks.json", "/api/healthz"])
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
                Assert.All(answer.Headers.Concat(answer.Content.Headers), h => Assert.Contains(h.Key, headers.Append("Transfer-Encoding")));
            }
        }
        folder.Delete(recursive: true);
    }

    // K-67
    [Fact]
    public static void Every_log_line_in_the_code_is_on_the_page()
    {
        string[] written = [.. Directory.EnumerateFiles(Path.Combine(SecurityRowsTests.Root, "backend"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .SelectMany(file => LogCall().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value)).Order(StringComparer.Ordinal)];
        string[] listed = [.. Line().Matches(Page.Split("## Log lines")[1]).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)];
        Assert.Equal(written, listed);
    }

    static List<string> Columns(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
        using SqliteDataReader row = command.ExecuteReader();
        List<string> columns = [];
        while (row.Read())
            columns.Add(row.GetString(0));
        return columns;
    }

    [GeneratedRegex(@"\b[a-z_]+\.[a-z_]+\b")]
    private static partial Regex Column();

    [GeneratedRegex("`([A-Za-z-]+)`")]
    private static partial Regex Header();

    [GeneratedRegex(@"^\| `([^`]+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex("""\.Log(?:Trace|Debug|Information|Warning|Error|Critical)\(\s*"([^"]+)""")]
    private static partial Regex LogCall();
}
