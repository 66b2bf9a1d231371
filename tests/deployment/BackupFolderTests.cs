using Kavalek.Host;

namespace Kavalek.Deployment.Tests;

/// <summary>Which backups stay, and what is left of those that were cut off.</summary>
public sealed class BackupFolderTests : IDisposable
{
    static readonly DateTimeOffset s_start = new(2026, 11, 1, 3, 0, 0, TimeSpan.Zero);
    static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-folder-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Those_of_the_schedule_go_the_oldest_first_however_long_each_took()
    {
        for (int day = 0; day < 40; day++) Make(s_start + (day * s_day) + TimeSpan.FromSeconds(day * 7 % 60), keep: 14);
        Assert.Equal(Enumerable.Range(26, 14), Days());
    }

    [Fact]
    public void Many_in_a_short_time_push_out_each_other_and_not_those_of_last_week()
    {
        for (int day = 0; day < 14; day++) Make(s_start + (day * s_day), keep: 14);
        for (int click = 1; click <= 50; click++)
        {
            string made = Make(s_start + (13 * s_day) + TimeSpan.FromMinutes(click), keep: 14);
            Assert.True(File.Exists(made));
        }
        // One place for what is newest; all else is as it was.
        Assert.Equal([.. Enumerable.Range(0, 13), 13], Days());
        Assert.Equal(s_start + (13 * s_day) + TimeSpan.FromMinutes(50), BackupFolder.All(_folder)[^1].Made);
        // And the schedule goes on as before.
        for (int day = 14; day < 20; day++) Make(s_start + (day * s_day), keep: 14);
        Assert.Equal(Enumerable.Range(6, 14), Days());
    }

    [Fact]
    public void However_they_are_asked_for_they_reach_back_over_three_quarters_of_the_time_that_is_wanted()
    {
        for (int day = 0; day < 14; day++) Make(s_start + (day * s_day), keep: 14);
        Random random = new(20261123);
        DateTimeOffset now = s_start + (14 * s_day);
        for (int i = 0; i < 2_000; i++)
        {
            Make(now += TimeSpan.FromMinutes(random.Next(1, 1_440)), keep: 14);
            List<StoredBackup> there = BackupFolder.All(_folder);
            Assert.Equal((14, now), (there.Count, there[^1].Made));
            Assert.True(now - there[0].Made > 0.75 * 11 * s_day, $"after {i}: {now - there[0].Made}");
        }
    }

    [Fact]
    public void The_one_that_was_just_made_stays_even_if_the_clock_is_behind()
    {
        for (int day = 0; day < 3; day++) Make(s_start + (day * s_day), keep: 3);
        string made = Make(s_start.AddYears(-20), keep: 3), next = Make(s_start.AddYears(-20).AddMinutes(1), keep: 3);
        Assert.False(File.Exists(made));
        Assert.True(File.Exists(next));
        Assert.Equal([1, 2], Days()[1..]);
        Assert.True(File.Exists(Make(s_start.AddYears(-30), keep: 1)));
        Assert.Single(BackupFolder.All(_folder));
    }

    [Fact]
    public void What_was_cut_off_goes_with_the_next_one_and_what_is_being_written_or_somebody_elses_stays()
    {
        string[] cut = ["kavalek-20260101T000000Z.backup.part", $"kavalek-20260102T000000Z.backup.{Guid.NewGuid():n}.part"], foreign = ["film.part", "kavalek.part", "other.backup.part", "kavalek-notes.txt", "kavalek-1.backup"];
        foreach (string name in (string[])[.. cut, .. foreign]) File.WriteAllText(In(name), "some of it");
        string held = BackupFolder.PartOf(In(BackupFolder.Name(s_start)));
        // Two that write the same file never have the same part of it.
        Assert.NotEqual(held, BackupFolder.PartOf(In(BackupFolder.Name(s_start))));
        using (FileStream writes = new(held, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            BackupFolder.Sweep(_folder, BackupFolder.Name(s_start));
            Assert.Equal([.. foreign.Order(StringComparer.Ordinal), Path.GetFileName(held)], Names().OrderBy(name => name == Path.GetFileName(held)).ThenBy(name => name, StringComparer.Ordinal));
        }
        BackupFolder.Sweep(_folder, "other.backup");
        Assert.False(File.Exists(In("other.backup.part")));
        Assert.True(File.Exists(held));
        BackupFolder.Sweep(_folder, BackupFolder.Name(s_start));
        Assert.False(File.Exists(held));
        Assert.Empty(BackupFolder.All(_folder));
        Make(s_start, keep: 1);
        Make(s_start + s_day, keep: 1);
        Assert.Equal([.. foreign.Where(name => name != "other.backup.part").Append(BackupFolder.Name(s_start + s_day)).Order(StringComparer.Ordinal)], Names().Order(StringComparer.Ordinal));
    }

    string Make(DateTimeOffset at, int keep)
    {
        string path = In(BackupFolder.Name(at));
        File.WriteAllText(path, "one");
        BackupFolder.Prune(_folder, keep, s_day, path);
        return path;
    }

    int[] Days() => [.. BackupFolder.All(_folder).Select(backup => (int)Math.Floor((backup.Made - s_start).TotalDays))];

    IEnumerable<string> Names() => Directory.GetFiles(_folder).Select(path => Path.GetFileName(path));

    string In(string name) => Path.Combine(_folder, name);
}
