using System.Net;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Tests;

/// <summary>Streams and who may do what with them (docs/PROTOCOL.md §6.1 to §6.3), over REST.</summary>
public static class StreamTests
{
    [Fact]
    public static async Task The_same_append_a_hundred_times_at_once_is_stored_once() // K-38
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        (TestRest alice, Id stream) = await StreamAsync(server, PlainDevice.New());
        Append append = Wire.Message(stream);

        Appended[] answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => alice.AppendedAsync(append)));

        Assert.All(answers, answer => Assert.Equal((1ul, 0ul), (answer.Seq, answer.Epoch)));
        EntryList entries = await alice.EntriesAsync(stream);
        Assert.Equal((1, 1ul), (entries.Entries.Count, entries.Head));
        Assert.Equal(2ul, (await alice.AppendedAsync(Wire.Message(stream))).Seq);
    }

    [Fact]
    public static async Task Of_a_hundred_commits_for_one_epoch_one_wins() // K-29
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice first = PlainDevice.New();
        PlainDevice[] members = [first, .. Enumerable.Range(0, 9).Select(_ => PlainDevice.New())];
        (TestRest alice, Id stream) = await StreamAsync(server, first, members[1..]);
        TestRest[] rests = [.. members.Select(member => new TestRest(server, member))];
        PlainDevice[] newcomers = [.. Enumerable.Range(0, 100).Select(_ => PlainDevice.New())];

        HttpResponseMessage[] answers = await Task.WhenAll(
            newcomers.Select((newcomer, i) => rests[i % rests.Length].AppendAsync(Wire.Commit(stream, epoch: 1, add: [newcomer]))));

        Assert.Equal(99, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
        int winner = Array.FindIndex(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        for (int i = 0; i < newcomers.Length; i++)
        {
            using var rest = new TestRest(server, newcomers[i]);
            // Only the winner's change happened, and only its Welcome is there (K-41).
            Assert.Equal(i == winner ? 2 : 0, (await rest.StreamsAsync()).Streams.Count);
            Assert.Equal(i == winner ? HttpStatusCode.OK : HttpStatusCode.NotFound, await rest.WelcomeAsync(stream, 2).StatusAsync());
        }
        Assert.Equal(2ul, (await alice.EntriesAsync(stream)).Head);
    }

    [Theory]
    [InlineData(Kind.Application)]
    [InlineData(Kind.Proposal)]
    [InlineData(Kind.Commit)]
    public static async Task An_entry_of_another_epoch_than_the_streams_is_refused_and_told_the_epoch(Kind kind)
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        (TestRest alice, Id stream) = await StreamAsync(server, PlainDevice.New(), PlainDevice.New());
        foreach (ulong epoch in (ulong[])[0, 2, ulong.MaxValue])
        {
            Append stale = Wire.Message(stream, epoch);
            stale.Kind = kind;
            using HttpResponseMessage refused = await alice.AppendAsync(stale);
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            Assert.Contains("\"epoch\":1", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        Append fresh = Wire.Message(stream, epoch: 1);
        fresh.Kind = kind;
        Assert.Equal((2ul, kind == Kind.Commit ? 2ul : 1ul), (await alice.AppendedAsync(fresh)) is var a ? (a.Seq, a.Epoch) : default);
    }

    [Fact]
    public static async Task A_stream_id_is_taken_once_and_an_inbox_never()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        using var aliceRest = new TestRest(server, alice);
        using var bobRest = new TestRest(server, bob);
        var stream = Id.New();

        Assert.Equal(HttpStatusCode.Created, await aliceRest.CreateAsync(stream).StatusAsync());
        Assert.Equal(ErrorCodes.IdTaken, await aliceRest.CreateAsync(stream).CodeAsync());
        Assert.Equal(ErrorCodes.IdTaken, await bobRest.CreateAsync(stream).CodeAsync());
        Assert.Equal(ErrorCodes.IdTaken, await bobRest.CreateAsync(bob.Device).CodeAsync());

        // Somebody else may name a stream like bob's device, but it never reaches bob: his inbox stays his own.
        Assert.Equal(HttpStatusCode.Created, await aliceRest.CreateAsync(bob.Device).StatusAsync());
        Assert.Equal(ErrorCodes.Invalid, await aliceRest.AppendAsync(Wire.Commit(bob.Device, 0, add: [bob])).CodeAsync());
        Assert.Equal(HttpStatusCode.OK, await aliceRest.AppendAsync(Wire.Message(bob.Device)).StatusAsync());
        await aliceRest.AppendedAsync(Wire.Commit(stream, 0, add: [bob]));
        Entry notice = Assert.Single((await bobRest.EntriesAsync(bob.Device)).Entries);
        Assert.Equal(Kind.Welcome, notice.Kind);
    }

    [Fact]
    public static async Task Nobody_appends_to_an_inbox()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest aliceRest, Id stream) = await StreamAsync(server, alice, bob);
        using var bobRest = new TestRest(server, bob);
        Assert.Equal(ErrorCodes.NotFound, await bobRest.AppendAsync(Wire.Message(bob.Device)).CodeAsync());
        Assert.Equal(ErrorCodes.NotFound, await aliceRest.AppendAsync(Wire.Message(bob.Device)).CodeAsync());
        Assert.Equal(HttpStatusCode.OK, await bobRest.AppendAsync(Wire.Message(stream, epoch: 1)).StatusAsync());
    }

    [Fact]
    public static async Task What_is_not_mine_answers_like_what_is_not_there() // K-21
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice mallory = PlainDevice.New(), alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest member, Id stream) = await StreamAsync(server, alice, bob);
        await member.AppendedAsync(Wire.Message(stream, epoch: 1));
        using var rest = new TestRest(server, mallory);
        using var bobRest = new TestRest(server, bob);
        Func<TestRest, Id, Task<HttpResponseMessage>>[] calls =
        [
            (who, id) => who.AppendAsync(Wire.Message(id, epoch: 1)),
            (who, id) => who.SendAsync(HttpMethod.Get, $"/api/v1/streams/{id}/entries"),
            (who, id) => who.AckAsync(id, 1),
            (who, id) => who.WelcomeAsync(id, 1),
            (who, id) => who.UnsubscribeAsync(id),
        ];
        foreach (Func<TestRest, Id, Task<HttpResponseMessage>> call in calls)
        {
            string missing = await DescribeAsync(call(rest, Id.New()));
            Assert.StartsWith("404", missing, StringComparison.Ordinal);
            Assert.Equal(missing, await DescribeAsync(call(rest, stream)));
            Assert.Equal(missing, await DescribeAsync(call(rest, alice.Device)));
            Assert.StartsWith("20", await DescribeAsync(call(bobRest, stream)), StringComparison.Ordinal);
        }
        Assert.Equal(3, (await member.EntriesAsync(stream)).Entries.Count); // bob's, no other's

        static async Task<string> DescribeAsync(Task<HttpResponseMessage> answer)
        {
            using HttpResponseMessage response = await answer;
            IEnumerable<string> headers = response.Headers.Concat(response.Content.Headers).Where(h => h.Key != "Date").Select(h => $"{h.Key}={string.Join(',', h.Value)}");
            return $"{(int)response.StatusCode} {string.Join(';', headers)} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
        }
    }

    [Fact]
    public static async Task A_newcomer_reads_from_its_join_and_a_removed_device_up_to_its_removal() // K-22
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), carol = PlainDevice.New();
        (TestRest aliceRest, Id stream) = await StreamAsync(server, alice, bob);          // seq 1, epoch 1
        using var bobRest = new TestRest(server, bob);
        using var carolRest = new TestRest(server, carol);
        await aliceRest.AppendedAsync(Wire.Message(stream, 1, "before"));                  // 2
        await aliceRest.AppendedAsync(Wire.Commit(stream, 1, add: [carol], remove: [bob])); // 3, epoch 2
        await aliceRest.AppendedAsync(Wire.Message(stream, 2, "after"));                   // 4
        await aliceRest.AppendedAsync(Wire.Commit(stream, 2));                             // 5, epoch 3

        Assert.Equal([2ul, 3ul], (await bobRest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
        Assert.Equal([4ul, 5ul], (await carolRest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
        Assert.Equal([1ul, 2ul, 3ul, 4ul, 5ul], (await aliceRest.EntriesAsync(stream)).Entries.Select(e => e.Seq));

        // The removed device learns nothing of what follows, nor can it write.
        StreamInfo seen = (await bobRest.StreamsAsync()).Streams.Single(s => s.Stream == stream.Bytes());
        Assert.Equal((3ul, 2ul), (seen.Head, seen.Epoch));
        Assert.Equal(3ul, (await bobRest.EntriesAsync(stream)).Head);
        Assert.Equal(ErrorCodes.NotFound, await bobRest.AppendAsync(Wire.Message(stream, 3)).CodeAsync());
        Assert.Equal(ErrorCodes.Invalid, await bobRest.AckAsync(stream, 4).CodeAsync());

        // Having read its last entry it is unsubscribed.
        Assert.Equal(HttpStatusCode.NoContent, await bobRest.AckAsync(stream, 3).StatusAsync());
        Assert.Equal(ErrorCodes.NotFound, await bobRest.SendAsync(HttpMethod.Get, $"/api/v1/streams/{stream}/entries").CodeAsync());
        Assert.Equal(5ul, (await carolRest.EntriesAsync(stream)).Head);
    }

    [Fact]
    public static async Task An_entry_goes_when_all_who_may_read_it_have_acknowledged_it() // K-65
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest aliceRest, Id stream) = await StreamAsync(server, alice, bob);
        using var bobRest = new TestRest(server, bob);
        var secret = Id.New();
        await aliceRest.AppendedAsync(Wire.Message(stream, 1, $"canary {secret}"));

        await aliceRest.AckAsync(stream, 2);
        Assert.Contains((await bobRest.EntriesAsync(stream)).Entries, e => e.Payload.ToStringUtf8() == $"canary {secret}");
        Assert.Equal(1, server.Count("SELECT count(*) FROM run WHERE last = 2"));
        await bobRest.AckAsync(stream, 2);
        Assert.Empty((await aliceRest.EntriesAsync(stream)).Entries);
        Assert.Equal(0, server.Count("SELECT count(*) FROM run JOIN stream ON stream.key = run.stream WHERE inbox = 0"));
        Assert.Equal(3ul, (await aliceRest.AppendedAsync(Wire.Message(stream, 1))).Seq);
    }

    [Fact]
    public static async Task What_a_removed_device_has_not_read_holds_back_nothing_behind_its_removal()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest aliceRest, Id stream) = await StreamAsync(server, alice, bob);   // 1
        await aliceRest.AppendedAsync(Wire.Message(stream, 1));                     // 2
        await aliceRest.AppendedAsync(Wire.Commit(stream, 1, remove: [bob]));       // 3
        await aliceRest.AppendedAsync(Wire.Message(stream, 2));                     // 4
        await aliceRest.AckAsync(stream, 4);
        using var bobRest = new TestRest(server, bob);
        Assert.Equal([2ul, 3ul], (await bobRest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
        Assert.Equal(0, server.Count("SELECT count(*) FROM run WHERE last = 4"));
        await bobRest.AckAsync(stream, 3);
        Assert.Equal(0, server.Count("SELECT count(*) FROM run JOIN stream ON stream.key = run.stream WHERE inbox = 0"));
    }

    [Fact]
    public static async Task A_stream_without_subscribers_is_deleted()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest aliceRest, Id stream) = await StreamAsync(server, alice, bob);
        using var bobRest = new TestRest(server, bob);
        Assert.Equal(HttpStatusCode.NoContent, await aliceRest.UnsubscribeAsync(stream).StatusAsync());
        Assert.Equal(HttpStatusCode.OK, await bobRest.AppendAsync(Wire.Message(stream, 1)).StatusAsync());
        Assert.Equal(ErrorCodes.IdTaken, await aliceRest.CreateAsync(stream).CodeAsync());
        Assert.Equal(HttpStatusCode.NoContent, await bobRest.UnsubscribeAsync(stream).StatusAsync());
        foreach (string table in (string[])["stream", "subscriber", "run", "welcome"])
            Assert.Equal(table is "welcome" ? 0 : 1, server.Count($"SELECT count(*) FROM {table}")); // bob's inbox is left
        Assert.Equal(HttpStatusCode.Created, await aliceRest.CreateAsync(stream).StatusAsync());
        Assert.Equal(1ul, (await aliceRest.AppendedAsync(Wire.Message(stream))).Seq);
    }

    [Fact]
    public static async Task An_acknowledgement_only_grows_and_never_passes_the_head()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamAsync(server, alice, PlainDevice.New());
        await rest.AppendedAsync(Wire.Message(stream, 1));
        Assert.Equal(ErrorCodes.Invalid, await rest.AckAsync(stream, 3).CodeAsync());
        Assert.Equal(ErrorCodes.Invalid, await rest.AckAsync(stream, ulong.MaxValue).CodeAsync());
        Assert.Equal(HttpStatusCode.NoContent, await rest.AckAsync(stream, 2).StatusAsync());
        Assert.Equal(HttpStatusCode.NoContent, await rest.AckAsync(stream, 1).StatusAsync());
        Assert.Equal(2ul, (await rest.StreamsAsync()).Streams.Single(s => s.Stream == stream.Bytes()).Acked);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task A_members_word_takes_no_entry_from_a_device_that_reads(bool alsoRemoved)
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), carol = PlainDevice.New();
        (TestRest aliceRest, Id stream) = await StreamAsync(server, alice, bob);                                       // seq 1, epoch 1
        using var bobRest = new TestRest(server, bob);
        using var carolRest = new TestRest(server, carol);
        await aliceRest.AppendedAsync(Wire.Message(stream, 1, "not read yet"));                                        // 2
        await aliceRest.AppendedAsync(Wire.Commit(stream, 1, add: [bob, carol], remove: alsoRemoved ? [bob] : null));   // 3, epoch 2
        await aliceRest.AppendedAsync(Wire.Message(stream, 2, "after"));                                               // 4
        Assert.Equal([2ul, 3ul, 4ul], (await bobRest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
        Assert.Equal(HttpStatusCode.OK, await bobRest.WelcomeAsync(stream, 3).StatusAsync());
        Assert.Equal(HttpStatusCode.OK, await bobRest.AppendAsync(Wire.Message(stream, 2)).StatusAsync());
        // Who is really new begins behind the commit.
        Assert.Equal([4ul, 5ul], (await carolRest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
    }

    [Fact]
    public static async Task A_Welcome_is_for_those_it_added_until_they_have_acknowledged_the_notice()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), carol = PlainDevice.New();
        (TestRest aliceRest, Id stream) = await StreamAsync(server, alice, bob, carol);
        using var bobRest = new TestRest(server, bob);
        using var carolRest = new TestRest(server, carol);
        Assert.Equal(HttpStatusCode.OK, await bobRest.WelcomeAsync(stream, 1).StatusAsync());
        Assert.Equal(ErrorCodes.NotFound, await aliceRest.WelcomeAsync(stream, 1).CodeAsync());
        Assert.Equal(ErrorCodes.NotFound, await bobRest.WelcomeAsync(stream, 2).CodeAsync());
        await bobRest.AckAsync(bob.Device, 1);
        Assert.Equal(ErrorCodes.NotFound, await bobRest.WelcomeAsync(stream, 1).CodeAsync());
        Assert.Equal(HttpStatusCode.OK, await carolRest.WelcomeAsync(stream, 1).StatusAsync());
        await carolRest.AckAsync(carol.Device, 1);
        Assert.Equal(0, server.Count("SELECT count(*) FROM welcome"));
    }

    [Fact]
    public static async Task Pages_are_bounded_and_lose_nothing() // K-80
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamAsync(server, alice, PlainDevice.New());
        for (int i = 0; i < 12; i++)
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => rest.AppendedAsync(Wire.Message(stream, 1))));

        List<ulong> seqs = [];
        EntryList page;
        do
        {
            page = await rest.EntriesAsync(stream, after: seqs.LastOrDefault(), limit: 500);
            Assert.True(page.Entries.Count <= 500);
            seqs.AddRange(page.Entries.Select(e => e.Seq));
        }
        while (seqs[^1] < page.Head);
        Assert.Equal(Enumerable.Range(1, 1201).Select(i => (ulong)i), seqs);
        Assert.Equal([7ul, 8ul, 9ul], (await rest.EntriesAsync(stream, after: 6, limit: 3)).Entries.Select(e => e.Seq));
        foreach (string query in (string[])["?limit=501", "?limit=0", "?limit=-1", "?limit=x", "?after=-1", "?after=18446744073709551615"])
            Assert.Equal(ErrorCodes.Invalid, await rest.SendAsync(HttpMethod.Get, $"/api/v1/streams/{stream}/entries{query}").CodeAsync());
    }

    [Fact]
    public static async Task The_list_of_streams_pages_through_all_of_them()
    {
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { StreamBurst = 510 });
        using var rest = new TestRest(server, PlainDevice.New());
        HashSet<ByteString> made = [];
        for (int i = 0; i < 510; i++)
        {
            var stream = Id.New();
            await rest.CreateAsync(stream).StatusAsync();
            made.Add(stream.Bytes());
        }
        StreamList first = await rest.StreamsAsync();
        StreamList second = await rest.StreamsAsync(Id.Read(first.Next.Span));
        Assert.Equal((500, 10), (first.Streams.Count, second.Streams.Count));
        Assert.True(second.Next.IsEmpty);
        Assert.True(made.SetEquals(first.Streams.Concat(second.Streams).Select(s => s.Stream)));
    }

    [Fact]
    public static async Task Large_entries_go_whole_over_REST_and_too_large_ones_nowhere() // K-18
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamAsync(server, alice, PlainDevice.New());
        Append large = Wire.Message(stream, 1);
        large.Payload = ByteString.CopyFrom(new byte[Limits.EntryBytes]);
        Assert.Equal(2ul, (await rest.AppendedAsync(large)).Seq);
        Entry entry = Assert.Single((await rest.EntriesAsync(stream, after: 1)).Entries);
        Assert.False(entry.Detached);
        Assert.Equal(large.Payload, entry.Payload);
        large.Payload = ByteString.CopyFrom(new byte[Limits.EntryBytes + 1]);
        large.Id = Id.New().Bytes();
        Assert.Equal(ErrorCodes.TooLarge, await rest.AppendAsync(large).CodeAsync());
        large.Payload = ByteString.CopyFrom(new byte[(2 * Limits.EntryBytes) + (128 * 1024)]);
        Assert.Equal(ErrorCodes.TooLarge, await rest.AppendAsync(large).CodeAsync());
    }

    [Fact]
    public static async Task An_append_must_be_well_formed()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (TestRest rest, Id stream) = await StreamAsync(server, alice, bob);
        Append Good() => Wire.Commit(stream, 1, add: [PlainDevice.New()]);
        Action<Append>[] breaks =
        [
            a => a.Id = ByteString.CopyFrom(new byte[15]),
            a => a.Stream = Id.New().Bytes(),
            a => a.Kind = Kind.Unspecified,
            a => a.Kind = Kind.Welcome,
            a => a.Kind = Kind.Notice,
            a => a.Kind = (Kind)99,
            a => a.Payload = ByteString.Empty,
            a => a.Kind = Kind.Application, // with a change
            a => a.Kind = Kind.Proposal,
            a => a.Change.Welcome = ByteString.Empty,
            a => a.Change.Add.Clear(),
            a => a.Change.Add.Add(a.Change.Add[0]),
            a => a.Change.Add.Add(ByteString.CopyFromUtf8("short")),
            a => a.Change.Add.Add(Enumerable.Range(0, Limits.ChangeDevices).Select(_ => Id.New().Bytes())),
            a => a.Change.Remove.Add(Enumerable.Range(0, Limits.ChangeDevices + 1).Select(_ => Id.New().Bytes())),
        ];
        foreach (Action<Append> spoil in breaks)
        {
            Append append = Good();
            spoil(append);
            using HttpResponseMessage refused = await rest.SendAsync(HttpMethod.Post, $"/api/v1/streams/{stream}/entries", append);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
        Assert.Equal(1ul, (await rest.EntriesAsync(stream)).Head);
        Assert.Equal(2ul, (await rest.AppendedAsync(Good())).Seq);
    }

    [Fact]
    public static async Task A_stream_holds_a_thousand_devices_and_no_more()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        PlainDevice[] others = [.. Enumerable.Range(0, 999).Select(_ => PlainDevice.New())];
        (TestRest rest, Id stream) = await StreamAsync(server, alice, others);
        Assert.Equal(ErrorCodes.TooLarge, await rest.AppendAsync(Wire.Commit(stream, 1, add: [PlainDevice.New()])).CodeAsync());
        using var last = new TestRest(server, others[^1]);
        Assert.Equal(2ul, (await last.AppendedAsync(Wire.Message(stream, 1))).Seq);
        Assert.Equal(1, server.Count("SELECT count(*) FROM welcome"));
    }

    /// <summary>A stream with its creator and, through a first commit, others.</summary>
    internal static async Task<(TestRest Calls, Id Stream)> StreamAsync(MessagingServer server, PlainDevice creator, params PlainDevice[] others)
    {
        var rest = new TestRest(server, creator);
        var stream = Id.New();
        Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
        if (others.Length > 0)
            await rest.AppendedAsync(Wire.Commit(stream, 0, add: others));
        return (rest, stream);
    }
}
