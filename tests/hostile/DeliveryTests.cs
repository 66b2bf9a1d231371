using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using static Kavalek.Client.Tests.TestConversations;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>A server that drops, repeats, reorders, delays and goes back.</summary>
[Collection(nameof(Cast))]
public sealed class DeliveryTests(Cast cast)
{
    KavalekClient Marie => cast.Marie;
    KavalekClient Karim => cast.Karim;

    // K-34
    [Fact]
    public async Task A_ciphertext_shows_once_whatever_the_server_makes_of_it_also_after_a_restart()
    {
        MemoryClientStore store = new();
        KavalekClient reader = await cast.PersonAsync(store);
        Conversation[] group = await GroupAsync("Once", Marie, reader), other = await GroupAsync("Other", Marie, reader);
        Id stream = await reader.StreamAsync(group[1]), elsewhere = await reader.StreamAsync(other[1]);
        List<Wire.Entry> seen = [];
        Queue<Wire.Entry> here = [], there = [];
        using IDisposable one = cast.Hostile.Lie(new StreamLens(reader.Me.Device, stream, entries =>
        {
            seen.AddRange(entries);
            return entries.Concat(Drain(here));
        }));
        using IDisposable two = cast.Hostile.Lie(new StreamLens(reader.Me.Device, elsewhere, entries => entries.Concat(Drain(there))));
        await group[0].SendAsync("once");
        await group[0].RenameAsync("Once more");
        await SyncAsync(Marie, reader);
        await SyncAsync(Marie, reader);
        Wire.Entry[] recorded = [.. seen];
        string before = await reader.StateAsync(Claims);

        for (int round = 0; round < 2; round++)
        {
            foreach (Wire.Entry entry in recorded)
            {
                // The very same; under a new id; of another epoch; as another kind; in another group.
                here.Enqueue(entry);
                here.Enqueue(new Wire.Entry(entry) { Id = Fresh() });
                here.Enqueue(new Wire.Entry(entry) { Id = Fresh(), Epoch = entry.Epoch + 3 });
                here.Enqueue(new Wire.Entry(entry) { Id = Fresh(), Kind = entry.Kind == Wire.Kind.Commit ? Wire.Kind.Application : Wire.Kind.Commit });
                there.Enqueue(new Wire.Entry(entry) { Id = Fresh(), Stream = ByteString.CopyFrom(elsewhere.ToArray()) });
            }
            await reader.SyncAsync();
            Assert.Empty(here);
            Assert.Empty(there);
            Assert.Equal(before, await reader.StateAsync(Claims));
            Assert.Equal(["once"], await reader.Conversation(group[1].Id)!.TextsAsync());
            Assert.Empty(await reader.Conversation(other[1].Id)!.TextsAsync());
            if (round > 0) break;
            await reader.DisposeAsync();
            reader = await KavalekClient.UnlockAsync(cast.Options(store), TestPeople.Phrase);
        }
        // The next honest message still works in both.
        await group[0].SendAsync("twice is new");
        await other[0].SendAsync("hello");
        await SyncAsync(Marie, reader);
        Assert.Equal(["once", "twice is new"], await reader.Conversation(group[1].Id)!.TextsAsync());
        Assert.Equal(["hello"], await reader.Conversation(other[1].Id)!.TextsAsync());
        await reader.DisposeAsync();
    }

    // K-35
    [Fact]
    public async Task Twenty_messages_of_two_epochs_in_any_order_show_once_each_under_the_time_their_sender_gave_them()
    {
        foreach (int seed in (int[])[1, 2, 3])
        {
            Conversation[] group = await GroupAsync($"Shuffled {seed}", Marie, Karim);
            Id stream = await Karim.StreamAsync(group[1]);
            bool shuffles = true;
            using IDisposable lie = cast.Hostile.Lie(new StreamLens(Karim.Me.Device, stream, entries =>
            {
                if (!shuffles) return entries;
                // The commit first: what was encrypted before it comes late, and the keys of its epoch are kept for that.
                Wire.Entry[] commits = [.. entries.Where(entry => entry.Kind == Wire.Kind.Commit)], rest = [.. entries.Where(entry => entry.Kind != Wire.Kind.Commit)];
                new Random(seed).Shuffle(rest);
                return [.. commits, .. rest];
            }));
            DateTimeOffset start = DateTimeOffset.UtcNow.AddMilliseconds(-1);
            for (int i = 0; i < 10; i++) await group[0].SendAsync($"{i}");
            await Marie.SyncAsync();
            await group[0].RenameAsync($"Reshuffled {seed}");
            for (int i = 10; i < 20; i++) await group[0].SendAsync($"{i}");
            await Marie.SyncAsync();
            // Whatever date the server gives its answers.
            using IDisposable clock = cast.Hostile.Lie(async (request, next) => await next(request) with { Headers = new Dictionary<string, string> { ["Date"] = "Thu, 01 Jan 1970 00:00:00 GMT" } });
            await Karim.SyncAsync();
            IReadOnlyList<Message> messages = [.. (await group[1].MessagesAsync(100)).Where(m => m.Body is TextBody)];
            // On the screen they stand as they were written, and none counts as missing any more.
            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), messages.Select(m => ((TextBody)m.Body).Text));
            Assert.DoesNotContain(SystemKind.MessagesMissing, await group[1].KindsAsync());
            Assert.Equal(20, group[1].Unread);
            Assert.All(messages, m => Assert.InRange(m.SentAt, start, DateTimeOffset.UtcNow));
            shuffles = false;
            await group[0].SendAsync("in its place");
            await SyncAsync(Marie, Karim);
            Assert.Equal("in its place", (await group[1].TextsAsync())[^1]);
        }
    }

    // K-35
    [Fact]
    public async Task What_was_held_back_is_first_missing_and_then_stands_unread_where_its_sender_put_it()
    {
        Conversation[] group = await GroupAsync("Held back", Marie, Karim, cast.Zoe);
        Id stream = await Karim.StreamAsync(group[1]);
        List<Wire.Entry> held = [];
        Queue<Wire.Entry> released = [];
        int passed = 0;
        using IDisposable lie = cast.Hostile.Lie(new StreamLens(Karim.Me.Device, stream, entries =>
        {
            // The second and the third of Marie's are kept back.
            Wire.Entry[] kept = [.. entries.Where(entry => entry.Kind == Wire.Kind.Application && ++passed is 2 or 3)];
            held.AddRange(kept);
            return entries.Where(entry => !kept.Contains(entry)).Concat(Drain(released));
        }));
        foreach (string text in (string[])["one", "two", "three", "four"]) await group[0].SendAsync(text);
        await SyncAsync(Marie, cast.Zoe, Karim);
        await group[2].SendAsync("in between");
        await SyncAsync(cast.Zoe, Karim, Marie);
        await group[0].SendAsync("five");
        await SyncAsync(Marie, Karim);
        Assert.Equal(["one", "four", "in between", "five"], await group[1].TextsAsync());
        Assert.Equal("2", Assert.Single(await group[1].LinesAsync(), line => line.Kind == SystemKind.MessagesMissing).Text);
        await group[1].MarkReadAsync((await group[1].MessageAsync("five")).Id);
        Assert.Equal(0, group[1].Unread);

        // The later one first; and each is missing until it comes.
        released.Enqueue(held[1]);
        await Karim.SyncAsync();
        Assert.Equal(["one", "three", "four", "in between", "five"], await group[1].TextsAsync());
        Assert.Equal("1", Assert.Single(await group[1].LinesAsync(), line => line.Kind == SystemKind.MessagesMissing).Text);
        Assert.Equal(1, group[1].Unread);
        released.Enqueue(held[0]);
        await Karim.SyncAsync();
        Assert.Equal(["one", "two", "three", "four", "in between", "five"], await group[1].TextsAsync());
        Assert.DoesNotContain(SystemKind.MessagesMissing, await group[1].KindsAsync());
        Assert.Equal(2, group[1].Unread);
        await group[1].MarkReadAsync((await group[1].MessageAsync("five")).Id);
        Assert.Equal(0, group[1].Unread);
        await group[0].SendAsync("six");
        await SyncAsync(Marie, Karim);
        Assert.Equal("six", (await group[1].TextsAsync())[^1]);
        Assert.Equal(1, group[1].Unread);
    }

    // K-35
    [Fact]
    public async Task What_comes_from_outside_the_window_of_kept_keys_fails_cleanly_and_shows_as_missing()
    {
        Conversation[] group = await GroupAsync("Window", Marie, Karim);
        Id stream = await Karim.StreamAsync(group[1]);
        Wire.Entry? held = null;
        Queue<Wire.Entry> released = [];
        using IDisposable lie = cast.Hostile.Lie(new StreamLens(Karim.Me.Device, stream, entries =>
        {
            if (held is not null) return entries.Concat(Drain(released));
            held = entries.FirstOrDefault(entry => entry.Kind == Wire.Kind.Application);
            return entries.Where(entry => entry != held);
        }));
        await group[0].SendAsync("too late");
        // More epochs than are kept for late messages.
        for (int i = 0; i < 6; i++) await group[0].RenameAsync($"Window {i}");
        await group[0].SendAsync("in time");
        await SyncAsync(Marie, Karim);
        string before = await Karim.StateAsync(Claims);
        released.Enqueue(held!);
        await Karim.SyncAsync();
        Assert.Empty(released);
        Assert.Equal(before, await Karim.StateAsync(Claims));
        Assert.Equal(["in time"], await group[1].TextsAsync());
        Assert.Contains(await group[1].LinesAsync(), line => line.Kind == SystemKind.MessagesMissing && line.Text == "1");
        await group[0].SendAsync("and on");
        await SyncAsync(Marie, Karim);
        Assert.Equal(["in time", "and on"], await group[1].TextsAsync());
    }

    // K-36
    [Fact]
    public async Task Dropped_messages_are_counted_within_an_epoch_and_over_its_end()
    {
        Conversation[] group = await GroupAsync("Gaps", Marie, Karim);
        Id stream = await Karim.StreamAsync(group[1]);
        int application = 0;
        // The fourth of ten, and the last before a commit; numbered without a gap.
        using IDisposable lie = cast.Hostile.Lie(new StreamLens(Karim.Me.Device, stream, entries =>
            entries.Where(entry => entry.Kind != Wire.Kind.Application || ++application is not (4 or 10)).ToArray()));
        for (int i = 1; i <= 10; i++) await group[0].SendAsync($"{i}");
        await Marie.SyncAsync();
        await Karim.SyncAsync();
        Assert.Equal(["1", "2", "3", "5", "6", "7", "8", "9"], await group[1].TextsAsync());
        Assert.Equal(["1"], (await group[1].LinesAsync()).Where(l => l.Kind == SystemKind.MessagesMissing).Select(l => l.Text));
        await group[0].RenameAsync("No gap");
        await group[0].SendAsync("11");
        await SyncAsync(Marie, Karim);
        Assert.Equal(["1", "1"], (await group[1].LinesAsync()).Where(l => l.Kind == SystemKind.MessagesMissing).Select(l => l.Text));
        await group[0].SendAsync("12");
        await SyncAsync(Marie, Karim);
        Assert.Equal(2, (await group[1].KindsAsync()).Count(kind => kind == SystemKind.MessagesMissing));
    }

    // K-36
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_joins_later_notices_that_the_first_it_could_read_was_withheld(bool withholds)
    {
        (KavalekClient marie, KavalekClient karim, KavalekClient zoe) = (Marie, Karim, cast.Zoe);
        Conversation[] group = await GroupAsync("Later", marie, karim);
        // Said before she came, in several epochs: not hers, and not missing.
        await group[1].SendAsync("before");
        await SyncAsync(karim, marie);
        await group[0].RenameAsync("Still before");
        await SyncAsync(marie, karim);
        Id stream = await marie.StreamAsync(group[0]);
        await zoe.SyncAsync();
        int application = 0;
        using IDisposable lie = cast.Hostile.Lie(new StreamLens(zoe.Me.Device, stream, entries =>
            entries.Where(entry => !withholds || entry.Kind != Wire.Kind.Application || ++application > 1).ToArray()));
        await group[0].AddAsync([(await marie.FindAsync("zoe")).Account]);
        await SyncAsync(marie, karim);
        // Karim is heard by her for the first time; he says his name, then two texts.
        await group[1].SendAsync("one");
        await group[1].SendAsync("two");
        await karim.SyncAsync();
        await group[0].RenameAsync("After");
        await group[1].SendAsync("three");
        await SyncAsync(karim, marie);
        await zoe.SyncAsync();
        Conversation hers = zoe.Conversation(group[0].Id)!;
        Assert.Equal("three", (await hers.TextsAsync())[^1]);
        Assert.Equal(withholds, (await hers.KindsAsync()).Contains(SystemKind.MessagesMissing));
    }

    // K-38
    [Theory]
    [InlineData("the answer is lost")]
    [InlineData("the request is lost")]
    [InlineData("it arrives twice")]
    public async Task Whatever_becomes_of_request_and_answer_a_message_and_a_change_are_made_once(string what)
    {
        Conversation[] group = await GroupAsync("Retry", Marie, Karim);
        Id stream = await Marie.StreamAsync(group[0]);
        string path = $"api/v1/streams/{stream}/entries";
        for (int at = 1; at <= 3; at++)
        {
            int request = 0;
            using (cast.Hostile.Lie(async (asked, next) =>
            {
                if (!asked.Is("POST", path) || Interlocked.Increment(ref request) != at) return await next(asked);
                if (what == "the request is lost") throw new LostException();
                Answer answer = await next(asked);
                if (what == "the answer is lost") throw new LostException();
                return await next(asked) is { IsSuccess: true } again && answer.IsSuccess ? again : throw new InvalidOperationException("a repeated append is answered as the first");
            }))
            {
                await group[0].SendAsync($"first {at}");
                await group[0].SendAsync($"second {at}");
                await TryAsync(() => Marie.SyncAsync());
                await TryAsync(() => group[0].RenameAsync($"Title {at}"));
            }
            await SyncAsync(Marie, Karim);
            Assert.Equal(Enumerable.Range(1, at).SelectMany(n => (string[])[$"first {n}", $"second {n}"]), await group[1].TextsAsync());
            Assert.Equal($"Title {at}", group[1].Title);
            Assert.Equal(at, (await group[1].KindsAsync()).Count(kind => kind == SystemKind.Renamed));
            Assert.Equal(await group[1].TextsAsync(), await group[0].TextsAsync());
            Assert.DoesNotContain(SystemKind.MessagesMissing, await group[1].KindsAsync());
        }
    }

    // K-38
    [Theory]
    [InlineData("altered")]
    [InlineData("twice")]
    [InlineData("late")]
    public async Task An_own_message_that_comes_back_in_another_way_reaches_the_others_once(string how)
    {
        Conversation[] group = await GroupAsync("Echo", Marie, Karim);
        Id stream = await Marie.StreamAsync(group[0]);
        bool lies = true;
        int altered = 0;
        List<Wire.Entry> kept = [];
        using IDisposable lie = cast.Hostile.Lie(new StreamLens(Marie.Me.Device, stream, entries =>
        {
            if (!lies)
            {
                Wire.Entry[] late = [.. kept];
                kept.Clear();
                return late.Concat(entries);
            }
            switch (how)
            {
                case "altered": return entries.Select(entry => entry.Kind == Wire.Kind.Application && ++altered == 1 ? new Wire.Entry(entry) { Payload = Altered(entry.Payload) } : entry);
                case "twice": return entries.SelectMany(entry => (Wire.Entry[])[entry, new Wire.Entry(entry)]);
                default:
                    kept.AddRange(entries);
                    return [];
            }
        }));
        await group[0].SendAsync("to be echoed");
        await TryAsync(() => Marie.SyncAsync());
        lies = false;
        await SyncAsync(Marie, Karim);
        await group[0].SendAsync("and on");
        await SyncAsync(Marie, Karim);
        Assert.Equal(["to be echoed", "and on"], await group[1].TextsAsync());
        Assert.Equal(["to be echoed", "and on"], await group[0].TextsAsync());
        Assert.All((await group[0].MessagesAsync(10)).Where(m => m.IsMine && m.Body is TextBody), m => Assert.NotEqual(MessageState.Queued, m.State));
    }

    // K-38
    [Fact]
    public async Task A_server_that_alters_all_that_comes_back_is_told_of_and_not_served_without_end()
    {
        Conversation[] group = await GroupAsync("Endless", Marie, Karim);
        Id stream = await Marie.StreamAsync(group[0]);
        int sent = 0;
        using IDisposable lie = cast.Hostile.Lie(new StreamLens(Marie.Me.Device, stream, entries => entries.Select(entry => new Wire.Entry(entry) { Payload = Altered(entry.Payload) })));
        using IDisposable counts = cast.Hostile.Lie(async (request, next) =>
        {
            if (request.Caller?.Device == Marie.Me.Device && request.Is("POST", $"api/v1/streams/{stream}/entries")) sent++;
            return await next(request);
        });
        await group[0].SendAsync("again and again");
        await TryAsync(() => Marie.SyncAsync());
        await TryAsync(() => Marie.SyncAsync());
        Assert.InRange(sent, 2, 8);
        Message told = await group[0].MessageAsync("again and again");
        Assert.Equal(MessageState.Failed, told.State);
        Assert.NotNull(told.Failure);
        await Karim.SyncAsync();
        Assert.Equal(["again and again"], await group[1].TextsAsync());
    }

    // K-38
    [Fact]
    public async Task What_the_server_said_it_had_stored_and_has_not_is_sent_again()
    {
        Conversation[] group = await GroupAsync("Forgetful", Marie, Karim);
        Id stream = await Marie.StreamAsync(group[0]);
        ulong epoch = (await Marie.RowAsync(stream)).Epoch;
        using (Swallow(stream, epoch))
        {
            await group[0].SendAsync("forgotten once");
            await TryAsync(() => Marie.SyncAsync());
            Assert.Equal(MessageState.Queued, (await group[0].MessageAsync("forgotten once")).State);
        }
        await SyncAsync(Marie, Karim);
        Assert.Equal(["forgotten once"], await group[1].TextsAsync());
    }

    // K-40
    [Fact]
    public async Task A_removal_that_the_server_swallows_is_not_done_and_nothing_is_said_as_if_it_were()
    {
        (KavalekClient marie, KavalekClient karim, KavalekClient zoe) = (Marie, Karim, cast.Zoe);
        Conversation[] group = await GroupAsync("Swallowed", marie, karim, zoe);
        Id stream = await marie.StreamAsync(group[0]);
        ulong epoch = (await marie.RowAsync(stream)).Epoch;
        Task removing;
        using (Swallow(stream, epoch))
        {
            removing = group[0].RemoveAsync(zoe.Me.Id);
            await TryAsync(() => marie.SyncAsync());
            Assert.False(removing.IsCompleted);
            Assert.Equal(PendingChange.Removing, group[0].Members.Single(m => m.Contact.Account == zoe.Me.Id).Pending);
            Assert.DoesNotContain(SystemKind.Removed, await group[0].KindsAsync());
            // What is written meanwhile waits: it is encrypted to nobody that the screen does not show.
            await group[0].SendAsync("not for her");
            await TryAsync(() => marie.SyncAsync());
            Assert.Equal(MessageState.Queued, (await group[0].MessageAsync("not for her")).State);
            await SyncAsync(karim, zoe);
            Assert.Empty(await group[2].TextsAsync());
            Assert.Equal(3, group[1].Members.Count);
        }
        await SyncAsync(marie, karim, zoe);
        await removing;
        Assert.Contains(SystemKind.Removed, await group[0].KindsAsync());
        Assert.Equal(["not for her"], await group[1].TextsAsync());
        Assert.Empty(await group[2].TextsAsync());
        Assert.Equal(2, group[0].Members.Count);
    }

    // K-39
    [Fact]
    public async Task No_older_device_list_epoch_or_name_is_taken_back()
    {
        MemoryClientStore store = new();
        KavalekClient reader = await cast.PersonAsync(store), person = await cast.PersonAsync();
        await using var _ = person;
        Conversation[] group = await GroupAsync("Forward", person, reader);
        Id stream = await reader.StreamAsync(group[1]), account = person.Me.Id;
        AccountRecord old = await reader.Core.Auth.AccountAsync(account, default);
        List<Wire.Entry> recorded = [];
        Queue<Wire.Entry> again = [];
        using IDisposable lens = cast.Hostile.Lie(new StreamLens(reader.Me.Device, stream, entries =>
        {
            recorded.AddRange(entries);
            return entries.Concat(Drain(again));
        }));
        await person.SetDisplayNameAsync("Old name");
        await SyncAsync(person, reader);
        await person.SetDisplayNameAsync("New name");
        await group[0].RenameAsync("Onward");
        KavalekClient phone = await TestPeople.AddDeviceAsync(cast.Server, person, cast.Options());
        await using var __ = phone;
        await SyncAsync(person, phone, reader);
        // The allow twin: the newer list is taken.
        Assert.Equal(2, (await reader.Core.People.RefreshAsync(account, default)).Certificates.Count);
        Assert.Equal("New name", reader.Contact(account)!.DisplayName);
        ulong epoch = (await reader.GroupAsync(stream)).Epoch;
        string before = await reader.StateAsync(Claims);

        for (int round = 0; round < 2; round++)
        {
            using (cast.Hostile.LieAboutAccounts((_, record) => record.Account == account ? old : record))
                Assert.Equal(ClientErrors.DeviceListRefused, await TestPeople.CodeAsync(() => reader.Core.People.RefreshAsync(account, default)));
            foreach (Wire.Entry entry in recorded.ToArray()) again.Enqueue(new Wire.Entry(entry) { Id = Fresh() });
            await reader.SyncAsync();
            Assert.Equal(epoch, (await reader.GroupAsync(stream)).Epoch);
            Assert.Equal("New name", reader.Contact(account)!.DisplayName);
            Assert.Equal(before, await reader.StateAsync(Claims));
            if (round > 0) break;
            // Persistently.
            await reader.DisposeAsync();
            reader = await KavalekClient.UnlockAsync(cast.Options(store), TestPeople.Phrase);
        }
        await group[0].SendAsync("still here");
        await SyncAsync(person, reader);
        Assert.Equal(["still here"], await reader.Conversation(group[1].Id)!.TextsAsync());
        await reader.DisposeAsync();
    }

    // What a client writes down about claims and its own devices is not what the entry was about.
    static readonly string[] Claims = ["conv/e/", "key-package/"];

    IDisposable Swallow(Id stream, ulong epoch) => cast.Hostile.Lie(async (request, next) =>
    {
        if (!request.Is("POST", $"api/v1/streams/{stream}/entries")) return await next(request);
        Wire.Append append = Wire.Append.Parser.ParseFrom(request.Body);
        return Answer.Message(new Wire.Appended { Stream = append.Stream, Id = append.Id, Seq = 1_000, Epoch = epoch });
    });

    static IEnumerable<Wire.Entry> Drain(Queue<Wire.Entry> queue)
    {
        Wire.Entry[] all = [.. queue];
        queue.Clear();
        return all;
    }

    static ByteString Altered(ByteString payload)
    {
        byte[] bytes = payload.ToByteArray();
        bytes[^1] ^= 1;
        return ByteString.CopyFrom(bytes);
    }

    static ByteString Fresh() => ByteString.CopyFrom(Id.New().ToArray());

    static async Task TryAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (KavalekException)
        {
            // It is stored, and goes out later.
        }
    }
}
