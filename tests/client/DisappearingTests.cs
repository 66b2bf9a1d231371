using System.Globalization;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Data.Sqlite;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Messages that end (docs/PROTOCOL.md §7.7).</summary>
public static class DisappearingTests
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public static async Task A_timer_is_agreed_on_by_a_commit_is_shown_to_all_and_in_a_group_only_admins_set_it()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        Assert.Null(group[1].Timer);
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => group[1].SetTimerAsync(Hour)));
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => group[0].SetTimerAsync(TimeSpan.FromSeconds(4))));
        await group[0].SetTimerAsync(Hour);
        await SyncAsync(marie, karim);
        Assert.All(group, side => Assert.Equal(Hour, side.Timer));
        foreach (Conversation side in group)
        {
            SystemBody line = Assert.Single(await side.LinesAsync(), l => l.Kind == SystemKind.TimerChanged);
            Assert.Equal((marie.Me.Id, "3600"), (line.By, line.Text));
        }
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await his.SetTimerAsync(Hour); // of two, either may
        await SyncAsync(marie, karim);
        Assert.Equal(Hour, hers.Timer);
        await hers.SetTimerAsync(TimeSpan.Zero);
        await SyncAsync(marie, karim);
        Assert.Null(his.Timer);
    }

    // K-75
    [Fact]
    public static async Task When_its_time_is_over_a_message_is_gone_from_screen_store_and_server_and_a_clock_set_back_brings_nothing_back()
    {
        ManualClock clock = new(), hers = new(clock.GetUtcNow());
        await using TestServer server = await OpenServerAsync(clock);
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store, hers));
        Stumbles disk = new();
        WatchedClock hisClock = new(clock);
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(disk, hisClock));
        await using EventsOf happens = new(karim);
        (Conversation his, Conversation here) = await DirectAsync(karim, marie);
        await his.SendAsync("stays");
        await karim.SyncAsync();
        await his.SetTimerAsync(Hour);
        Message sent = await his.SendAsync("goes");
        await karim.SyncAsync();
        Assert.Equal(sent.SentAt + Hour, sent.EndsAt);
        await marie.SyncAsync();
        Message received = await here.MessageAsync("goes");
        Assert.Equal(sent.EndsAt, received.EndsAt);
        await here.SendAsync("answers", received.Id);
        await SyncAsync(marie, karim);
        // One more that nobody fetches: it goes from the server by its own time, not in 30 days.
        await his.SendAsync("lies there");
        await karim.SyncAsync();
        Assert.Equal(1, Runs(server));

        // Off when it ends: gone before anything is drawn.
        Assert.Equal(3, Texts(await RowsAsync(marie)));
        await marie.DisposeAsync();
        // The disk fails in just that moment.
        Task again = hisClock.ArmedAfter(disk.StumbleOnceAsync());
        clock.Advance(Hour + TimeSpan.FromMinutes(2));
        hers.Advance(Hour + TimeSpan.FromMinutes(2));
        marie = await KavalekClient.UnlockAsync(Options(store, hers), Phrase);
        Assert.Equal(1, Texts(await RowsAsync(marie)));
        // The search for what has expired runs beside; each answer of the server lets it get further.
        for (int i = 0; i < 500 && Runs(server) != 0; i++) (await server.Http.GetAsync(new Uri("/api/healthz", UriKind.Relative))).Dispose();
        Assert.Equal(0, Runs(server));
        // On when it ends: gone without a restart or anything else that anybody does, a minute later where it could not be done at once.
        await again.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["stays"], await his.TextsAsync());
        clock.Advance(TimeSpan.FromMinutes(2));
        for (int gone = 0; gone < 3; gone++) await happens.NextAsync<MessageRemoved>();
        Assert.Equal(1, Texts(await RowsAsync(karim)));
        Assert.Empty(await karim.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Ends)));
        Assert.Single(await karim.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Indexes(his.Id))), e => !e.Key.Contains(default(Id).ToString(), StringComparison.Ordinal) && Points(karim, his, e).Result is MessageRow.BodyOneofCase.Text);
        await marie.DisposeAsync();

        ManualClock back = new(clock.GetUtcNow() - TimeSpan.FromHours(3));
        marie = await KavalekClient.UnlockAsync(Options(store, back), Phrase);
        await marie.SyncAsync();
        Assert.Equal(["stays"], await marie.Conversation(here.Id)!.TextsAsync());
        // And what has not ended lives no longer for it.
        await his.SendAsync("goes too");
        await SyncAsync(karim, marie);
        Assert.Equal(["stays", "goes too"], await marie.Conversation(here.Id)!.TextsAsync());
        await marie.DisposeAsync();
        ManualClock further = new(back.GetUtcNow() - TimeSpan.FromHours(5));
        marie = await KavalekClient.UnlockAsync(Options(store, further), Phrase);
        Assert.Equal(["stays", "goes too"], await marie.Conversation(here.Id)!.TextsAsync());
        further.Advance(Hour + TimeSpan.FromMinutes(1));
        await marie.SyncAsync();
        Assert.Equal(["stays"], await marie.Conversation(here.Id)!.TextsAsync());
        await marie.DisposeAsync();
    }

    // K-75
    [Fact]
    public static async Task What_ended_while_a_device_was_off_is_not_reported_missing_and_what_was_withheld_is()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        await his.SetTimerAsync(Hour);
        await his.SendAsync("one");
        await SyncAsync(karim, marie);
        await his.SendAsync("never seen");
        await his.SendAsync("nor this");
        await karim.SyncAsync();
        clock.Advance(2 * Hour);
        await his.SendAsync("two");
        await SyncAsync(karim, marie);
        Assert.Equal(["two"], await hers.TextsAsync());
        Assert.DoesNotContain(SystemKind.MessagesMissing, await hers.KindsAsync());

        // The same within the hour: a server that lets them go too soon is found out.
        await his.SendAsync("withheld");
        await karim.SyncAsync();
        Execute(server, "DELETE FROM run");
        clock.Advance(TimeSpan.FromMinutes(10));
        await his.SendAsync("three");
        await SyncAsync(karim, marie);
        Assert.Contains(SystemKind.MessagesMissing, await hers.KindsAsync());
    }

    [Fact]
    public static async Task The_owners_floor_and_ceiling_hold_for_what_is_set_and_what_is_sent_and_a_default_goes_into_new_conversations()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => o with
        {
            Registration = Auth.RegistrationPolicy.Open,
            TimerFloor = 60,
            TimerCeiling = 86_400,
        });
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        foreach (TimeSpan refused in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromSeconds(59), TimeSpan.FromDays(2)])
        {
            Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => hers.SetTimerAsync(refused)));
            Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => marie.SetDefaultTimerAsync(refused)));
        }
        Assert.Equal(TimeSpan.FromDays(1), hers.Timer); // begun under a ceiling
        await hers.SetTimerAsync(Hour);
        await SyncAsync(marie, karim);
        Message message = await his.SendAsync("an hour");
        Assert.Equal(message.SentAt + Hour, message.EndsAt);
        await marie.SetDefaultTimerAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.FromMinutes(5), marie.DefaultTimer);
        Conversation fresh = await marie.CreateGroupAsync("Fresh", [karim.Me.Id]);
        Assert.Equal(TimeSpan.FromMinutes(5), fresh.Timer);
        await karim.SyncAsync();
        Assert.Equal(TimeSpan.FromMinutes(5), karim.Conversation(fresh.Id)!.Timer);
    }

    [Fact]
    public static async Task A_message_whose_time_is_over_before_it_could_be_sent_never_leaves()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        await his.SetTimerAsync(TimeSpan.FromMinutes(1));
        await SyncAsync(karim, marie);
        await his.SendAsync("written offline");
        clock.Advance(TimeSpan.FromMinutes(2));
        await SyncAsync(karim, marie);
        Assert.Empty(await his.TextsAsync());
        Assert.Empty(await hers.TextsAsync());
        Assert.Empty(await karim.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Outboxes(his.Id))));
        await his.SendAsync("in time");
        await SyncAsync(karim, marie);
        Assert.Equal(["in time"], await hers.TextsAsync());
        Assert.DoesNotContain(SystemKind.MessagesMissing, await hers.KindsAsync());
    }

    // K-75
    [Fact]
    public static async Task An_edit_that_waits_in_the_outbox_ends_with_its_message()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation his, _) = await DirectAsync(karim, marie);
        await his.SetTimerAsync(Hour);
        Message first = await his.SendAsync("first"), other = await his.SendAsync("other");
        await SyncAsync(karim, marie);
        clock.Advance(TimeSpan.FromMinutes(30));
        Message later = await his.SendAsync("later");
        await karim.SyncAsync();
        await his.EditAsync(first.Id, "other words", []);
        await his.ReactAsync(other.Id, "👍");
        await his.EditAsync(later.Id, "words that stay", []);
        await using EventsOf happens = new(karim);
        Assert.Equal(3, await WaitingAsync());
        clock.Advance(TimeSpan.FromMinutes(31));
        for (int gone = 0; gone < 2; gone++) await happens.NextAsync<MessageRemoved>();
        Assert.Equal(1, await WaitingAsync());
        await SyncAsync(karim, marie);
        Assert.Equal(["words that stay"], await marie.Conversation(his.Id)!.TextsAsync());

        async Task<int> WaitingAsync() => (await karim.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Outboxes(his.Id)))).Count;
    }

    static async Task<List<MessageRow>> RowsAsync(KavalekClient client)
    {
        List<MessageRow> rows = [];
        foreach (Conversation conversation in client.Conversations)
            foreach (StoreEntry entry in await client.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Messages(conversation.Id)))) rows.Add(MessageRow.Parser.ParseFrom(entry.Value));
        return rows;
    }

    static int Texts(List<MessageRow> rows) => rows.Count(row => row.BodyCase == MessageRow.BodyOneofCase.Text);

    static async Task<MessageRow.BodyOneofCase?> Points(KavalekClient client, Conversation conversation, StoreEntry index) =>
        await client.Core.Store.GetAsync(StoreKeys.Message(conversation.Id, IndexRow.Parser.ParseFrom(index.Value).Position)) is { } row
            ? MessageRow.Parser.ParseFrom(row).BodyCase : null;

    static int Runs(TestServer server) => Convert.ToInt32(Execute(server, "SELECT COUNT(*) FROM run JOIN stream ON stream.key = run.stream WHERE stream.inbox = 0"), CultureInfo.InvariantCulture);

    static object? Execute(TestServer server, string sql)
    {
        using SqliteConnection connection = new($"Data Source={Path.Combine(server.Data, "messaging.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    // A disk that fails once where it is told to.
    sealed class Stumbles : IClientStore
    {
        readonly MemoryClientStore _inner = new();
        TaskCompletionSource? _next;

        /// <summary>What is stored next is not; done when that was.</summary>
        public Task StumbleOnceAsync()
        {
            TaskCompletionSource next = _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return next.Task;
        }

        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default) => _inner.GetAsync(key, cancel);

        public ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default) => _inner.ScanAsync(range, cancel);

        public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
        {
            if (Interlocked.Exchange(ref _next, null) is not { } stumble) return _inner.ApplyAsync(batch, cancel);
            stumble.SetResult();
            throw new IOException("the disk failed");
        }

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }

    // A clock that tells when something is to happen on it.
    sealed class WatchedClock(ManualClock inner) : TimeProvider
    {
        readonly TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? _after;

        /// <summary>Done when a timer was set after <paramref name="first"/>.</summary>
        public Task ArmedAfter(Task first)
        {
            _after = first;
            return _armed.Task;
        }

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

        public override long GetTimestamp() => inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(this, inner.CreateTimer(callback, state, dueTime, period));

        sealed class Timer(WatchedClock clock, ITimer inner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                bool changed = inner.Change(dueTime, period);
                if (dueTime != Timeout.InfiniteTimeSpan && clock._after is { IsCompleted: true }) clock._armed.TrySetResult();
                return changed;
            }

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
