using System.Text;
using System.Text.RegularExpressions;

namespace Kavalek.Architecture.Tests;

/// <summary>An attack that Kavalek withstands, and what its tests do not show yet.</summary>
/// <param name="Number">The number behind <c>K-</c>.</param>
/// <param name="Priority">1: before any release. 2: before the first stable one.</param>
/// <param name="Attack">In a few words.</param>
/// <param name="Missing">What is still to be shown, or why nothing can be yet; <c>null</c> once the tests show all of it.</param>
sealed record SecurityRow(int Number, int Priority, string Attack, string? Missing = null);

/// <summary>A test that carries the id of a row.</summary>
sealed record RowTest(int Row, string Suite, string Name);

/// <summary>
/// The eighty rows of <c>docs/security-rows.md</c> beside the tests that carry their ids. An id stands in a comment of its own above the
/// test, or behind its signature: <c>// K-47</c>.
/// </summary>
static partial class SecurityRows
{
    // Some tests carry the id, and nobody has held them against every part of the row.
    const string Unchecked = "not held against the whole row yet";

    // One line a row: whoever closes one changes one line, and the page is written anew with KAVALEK_WRITE_ROWS=1.
    public static readonly SecurityRow[] All =
    [
        new(1, 1, "Finding out who has an account"),
        new(2, 1, "Guessing and spraying passwords"),
        new(3, 1, "Abuse of password hashing"),
        new(4, 1, "The server learns a password or a key"),
        new(5, 1, "Password derivation talked down"),
        new(6, 1, "Forged access tokens"),
        new(7, 1, "Access after revocation"),
        new(8, 1, "Secrets in addresses"),
        new(9, 1, "Refresh tokens replayed"),
        new(10, 1, "Fields that a caller may not set"),
        new(11, 1, "Change and reset of the password"),
        new(12, 2, "Foreign pages that call the server"),
        new(13, 1, "Taking over a fresh instance"),
        new(14, 2, "Abuse of invites"),
        new(15, 1, "Sockets without a good credential"),
        new(16, 1, "Sockets opened by foreign pages"),
        new(17, 1, "Plain HTTP"),
        new(18, 1, "Oversized, endless and malformed frames"),
        new(19, 1, "Floods and slow readers"),
        new(20, 2, "Hoarding connections"),
        new(21, 1, "Things of other people on every route and frame"),
        new(22, 1, "Posting and reading without membership"),
        new(23, 1, "Members who do what their role does not allow"),
        new(24, 2, "Unwanted contact"),
        new(25, 1, "Attachments of other people"),
        new(26, 1, "Key packages and devices of somebody else"),
        new(27, 1, "Users on admin routes, small admins as big ones"),
        new(28, 1, "Administrators who read or impersonate"),
        new(29, 1, "Races for one-time things"),
        new(30, 1, "A wrong key at first contact"),
        new(31, 1, "An account key that changes later"),
        new(32, 1, "Ghost devices and ghost members"),
        new(33, 1, "Tampering"),
        new(34, 1, "Duplicates and replays"),
        new(35, 1, "Reordering, delay and false time"),
        new(36, 1, "Dropped messages"),
        new(37, 1, "Forks"),
        new(38, 1, "Own messages and commits altered, doubled or lost"),
        new(39, 1, "Rollback"),
        new(40, 1, "Removal suppressed"),
        new(41, 1, "Misused Welcomes"),
        new(42, 1, "Backups and settings swapped"),
        new(43, 1, "Safety numbers and verified marks"),
        new(44, 1, "Commit races and commit spam"),
        new(45, 1, "Commits that only some can process"),
        new(46, 1, "A leaf that changes identity"),
        new(47, 1, "Joining from outside"),
        new(48, 1, "Bad key packages"),
        new(49, 1, "Amplified work"),
        new(50, 1, "Any bytes into any decoder"),
        new(51, 1, "Key packages drained and reused"),
        new(52, 1, "Acting on messages of others"),
        new(53, 1, "Attachments swapped, cut, extended"),
        new(54, 1, "Bombs and quotas"),
        new(55, 1, "An attachment that becomes a page"),
        new(56, 1, "Paths in names"),
        new(57, 1, "The server made to fetch addresses"),
        new(58, 1, "Script in anything people write"),
        new(59, 1, "Headers of pages"),
        new(60, 1, "Traffic to third parties"),
        new(61, 1, "Database or backup stolen"),
        new(62, 1, "Logs seized"),
        new(63, 2, "Error pages that talk"),
        new(64, 1, "Redis overheard or dumped"),
        new(65, 1, "What stays behind"),
        new(66, 1, "What push says"),
        new(67, 2, "Metadata that creeps in"),
        new(68, 2, "Lengths that tell"),
        new(69, 2, "Presence, typing and receipts as surveillance"),
        new(70, 1, "Caches"),
        new(71, 1, "A stolen disk"),
        new(72, 1, "Lock, log-out and remote wipe"),
        new(73, 1, "Forward secrecy and healing"),
        new(74, 2, "Keys in memory after locking"),
        new(75, 2, "Disappearing messages and clocks"),
        new(76, 1, "Linking a device by trickery"),
        new(77, 1, "Weak TLS"),
        new(78, 1, "Confusing the proxy"),
        new(79, 1, "Unsafe deployment"),
        new(80, 1, "Supply chain and amplification"),
    ];

    static readonly string[] Languages = [".cs", ".ts", ".tsx", ".mjs"];

    /// <summary>The tests below a folder that carry an id, in the order of their names.</summary>
    /// <exception cref="InvalidOperationException">An id stands where no test follows.</exception>
    public static List<RowTest> TestsIn(string folder)
    {
        List<RowTest> found = [];
        foreach (string suite in Directory.GetDirectories(folder))
        {
            foreach (string file in Directory.EnumerateFiles(suite, "*", SearchOption.AllDirectories).Where(IsOurs))
                found.AddRange(TestsOf(Path.GetFileName(suite), file, File.ReadAllLines(file)));
        }
        return [.. found.Distinct().OrderBy(t => t.Suite, StringComparer.Ordinal).ThenBy(t => t.Name, StringComparer.Ordinal)];

        static bool IsOurs(string file) =>
            Languages.Contains(Path.GetExtension(file)) && !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules");
    }

    /// <summary>The tests of one file that carry an id.</summary>
    public static IEnumerable<RowTest> TestsOf(string suite, string file, string[] lines)
    {
        List<int> waiting = [];
        foreach (string line in lines)
        {
            Match comment = Comment().Match(line);
            if (comment.Success)
                waiting.AddRange(comment.Groups["id"].Captures.Select(id => int.Parse(id.ValueSpan, System.Globalization.CultureInfo.InvariantCulture)));
            string code = comment.Success ? line[..comment.Index].Trim() : line.Trim();
            if (waiting.Count == 0 || code.Length == 0 || code.StartsWith('[') || code.StartsWith("//", StringComparison.Ordinal))
                continue;
            Match name = file.EndsWith(".cs", StringComparison.Ordinal) ? Method().Match(code) : Sentence().Match(code);
            if (!name.Success)
                throw new InvalidOperationException($"{file}: K-{waiting[0]:00} stands above something that is no test: {code}");
            foreach (int row in waiting)
                yield return new RowTest(row, suite, name.Groups["name"].Value);
            waiting.Clear();
        }
        if (waiting.Count > 0)
            throw new InvalidOperationException($"{file}: K-{waiting[0]:00} stands at the end, above no test");
    }

    /// <summary>The page.</summary>
    public static string Page(IReadOnlyList<RowTest> tests)
    {
        var page = new StringBuilder("""
            # The attacks, and the tests that hold against them

            Written by `tests/architecture` from the ids in the tests; `make security-rows` writes it anew. *Closed*: the tests show everything that is
            expected. *In part*: what they do not show is named. *Open*: no test carries the id. Priority 1 blocks any release, 2 the first stable one.

            | id | prio | attack | state | tests |
            | --- | --- | --- | --- | --- |

            """);
        foreach (SecurityRow row in All)
        {
            RowTest[] own = [.. tests.Where(t => t.Row == row.Number)];
            string state = (own.Length, row.Missing) switch
            {
                (0, null or Unchecked) => "open: no test yet",
                (0, { } why) => $"open: {why}",
                (_, null) => "closed",
                (_, { } missing) => $"in part: {missing}",
            };
            string names = string.Join("; ", own.GroupBy(t => t.Suite).Select(g => $"{g.Key}: {string.Join(", ", g.Select(t => $"`{t.Name}`"))}"));
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"| K-{row.Number:00} | {row.Priority} | {row.Attack} | {state} | {names} |\n");
        }
        return page.ToString();
    }

    // Ids alone, or ids and then a word of explanation; a sentence that mentions one is none.
    [GeneratedRegex(@"(?<!/)//(?!/)\s*K-(?<id>[0-9]{2})(?:,\s*K-(?<id>[0-9]{2}))*\s*(?:$|:)")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b(?<name>[A-Z]\w*)\s*(?:<[^>]*>)?\(")]
    private static partial Regex Method();

    [GeneratedRegex("""\b(?:it|test)(?:\.each\(.*\))?\(\s*(?<quote>["'`])(?<name>.*?)\k<quote>""")]
    private static partial Regex Sentence();
}
