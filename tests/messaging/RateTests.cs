using Kavalek.Protocol;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>The rate of appends, for however many devices it is counted.</summary>
public static class RateTests
{
    // K-19
    [Fact]
    public static void A_crowd_does_not_free_who_is_at_the_limit_and_what_counts_nothing_is_forgotten()
    {
        ManualClock clock = new();
        MessagingOptions options = new() { DataFolder = "", Instance = () => default, TokenKey = _ => null };
        Sockets.Sockets sockets = new(options, new Push.Sleepers(clock), new LocalPresence(), clock);
        Id flooding = Id.New();
        while (sockets.TryTakeAppend(flooding)) { }
        for (int i = 0; i < 10_000; i++) Assert.True(sockets.TryTakeAppend(Id.New()));
        Assert.Equal(10_001, sockets.Rates);
        sockets.Check();
        Assert.False(sockets.TryTakeAppend(flooding));
        // A second later the crowd counts nothing any more, and the flood has the rate of one second.
        clock.Advance(TimeSpan.FromSeconds(1));
        sockets.Check();
        Assert.Equal(1, sockets.Rates);
        int more = 0;
        while (sockets.TryTakeAppend(flooding)) more++;
        Assert.Equal(options.AppendsPerSecond, more);
    }

    // K-44
    [Fact]
    public static void A_commit_that_came_too_late_counts_as_one()
    {
        ManualClock clock = new();
        Sockets.Sockets sockets = new(new() { DataFolder = "", Instance = () => default, TokenKey = _ => null }, new Push.Sleepers(clock), new LocalPresence(), clock);
        Id device = Id.New();
        int tried = 0;
        while (sockets.TryTakeAppend(device, Sockets.Sockets.Cost(isCommit: true)))
        {
            sockets.GiveBackCommit(device);
            tried++;
        }
        Assert.Equal(2_000 - 49, tried);
    }
}
