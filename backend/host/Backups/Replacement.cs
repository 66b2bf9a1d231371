using System.Globalization;

namespace Kavalek.Host;

/// <summary>
/// Puts what was unpacked in the place of what is there: all of it, or, where a move fails, nothing. While it is under way a mark lies in each folder, so that after a power cut in
/// between no server starts on half of the one and half of the other.
/// </summary>
/// <param name="folders">The folders of the instance.</param>
/// <param name="unpacked">For each of them what is to be in it, on the same disk.</param>
/// <param name="now">The time, by which the folder is named that takes what was there.</param>
internal sealed class Replacement(string[] folders, string[] unpacked, DateTimeOffset now)
{
    /// <summary>The mark's name.</summary>
    public const string Mark = "restore-unfinished";

    readonly string _aside = DataFolder.Aside + now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
    readonly Stack<(string From, string To)> _moved = [];
    readonly Stack<string> _made = [];

    /// <summary>What is in a folder and would give way.</summary>
    public static string[] Existing(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!).Where(name => !DataFolder.Stays(name)).Order(StringComparer.Ordinal)];

    /// <summary>Refuses a folder in which a restore was cut off.</summary>
    /// <exception cref="InvalidOperationException">One was.</exception>
    public static void RequireNone(string folder)
    {
        if (File.Exists(Path.Combine(folder, Mark)))
        {
            throw new InvalidOperationException($"A restore was cut off in {Path.GetFullPath(folder)}. Restore again, with --overwrite; "
                + $"or have back what was there: move it out of the newest {DataFolder.Aside}… and delete {Mark} (on PostgreSQL, look into its tables first).");
        }
    }

    /// <summary>Does it. Until <see cref="Finish"/>, the mark stays.</summary>
    /// <exception cref="IOException">It cannot be done; everything is where it was.</exception>
    public void Begin()
    {
        try
        {
            foreach (string folder in folders)
            {
                using FileStream mark = new(Path.Combine(folder, Mark), Backup.Private(FileMode.OpenOrCreate));
                mark.Flush(flushToDisk: true);
            }
            for (int i = 0; i < folders.Length; i++) Replace(folders[i], unpacked[i]);
        }
        catch
        {
            Undo();
            throw;
        }
    }

    /// <summary>It is done, and so is all that belongs to it.</summary>
    public void Finish()
    {
        foreach (string folder in folders) File.Delete(Path.Combine(folder, Mark));
    }

    void Replace(string folder, string with)
    {
        string[] before = Existing(folder);
        string aside = Path.Combine(folder, _aside);
        if (before.Length > 0 && !Directory.Exists(aside))
        {
            DataFolder.Make(aside);
            _made.Push(aside);
        }
        foreach (string name in before) Move(Path.Combine(folder, name), Path.Combine(aside, name));
        foreach (string path in Directory.GetFileSystemEntries(with)) Move(path, Path.Combine(folder, Path.GetFileName(path)));
    }

    void Move(string from, string to)
    {
        Directory.Move(from, to);
        _moved.Push((from, to));
    }

    // The last one first. Where that fails, too, the mark stays.
    void Undo()
    {
        while (_moved.TryPop(out (string From, string To) move)) Directory.Move(move.To, move.From);
        while (_made.TryPop(out string? aside)) Directory.Delete(aside);
        Finish();
    }
}
