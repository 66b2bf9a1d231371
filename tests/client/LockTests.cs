using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>What is locked stays locked: limits of wrong passwords, and locking by itself.</summary>
public static class LockTests
{
    [Fact]
    public static async Task Wrong_passwords_cost_growing_waits_that_a_restart_and_a_set_clock_do_not_shorten()
    {
        await using TestServer server = await OpenServerAsync();
        ManualClock clock = new();
        MemoryClientStore store = new();
        await (await SignUpAsync(server, "marie", Options(store))).DisposeAsync();
        for (int i = 0; i < PasswordGuard.Free; i++) Assert.Equal(ClientErrors.WrongPassword, await WrongAsync());
        foreach (int seconds in (int[])[30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
        {
            // Not even the right one is tried meanwhile: whether it was right would be learned else.
            KavalekException refused = await Assert.ThrowsAsync<KavalekException>(() => KavalekClient.UnlockAsync(Options(store, clock), Phrase));
            Assert.Equal((ClientErrors.TooManyAttempts, TimeSpan.FromSeconds(seconds)), (refused.Code, refused.RetryAfter));
            clock.Advance(TimeSpan.FromSeconds(seconds - 1));
            Assert.Equal(ClientErrors.TooManyAttempts, await WrongAsync());
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(ClientErrors.WrongPassword, await WrongAsync());
        }
        // Set back, the clock gains nothing, and costs no more than the wait.
        clock = new ManualClock(clock.GetUtcNow() - TimeSpan.FromDays(400));
        Assert.Equal(ClientErrors.TooManyAttempts, await WrongAsync());
        clock.Advance(TimeSpan.FromSeconds(3600));
        await using KavalekClient marie = await KavalekClient.UnlockAsync(Options(store, clock), Phrase);
        Assert.Null(await store.GetAsync(PasswordGuard.Key));

        Task<string> WrongAsync() => CodeAsync(() => KavalekClient.UnlockAsync(Options(store, clock), "wrong wrong wrong"));
    }

    [Fact]
    public static async Task A_clock_that_is_set_forward_ends_no_wait_of_a_program_that_goes_on_running()
    {
        await using TestServer server = await OpenServerAsync();
        ManualClock steady = new();
        SetClock clock = new(steady);
        MemoryClientStore store = new();
        await (await SignUpAsync(server, "marie", Options(store))).DisposeAsync();
        for (int i = 0; i < PasswordGuard.Free; i++) Assert.Equal(ClientErrors.WrongPassword, await CodeAsync(() => KavalekClient.UnlockAsync(Options(store, clock), "wrong wrong wrong")));
        clock.Ahead = TimeSpan.FromHours(1);
        steady.Advance(TimeSpan.FromSeconds(12));
        byte[]? before = await store.GetAsync(PasswordGuard.Key);
        KavalekException refused = await Assert.ThrowsAsync<KavalekException>(() => KavalekClient.UnlockAsync(Options(store, clock), Phrase));
        Assert.Equal((ClientErrors.TooManyAttempts, TimeSpan.FromSeconds(18)), (refused.Code, refused.RetryAfter));
        Assert.Equal(before, await store.GetAsync(PasswordGuard.Key));
        // The allow twin: it is over when that much time has passed.
        steady.Advance(TimeSpan.FromSeconds(18));
        await using KavalekClient marie = await KavalekClient.UnlockAsync(Options(store, clock), Phrase);
        Assert.Null(await store.GetAsync(PasswordGuard.Key));
    }

    // The hands of the clock can be set; how much time has passed cannot.
    sealed class SetClock(ManualClock steady) : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override long TimestampFrequency => steady.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => steady.GetUtcNow() + Ahead;

        public override long GetTimestamp() => steady.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => steady.CreateTimer(callback, state, dueTime, period);
    }

    // K-72
    [Fact]
    public static async Task A_client_that_nobody_touches_locks_itself_and_the_setting_outlives_a_restart()
    {
        await using TestServer server = await OpenServerAsync();
        ManualClock clock = new();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store, clock));
        Assert.Null(marie.AutoLock);
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => marie.SetAutoLockAsync(TimeSpan.FromSeconds(1))));
        await marie.SetAutoLockAsync(TimeSpan.FromMinutes(5));
        await marie.DisposeAsync();

        marie = await KavalekClient.UnlockAsync(Options(store, clock), Phrase);
        await using EventsOf events = new(marie);
        Assert.Equal(TimeSpan.FromMinutes(5), marie.AutoLock);
        marie.Touch();
        clock.Advance(TimeSpan.FromMinutes(4));
        marie.Touch();
        clock.Advance(TimeSpan.FromMinutes(4));
        Assert.NotEmpty(marie.Core.Identity.DeviceKey.PrivateKey.Span.ToArray());
        clock.Advance(TimeSpan.FromMinutes(1));
        await events.NextAsync<Locked>();
        await marie.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => marie.Core.Identity.DeviceKey.PrivateKey.Span.ToArray());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await marie.Core.Store.GetAsync(Profile.Key));
        await using KavalekClient again = await KavalekClient.UnlockAsync(Options(store, clock), Phrase);
    }
}
