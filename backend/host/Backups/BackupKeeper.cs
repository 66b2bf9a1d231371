using Kavalek.Auth;
using Kavalek.Protocol.Auth;
using Microsoft.Data.Sqlite;

namespace Kavalek.Host;

/// <summary>
/// Makes backups and tests them, one thing at a time: by the schedule, or because somebody asked in the dashboard. Who asks learns sizes, times and one word; the key is read from its file
/// here, each time.
/// </summary>
internal sealed class BackupKeeper(ServerOptions options, TimeProvider clock) : IAsyncDisposable
{
    const int MostShown = 100;

    readonly SemaphoreSlim _one = new(1);
    readonly string _folder = options.BackupTo!;
    Task _asked = Task.CompletedTask;
    volatile BackupWork? _work;
    volatile BackupResult? _lastRun, _lastTest;

    /// <summary>When the schedule makes the next one.</summary>
    public DateTimeOffset? Next { get; set; }

    /// <summary>How it is.</summary>
    public BackupState Look()
    {
        BackupFile[] files = [.. Files().Take(MostShown).Select(file => new BackupFile(Made(file), file.Length))];
        // A backup that is being written shows by its file.
        BackupWork? work = _work is { What: "backup" } writes ? writes with { Done = Written() } : _work;
        return new BackupState(true, options.BackupEvery, options.BackupKeep, files, Next?.ToUnixTimeSeconds(), work, _lastRun, _lastTest);
    }

    /// <summary>Begins a backup, or a test of the newest.</summary>
    public BackupBegin Begin(bool isTest)
    {
        FileInfo? newest = isTest ? Files().FirstOrDefault() : null;
        if (isTest && newest is null) return BackupBegin.Nothing;
        if (!_one.Wait(0)) return BackupBegin.Busy;
        Say(newest);
        // It reads and writes files for as long as there are any: not on a thread that answers calls.
        _asked = Task.Run(() =>
        {
            if (newest is null) Run();
            else Test(newest);
        });
        return BackupBegin.Begun;
    }

    /// <summary>Makes one for the schedule, after what works already.</summary>
    /// <returns>What was in the way; <c>null</c> where there was nothing.</returns>
    public async Task<Exception?> RunAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        Say(null);
        return await Task.Run(Run, CancellationToken.None);
    }

    /// <summary>Waits for what somebody asked for.</summary>
    public async ValueTask DisposeAsync()
    {
        await _asked;
        _one.Dispose();
    }

    void Say(FileInfo? tested) => _work = tested is null ? new BackupWork("backup", Now(), 0, Expected()) : new BackupWork("test", Now(), 0, tested.Length);

    Exception? Run()
    {
        string path = "";
        Exception? wrong = Try(() =>
        {
            Directory.CreateDirectory(_folder);
            path = Backup.Write(options, _folder, BackupKey.Read(options.BackupKeyFile, null), clock, overwrite: true);
            Backup.Prune(_folder, options.BackupKeep);
        });
        _lastRun = new BackupResult(Now(), Outcome(wrong), wrong is null ? new FileInfo(path).Length : 0);
        End();
        return wrong;
    }

    void Test(FileInfo backup)
    {
        long made = Made(backup);
        Exception? wrong = Try(() => made = Restore.Test(
            backup.FullName, options, BackupKey.Read(options.BackupKeyFile, null), clock, done => _work = _work! with { Done = done }).Made);
        _lastTest = new BackupResult(Now(), Outcome(wrong), backup.Length, made);
        End();
    }

    void End()
    {
        _work = null;
        _one.Release();
    }

    static Exception? Try(Action work)
    {
        try
        {
            work();
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidDataException or IOException or UnauthorizedAccessException or SqliteException)
        {
            return e;
        }
    }

    static string Outcome(Exception? wrong) => wrong switch
    {
        null => "ok",
        InvalidDataException => "damaged",
        SqliteException or InvalidOperationException { InnerException: Npgsql.NpgsqlException } => "database",
        InvalidOperationException => "wrong_key",
        _ => "disk",
    };

    // The newest first: the names are times.
    IEnumerable<FileInfo> Files() => new DirectoryInfo(_folder) is { Exists: true } folder
        ? folder.EnumerateFiles(Backup.Names).OrderByDescending(file => file.Name, StringComparer.Ordinal) : [];

    static long Made(FileInfo file) => new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeSeconds();

    long Written() => new DirectoryInfo(_folder) is { Exists: true } folder ? folder.EnumerateFiles($"{Backup.Names}.part").Select(file => file.Length).FirstOrDefault() : 0;

    // As large as the last one; the first is as large as what goes into it.
    long Expected()
    {
        try
        {
            return Files().FirstOrDefault()?.Length ?? new DirectoryInfo(options.Data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        }
        catch (IOException)
        {
            return 0; // A file went meanwhile.
        }
    }

    long Now() => clock.GetUtcNow().ToUnixTimeSeconds();
}
