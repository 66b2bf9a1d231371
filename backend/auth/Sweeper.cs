using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kavalek.Auth;

/// <summary>Deletes what has expired, every ten minutes: what nobody can use any more is not kept.</summary>
internal sealed class Sweeper(AuthDatabase database, RateLimiter limiter, TimeProvider clock, ILogger<Sweeper> log) : BackgroundService
{
    const string Expired = """
        DELETE FROM session WHERE expires < @today;
        DELETE FROM device WHERE waiting_until <= @now;
        DELETE FROM invite WHERE expires <= @now OR uses_left = 0;
        DELETE FROM key_package WHERE not_after <= @now;
        DELETE FROM used_challenge WHERE expires < @now;
        DELETE FROM ended_session WHERE expires < @now;
        DELETE FROM link WHERE expires <= @now;
        DELETE FROM report WHERE filed < @today - @reports;
        DELETE FROM closed_account WHERE closed <= @now - 600;
        UPDATE retired_device SET device_key = NULL, reason = NULL, device_list = NULL, since = NULL WHERE since < @today - @told;
        UPDATE session SET former = NULL, rotated = NULL WHERE rotated < @now - 60;
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMinutes(10), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await SweepAsync();
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    internal async Task SweepAsync()
    {
        try
        {
            limiter.Sweep();
            await database.WriteAsync(db => db.ExecuteAsync(Expired, ("@today", clock.Today()), ("@now", clock.Now()), ("@told", RetiredDevices.ToldDays), ("@reports", Protocol.Limits.ReportDays)));
        }
        catch (AuthException e)
        {
            log.LogWarning("what expired could not be deleted: {Code}", e.Code);
        }
    }
}
