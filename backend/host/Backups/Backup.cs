using System.Formats.Tar;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Kavalek.Host;

/// <summary>
/// Makes a backup while the server runs: a consistent copy of each database (SQLite's <c>VACUUM INTO</c>: the state of one instant, without the pages
/// of what was deleted; in PostgreSQL one transaction that reads), then keys, settings and attachments, in one encrypted file.
/// </summary>
internal static class Backup
{
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
        Replacement.RequireNone(data);
        if (options.MessagingData is { } half) Replacement.RequireNone(half);
        DateTimeOffset now = clock.GetUtcNow();
        if (to == "-")
        {
            using Stream output = Console.OpenStandardOutput();
            Write(options, output, key, now, null);
            return to;
        }
        DataFolder.RequireOutside(data, to);
        if (options.MessagingData is { } apart) DataFolder.RequireOutside(apart, to);
        string path = Directory.Exists(to) || to.EndsWith('/') ? Path.Combine(to, BackupFolder.Name(now)) : to;
        if (File.Exists(path) && !overwrite) throw new InvalidOperationException($"{path} is there already; --overwrite replaces it.");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        BackupFolder.Sweep(folder, Path.GetFileName(path));
        string part = BackupFolder.PartOf(path);
        try
        {
            FileStreamOptions alone = Private(FileMode.CreateNew);
            alone.Share = FileShare.None;
            using (FileStream output = new(part, alone))
            {
                Write(options, output, key, now, folder);
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

    /// <summary>How to make a file that nobody else may read.</summary>
    public static FileStreamOptions Private(FileMode mode)
    {
        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    static void Write(ServerOptions options, Stream output, BackupKey key, DateTimeOffset now, string? outputFolder)
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
            BackupContent content = postgres is null ? Snapshots(data, working, now, options.DiskReserveBytes) : PostgresBackup.Read(postgres, working, now.ToUnixTimeSeconds(), options.DiskReserveBytes);
            // As if all were one folder: so it goes back into either kind of instance.
            List<(string Folder, string Name)> files = [.. DataFolder.Files(data).Where(name => options.MessagingData is null || !DataFolder.IsMessaging(name)).Select(name => (data, name))];
            if (options.MessagingData is { } apart) files.AddRange(DataFolder.Files(apart).Where(DataFolder.IsMessaging).Select(name => (apart, name)));
            // Now that the copies of the databases have taken their room, which may be on the same disk.
            if (outputFolder is not null)
                DiskSpace.Require(outputFolder, Size(Directory.EnumerateFiles(working)) + Size(files.Select(file => Path.Combine(file.Folder, file.Name))), options.DiskReserveBytes);
            using MemoryStream description = new(JsonSerializer.SerializeToUtf8Bytes(content, BackupJson.Default.BackupContent));
            Add(tar, DataFolder.Description, description, now);
            foreach (string path in Directory.EnumerateFiles(working).Order(StringComparer.Ordinal))
            {
                using FileStream file = File.OpenRead(path);
                Add(tar, postgres is null ? Path.GetFileName(path) : $"{PostgresBackup.Folder}/{Path.GetFileName(path)}", file, now);
            }
            foreach ((string from, string name) in files) AddFile(tar, from, name, now);
        }
        box.Finish();
    }

    static BackupContent Snapshots(string data, string working, DateTimeOffset now, long reserve)
    {
        DiskSpace.Require(working, Size(from name in (string[])[DataFolder.AuthDatabase, DataFolder.MessagingDatabase] from path in (string[])[name, $"{name}-wal"] select Path.Combine(data, path)), reserve);
        try
        {
            string auth = Snapshot(data, working, DataFolder.AuthDatabase), messaging = Snapshot(data, working, DataFolder.MessagingDatabase);
            return new BackupContent(DataFolder.Format, now.ToUnixTimeSeconds(), "sqlite", Number(auth, "SELECT COALESCE(MAX(number), 0) FROM auth_schema"), Number(messaging, "PRAGMA user_version"));
        }
        catch (SqliteException e)
        {
            string why = $"The databases cannot be copied: SQLite {e.SqliteErrorCode}.";
            throw DataFolder.IsDisk(e) ? new IOException(why, e) : new InvalidOperationException(why, e);
        }
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

    static long Size(IEnumerable<string> paths) => paths.Select(path => new FileInfo(path)).Where(file => file.Exists).Sum(file => file.Length);

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
