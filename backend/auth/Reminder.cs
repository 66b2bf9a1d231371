using System.Data.Common;
using System.Globalization;
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

    // As long as a token lives, and somewhat more.
    const long ActMinutes = (Limits.AccessTokenSeconds / 60) + 5;

    const string Acts = "SELECT act, subject, at, detail FROM audit WHERE at >= @since AND act IN ('rank', 'purged') ORDER BY number";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Revoked revoked = await database.ReadAsync(async db => new Revoked(
            [.. await db.AllAsync("SELECT id FROM retired_device", row => row.Id(0))],
            [.. await db.AllAsync(Sessions, row => row.Id(0), ("@now", clock.Now()))]));
        bus.Publish(revoked);
        await policies.AnnounceAsync();
        foreach (Id account in await closed.RecentAsync()) bus.Publish(new AccountClosed(account));
        // Whoever lost a rank has a token of before for some minutes, and what was to go may be there still; told twice, it takes nothing that came since.
        foreach (BusEvent act in await database.ReadAsync(db => db.AllAsync(Acts, Act, ("@since", (clock.Now() / 60) - ActMinutes)))) bus.Publish(act);
    }

    static BusEvent Act(DbDataReader row) => row.GetString(0) == "rank"
        ? new RankChanged(row.Id(1))
        : new StoragePurged(row.IsDBNull(1) ? null : row.Id(1), (row.GetInt64(2) * 60) - (long.Parse(row.GetString(3), CultureInfo.InvariantCulture) * 86_400));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
