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
        BackupFile[] files = [.. NewestFirst().Take(MostShown).Select(backup => new BackupFile(backup.Made.ToUnixTimeSeconds(), backup.Bytes))];
        // A backup that is being written shows by its file.
        BackupWork? work = _work is { What: "backup" } writes ? writes with { Done = BackupFolder.Written(_folder) } : _work;
        return new BackupState(true, options.BackupEvery, options.BackupKeep, files, Next?.ToUnixTimeSeconds(), work, _lastRun, _lastTest);
    }

    /// <summary>Begins a backup, or a test of the newest.</summary>
    public BackupBegin Begin(bool isTest)
    {
        StoredBackup? newest = isTest ? NewestFirst().Select(backup => (StoredBackup?)backup).FirstOrDefault() : null;
        if (isTest && newest is null) return BackupBegin.Nothing;
        if (!_one.Wait(0)) return BackupBegin.Busy;
        Say(newest);
        // It reads and writes files for as long as there are any: not on a thread that answers calls.
        _asked = Task.Run(() =>
        {
            if (newest is { } tested) Test(tested);
            else Run();
        });
        return BackupBegin.Begun;
    }

    /// <summary>How long it is until one is due: none at a start if the newest is younger than the time from one to the next.</summary>
    public TimeSpan UntilDue()
    {
        TimeSpan every = TimeSpan.FromSeconds(options.BackupEvery);
        DateTimeOffset now = clock.GetUtcNow();
        try
        {
            // One of the future is none that counts: the clock was ahead once, or is behind now.
            return NewestFirst().Where(backup => backup.Made <= now).Select(backup => backup.Made + every - now).FirstOrDefault() is { Ticks: > 0 } left ? left : TimeSpan.Zero;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return TimeSpan.Zero; // Making one says what is wrong.
        }
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

    void Say(StoredBackup? tested) => _work = tested is { Bytes: var bytes } ? new BackupWork("test", Now(), 0, bytes) : new BackupWork("backup", Now(), 0, Expected());

    Exception? Run()
    {
        try
        {
            long bytes = 0;
            Exception? wrong = Try(() =>
            {
                Directory.CreateDirectory(_folder);
                string path = Backup.Write(options, _folder, BackupKey.Read(options.BackupKeyFile, null), clock, overwrite: true);
                bytes = new FileInfo(path).Length;
                BackupFolder.Prune(_folder, options.BackupKeep, TimeSpan.FromSeconds(options.BackupEvery), path);
            });
            _lastRun = new BackupResult(Now(), Outcome(wrong), wrong is null ? bytes : 0);
            return wrong;
        }
        finally
        {
            End();
        }
    }

    void Test(StoredBackup backup)
    {
        try
        {
            long made = backup.Made.ToUnixTimeSeconds();
            Exception? wrong = Try(() => made = Restore.Test(
                backup.Path, options, BackupKey.Read(options.BackupKeyFile, null), clock, done => _work = _work! with { Done = done }).Made);
            _lastTest = new BackupResult(Now(), Outcome(wrong), backup.Bytes, made);
        }
        finally
        {
            End();
        }
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
        catch (Exception e)
        {
            // Whatever it is: that there is no backup is said, and is no reason to stop the messages.
            return e;
        }
    }

    static string Outcome(Exception? wrong) => wrong switch
    {
        null => "ok",
        InvalidDataException => "damaged",
        SqliteException or InvalidOperationException { InnerException: Npgsql.NpgsqlException or SqliteException } => "database",
        InvalidOperationException => "wrong_key",
        _ => "disk",
    };

    IEnumerable<StoredBackup> NewestFirst() => BackupFolder.All(_folder).OrderByDescending(backup => backup.Made);

    // As large as the last one; the first is as large as what goes into it.
    long Expected()
    {
        try
        {
            return NewestFirst().Select(backup => backup.Bytes).FirstOrDefault() is > 0 and long last ? last : new DirectoryInfo(options.Data).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // A file went meanwhile, or is nobody's to read.
        }
    }

    long Now() => clock.GetUtcNow().ToUnixTimeSeconds();
}
