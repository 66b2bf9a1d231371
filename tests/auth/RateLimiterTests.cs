using Kavalek.Protocol;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public static class RateLimiterTests
{
    static readonly Rate Address = new(30, 300), Account = new(10, 300);

    // K-02
    [Fact]
    public static void A_flood_from_everywhere_turns_nobody_away_and_frees_nobody_who_is_at_a_limit()
    {
        ManualClock clock = new();
        RateLimiter limiter = new(clock);
        for (int i = 0; i < Account.Count; i++) limiter.Count("account", "guessed"u8, Account);
        Assert.Equal(ErrorCodes.RateLimited, Assert.Throws<AuthException>(() => limiter.Count("account", "guessed"u8, Account)).Code);

        // More places than are remembered, each of which would be turned away by one that only counts.
        for (int i = 0; i < RateLimiter.MaximumWindows + 20_000; i++) limiter.Count("address", BitConverter.GetBytes(i), Address);
        Assert.InRange(limiter.Windows, 1, RateLimiter.MaximumWindows);
        limiter.Count("account", "honest"u8, Account);
        Assert.Equal(ErrorCodes.RateLimited, Assert.Throws<AuthException>(() => limiter.Count("account", "guessed"u8, Account)).Code);

        clock.Advance(TimeSpan.FromSeconds(Account.Seconds));
        limiter.Count("account", "guessed"u8, Account);
        limiter.Sweep();
        Assert.Equal(1, limiter.Windows);
    }
}
