using System.IO.Enumeration;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Kavalek.Auth;
using Kavalek.Messaging;
using Kavalek.Protocol;
using Microsoft.Data.Sqlite;

namespace Kavalek.Host;

/// <summary>What a backup says of itself, first thing inside.</summary>
/// <param name="Format">1.</param>
/// <param name="Made">Seconds since 1970.</param>
/// <param name="Store"><c>sqlite</c>: the databases are files. <c>postgres</c>: a file a table.</param>
/// <param name="AuthSchema">The number of the newest schema script of the authentication service that ran.</param>
/// <param name="MessagingSchema">The same of the delivery service.</param>
internal sealed record BackupContent(int Format, long Made, string Store, long AuthSchema, long MessagingSchema)
{
    /// <summary>How far PostgreSQL's sequences had counted.</summary>
    public Dictionary<string, long>? Sequences { get; init; }
}

/// <summary>Reads and writes it without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BackupContent))]
internal sealed partial class BackupJson : JsonSerializerContext;

/// <summary>The files of a data folder, as a backup sees them.</summary>
internal static partial class DataFolder
{
    public const int Format = 1;
    public const string Description = "backup.json", AuthDatabase = "auth.db", MessagingDatabase = "messaging.db";

    /// <summary>What a running server holds; two of them, or a server and a restore, never share a folder.</summary>
    public const string Lock = "messaging.lock";

    /// <summary>
    /// What a restore strikes out of the authentication service's tables. One-time key packages may have been used since; their devices, who know, bring new ones: a second use would
    /// be a Welcome that nobody can open. Sessions may be those of a device that was removed since: each device proves password and key again, and access tokens that still run are refused.
    /// </summary>
    /// <param name="now">Seconds since 1970.</param>
    public static string[] StruckFromAuth(long now) =>
    [
        "DELETE FROM key_package WHERE last_resort = 0",
        $"INSERT INTO ended_session (id, expires) SELECT id, {TokensEnd(now)} FROM session WHERE true ON CONFLICT (id) DO NOTHING",
        "DELETE FROM session",
    ];

    /// <summary>When the last access token is over that was given out until now.</summary>
    /// <param name="now">Seconds since 1970.</param>
    public static long TokensEnd(long now) => now + Limits.AccessTokenSeconds + 60;

    /// <summary>And out of the delivery service's: whoever is not logged in is not woken (K-72).</summary>
    public const string StruckFromMessaging = "DELETE FROM push_subscription";

    /// <summary>Names of folders that a backup or restore makes while it works, and that are never part of one.</summary>
    public const string Working = ".backup-", Aside = "before-restore-";

    /// <summary>The newest schema that this program knows of auth's and messaging's tables on SQLite.</summary>
    public static (long Auth, long Messaging) KnownSchemas { get; } = (Newest(typeof(AuthService)), Newest(typeof(MessagingOptions)));

    /// <summary>
    /// What is the machine's and not the instance's: the certificate that an authority gave, and the key under which it knows the machine. Another machine asks for its own, and a file
    /// that is kept for years holds no key that opens connections; where a restore goes over what is there, they stay.
    /// </summary>
    public const string Certificates = "certificates";

    /// <summary>Everything in the folder but the databases, as names relative to it: keys, settings, attachments. Which policy was seen last is of the running instance: what is put back may be older.</summary>
    /// <exception cref="IOException">One is a link: a backup would lack what is behind it, and nobody would know before a restore.</exception>
    public static IEnumerable<string> Files(string folder) =>
        from found in new FileSystemEnumerable<(string Path, bool IsLink)>(folder, (ref FileSystemEntry entry) => (entry.ToFullPath(), IsLink(ref entry)),
            new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.None })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory || IsLink(ref entry),
            // Not even looked into: another backup's folder may go meanwhile, and a disk's lost+found is nobody's to read.
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry) && (!entry.Directory.SequenceEqual(entry.RootDirectory) || !Stays(entry.FileName.ToString())),
        }
        let name = Path.GetRelativePath(folder, found.Path).Replace('\\', '/')
        where IsContent(name)
        orderby name
        select !found.IsLink ? name : throw new IOException($"{found.Path} is a link, and backups do not follow it. Have there what it points to; another disk can be mounted there.");

    /// <summary>Whether a file of the folder, which is no database, belongs into a backup, and out of one into the folder.</summary>
    public static bool IsContent(string name) =>
        name.Split('/')[0] is var first && !Stays(first) && first is not (Description or PostgresBackup.Folder or AuthOptions.SeenPolicyFile) && !IsDatabase(name)
        && !name.EndsWith(".part", StringComparison.Ordinal) && !name.EndsWith(".new", StringComparison.Ordinal);

    /// <summary>Whether something in the folder is the machine's, or a backup's or restore's own: it is in no backup, and stays where a restore goes over what is there.</summary>
    public static bool Stays(string name) =>
        name is Lock or Certificates or Replacement.Mark or "lost+found" || name.StartsWith(Working, StringComparison.Ordinal) || name.StartsWith(Aside, StringComparison.Ordinal);

    /// <summary>Whether a file is an attachment.</summary>
    public static bool IsAttachment(string name) => name.StartsWith("blobs/", StringComparison.Ordinal);

    /// <summary>Whether a file is the messaging nodes': attachments, and the key that wakes devices.</summary>
    public static bool IsMessaging(string name) => name == "keys/push.pem" || IsAttachment(name);

    /// <summary>Whether a name of a backup's entry stays inside the folder.</summary>
    public static bool IsSafe(string name) =>
        name.Length is > 0 and < 512 && !Path.IsPathRooted(name) && !name.Contains('\\', StringComparison.Ordinal) && !name.Any(char.IsControl)
        && name.Split('/').All(part => part is not ("" or "." or ".."));

    /// <summary>Makes a folder that nobody else may enter, where it is missing.</summary>
    public static void Make(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Refuses a place for backups inside the folder: each would hold the ones before it.</summary>
    /// <exception cref="InvalidOperationException">It is inside.</exception>
    public static void RequireOutside(string folder, string place)
    {
        if (IsInside(folder, place)) throw new InvalidOperationException($"Backups in {Path.GetFullPath(folder)} would hold each other: choose a folder outside.");
    }

    /// <summary>Whether a place is the folder or somewhere below it.</summary>
    public static bool IsInside(string folder, string place) =>
        (Path.GetFullPath(place).TrimEnd('/') + '/').StartsWith(Path.GetFullPath(folder).TrimEnd('/') + '/', StringComparison.Ordinal);

    /// <summary>A database opened for looking and copying.</summary>
    public static SqliteConnection Open(string path)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadWrite, DefaultTimeout = 30 }.ToString());
        connection.Open();
        return connection;
    }

    /// <summary>The one value that a statement gives.</summary>
    public static object? Value(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    static bool IsLink(ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) != 0;

    /// <summary>Whether SQLite failed because its disk is full or cannot be read or written.</summary>
    public static bool IsDisk(SqliteException e) => e.SqliteErrorCode is 10 or 13;

    static bool IsDatabase(string name) => ((string[])[AuthDatabase, MessagingDatabase]).Any(d => name == d || name.StartsWith($"{d}-", StringComparison.Ordinal));

    static long Newest(Type type) => type.Assembly.GetManifestResourceNames().Where(name => !name.Contains("postgres", StringComparison.OrdinalIgnoreCase))
        .Select(name => Script().Match(name)).Where(m => m.Success).Max(m => long.Parse(m.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));

    [GeneratedRegex(@"(?:^|[./])([0-9]{3})\.sql$")]
    private static partial Regex Script();
}
