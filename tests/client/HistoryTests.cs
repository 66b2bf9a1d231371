using System.Globalization;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Data.Sqlite;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>The account's history archive (docs/PROTOCOL.md §10).</summary>
public static class HistoryTests
{
    [Fact]
    public static async Task A_new_device_reads_what_the_old_ones_read_and_sent_in_its_order_under_what_it_reads_itself()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        string[] texts = [.. Enumerable.Range(0, 12).Select(i => $"line {i}")];
        foreach (string text in texts)
        {
            await (text.GetHashCode(StringComparison.Ordinal) % 2 == 0 ? hers : his).SendAsync(text);
            await SyncAsync(marie, karim);
        }
        await hers.SendAsync("an answer", (await hers.MessageAsync("line 3")).Id);
        await group[1].SendAsync("in the group");
        await SyncAsync(marie, karim);
        // Who just looks in, and may not come back, leaves nothing for later.
        Assert.Equal(0, (await marie.HistoryAsync()).Waiting);

        await using KavalekClient second = await AddDeviceAsync(server, marie);
        await SyncAsync(marie, second, karim);
        await his.SendAsync("after it came");
        await SyncAsync(karim, marie, second);
        await second.RestoreHistoryAsync();
        Assert.True((await second.HistoryAsync()).IsComplete);
        Conversation there = second.Conversation(hers.Id)!;
        string[] whole = [.. texts, "an answer", "after it came"];
        Assert.Equal(whole, await there.TextsAsync());
        Assert.Equal(await hers.TextsAsync(), await there.TextsAsync());
        Assert.Equal(["in the group"], await second.Conversation(group[0].Id)!.TextsAsync());
        Message answer = await there.MessageAsync("an answer");
        Assert.True(answer.IsMine);
        Assert.Equal((await there.MessageAsync("line 3")).Id, ((TextBody)answer.Body).ReplyTo);
        Assert.Equal((await hers.MessageAsync("line 5")).SentAt, (await there.MessageAsync("line 5")).SentAt);
        Assert.Null((await there.MessageAsync("line 5")).PassedOnBy);
        Assert.Equal(1, there.Unread);
        // And once more changes nothing.
        await second.RestoreHistoryAsync();
        Assert.Equal(14, (await there.TextsAsync()).Length);
    }

    [Fact]
    public static async Task A_new_device_shows_the_lines_of_a_conversation_where_they_stood_and_each_once()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim"), amina = await SignUpAsync(server, "amina");
        await using KavalekClient beside = await AddDeviceAsync(server, marie);
        Conversation[] group = await GroupAsync("Plans", marie, karim);
        await SyncAsync(beside, karim, marie);
        await group[0].SendAsync("one");
        await marie.SyncAsync();
        await group[0].RenameAsync("Trips");
        await SyncAsync(marie, beside, karim);
        await beside.SaveHistoryAsync();
        await group[0].AddAsync([(await marie.FindAsync("amina")).Account]);
        await group[0].SendAsync("two");
        await marie.SyncAsync();
        await group[0].SetTimerAsync(TimeSpan.FromDays(7));
        await group[0].SetRoleAsync(karim.Me.Id, Role.Admin);
        await SyncAsync(marie, amina, beside, karim);
        await group[0].RemoveAsync(amina.Me.Id);
        await SyncAsync(marie, beside, karim);
        Conversation left = (await GroupAsync("Old", karim, marie))[1];
        await beside.SyncAsync();
        await left.SendAsync("bye");
        await marie.SyncAsync();
        await left.LeaveAsync();
        await SyncAsync(marie, karim, marie, beside);
        await Task.WhenAll(marie.SaveHistoryAsync(), beside.SaveHistoryAsync());

        await using KavalekClient fresh = await AddDeviceAsync(server, marie);
        await SyncAsync(marie, fresh, beside);
        await fresh.RestoreHistoryAsync();
        string[] whole = await AllAsync(group[0]);
        Assert.Equal(["Created", "one", "Renamed", "Joined", "two", "TimerChanged", "RoleChanged", "Removed", "DeviceAdded"], whole);
        Assert.Equal(whole, await AllAsync(beside.Conversation(group[0].Id)!));
        Conversation there = fresh.Conversation(group[0].Id)!;
        Assert.Equal(whole, await AllAsync(there));
        IReadOnlyList<SystemBody> lines = await there.LinesAsync();
        Assert.Equal(("Trips", (Id?)marie.Me.Id), (lines[1].Text, lines[1].By));
        Assert.Equal([amina.Me.Id], lines[2].Accounts);
        Assert.Equal((await group[0].LinesAsync()).Select(line => (line.Kind, line.By, line.Text)), lines.Select(line => (line.Kind, line.By, line.Text)));
        // What was left is there to read, as something that was left.
        Conversation old = fresh.Conversation(left.Id)!;
        Assert.Equal(["Joined", "bye", "Left"], await AllAsync(left));
        Assert.Equal(["Joined", "bye", "Left"], await AllAsync(old));
        Assert.Equal(ConversationState.Left, old.State);
        // And whoever archives from anew writes no line twice.
        await Task.WhenAll(fresh.SaveHistoryAsync(), marie.SaveHistoryAsync());
        await using KavalekClient another = await AddDeviceAsync(server, marie);
        await another.RestoreHistoryAsync();
        string[] now = await AllAsync(another.Conversation(group[0].Id)!);
        Assert.Equal(whole, now);
    }

    static async Task<string[]> AllAsync(Conversation conversation) =>
        [.. (await conversation.MessagesAsync(100)).Select(message => message.Body is SystemBody line ? line.Kind.ToString() : ((TextBody)message.Body).Text)];

    [Fact]
    public static async Task Two_devices_that_archive_at_once_write_each_message_once_and_lose_none()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        await using KavalekClient second = await AddDeviceAsync(server, marie);
        await SyncAsync(karim, marie, second);
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 3; i++) await his.SendAsync($"{round} {i}");
            await SyncAsync(karim, marie, second);
            await Task.WhenAll(marie.SaveHistoryAsync(), second.SaveHistoryAsync());
        }
        Assert.Equal((0, 0), ((await marie.HistoryAsync()).Waiting, (await second.HistoryAsync()).Waiting));
        List<string> archived = await ArchivedAsync(marie);
        Assert.Equal(12, archived.Count);
        Assert.Equal(archived.Distinct().Count(), archived.Count);
        Assert.Equal(await hers.TextsAsync(), await second.Conversation(hers.Id)!.TextsAsync());
    }

    [Fact]
    public static async Task A_connected_device_fills_itself_and_says_how_far_it_is()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        for (int i = 0; i < 3; i++)
        {
            await his.SendAsync($"line {i}");
            await SyncAsync(karim, marie);
            await marie.SaveHistoryAsync();
        }
        await using KavalekClient second = await AddDeviceAsync(server, marie);
        await using EventsOf events = new(second);
        await second.StartAsync();
        HistoryRestored restored = await events.NextAsync<HistoryRestored>();
        Assert.Equal(hers.Id, restored.Conversation.Id);
        Assert.Contains("line 2", await restored.Conversation.TextsAsync()); // the newest page first
        HistoryChanged done = await events.NextAsync<HistoryChanged>(changed => changed.Status is { IsComplete: true, Segments: > 0 });
        Assert.Equal((3UL, 3UL), (done.Status.Segments, done.Status.Restored));
        Assert.Equal(["line 0", "line 1", "line 2"], await second.Conversation(hers.Id)!.TextsAsync());
    }

    // K-42
    [Theory]
    [InlineData("rollback")]
    [InlineData("omission")]
    [InlineData("swap")]
    [InlineData("another account's")]
    [InlineData("gone")]
    [InlineData("old state")]
    public static async Task What_a_server_loses_changes_or_holds_back_is_noticed_nothing_here_changes_and_the_archive_is_whole_again(string attack)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        for (int i = 0; i < 4; i++)
        {
            await his.SendAsync($"line {i}");
            await SyncAsync(karim, marie);
            await marie.SaveHistoryAsync();
            await karim.SaveHistoryAsync();
        }
        string account = Convert.ToHexString(marie.Me.Id.ToArray()), other = Convert.ToHexString(karim.Me.Id.ToArray());
        // The allow twin: untouched, nothing is reported.
        await marie.SyncAsync();
        Assert.Null((await marie.HistoryAsync()).Problem);
        string[] before = await hers.TextsAsync();
        bool seenByOld = attack is not ("omission" or "swap" or "another account's");
        Execute(server, attack switch
        {
            "rollback" => $"DELETE FROM archive_segment WHERE account = X'{account}' AND number > 2; UPDATE archive SET head = 2 WHERE account = X'{account}'",
            "omission" => $"DELETE FROM archive_segment WHERE account = X'{account}' AND number = 2",
            "swap" => $"UPDATE archive_segment SET sealed = (SELECT sealed FROM archive_segment WHERE account = X'{account}' AND number = 3) WHERE account = X'{account}' AND number = 2",
            "another account's" => $"UPDATE archive_segment SET sealed = (SELECT sealed FROM archive_segment WHERE account = X'{other}' AND number = 2) WHERE account = X'{account}' AND number = 2",
            "gone" => $"DELETE FROM archive WHERE account = X'{account}'; DELETE FROM archive_segment WHERE account = X'{account}'",
            _ => $"UPDATE archive SET version = version + 1, state = (SELECT state FROM archive WHERE account = X'{other}') WHERE account = X'{account}'",
        });
        await marie.SyncAsync();
        Assert.Equal(seenByOld, (await marie.HistoryAsync()).Problem is not null);
        Assert.Equal(before, await hers.TextsAsync());

        await using KavalekClient second = await AddDeviceAsync(server, marie);
        await SyncAsync(karim, marie, second);
        await second.RestoreHistoryAsync();
        string[] there = await second.Conversation(hers.Id)!.TextsAsync();
        if (seenByOld)
        {
            // What the old device had is there anew.
            await marie.SaveHistoryAsync();
            await second.RestoreHistoryAsync();
            Assert.Equal(before, await second.Conversation(hers.Id)!.TextsAsync());
        }
        else
        {
            Assert.NotNull((await second.HistoryAsync()).Problem);
            Assert.Equal(before.Where(text => text != "line 1"), there);
        }
        Assert.True((await second.HistoryAsync()).IsComplete);
    }

    // K-42
    [Fact]
    public static async Task A_new_device_is_told_how_far_the_archive_had_got_and_notices_at_once_when_it_is_shown_less()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation his, _) = await DirectAsync(karim, marie);
        for (int i = 0; i < 3; i++)
        {
            await his.SendAsync($"line {i}");
            await SyncAsync(karim, marie);
            await marie.SaveHistoryAsync();
        }
        using RecoveryKey words = RecoveryKey.Generate();
        await marie.SetRecoveryKeyAsync(words);
        // The allow twins: whole, nothing is reported.
        await using KavalekClient linked = await AddDeviceAsync(server, marie), recovered = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        await recovered.RecoverAsync(words);
        foreach (KavalekClient good in (KavalekClient[])[linked, recovered])
        {
            await good.RestoreHistoryAsync();
            Assert.Null((await good.HistoryAsync()).Problem);
        }

        await using KavalekClient second = await AddDeviceAsync(server, marie), third = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        await third.RecoverAsync(words);
        string account = Convert.ToHexString(marie.Me.Id.ToArray());
        Execute(server, $"DELETE FROM archive_segment WHERE account = X'{account}' AND number > 2; UPDATE archive SET head = 2 WHERE account = X'{account}'");
        foreach (KavalekClient shortened in (KavalekClient[])[second, third])
        {
            await shortened.RestoreHistoryAsync();
            Assert.Contains("less", (await shortened.HistoryAsync()).Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public static async Task Killed_at_any_instant_of_archiving_everything_is_archived_and_restored_once()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        Id id = hers.Id;
        await marie.DisposeAsync();
        List<string> written = [];
        bool died = true;
        for (int at = 1; died; at++)
        {
            written.Add($"text {at}");
            await his.SendAsync(written[^1]);
            await karim.SyncAsync();
            PowerCut cut = new(at);
            await KilledAsync(async () =>
            {
                KavalekClient dying = await KavalekClient.UnlockAsync(cut.Options(store), Phrase);
                await dying.SyncAsync();
                await dying.SaveHistoryAsync();
            });
            died = cut.Happened;
        }
        marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
        await marie.SyncAsync();
        await marie.SaveHistoryAsync();
        Assert.Equal(0, (await marie.HistoryAsync()).Waiting);
        Assert.Null((await marie.HistoryAsync()).Problem);
        List<string> archived = await ArchivedAsync(marie);
        Assert.Equal(written.Order(), archived.Order());

        // Filling in, likewise.
        MemoryClientStore fresh = new();
        KavalekClient second = await AddDeviceAsync(server, marie, Options(fresh));
        await second.DisposeAsync();
        died = true;
        int instants = 0;
        for (int at = 1; died; at++)
        {
            PowerCut cut = new(at);
            await KilledAsync(async () =>
            {
                KavalekClient dying = await KavalekClient.UnlockAsync(cut.Options(fresh), Phrase);
                await dying.RestoreHistoryAsync();
            });
            died = cut.Happened;
            instants = at;
        }
        Assert.True(instants > 6);
        second = await KavalekClient.UnlockAsync(Options(fresh), Phrase);
        await SyncAsync(marie, second);
        Assert.Equal(written, await second.Conversation(id)!.TextsAsync());
        Assert.Null((await second.HistoryAsync()).Problem);
        await marie.DisposeAsync();
        await second.DisposeAsync();
    }

    // K-65, K-75
    [Fact]
    public static async Task Messages_that_end_are_archived_by_their_end_go_from_the_archive_no_later_and_switched_off_it_is_gone_for_all_devices()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        await his.SendAsync("stays");
        await karim.SyncAsync();
        await his.SetTimerAsync(TimeSpan.FromHours(16));
        await his.SendAsync("sixteen hours");
        await SyncAsync(karim, marie);
        await his.SetTimerAsync(TimeSpan.FromSeconds(50));
        await his.SendAsync("not worth it");
        await SyncAsync(karim, marie);
        await marie.SaveHistoryAsync();
        Assert.Equal(0, (await marie.HistoryAsync()).Waiting);
        Assert.Equal(["sixteen hours", "stays"], (await ArchivedAsync(marie)).Order());
        long ends = Convert.ToInt64(Execute(server, $"SELECT expires FROM archive_segment WHERE expires > 0 AND account = X'{Convert.ToHexString(marie.Me.Id.ToArray())}'"), CultureInfo.InvariantCulture);
        long message = (await hers.MessageAsync("sixteen hours")).EndsAt!.Value.ToUnixTimeSeconds();
        Assert.InRange(message - ends, 0, 3_600);
        Assert.Equal(0, ends % 3_600);

        await using KavalekClient second = await AddDeviceAsync(server, marie, Options(clock: clock));
        await second.RestoreHistoryAsync();
        Assert.Equal(["stays", "sixteen hours"], await second.Conversation(hers.Id)!.TextsAsync());
        clock.Advance(TimeSpan.FromHours(16) + TimeSpan.FromMinutes(2));
        // The search for what has expired runs beside; each answer of the server lets it get further.
        for (int i = 0; i < 500 && Left() != 0; i++) (await server.Http.GetAsync(new Uri("/api/healthz", UriKind.Relative))).Dispose();
        Assert.Equal(0L, Left());
        await SyncAsync(marie, second);
        Assert.Equal(["stays"], await second.Conversation(hers.Id)!.TextsAsync());
        await using KavalekClient third = await AddDeviceAsync(server, marie, Options(clock: clock));
        await third.RestoreHistoryAsync();
        Assert.Equal(["stays"], await third.Conversation(hers.Id)!.TextsAsync());
        Assert.All(new[] { marie, second, third }, client => Assert.Null(client.HistoryAsync().Result.Problem));

        await second.SetHistoryAsync(on: false);
        Assert.Equal(0L, Execute(server, $"SELECT COUNT(*) FROM archive_segment WHERE account = X'{Convert.ToHexString(marie.Me.Id.ToArray())}'"));
        await marie.SyncAsync();
        Assert.False((await marie.HistoryAsync()).IsOn);
        await his.SetTimerAsync(TimeSpan.Zero);
        await his.SendAsync("not kept");
        await SyncAsync(karim, marie, second);
        await marie.SaveHistoryAsync();
        Assert.Equal(0, (await marie.HistoryAsync()).Waiting);
        Assert.Equal(["stays", "not kept"], await hers.TextsAsync());
        Assert.Null((await marie.HistoryAsync()).Problem);
        // On again, it begins with what the devices have.
        await marie.SetHistoryAsync(on: true);
        await marie.SaveHistoryAsync();
        Assert.Equal(["not kept", "stays"], (await ArchivedAsync(marie)).Order());

        long Left() => Convert.ToInt64(Execute(server, "SELECT COUNT(*) FROM archive_segment WHERE expires > 0 AND sealed IS NOT NULL"), CultureInfo.InvariantCulture);
    }

    // K-68
    [Fact]
    public static async Task Segments_are_of_few_sizes_and_many_small_ones_become_one()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        SortedSet<long> sizes = [];
        for (int i = 1; i <= 17; i++)
        {
            await his.SendAsync(new string('x', 117 * i));
            await SyncAsync(karim, marie);
            await marie.SaveHistoryAsync();
            sizes.UnionWith(Sizes(server, marie));
        }
        await his.SendAsync(new string('y', 60_000));
        await SyncAsync(karim, marie);
        await marie.SaveHistoryAsync();
        sizes.UnionWith(Sizes(server, marie));
        Assert.All(sizes, size => Assert.Contains(size, (long[])[4_176, 16_464, 65_616, 262_224]));
        Assert.Equal(18, (await ArchivedAsync(marie)).Count);
        Assert.InRange(Sizes(server, marie).Count, 2, 4);
        await using KavalekClient second = await AddDeviceAsync(server, marie);
        await second.RestoreHistoryAsync();
        Assert.Equal(await hers.TextsAsync(), await second.Conversation(hers.Id)!.TextsAsync());
        Assert.Null((await second.HistoryAsync()).Problem);
    }

    [Fact]
    public static async Task A_full_archive_keeps_what_it_has_and_the_rest_waits_here()
    {
        await using TestServer server = await TestServer.StartAsync(null, o => o with { Registration = Auth.RegistrationPolicy.Open, ArchiveQuota = 0 });
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        await his.SendAsync("no room");
        await SyncAsync(karim, marie);
        await marie.SaveHistoryAsync();
        HistoryStatus status = await marie.HistoryAsync();
        Assert.Equal((1, 0UL), (status.Waiting, status.Segments));
        Assert.NotNull(status.Problem);
        Assert.Equal(["no room"], await hers.TextsAsync());
    }

    [Fact]
    public static async Task Whoever_logs_out_for_good_and_comes_back_finds_everything_that_was_read_and_sent()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        await using KavalekClient other = await AddDeviceAsync(server, marie); // idle: it never archives anything of its own
        KavalekClient laptop = await AddDeviceAsync(server, marie);
        await SyncAsync(karim, marie, laptop);
        await laptop.Conversation(hers.Id)!.SendAsync("from the laptop");
        await SyncAsync(laptop, karim);
        await his.SendAsync("to the laptop");
        await SyncAsync(karim, laptop);
        await laptop.LogOutAsync(removeDevice: true);
        await using KavalekClient back = await AddDeviceAsync(server, marie);
        await back.RestoreHistoryAsync();
        Assert.Equal(["from the laptop", "to the laptop"], await back.Conversation(hers.Id)!.TextsAsync());
    }

    // K-61
    [Fact]
    public static async Task The_servers_database_holds_no_word_and_no_conversation_of_an_archive()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        Conversation[] group = await GroupAsync("canarytitle", marie, karim);
        await group[1].SendAsync("canarytext");
        await SyncAsync(karim, marie);
        await marie.SaveHistoryAsync();
        Assert.Equal(["canarytext"], await ArchivedAsync(marie));
        List<byte[]> archive = [];
        foreach (string column in (string[])["state", "id"]) archive.AddRange(Blobs(server, $"SELECT {column} FROM archive"));
        foreach (string column in (string[])["previous", "replaces", "digest", "sealed"]) archive.AddRange(Blobs(server, $"SELECT {column} FROM archive_segment"));
        Assert.NotEmpty(archive);
        foreach (byte[] needle in (byte[][])["canarytext"u8.ToArray(), "canarytitle"u8.ToArray(), group[0].Id.ToArray(), karim.Me.Id.ToArray(), "karim"u8.ToArray()])
            Assert.DoesNotContain(archive, blob => blob.AsSpan().IndexOf(needle) >= 0);
    }

    static async Task KilledAsync(Func<Task> life)
    {
        try
        {
            await life();
        }
        catch (Exception e) when (e is IOException or KavalekException or HttpRequestException)
        {
            // Killed: nothing is closed, nothing flushed.
        }
    }

    // Everything that opens in the server's present archive.
    /// <summary>The texts that the archive holds, as they open under the keys of a device.</summary>
    public static async Task<List<string>> ArchivedAsync(KavalekClient client, Secret? keys = null)
    {
        ClientCore core = client.Core;
        SegmentSeal seal = new(core.Mls.Crypto, core.Identity.Instance, core.Identity.Account, () => keys ?? core.Identity.HistoryKey!);
        Wire.ArchiveInfo info = await core.Archive.InfoAsync(default);
        Id archive = Id.Read(info.Archive.Span);
        List<string> texts = [];
        for (ulong after = 0; after < info.Head;)
        {
            Wire.ArchivePage page = await core.Archive.AboveAsync(archive, after, 64, default);
            foreach (Wire.ArchiveSegment segment in page.Segments)
                if ((await Chain.LookAsync(seal, archive, segment))!.Batch is { } batch) texts.AddRange(batch.Texts.Where(text => text.Line is null).Select(text => text.Text));
            after = page.Segments[^1].Number;
        }
        return texts;
    }

    static List<long> Sizes(TestServer server, KavalekClient client) =>
        [.. Blobs(server, $"SELECT sealed FROM archive_segment WHERE sealed IS NOT NULL AND account = X'{Convert.ToHexString(client.Me.Id.ToArray())}'").Select(blob => (long)blob.Length)];

    static List<byte[]> Blobs(TestServer server, string sql)
    {
        using SqliteConnection connection = Open(server);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader row = command.ExecuteReader();
        List<byte[]> blobs = [];
        while (row.Read()) if (!row.IsDBNull(0)) blobs.Add(row.GetFieldValue<byte[]>(0));
        return blobs;
    }

    static object? Execute(TestServer server, string sql)
    {
        using SqliteConnection connection = Open(server);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    static SqliteConnection Open(TestServer server)
    {
        SqliteConnection connection = new($"Data Source={Path.Combine(server.Data, "messaging.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
