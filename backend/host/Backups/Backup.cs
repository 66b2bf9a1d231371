using System.Formats.Tar;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Kavalek.Host;

/// <summary>
/// Makes a backup while the server runs: a consistent copy of each database (SQLite's <c>VACUUM INTO</c>: the state of one instant, without the pages
/// of what was deleted; in PostgreSQL one transaction that reads), then keys, settings and attachments, in one encrypted file.
/// </summary>
internal static class Backup
{
    const string Ending = ".backup";

    /// <summary>The names of a folder's backups: times, and in their order.</summary>
    public const string Names = $"kavalek-????????T??????Z{Ending}";

    /// <summary>Writes a backup.</summary>
    /// <param name="options">Says where the instance is: its data folder, that of messaging nodes that run apart, and PostgreSQL where its tables are there.</param>
    /// <param name="to">A folder, in which the file gets a name of the time; or a file that is not there yet; or <c>-</c> for standard output.</param>
    /// <param name="key">What seals it.</param>
    /// <param name="clock">The time.</param>
    /// <param name="overwrite">Whether a file that is there may be replaced.</param>
    /// <returns>Where it is; <c>-</c> for standard output.</returns>
    /// <exception cref="InvalidOperationException">There is no instance in the folder, or the file is there already.</exception>
    /// <exception cref="IOException">It cannot be written; nothing is left behind.</exception>
    public static string Write(ServerOptions options, string to, BackupKey key, TimeProvider clock, bool overwrite = false)
    {
        (string data, string? postgres) = (options.Data, options.Postgres);
        if (!(postgres is null ? File.Exists(Path.Combine(data, DataFolder.AuthDatabase)) : Directory.Exists(Path.Combine(data, "keys")))) throw new InvalidOperationException($"There is no instance in {Path.GetFullPath(data)}.");
        if (options.MessagingData is { } messaging && !Directory.Exists(messaging)) throw new InvalidOperationException($"There is nothing of messaging nodes in {Path.GetFullPath(messaging)}: see --messaging-data.");
        DateTimeOffset now = clock.GetUtcNow();
        if (to == "-")
        {
            using Stream output = Console.OpenStandardOutput();
            Write(options, output, key, now);
            return to;
        }
        DataFolder.RequireOutside(data, to);
        if (options.MessagingData is { } apart) DataFolder.RequireOutside(apart, to);
        string path = Directory.Exists(to) || to.EndsWith('/')
            ? Path.Combine(to, $"kavalek-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}{Ending}") : to;
        if (File.Exists(path) && !overwrite) throw new InvalidOperationException($"{path} is there already; --overwrite replaces it.");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string part = $"{path}.part";
        try
        {
            File.Delete(part);
            using (FileStream output = new(part, Private(FileMode.CreateNew)))
            {
                Write(options, output, key, now);
                output.Flush(flushToDisk: true);
            }
            File.Move(part, path, overwrite);
        }
        finally
        {
            File.Delete(part);
        }
        return path;
    }

    /// <summary>Deletes the oldest backups of a folder until so many are left.</summary>
    /// <returns>How many were deleted.</returns>
    public static int Prune(string folder, int keep)
    {
        string[] old = [.. Directory.EnumerateFiles(folder, Names).OrderDescending(StringComparer.Ordinal).Skip(keep)];
        foreach (string path in old) File.Delete(path);
        return old.Length;
    }

    /// <summary>How to make a file that nobody else may read.</summary>
    public static FileStreamOptions Private(FileMode mode)
    {
        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    static void Write(ServerOptions options, Stream output, BackupKey key, DateTimeOffset now)
    {
        (string data, string? postgres) = (options.Data, options.Postgres);
        WorkingFolder.Sweep(data);
        using WorkingFolder folder = new(data);
        string working = folder.Path;
        (byte[] header, byte[] fileKey) = key.New();
        output.Write(header);
        using SealedStream.Writer box = new(output, header, fileKey);
        using (TarWriter tar = new(box, TarEntryFormat.Pax, leaveOpen: true))
        {
            // First who may do what, then what was said: an account of the copy may lack its newest messages, but no message its account.
            BackupContent content = postgres is null ? Snapshots(data, working, now) : PostgresBackup.Read(postgres, working, now.ToUnixTimeSeconds());
            using MemoryStream description = new(JsonSerializer.SerializeToUtf8Bytes(content, BackupJson.Default.BackupContent));
            Add(tar, DataFolder.Description, description, now);
            foreach (string path in Directory.EnumerateFiles(working).Order(StringComparer.Ordinal))
            {
                using FileStream file = File.OpenRead(path);
                Add(tar, postgres is null ? Path.GetFileName(path) : $"{PostgresBackup.Folder}/{Path.GetFileName(path)}", file, now);
            }
            // As if all were one folder: so it goes back into either kind of instance.
            foreach (string name in DataFolder.Files(data).Where(name => options.MessagingData is null || !DataFolder.IsMessaging(name))) AddFile(tar, data, name, now);
            if (options.MessagingData is { } apart)
            {
                foreach (string name in DataFolder.Files(apart).Where(DataFolder.IsMessaging)) AddFile(tar, apart, name, now);
            }
        }
        box.Finish();
    }

    static BackupContent Snapshots(string data, string working, DateTimeOffset now)
    {
        string auth = Snapshot(data, working, DataFolder.AuthDatabase), messaging = Snapshot(data, working, DataFolder.MessagingDatabase);
        return new BackupContent(DataFolder.Format, now.ToUnixTimeSeconds(), "sqlite", Number(auth, "SELECT COALESCE(MAX(number), 0) FROM auth_schema"), Number(messaging, "PRAGMA user_version"));
    }

    static string Snapshot(string data, string working, string name)
    {
        string copy = Path.Combine(working, name);
        // Made here, so that it is never readable by others; SQLite takes an empty file.
        new FileStream(copy, Private(FileMode.CreateNew)).Dispose();
        using SqliteConnection connection = DataFolder.Open(Path.Combine(data, name));
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "VACUUM INTO @copy";
        command.Parameters.AddWithValue("@copy", copy);
        command.ExecuteNonQuery();
        return copy;
    }

    static long Number(string path, string sql)
    {
        using SqliteConnection connection = DataFolder.Open(path);
        return (long)DataFolder.Value(connection, sql)!;
    }

    static void AddFile(TarWriter tar, string folder, string name, DateTimeOffset now)
    {
        FileStream file;
        try
        {
            file = File.OpenRead(Path.Combine(folder, name));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return; // An attachment that expired meanwhile.
        }
        using (file) Add(tar, name, file, now);
    }

    static void Add(TarWriter tar, string name, Stream content, DateTimeOffset now) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite, ModificationTime = now });
}
