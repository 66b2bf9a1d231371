namespace Kavalek.Host;

/// <summary>Makes a backup at the start and once in every interval, and keeps the newest ones.</summary>
internal sealed class BackupSchedule(ServerOptions options, BackupKeeper keeper, TimeProvider clock, ILogger<BackupSchedule> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan every = TimeSpan.FromSeconds(options.BackupEvery);
        using PeriodicTimer timer = new(every, clock);
        do
        {
            keeper.Next = clock.GetUtcNow() + every;
            if (await keeper.RunAsync(stoppingToken) is { } wrong) log.LogError("the backup was not made: {Type}", wrong.GetType().Name);
            else log.LogInformation("made a backup");
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
