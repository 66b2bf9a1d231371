namespace Kavalek.Host;

/// <summary>
/// The folder in which a backup or restore works: plain copies of the databases, which go with it. Where a process was killed they stay; a file beside the folder, held while somebody
/// works there, tells those from the ones in use.
/// </summary>
internal sealed class WorkingFolder : IDisposable
{
    const string Lock = ".lock";

    readonly FileStream _held;

    /// <summary>Makes one in the data folder.</summary>
    public WorkingFolder(string data)
    {
        Path = System.IO.Path.Combine(data, $"{DataFolder.Working}{Guid.NewGuid():n}");
        _held = Hold(Path + Lock);
        DataFolder.Make(Path);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Deletes what backups and restores left behind that were cut off.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="IOException">One cannot be deleted.</exception>
    public static int Sweep(string data)
    {
        if (!Directory.Exists(data)) return 0;
        string[] left = [.. Directory.EnumerateFileSystemEntries(data, DataFolder.Working + "*").Select(path => path.EndsWith(Lock, StringComparison.Ordinal) ? path[..^Lock.Length] : path).Distinct(StringComparer.Ordinal)];
        return left.Count(TryDelete);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        File.Delete(Path + Lock);
        _held.Dispose();
    }

    static bool TryDelete(string folder)
    {
        FileStream held;
        try
        {
            held = Hold(folder + Lock);
        }
        catch (IOException)
        {
            return false; // Somebody works there.
        }
        using (held)
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            File.Delete(folder + Lock);
        }
        return true;
    }

    static FileStream Hold(string path)
    {
        FileStreamOptions options = Backup.Private(FileMode.OpenOrCreate);
        options.Share = FileShare.None;
        return new FileStream(path, options);
    }
}
