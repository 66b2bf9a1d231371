using System.Formats.Tar;
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

    // The schema of the authentication service with which it began to note sessions that ended.
    const long NotesEnded = 2;

    /// <summary>Restores.</summary>
    /// <param name="from">The backup; <c>-</c> for standard input.</param>
    /// <param name="options">Says where the instance is to be: its data folder, and that of messaging nodes that run apart, missing or empty unless <paramref name="overwrite"/>; and PostgreSQL, where its tables go.</param>
    /// <param name="key">What sealed it.</param>
    /// <param name="clock">The time.</param>
    /// <param name="overwrite">Whether what is in the folder may give way. It is kept beside, in <c>before-restore-TIME</c>.</param>
    /// <returns>What the backup says of itself.</returns>
    /// <exception cref="InvalidOperationException">The key is wrong, the backup of another version, a server runs on the folder, or it is not empty.</exception>
    /// <exception cref="InvalidDataException">The backup is damaged or cut off.</exception>
    /// <exception cref="IOException">The disk has no room for it, or something cannot be moved; nothing was changed.</exception>
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
            if (Replacement.Existing(folder).Length > 0 && !overwrite)
                throw new InvalidOperationException($"{Path.GetFullPath(folder)} is not empty. Nothing was changed; --overwrite puts what is there aside, into {DataFolder.Aside}….");
        }
        using FileStream held = Hold(options.Data);
        foreach (string folder in folders) WorkingFolder.Sweep(folder);
        // Beside what they replace: a folder may be a file system of its own, and only within one is a move all or nothing.
        using WorkingFolder first = new(options.Data);
        using WorkingFolder? second = options.MessagingData is null ? null : new WorkingFolder(options.MessagingData);
        string[] working = second is null ? [first.Path] : [first.Path, second.Path];
        // All of it is unpacked: told now, and not after an hour.
        if (second is null && input.CanSeek) DiskSpace.Require(first.Path, input.Length, options.DiskReserveBytes);
        using SealedStream.Reader box = new(input, header, fileKey);
        BackupContent content = Unpack(box, working, options, withAttachments: true);
        DateTimeOffset now = clock.GetUtcNow();
        Check(working[0], content, now.ToUnixTimeSeconds(), Path.Combine(options.Data, DataFolder.AuthDatabase));
        Replacement replacement = new(folders, working, now);
        if (options.Postgres is { } postgres)
        {
            string tables = Path.Combine(working[0], PostgresBackup.Folder);
            PostgresBackup.Write(postgres, tables, content, now.ToUnixTimeSeconds(), overwrite, () =>
            {
                Directory.Delete(tables, recursive: true);
                replacement.Begin();
            });
        }
        else
        {
            replacement.Begin();
        }
        replacement.Finish();
        return content;
    }

    /// <summary>Opens and checks a backup as a restore does, in a folder of its own that goes again; attachments, which may be many, are opened and not written. Nothing of the instance changes, and a server may run on it.</summary>
    /// <param name="from">The backup.</param>
    /// <param name="options">Says where the data folder is, and PostgreSQL.</param>
    /// <param name="key">What sealed it.</param>
    /// <param name="clock">The time.</param>
    /// <param name="told">Hears how many bytes of the backup were read.</param>
    /// <returns>What the backup says of itself.</returns>
    /// <exception cref="InvalidOperationException">The key is wrong, or the backup of another version.</exception>
    /// <exception cref="InvalidDataException">The backup is damaged or cut off.</exception>
    /// <exception cref="IOException">The disk has no room for what is unpacked.</exception>
    public static BackupContent Test(string from, ServerOptions options, BackupKey key, TimeProvider clock, Action<long> told)
    {
        using Stream input = File.OpenRead(from);
        byte[] header = new byte[BackupKey.HeaderBytes];
        if (input.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length) throw new InvalidDataException("The backup is cut off: its end is missing.");
        byte[] fileKey = key.Open(header);
        using WorkingFolder folder = new(options.Data);
        using SealedStream.Reader box = new(input, header, fileKey, told);
        BackupContent content = Unpack(box, [folder.Path], options, withAttachments: false);
        Check(folder.Path, content, clock.GetUtcNow().ToUnixTimeSeconds(), null);
        if (options.Postgres is { } postgres) PostgresBackup.Test(postgres, Path.Combine(folder.Path, PostgresBackup.Folder), content);
        return content;
    }

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

    static BackupContent Unpack(Stream box, string[] working, ServerOptions options, bool withAttachments)
    {
        try
        {
            BackupContent content = UnpackEntries(box, working, options, withAttachments);
            // The end of the archive is not yet the end of the file.
            box.CopyTo(Stream.Null);
            return content;
        }
        catch (JsonException)
        {
            throw new InvalidDataException("The backup is damaged: it does not say what it is.");
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException("The backup is damaged: it ends inside a file.");
        }
    }

    static BackupContent UnpackEntries(Stream box, string[] working, ServerOptions options, bool withAttachments)
    {
        using TarReader tar = new(box, leaveOpen: true);
        BackupContent? content = null;
        HashSet<string> names = [];
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !DataFolder.IsSafe(entry.Name) || !names.Add(entry.Name)) throw new InvalidDataException("The backup holds something that is not its own.");
            if (content is null)
            {
                // What it is comes first, so that nothing of a foreign version is even unpacked.
                if (entry.Name != DataFolder.Description || entry.Length > LargestDescription) throw new InvalidDataException("The backup is damaged: it does not say what it is.");
                content = JsonSerializer.Deserialize(entry.DataStream!, BackupJson.Default.BackupContent) ?? throw new InvalidDataException("The backup is damaged: it does not say what it is.");
                Require(content, options.Postgres is null ? "sqlite" : "postgres");
                continue;
            }
            // What an older version took along and this one does not: the machine's certificate, for one.
            if (!IsWanted(entry.Name, content)) continue;
            if (!withAttachments && DataFolder.IsAttachment(entry.Name))
            {
                entry.DataStream?.CopyTo(Stream.Null);
                continue;
            }
            string path = Path.Combine(DataFolder.IsMessaging(entry.Name) ? working[^1] : working[0], entry.Name);
            string folder = Path.GetDirectoryName(path)!;
            DataFolder.Make(folder);
            DiskSpace.Require(folder, entry.Length, options.DiskReserveBytes);
            using FileStream file = new(path, Backup.Private(FileMode.CreateNew));
            entry.DataStream?.CopyTo(file);
            file.Flush(flushToDisk: true);
        }
        return content ?? throw new InvalidDataException("The backup is damaged: it does not say what it is.");
    }

    static bool IsWanted(string name, BackupContent content) =>
        DataFolder.IsContent(name) || (content.Store == "sqlite" ? name is DataFolder.AuthDatabase or DataFolder.MessagingDatabase : name.StartsWith($"{PostgresBackup.Folder}/", StringComparison.Ordinal));

    static void Require(BackupContent content, string store)
    {
        (long auth, long messaging) = DataFolder.KnownSchemas;
        if (content.Format != DataFolder.Format || content.AuthSchema > auth || content.MessagingSchema > messaging)
            throw new InvalidOperationException("The backup is of a newer version than this server: restore it with a newer one.");
        if (content.Store != store) throw new InvalidOperationException($"The backup is of an instance on {content.Store}, and this one is on {store}: see --database.");
    }

    static void Check(string working, BackupContent content, long now, string? replaced)
    {
        if (!File.Exists(Path.Combine(working, "keys", "pepper"))) throw new InvalidDataException("The backup is damaged: it holds no keys.");
        if (content.Store != "sqlite") return;
        try
        {
            CheckDatabases(working, content, now);
            if (replaced is not null && content.AuthSchema >= NotesEnded) KeepEnded(Path.Combine(working, DataFolder.AuthDatabase), replaced, now);
        }
        catch (SqliteException e)
        {
            throw DataFolder.IsDisk(e) ? new IOException($"The databases cannot be unpacked: SQLite {e.SqliteErrorCode}.", e) : new InvalidDataException($"The backup is damaged: SQLite {e.SqliteErrorCode}.", e);
        }
    }

    // Sessions that ended since the backup, or began since, are not in it. Their access tokens live for some minutes more, and are believed unless it is noted.
    static void KeepEnded(string path, string replaced, long now)
    {
        List<(byte[] Id, long Expires)> ended = [];
        try
        {
            if (File.Exists(replaced)) ended = SessionsOf(replaced, now);
        }
        catch (SqliteException)
        {
            // A database that cannot be read is what one restores for.
        }
        using SqliteConnection connection = DataFolder.Open(path);
        using SqliteTransaction transaction = connection.BeginTransaction();
        foreach ((byte[] id, long expires) in ended)
        {
            using SqliteCommand note = connection.CreateCommand();
            note.CommandText = "INSERT INTO ended_session (id, expires) VALUES (@id, @expires) ON CONFLICT (id) DO NOTHING";
            note.Parameters.AddWithValue("@id", id);
            note.Parameters.AddWithValue("@expires", expires);
            note.ExecuteNonQuery();
        }
        transaction.Commit();
    }

    static List<(byte[] Id, long Expires)> SessionsOf(string path, long now)
    {
        using SqliteConnection connection = DataFolder.Open(path);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT id, {DataFolder.TokensEnd(now)} FROM session UNION ALL SELECT id, expires FROM ended_session WHERE expires >= {now}";
        using SqliteDataReader row = command.ExecuteReader();
        List<(byte[], long)> found = [];
        while (row.Read()) found.Add((row.GetFieldValue<byte[]>(0), row.GetInt64(1)));
        return found;
    }

    static void CheckDatabases(string working, BackupContent content, long now)
    {
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
            foreach (string statement in DataFolder.StruckFromAuth(now).Where(s => content.AuthSchema >= NotesEnded || !s.Contains("ended_session", StringComparison.Ordinal))) DataFolder.Value(connection, statement);
        }
    }
}
