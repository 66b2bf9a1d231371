using System.Formats.Tar;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Kavalek.Host;

/// <summary>
/// Puts an instance back from a backup. All of it is opened, checked and written beside the folder's content first; only then it takes its place, so a
/// damaged file changes nothing.
/// </summary>
internal static class Restore
{
    const long LargestDescription = 64 * 1024;

    /// <summary>Restores.</summary>
    /// <param name="from">The backup; <c>-</c> for standard input.</param>
    /// <param name="options">Says where the instance is to be: its data folder, and that of messaging nodes that run apart, missing or empty unless <paramref name="overwrite"/>; and PostgreSQL, where its tables go.</param>
    /// <param name="key">What sealed it.</param>
    /// <param name="clock">The time.</param>
    /// <param name="overwrite">Whether what is in the folder may give way. It is kept beside, in <c>before-restore-TIME</c>.</param>
    /// <returns>What the backup says of itself.</returns>
    /// <exception cref="InvalidOperationException">The key is wrong, the backup of another version, a server runs on the folder, or it is not empty.</exception>
    /// <exception cref="InvalidDataException">The backup is damaged or cut off.</exception>
    public static BackupContent Run(string from, ServerOptions options, BackupKey key, TimeProvider clock, bool overwrite = false)
    {
        using Stream input = from == "-" ? Console.OpenStandardInput() : File.OpenRead(from);
        byte[] header = new byte[BackupKey.HeaderBytes];
        if (input.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length) throw new InvalidOperationException("The file is not a backup of Kavalek.");
        byte[] fileKey = key.Open(header);

        string[] folders = options.MessagingData is { } apart ? [options.Data, apart] : [options.Data];
        foreach (string folder in folders)
        {
            DataFolder.Make(folder);
            if (Existing(folder).Length > 0 && !overwrite)
                throw new InvalidOperationException($"{Path.GetFullPath(folder)} is not empty. Nothing was changed; --overwrite puts what is there aside, into {DataFolder.Aside}….");
        }
        using FileStream held = Hold(options.Data);
        foreach (string folder in folders) WorkingFolder.Sweep(folder);
        // Beside what they replace: a folder may be a file system of its own, and only within one is a move all or nothing.
        using WorkingFolder first = new(options.Data);
        using WorkingFolder? second = options.MessagingData is null ? null : new WorkingFolder(options.MessagingData);
        string[] working = second is null ? [first.Path] : [first.Path, second.Path];
        try
        {
            using SealedStream.Reader box = new(input, header, fileKey);
            BackupContent content = Unpack(box, working, options.Postgres is null ? "sqlite" : "postgres");
            // The end of the archive is not yet the end of the file.
            box.CopyTo(Stream.Null);
            long now = clock.GetUtcNow().ToUnixTimeSeconds();
            Check(working[0], content, now);
            if (options.Postgres is { } postgres)
            {
                string tables = Path.Combine(working[0], PostgresBackup.Folder);
                PostgresBackup.Write(postgres, tables, content, now, overwrite);
                Directory.Delete(tables, recursive: true);
            }
            // The databases last: without them there is no instance, and a restore that was cut off here is simply begun again.
            for (int i = folders.Length - 1; i >= 0; i--) Replace(folders[i], working[i], clock.GetUtcNow());
            return content;
        }
        catch (JsonException)
        {
            throw new InvalidDataException("The backup is damaged: it does not say what it is.");
        }
    }

    static void Replace(string folder, string working, DateTimeOffset now)
    {
        string[] before = Existing(folder);
        if (before.Length > 0)
        {
            string aside = Path.Combine(folder, DataFolder.Aside + now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture));
            DataFolder.Make(aside);
            foreach (string name in before) Directory.Move(Path.Combine(folder, name), Path.Combine(aside, name));
        }
        foreach (string path in Directory.EnumerateFileSystemEntries(working).OrderBy(p => p.EndsWith(".db", StringComparison.Ordinal)).ThenBy(p => p, StringComparer.Ordinal))
            Directory.Move(path, Path.Combine(folder, Path.GetFileName(path)));
    }

    /// <summary>Opens and checks a backup as a restore does, in a folder of its own that goes again. Nothing of the instance changes, and a server may run on it.</summary>
    /// <param name="from">The backup.</param>
    /// <param name="options">Says where the data folder is, and PostgreSQL.</param>
    /// <param name="key">What sealed it.</param>
    /// <param name="clock">The time.</param>
    /// <param name="told">Hears how many bytes of the backup were read.</param>
    /// <returns>What the backup says of itself.</returns>
    /// <exception cref="InvalidOperationException">The key is wrong, or the backup of another version.</exception>
    /// <exception cref="InvalidDataException">The backup is damaged or cut off.</exception>
    public static BackupContent Test(string from, ServerOptions options, BackupKey key, TimeProvider clock, Action<long> told)
    {
        using Stream input = File.OpenRead(from);
        byte[] header = new byte[BackupKey.HeaderBytes];
        if (input.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length) throw new InvalidDataException("The backup is cut off: its end is missing.");
        byte[] fileKey = key.Open(header);
        using WorkingFolder folder = new(options.Data);
        try
        {
            using SealedStream.Reader box = new(input, header, fileKey, told);
            BackupContent content = Unpack(box, [folder.Path], options.Postgres is null ? "sqlite" : "postgres");
            box.CopyTo(Stream.Null);
            Check(folder.Path, content, clock.GetUtcNow().ToUnixTimeSeconds());
            if (options.Postgres is { } postgres) PostgresBackup.Test(postgres, Path.Combine(folder.Path, PostgresBackup.Folder), content);
            return content;
        }
        catch (JsonException)
        {
            throw new InvalidDataException("The backup is damaged: it does not say what it is.");
        }
    }

    static string[] Existing(string data) =>
    [
        .. Directory.EnumerateFileSystemEntries(data).Select(path => Path.GetFileName(path)!)
            .Where(name => name is not (DataFolder.Lock or DataFolder.Certificates or "lost+found") && !name.StartsWith(DataFolder.Working, StringComparison.Ordinal) && !name.StartsWith(DataFolder.Aside, StringComparison.Ordinal)),
    ];

    static FileStream Hold(string data)
    {
        try
        {
            FileStreamOptions options = Backup.Private(FileMode.OpenOrCreate);
            options.Share = FileShare.None;
            options.Access = FileAccess.ReadWrite;
            return new FileStream(Path.Combine(data, DataFolder.Lock), options);
        }
        catch (IOException)
        {
            throw new InvalidOperationException($"A server runs on {Path.GetFullPath(data)}. Stop it first.");
        }
    }

    static BackupContent Unpack(Stream box, string[] working, string store)
    {
        using TarReader tar = new(box, leaveOpen: true);
        BackupContent? content = null;
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !DataFolder.IsSafe(entry.Name)) throw new InvalidDataException("The backup holds something that is not its own.");
            if (content is null)
            {
                // What it is comes first, so that nothing of a foreign version is even unpacked.
                if (entry.Name != DataFolder.Description || entry.Length > LargestDescription) throw new InvalidDataException("The backup is damaged: it does not say what it is.");
                content = JsonSerializer.Deserialize(entry.DataStream!, BackupJson.Default.BackupContent) ?? throw new InvalidDataException("The backup is damaged: it does not say what it is.");
                Require(content, store);
                continue;
            }
            string path = Path.Combine(DataFolder.IsMessaging(entry.Name) ? working[^1] : working[0], entry.Name);
            string folder = Path.GetDirectoryName(path)!;
            DataFolder.Make(folder);
            using FileStream file = new(path, Backup.Private(FileMode.CreateNew));
            entry.DataStream?.CopyTo(file);
            file.Flush(flushToDisk: true);
        }
        return content ?? throw new InvalidDataException("The backup is damaged: it does not say what it is.");
    }

    static void Require(BackupContent content, string store)
    {
        (long auth, long messaging) = DataFolder.KnownSchemas;
        if (content.Format != DataFolder.Format || content.AuthSchema > auth || content.MessagingSchema > messaging)
            throw new InvalidOperationException("The backup is of a newer version than this server: restore it with a newer one.");
        if (content.Store != store) throw new InvalidOperationException($"The backup is of an instance on {content.Store}, and this one is on {store}: see --database.");
    }

    static void Check(string working, BackupContent content, long now)
    {
        if (!File.Exists(Path.Combine(working, "keys", "pepper"))) throw new InvalidDataException("The backup is damaged: it holds no keys.");
        if (content.Store != "sqlite") return;
        foreach (string name in (string[])[DataFolder.AuthDatabase, DataFolder.MessagingDatabase])
        {
            if (!File.Exists(Path.Combine(working, name))) throw new InvalidDataException($"The backup is damaged: it holds no {name}.");
            using SqliteConnection connection = DataFolder.Open(Path.Combine(working, name));
            if (DataFolder.Value(connection, "PRAGMA integrity_check") is not "ok") throw new InvalidDataException($"The backup is damaged: {name} does not hold together.");
            if (name != DataFolder.AuthDatabase)
            {
                // Before 3 there was no push.
                if (content.MessagingSchema >= 3) DataFolder.Value(connection, DataFolder.StruckFromMessaging);
                continue;
            }
            if ((long)DataFolder.Value(connection, "SELECT COALESCE(MAX(number), 0) FROM auth_schema")! != content.AuthSchema) throw new InvalidDataException("The backup is damaged: it is not of the version it says.");
            foreach (string statement in DataFolder.StruckFromAuth(now)) DataFolder.Value(connection, statement);
        }
    }
}
