using Kavalek.Protocol;
using Microsoft.Extensions.Hosting;

namespace Kavalek.Auth;

/// <summary>
/// Says at each start what was revoked before it. News travel after the database has committed, so a process that dies in between has revoked
/// something that nobody heard of.
/// </summary>
internal sealed class Reminder(AuthDatabase database, Policies policies, ClosedAccounts closed, IEventBus bus, TimeProvider clock) : IHostedService
{
    const string Sessions = "SELECT id FROM ended_session WHERE expires >= @now";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Revoked revoked = await database.ReadAsync(async db => new Revoked(
            [.. await db.AllAsync("SELECT id FROM retired_device", row => row.Id(0))],
            [.. await db.AllAsync(Sessions, row => row.Id(0), ("@now", clock.Now()))]));
        bus.Publish(revoked);
        await policies.AnnounceAsync();
        foreach (Id account in await closed.RecentAsync()) bus.Publish(new AccountClosed(account));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
