namespace Kavalek.Host;

/// <summary>Makes a backup once in every interval. A start is no reason for one: a server that starts again and again would make nothing else.</summary>
internal sealed class BackupSchedule(ServerOptions options, BackupKeeper keeper, TimeProvider clock, ILogger<BackupSchedule> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan every = TimeSpan.FromSeconds(options.BackupEvery);
        Task due = In(keeper.UntilDue());
        while (true)
        {
            await due;
            // Counted from here, and by the time that goes by: a clock that is set right meanwhile puts nothing off.
            due = In(every);
            if (await keeper.RunAsync(stoppingToken) is { } wrong) log.LogError("the backup was not made: {Type}", wrong.GetType().Name);
            else log.LogInformation("made a backup");
        }

        Task In(TimeSpan left)
        {
            Task due = Task.Delay(left, clock, stoppingToken);
            keeper.Next = clock.GetUtcNow() + left;
            return due;
        }
    }
}
