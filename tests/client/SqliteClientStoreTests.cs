using Kavalek.Tests.Support;

namespace Kavalek.Client.Tests;

public sealed class SqliteClientStoreTests : StoreContract, IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override async Task<IClientStore> OpenAsync() => await SqliteClientStore.OpenAsync(_folder.Path);

    [Fact]
    public async Task Folder_and_files_are_for_their_owner_only()
    {
        Directory.CreateDirectory(_folder.Path);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        await using SqliteClientStore store = await SqliteClientStore.OpenAsync(_folder.Path);
        await store.ApplyAsync(new StoreBatch().Put("k", new byte[100_000]));
        if (OperatingSystem.IsWindows()) return; // It has no file modes: the user's folder protects what is in it.
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(_folder.Path));
        string[] files = Directory.GetFiles(_folder.Path);
        Assert.Contains(files, file => file.EndsWith("-wal", StringComparison.Ordinal));
        foreach (string file in files) Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task What_completed_survives_a_power_cut_and_a_torn_batch_leaves_nothing()
    {
        string database = Path.Combine(_folder.Path, SqliteClientStore.FileName), journal = database + "-wal";
        byte[] image, log;
        await using (SqliteClientStore store = await SqliteClientStore.OpenAsync(_folder.Path))
        {
            for (int i = 0; i < 6; i++) await store.ApplyAsync(new StoreBatch().Put($"left/{i}", [(byte)i]).Put($"right/{i}", new byte[600]));
            // The disk as it is in this moment: nothing was closed.
            (image, log) = (File.ReadAllBytes(database), ReadShared(journal));
        }
        int most = await CountAsync(log.Length);
        Assert.Equal(6, most);
        int before = 0;
        for (int cut = 0; cut <= log.Length; cut += 509)
        {
            int now = await CountAsync(cut);
            Assert.True(now >= before, "a longer log holds no fewer batches");
            before = now;
        }

        async Task<int> CountAsync(int cut)
        {
            using TemporaryFolder folder = new();
            Directory.CreateDirectory(folder.Path);
            File.WriteAllBytes(Path.Combine(folder.Path, SqliteClientStore.FileName), image);
            File.WriteAllBytes(Path.Combine(folder.Path, SqliteClientStore.FileName + "-wal"), log[..cut]);
            await using SqliteClientStore store = await SqliteClientStore.OpenAsync(folder.Path);
            int left = (await store.ScanAsync(StoreRange.Prefix("left/"))).Count, right = (await store.ScanAsync(StoreRange.Prefix("right/"))).Count;
            Assert.Equal(left, right);
            return left;
        }
    }

    [Fact]
    public async Task What_was_deleted_is_not_in_the_file_any_more()
    {
        byte[] canary = "CANARY-of-a-deleted-value"u8.ToArray();
        await using (SqliteClientStore store = await SqliteClientStore.OpenAsync(_folder.Path))
        {
            await store.ApplyAsync(new StoreBatch().Put("k", canary));
            await store.ApplyAsync(new StoreBatch().Delete("k"));
        }
        Assert.All(Directory.GetFiles(_folder.Path), file => Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(canary) < 0, file));
    }

    [Fact]
    public async Task A_second_one_on_the_same_folder_says_who_holds_it()
    {
        await using SqliteClientStore first = await SqliteClientStore.OpenAsync(_folder.Path);
        KavalekException busy = await Assert.ThrowsAsync<KavalekException>(() => SqliteClientStore.OpenAsync(_folder.Path));
        Assert.Equal(ClientErrors.ProfileBusy, busy.Code);
        Assert.Contains($"process {Environment.ProcessId}", busy.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patient_second_one_gets_the_folder_when_the_first_is_done()
    {
        ManualClock clock = new();
        SqliteClientStore first = await SqliteClientStore.OpenAsync(_folder.Path);
        Task<SqliteClientStore> second = SqliteClientStore.OpenAsync(_folder.Path, TimeSpan.FromMinutes(1), clock);
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        while (!second.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
        await (await second).DisposeAsync();
    }

    [Fact]
    public async Task A_file_that_is_no_profile_is_called_damaged()
    {
        Directory.CreateDirectory(_folder.Path);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_000_000);
        File.WriteAllBytes(Path.Combine(_folder.Path, SqliteClientStore.FileName), [.. Enumerable.Range(0, 12288).Select(i => (byte)(i & 255))]);
        KavalekException damaged = await Assert.ThrowsAsync<KavalekException>(() => SqliteClientStore.OpenAsync(_folder.Path));
        Assert.Equal(ClientErrors.ProfileDamaged, damaged.Code);
    }

    static byte[] ReadShared(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
