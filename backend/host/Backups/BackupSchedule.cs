namespace Kavalek.Host;

/// <summary>Makes a backup at the start and once in every interval, and keeps the newest ones.</summary>
internal sealed class BackupSchedule(ServerOptions options, TimeProvider clock, ILogger<BackupSchedule> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(options.BackupEvery), clock);
        do
        {
            try
            {
                // It reads and writes files for as long as there are any: not on a thread that answers calls.
                await Task.Run(RunOnce, stoppingToken);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException or Microsoft.Data.Sqlite.SqliteException)
            {
                log.LogError("the backup was not made: {Type}", e.GetType().Name);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    void RunOnce()
    {
        Directory.CreateDirectory(options.BackupTo!);
        Backup.Write(options, options.BackupTo!, BackupKey.Read(options.BackupKeyFile, null), clock, overwrite: true);
        Backup.Prune(options.BackupTo!, options.BackupKeep);
        log.LogInformation("made a backup");
    }
}
