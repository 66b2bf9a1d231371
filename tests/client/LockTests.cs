using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

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

    // K-72
    [Theory]
    [InlineData(true)] // the server lists what are no streams
    [InlineData(false)] // a defect of this program
    public static async Task What_keeps_a_client_from_reading_is_said_is_tried_again_and_keeps_nobody_from_locking(bool hostile)
    {
        await using TestServer server = await OpenServerAsync();
        bool lie = false;
        byte[]? Bend(HttpRequestMessage request, byte[] body) =>
            !lie || request.Method != HttpMethod.Get || request.RequestUri!.AbsolutePath != "/api/v1/streams" ? null
            : hostile ? new Wire.StreamList { Streams = { new Wire.StreamInfo { Stream = ByteString.CopyFrom(new byte[15]) } } }.ToByteArray()
            : throw new InvalidOperationException("a defect");
        ImpatientClock clock = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock, transport: address => new Bends(new HttpTransport(address), Bend)));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (_, Conversation his) = await DirectAsync(marie, karim);
        await using EventsOf events = new(marie);
        lie = true;
        await marie.StartAsync();
        Assert.Equal(hostile ? ClientErrors.ServerMisbehaves : ErrorCodes.Internal, (await UnreadAsync()).Code);
        lie = false;
        await events.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
        await his.SendAsync("are you there?");
        await karim.SyncAsync();
        Assert.Equal("are you there?", await events.NextTextAsync());

        lie = true;
        await marie.StopAsync();
        await marie.StartAsync();
        await UnreadAsync();
        await marie.LockAsync();
        AssertLocked(marie);

        async Task<KavalekException> UnreadAsync() => (await events.NextAsync<ConnectionChanged>(c => c is { State: ConnectionState.Connecting, Reason.Code: not ClientErrors.Offline and not null })).Reason!;
    }

    // K-72
    [Fact]
    public static async Task A_server_that_never_answers_keeps_nobody_waiting_who_locks()
    {
        await using TestServer server = await OpenServerAsync();
        ManualClock clock = new();
        Silent? network = null;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock, transport: address => network = new Silent(new HttpTransport(address))));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, _) = await DirectAsync(marie, karim);
        await using EventsOf events = new(marie);
        await marie.StartAsync();
        await events.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
        network!.IsSilent = true;
        // What the program does by itself, and what a person asked for.
        await hers.PinAsync(true);
        clock.Advance(TimeSpan.FromSeconds(2));
        await network.Asked.WaitAsync(TimeSpan.FromMinutes(1));
        Task<Contact> finding = marie.FindAsync("karim");
        await marie.LockAsync().WaitAsync(TimeSpan.FromMinutes(1));
        AssertLocked(marie);
        Assert.Equal(ClientErrors.Offline, await CodeAsync(() => finding.WaitAsync(TimeSpan.FromMinutes(1))));
    }

    // K-72
    [Fact]
    public static async Task Whatever_a_part_of_the_client_ends_with_the_keys_go()
    {
        await using TestServer server = await OpenServerAsync();
        JammedClock clock = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock));
        Conversation group = await marie.CreateGroupAsync("Notes", []);
        ConversationThread thread = marie.Machinery.Thread(group.Id)!;
        Assert.NotEmpty(thread.Streams);
        await using EventsOf events = new(marie);
        clock.IsJammed = true;
        await marie.LockAsync();
        AssertLocked(marie);
        Assert.Empty(thread.Streams);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await marie.Core.Store.GetAsync(Profile.Key));
        Assert.Contains(nameof(InvalidOperationException), (await events.NextAsync<Notice>()).Text, StringComparison.Ordinal);
    }

    static void AssertLocked(KavalekClient client) => Assert.Throws<ObjectDisposedException>(() => client.Core.Identity.DeviceKey.PrivateKey.Span.ToArray());

    // A network that takes what is sent, and from some moment on gives nothing back.
    sealed class Silent(ITransport inner) : ITransport
    {
        readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsSilent { get; set; }

        /// <summary>Something was sent that is never answered.</summary>
        public Task Asked => _asked.Task;

        public Uri Server => inner.Server;

        public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            if (!IsSilent) return await inner.SendAsync(request, cancel);
            _asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            throw new InvalidOperationException("it never answers");
        }

        public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => inner.ConnectAsync(cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    // A clock whose timers fail where they are disposed of.
    sealed class JammedClock : TimeProvider
    {
        public bool IsJammed { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(this, base.CreateTimer(callback, state, dueTime, period));

        sealed class Timer(JammedClock clock, ITimer inner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

            public void Dispose() => inner.Dispose();

            public async ValueTask DisposeAsync()
            {
                await inner.DisposeAsync();
                if (clock.IsJammed) throw new InvalidOperationException("jammed");
            }
        }
    }
}
