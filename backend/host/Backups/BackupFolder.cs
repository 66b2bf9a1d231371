using System.Globalization;

namespace Kavalek.Host;

/// <summary>A backup in a folder.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Made">When it was made, as its name says: a copy of the file has another time.</param>
/// <param name="Bytes">Its size.</param>
internal readonly record struct StoredBackup(string Path, DateTimeOffset Made, long Bytes);

/// <summary>A folder of backups, which are named by the time they were made at. Files of other names are somebody else's.</summary>
internal static class BackupFolder
{
    const string Before = "kavalek-", Time = "yyyyMMdd'T'HHmmss'Z'", After = ".backup", Part = ".part";

    /// <summary>The name of one that is made now.</summary>
    public static string Name(DateTimeOffset now) => $"{Before}{now.UtcDateTime.ToString(Time, CultureInfo.InvariantCulture)}{After}";

    /// <summary>The name under which a file is written until it is whole: never that of somebody else who writes the same one.</summary>
    public static string PartOf(string path) => $"{path}.{Guid.NewGuid():n}{Part}";

    /// <summary>What lies there, the oldest first.</summary>
    public static List<StoredBackup> All(string folder)
    {
        List<StoredBackup> found = [];
        foreach (FileInfo file in new DirectoryInfo(folder) is { Exists: true } there ? there.EnumerateFiles($"{Before}*{After}") : [])
        {
            if (DateTimeOffset.TryParseExact(file.Name[Before.Length..^After.Length], Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset made) && file.Exists)
                found.Add(new StoredBackup(file.FullName, made, file.Length));
        }
        return [.. found.OrderBy(backup => backup.Made)];
    }

    /// <summary>How much is written of the one that is being made.</summary>
    public static long Written(string folder) =>
        new DirectoryInfo(folder) is { Exists: true } there ? there.EnumerateFiles($"{Before}*{Part}").Where(file => file.Exists).Select(file => file.Length).DefaultIfEmpty().Max() : 0;

    /// <summary>
    /// Deletes until so many are left. First goes what leaves no gap: the one whose neighbours, before and after it, lie closest together, if that is less than one and a half times
    /// <paramref name="every"/>. Where they all lie further apart than that, the oldest goes. So many in one hour push out each other, and not those of last week.
    /// </summary>
    /// <param name="folder">Where they are.</param>
    /// <param name="keep">How many stay.</param>
    /// <param name="every">The time from one to the next.</param>
    /// <param name="made">The one that was just made. It stays, even where the clock is behind and calls it the oldest.</param>
    /// <returns>How many were deleted.</returns>
    public static int Prune(string folder, int keep, TimeSpan every, string made)
    {
        List<StoredBackup> there = All(folder);
        int deleted = 0;
        for (; there.Count > keep; deleted++)
        {
            int stays = there.FindIndex(backup => Path.GetFileName(backup.Path) == Path.GetFileName(made));
            int goes = LeavesNoGap(there, every, stays) ?? (stays == 0 ? 1 : 0);
            File.Delete(there[goes].Path);
            there.RemoveAt(goes);
        }
        return deleted;
    }

    static int? LeavesNoGap(List<StoredBackup> there, TimeSpan every, int stays)
    {
        IEnumerable<(int Index, TimeSpan Gap)> gaps = Enumerable.Range(1, Math.Max(there.Count - 2, 0)).Select(i => (i, there[i + 1].Made - there[i - 1].Made));
        return gaps.Where(gap => gap.Index != stays && gap.Gap < every * 1.5).OrderBy(gap => gap.Gap).Select(gap => (int?)gap.Index).FirstOrDefault();
    }

    /// <summary>Deletes what is left of backups that were cut off while they were written: such files are as large as a backup, and nobody would look for them.</summary>
    /// <param name="folder">Where they are.</param>
    /// <param name="name">The name of the one that is to be made.</param>
    public static void Sweep(string folder, string name)
    {
        foreach (string path in Directory.EnumerateFiles(folder, $"*{Part}").Where(path => IsPartOf(Path.GetFileName(path), name)))
        {
            try
            {
                // Whoever writes it holds it.
                using FileStream held = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }
        }
    }

    static bool IsPartOf(string part, string name) =>
        part.StartsWith($"{name}.", StringComparison.Ordinal) || (IsTime(name) && part.StartsWith(Before, StringComparison.Ordinal) && part.Contains($"{After}.", StringComparison.Ordinal));

    static bool IsTime(string name) => name.StartsWith(Before, StringComparison.Ordinal) && name.EndsWith(After, StringComparison.Ordinal);
}
