using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Client.Contents;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>What of the past a member passes on (docs/PROTOCOL.md §7.8).</summary>
public static class SharingTests
{
    [Fact]
    public static async Task Who_is_added_reads_of_the_past_what_the_adder_chose_marked_as_passed_on_and_everybody_sees_it()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim"),
            jean = await SignUpAsync(server, "jean"), amina = await SignUpAsync(server, "amina");
        Conversation[] group = await GroupAsync("Trio", marie, karim);
        for (int i = 0; i < 6; i++)
        {
            await group[i % 2].SendAsync($"line {i}");
            await SyncAsync(karim, marie);
        }
        // By default nothing is passed on.
        await jean.SyncAsync();
        await group[0].AddAsync([(await marie.FindAsync("jean")).Account]);
        await jean.SyncAsync();
        Conversation his = jean.Conversation(group[0].Id)!;
        await his.AcceptAsync();
        await SyncAsync(jean, marie, karim);
        Assert.Empty(await his.TextsAsync());

        await amina.SyncAsync();
        await group[0].AddAsync([(await marie.FindAsync("amina")).Account], HistoryShare.TheLast(4));
        await SyncAsync(marie, amina);
        Conversation hers = amina.Conversation(group[0].Id)!;
        // Not accepted: nothing was asked for, and nothing came.
        await SyncAsync(marie, amina);
        Assert.Empty(await hers.TextsAsync());
        await hers.AcceptAsync();
        await SyncAsync(amina, marie, amina, karim, jean);
        Assert.Equal(["line 2", "line 3", "line 4", "line 5"], await hers.TextsAsync());
        Assert.All((await hers.MessagesAsync(100)).Where(m => m.Body is TextBody), m => Assert.Equal(marie.Me.Id, m.PassedOnBy));
        Assert.Equal(karim.Me.Id, (await hers.MessageAsync("line 3")).Sender);
        Assert.Equal(0, hers.Unread);
        foreach (KavalekClient member in (KavalekClient[])[marie, karim, jean, amina])
        {
            SystemBody line = Assert.Single(await member.Conversation(group[0].Id)!.LinesAsync(), l => l.Kind == SystemKind.HistoryShared);
            Assert.Equal((marie.Me.Id, "last 4"), (line.By, line.Text));
            Assert.Equal([amina.Me.Id], line.Accounts);
        }
        // Who was given nothing still has nothing, though the same stream carried it.
        Assert.Empty(await his.TextsAsync());
        // What she reads herself follows, and is nobody's word but the sender's.
        await group[1].SendAsync("now");
        await SyncAsync(karim, amina);
        Assert.Equal(["line 2", "line 3", "line 4", "line 5", "now"], await hers.TextsAsync());
        Assert.Null((await hers.MessageAsync("now")).PassedOnBy);
        // What was passed on is passed on no further, and keeps its mark in the archive.
        await amina.SaveHistoryAsync();
        await using KavalekClient second = await AddDeviceAsync(server, amina);
        await second.RestoreHistoryAsync();
        Assert.Equal(marie.Me.Id, (await second.Conversation(hers.Id)!.MessageAsync("line 3")).PassedOnBy);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task Where_the_device_that_offered_is_gone_another_one_of_its_account_answers_and_nobody_twice(bool isNewer)
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store, clock: clock));
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(clock: clock)), amina = await SignUpAsync(server, "amina", Options(clock: clock));
        KavalekClient? second = isNewer ? null : await AddDeviceAsync(server, marie, Options(clock: clock));
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        if (second is not null) await second.SyncAsync();
        for (int i = 0; i < 3; i++) await group[0].SendAsync($"line {i}");
        await SyncAsync(marie, karim, amina);
        await group[0].AddAsync([(await marie.FindAsync("amina")).Account], HistoryShare.TheLast(2));
        await SyncAsync(marie, karim);
        // A device that came after the offer knows of it from the archive.
        await marie.SaveHistoryAsync();
        second ??= await AddDeviceAsync(server, marie, Options(clock: clock));
        await SyncAsync(marie, second);
        await second.RestoreHistoryAsync();
        Conversation there = second.Conversation(group[0].Id)!;
        Assert.Equal(["line 0", "line 1", "line 2"], await there.TextsAsync());
        Assert.Single(await there.KindsAsync(), SystemKind.HistoryShared);
        (ulong said, bool nameDue) = (marie.Machinery.Thread(group[0].Id)!.Newest!.Row.Number, marie.Machinery.Thread(group[0].Id)!.Newest!.Row.ProfileDue);
        await marie.DisposeAsync();

        await amina.SyncAsync();
        Conversation hers = amina.Conversation(group[0].Id)!;
        await hers.AcceptAsync();
        await SyncAsync(amina, second, amina);
        // The device that offered has its time first.
        Assert.Empty(await hers.TextsAsync());
        clock.Advance(3 * Sharing.Turn);
        await SyncAsync(second, amina, karim);
        Assert.Equal(["line 1", "line 2"], await hers.TextsAsync());
        Assert.All((await hers.MessagesAsync(100)).Where(m => m.Body is TextBody), m => Assert.Equal(second.Me.Id, m.PassedOnBy));
        // It comes back: all is done. And no third answer, ever.
        await using KavalekClient back = await KavalekClient.UnlockAsync(Options(store, clock: clock), Phrase);
        await SyncAsync(back, second, amina);
        clock.Advance(10 * Sharing.Turn);
        await SyncAsync(back, second, karim, amina, back, second);
        Assert.Equal(["line 1", "line 2"], await hers.TextsAsync());
        Assert.InRange(back.Machinery.Thread(group[0].Id)!.Newest!.Row.Number, said, nameDue ? said + 1 : said);
        foreach (KavalekClient device in (KavalekClient[])[back, second]) Assert.Empty(await device.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Asks)));
        await second.DisposeAsync();
    }

    [Fact]
    public static async Task Who_lost_all_that_was_said_gets_it_back_from_whom_they_talk_with_and_messages_that_ended_stay_away()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation his, Conversation hers) = await DirectAsync(karim, marie);
        await marie.SetHistoryAsync(on: false);
        await hers.SendAsync("hers");
        await SyncAsync(marie, karim);
        DateTimeOffset since = clock.GetUtcNow() + TimeSpan.FromHours(1);
        clock.Advance(TimeSpan.FromHours(2));
        await his.SendAsync("his");
        await karim.SyncAsync();
        await his.SetTimerAsync(TimeSpan.FromMinutes(5));
        await his.SendAsync("ended");
        await SyncAsync(karim, marie);
        clock.Advance(TimeSpan.FromMinutes(6));

        await using KavalekClient fresh = await AddDeviceAsync(server, marie, Options(clock: clock));
        await SyncAsync(marie, fresh, karim);
        Conversation there = fresh.Conversation(hers.Id)!;
        Assert.Empty(await there.TextsAsync());
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => his.PassOnAsync([Id.New()], HistoryShare.TheLast(5))));
        await his.PassOnAsync([marie.Me.Id], HistoryShare.AllSince(since));
        await SyncAsync(karim, fresh, karim, fresh);
        Assert.Equal(["his"], await there.TextsAsync());
        await his.PassOnAsync([marie.Me.Id], HistoryShare.TheLast(100));
        await SyncAsync(karim, fresh, karim, fresh, marie);
        Assert.Equal(["hers", "his"], await there.TextsAsync());
        Message own = await there.MessageAsync("hers");
        Assert.Equal((true, karim.Me.Id), (own.IsMine, own.PassedOnBy!.Value));
        // Who has it already keeps it as it is.
        Assert.All((await hers.MessagesAsync(100)).Where(m => m.Body is TextBody), m => Assert.Null(m.PassedOnBy));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task Of_what_is_passed_on_no_more_is_taken_than_may_be_however_many_parts_and_devices_it_comes_in(bool atOnce)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        await using KavalekClient second = await AddDeviceAsync(server, marie);
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        await SyncAsync(marie, second, karim);
        ConversationThread thread = karim.Machinery.Thread(group[1].Id)!;
        MemberDevice[] hers = [.. thread.Live!.Devices.Where(d => d.Account == marie.Me.Id).OrderBy(d => d.Device == marie.Me.Device ? 0 : 1)];
        Assert.Equal(2, hers.Length);

        // Twice as many texts as may be, in parts of 500; nobody stops her device from sending them.
        Passing first = await Passing.OfferAsync(karim, thread, hers[0]);
        await first.PassAsync(atOnce, Enumerable.Range(0, 4).Select(part => first.PartAsync(hers[0], part, parts: 4, [.. Enumerable.Range(0, 500).Select(n => Text(marie, $"{part} {n:d3}"))])));
        // Whatever part it came in, none takes the place of another, and each stands where its name leads.
        Assert.Equal(HistoryShare.Most, (await group[1].TextsAsync()).Length);
        Assert.Equal(Enumerable.Range(0, 2).SelectMany(part => Enumerable.Range(0, 500).Select(n => $"{part} {n:d3}")), await group[1].TextsAsync());
        foreach (Message text in (await group[1].MessagesAsync(5_000)).Where(m => m.Body is TextBody))
            Assert.Equal(text.Position, (await karim.Machinery.MessageAsync(thread, text.Id, default))?.Position);
        Assert.Null(await first.RowAsync());

        // Twice as many bytes.
        Passing larger = await Passing.OfferAsync(karim, thread, hers[0]);
        string large = new('x', 60_000);
        await larger.PassAsync(atOnce, Enumerable.Range(0, 32).Select(part => larger.PartAsync(hers[0], part, parts: 33, [Text(marie, $"{part} {large}")])));
        Assert.Equal((1 << 20) / 60_010, (await group[1].TextsAsync()).Count(text => text.Length > 60_000));

        // Two devices by turns: one may go on where the other one stopped, as often as there are devices.
        Passing third = await Passing.OfferAsync(karim, thread, hers[0]);
        await third.PassAsync(atOnce, Enumerable.Range(0, 6).Select(turn => third.PartAsync(hers[turn % 2], part: 0, parts: 2, [Text(marie, $"turn {turn}")])));
        Assert.Equal(["turn 0", "turn 1", "turn 2"], (await group[1].TextsAsync()).Where(text => text.StartsWith("turn", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    // K-52
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task A_message_itself_takes_the_place_of_what_another_member_passed_on_under_its_name(bool fromArchive)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim"), eve = await SignUpAsync(server, "eve");
        Conversation[] group = await GroupAsync("Trio", marie, karim, eve);
        await group[2].SendAsync("before");
        await SyncAsync(eve, marie, karim);
        Message said = await group[0].SendAsync("as she said it");
        await SyncAsync(marie, eve);
        Conversation his = group[1];
        ConversationThread thread = karim.Machinery.Thread(his.Id)!;
        MemberDevice hers = thread.Live!.Devices.Single(d => d.Account == eve.Me.Id);

        // Eve passes other words on under its name, with an edit and reactions that nobody made, of a time that is long past; and her word comes first.
        Records.MessageRow forged = Text(marie, "as eve would have it", said.Id.Content);
        forged.Acts = new()
        {
            Reactions = { new Records.ReactionRow { Account = Step.Bytes(marie.Me.Id), Emoji = "👍", Version = Acts.MostReactionVersions, Id = Step.Bytes(Id.New()) } },
            Edits = { new Records.EditRow { Version = Acts.MostEdits, Id = Step.Bytes(Id.New()), Sent = 2 } },
        };
        Passing passing = await Passing.OfferAsync(karim, thread, hers);
        await passing.PassAsync(atOnce: false, [passing.PartAsync(hers, 0, 1, [forged])]);
        Assert.Equal(eve.Me.Id, (await his.MessageAsync("as eve would have it")).PassedOnBy);
        int unread = his.Unread;

        if (fromArchive)
        {
            // As another device of his has archived it.
            BatchWriter writer = new(null, 10_000);
            Assert.True(writer.TryAdd(thread, (await eve.Machinery.Log.GetAsync(thread.Id, (await group[2].MessageAsync("as she said it")).Position.Value, default))!));
            (ArchivedConversation about, IReadOnlyList<Records.MessageRow> rows) = Assert.Single(new BatchReader(writer.Batch).Conversations(karim.Me.Id, lines: true));
            Assert.Equal(0, await karim.Machinery.RestoreAsync(about, rows, default));
        }
        else await karim.SyncAsync();
        Assert.Equal(["before", "as she said it"], await his.TextsAsync());
        Message message = await his.MessageAsync("as she said it");
        Assert.Equal((null, null, said.Id, marie.Me.Device, !fromArchive), (message.PassedOnBy, message.EditedAt, message.Id, message.SenderDevice, message.IsProven));
        Assert.Empty(message.Reactions);
        Assert.Equal(fromArchive ? unread : unread + 1, his.Unread);
        Assert.Empty((await karim.SearchAsync(new SearchQuery("eve"))).Hits);
        Assert.Equal(message.Id, Assert.Single((await karim.SearchAsync(new SearchQuery("she"))).Hits).Message.Id);
        // What she does to it counts, and hits nothing else.
        await group[0].ReactAsync(said.Id, "❤️");
        await group[0].EditAsync(said.Id, "as she says it now", []);
        await SyncAsync(marie, karim);
        Assert.Equal(["before", "as she says it now"], await his.TextsAsync());
        Assert.Equal("❤️", Assert.Single((await his.MessageAsync("as she says it now")).Reactions).Emoji);
        await group[0].DeleteAsync([said.Id]);
        await SyncAsync(marie, karim);
        Assert.Equal(["before"], await his.TextsAsync());
    }

    // K-52
    [Fact]
    public static async Task What_is_done_to_a_message_that_was_passed_on_is_done_to_the_message_itself_when_it_comes()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim"), eve = await SignUpAsync(server, "eve");
        Conversation[] group = await GroupAsync("Trio", eve, karim, marie);
        ConversationThread thread = karim.Machinery.Thread(group[1].Id)!;
        MemberDevice hers = thread.Live!.Devices.Single(d => d.Account == eve.Me.Id);
        Message kept = await group[2].SendAsync("kept"), gone = await group[2].SendAsync("gone");
        await SyncAsync(marie, eve);
        Passing passing = await Passing.OfferAsync(karim, thread, hers);
        await passing.PassAsync(atOnce: false, [passing.PartAsync(hers, 0, 1, [Text(marie, "forged", kept.Id.Content), Text(marie, "forged, too", gone.Id.Content)])]);
        // Of a time so long past that she could delete nothing.
        await karim.Machinery.StepAsync(thread, async step =>
        {
            Content delete = step.NewContent(), reaction = step.NewContent();
            delete.Delete = new() { Of = new() { Account = Step.Bytes(gone.Id.Account), Id = Step.Bytes(gone.Id.Content) } };
            reaction.Reaction = new() { To = new() { Account = Step.Bytes(kept.Id.Account), Id = Step.Bytes(kept.Id.Content) }, Emoji = "👍", Version = 1 };
            MemberDevice writer = thread.Live!.Devices.Single(d => d.Account == marie.Me.Id);
            foreach (Content act in (Content[])[delete, reaction]) await ActIntake.ReceiveAsync(step, thread.Live!, writer, act, null!);
            return true;
        }, default);
        Assert.Equal(["forged", "forged, too"], await group[1].TextsAsync());
        await karim.SyncAsync();
        Assert.Equal(["kept"], await group[1].TextsAsync());
        Assert.Equal("👍", Assert.Single((await group[1].MessageAsync("kept")).Reactions).Emoji);
        Assert.Single(await group[1].MessagesAsync(100), m => m.Body is DeletedBody && m.Id == gone.Id);
        Assert.Equal(1, group[1].Unread);
    }

    // K-52
    [Fact]
    public static async Task Whoever_offers_again_and_again_makes_nobody_ask_again_and_again_nor_wait_with_what_they_write()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock)), eve = await SignUpAsync(server, "eve", Options(clock: clock));
        Conversation[] group = await GroupAsync("Trio", marie, karim, eve);
        ConversationThread thread = karim.Machinery.Thread(group[1].Id)!;
        MemberDevice hers = thread.Live!.Devices.Single(d => d.Account == eve.Me.Id), others = thread.Live!.Devices.Single(d => d.Account == marie.Me.Id);
        List<Passing> offers = [];
        for (int i = 0; i < 3; i++) offers.Add(await Passing.OfferAsync(karim, thread, hers));
        Passing another = await Passing.OfferAsync(karim, thread, others);
        // One ask of each, the latest; and a key for no other.
        Assert.Equal([offers[^1].Offer, another.Offer], Asks());
        Assert.Equal((false, false, true, true), (await offers[0].RowAsync() is not null, await offers[1].RowAsync() is not null, await offers[2].RowAsync() is not null, await another.RowAsync() is not null));
        // What he writes goes out before them.
        await group[1].SendAsync("mine");
        await karim.SyncAsync();
        Assert.Empty(thread.Outbox);
        Message mine = await group[1].MessageAsync("mine");
        Records.MessageRow sent = (await karim.Machinery.Log.GetAsync(thread.Id, mine.Position.Value, default))!;
        Assert.Equal(thread.Live!.Row.Number, sent.Number + 2);
        // What was offered last is taken, and what was offered before is not.
        foreach (Passing offer in offers) await offer.PassAsync(atOnce: false, [offer.PartAsync(hers, 0, 1, [Text(marie, $"offer {offers.IndexOf(offer)}")])]);
        Assert.Equal(["offer 2", "mine"], await group[1].TextsAsync());

        for (int i = 3; i < 3 * Sharing.MostAsksOfOne; i++) offers.Add(await Passing.OfferAsync(karim, thread, hers));
        Assert.Equal([offers[Sharing.MostAsksOfOne - 1].Offer], Asks());
        Assert.Equal(2, (await karim.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Offers(thread.Id)))).Count);
        // All of them are seen; and another day is another day.
        Assert.Equal(offers.Count + 1, (await group[1].KindsAsync()).Count(kind => kind == SystemKind.HistoryShared));
        clock.Advance(TimeSpan.FromHours(25));
        Passing later = await Passing.OfferAsync(karim, thread, hers);
        Assert.Equal([later.Offer], Asks());

        Id[] Asks() => [.. thread.Outbox.Values.Select(row => Content.Parser.ParseFrom(row.Content).Ask).Where(ask => ask is not null).Select(ask => Id.Read(ask.Offer.Span))];
    }

    static Records.MessageRow Text(KavalekClient writer, string text, Id? id = null) =>
        new() { Id = Step.Bytes(id ?? Id.New()), Account = Step.Bytes(writer.Me.Id), Device = Step.Bytes(writer.Me.Device), Sent = 1, Text = new() { Text = text } };

    /// <summary>An offer, and answers to it that a member's device was not kept from sending.</summary>
    sealed class Passing(KavalekClient reader, ConversationThread thread, Id offer, byte[] key)
    {
        public Id Offer => offer;

        public static async Task<Passing> OfferAsync(KavalekClient reader, ConversationThread thread, MemberDevice by)
        {
            return await reader.Machinery.StepAsync(thread, async step =>
            {
                Content content = step.NewContent();
                content.Offer = new HistoryOffer { Last = 1_000, Accounts = { Step.Bytes(reader.Me.Id) } };
                await Sharing.OfferedAsync(step, by, content);
                HistoryAsk? ask = thread.Outbox.Values.Select(row => Content.Parser.ParseFrom(row.Content).Ask).LastOrDefault(ask => ask?.Offer.Equals(content.Id) == true);
                return new Passing(reader, thread, Id.Read(content.Id.Span), ask?.Key.ToByteArray() ?? []);
            }, default);
        }

        public async Task<(MemberDevice By, HistoryPassed Part)> PartAsync(MemberDevice by, int part, int parts, Records.MessageRow[] texts)
        {
            BatchWriter writer = new(null, 10_000_000);
            foreach (Records.MessageRow text in texts) Assert.True(writer.TryAdd(thread, text));
            return (by, (await Sharing.SealAsync(reader.Core.Mls.Crypto, thread.Id, offer, reader.Me.Id, reader.Me.Device, key, part, parts, writer.Batch))!);
        }

        /// <summary>The parts come one after another, or all in one step.</summary>
        public async Task PassAsync(bool atOnce, IEnumerable<Task<(MemberDevice By, HistoryPassed Part)>> parts)
        {
            (MemberDevice By, HistoryPassed Part)[] all = await Task.WhenAll(parts);
            foreach ((MemberDevice By, HistoryPassed Part)[] together in atOnce ? [all] : all.Chunk(1))
                await reader.Machinery.StepAsync(thread, async step =>
                {
                    foreach ((MemberDevice by, HistoryPassed part) in together) await Sharing.PassedAsync(step, by, part);
                    return true;
                }, default);
        }

        public async Task<Records.OfferRow?> RowAsync() => await reader.Core.Store.GetAsync(StoreKeys.Offer(thread.Id, offer)) is { } stored ? Records.OfferRow.Parser.ParseFrom(stored) : null;
    }

    [Fact]
    public static async Task An_offer_that_nobody_answers_is_deleted_with_its_key_after_thirty_days()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        await group[0].PassOnAsync([karim.Me.Id], HistoryShare.TheLast(10));
        await marie.SyncAsync();
        await karim.SyncAsync();
        Assert.NotEmpty(Assert.Single(await OffersAsync()).PrivateKey);
        clock.Advance(TimeSpan.FromDays(29));
        await karim.SyncAsync();
        Assert.NotEmpty(Assert.Single(await OffersAsync()).PrivateKey);
        clock.Advance(TimeSpan.FromDays(2));
        await karim.SyncAsync();
        Assert.Empty(await OffersAsync());

        async Task<IEnumerable<Records.OfferRow>> OffersAsync() => (await karim.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.AllOffers))).Select(entry => Records.OfferRow.Parser.ParseFrom(entry.Value));
    }

    // K-52
    [Fact]
    public static async Task Nothing_that_somebody_says_passes_for_a_line_that_is_to_come()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        ConversationThread thread = marie.Machinery.Thread(group[0].Id)!;
        // A text under the very id that the line of the next commit will have.
        Id line = Lines.IdOf(group[0].Id, thread.Newest!.Row.NextSeq + 1, new Records.SystemRow { Kind = (uint)SystemKind.Renamed });
        await marie.Machinery.StepAsync(thread, step =>
        {
            Content text = ContentCodec.New(line, DateTimeOffset.UtcNow);
            text.Text = new() { Text_ = "look here" };
            step.Queue(text);
            return Task.FromResult(true);
        }, default);
        await marie.SyncAsync();
        await group[0].RenameAsync("Else");
        await karim.SyncAsync();
        Assert.Contains("look here", await group[1].TextsAsync());
        Message renamed = Assert.Single(await group[1].MessagesAsync(100), m => m.Body is SystemBody { Kind: SystemKind.Renamed });
        Assert.Equal(line, renamed.Id.Content);
        await karim.Conversation(group[0].Id)!.MarkReadAsync(renamed.Id);
        Assert.Equal(0, group[1].Unread);
    }

    [Fact]
    public static async Task Nobody_passes_on_what_was_not_asked_of_them_or_what_is_of_another_conversation()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim"), eve = await SignUpAsync(server, "eve");
        Conversation[] group = await GroupAsync("Trio", marie, karim, eve);
        await group[0].SendAsync("true");
        await SyncAsync(marie, karim, eve);
        await group[0].PassOnAsync([karim.Me.Id], HistoryShare.TheLast(10));
        await SyncAsync(marie, karim, eve);
        // Eve saw the offer and the ask, and answers in Marie's place, with another conversation's id, and with what nobody can open.
        Content asked = null!;
        await eve.Machinery.StepAsync(eve.Machinery.Thread(group[0].Id)!, step =>
        {
            asked = step.NewContent();
            asked.Passed = new HistoryPassed { Offer = asked.Id, Device = Step.Bytes(karim.Me.Device), Parts = 1, KemOutput = ByteString.CopyFrom(new byte[65]), Sealed = ByteString.CopyFrom(new byte[64]) };
            step.Queue(asked);
            return Task.FromResult(true);
        }, default);
        await SyncAsync(eve, marie, karim);
        Assert.Equal(["true"], await group[1].TextsAsync());
        Assert.Null((await group[1].MessageAsync("true")).PassedOnBy);
        BatchWriter writer = new(null, 50_000);
        Assert.True(writer.TryAdd(karim.Machinery.Thread(group[0].Id)!, new Records.MessageRow { Id = Step.Bytes(Id.New()), Account = Step.Bytes(marie.Me.Id), Device = Step.Bytes(marie.Me.Device), Text = new() { Text = "x" } }));
        Assert.Single(new BatchReader(writer.Batch).Conversations(karim.Me.Id, lines: false));
        writer.Batch.Texts[0].Account = 77;
        Assert.All(new BatchReader(writer.Batch).Conversations(karim.Me.Id, lines: false), c => Assert.Empty(c.Newest));
        writer.Batch.Texts[0].Conversation = 77;
        Assert.Empty(new BatchReader(writer.Batch).Conversations(karim.Me.Id, lines: false));
        Assert.Empty(new BatchReader(new ArchiveBatch()).Conversations(karim.Me.Id, lines: false));
        // Lines are what a device verified: nobody else's word makes one.
        BatchWriter lines = new(null, 50_000);
        Records.SystemRow removed = new() { Kind = (uint)SystemKind.Removed, Actor = Step.Bytes(marie.Me.Id), Accounts = { Step.Bytes(karim.Me.Id) }, Shared = true };
        Assert.True(lines.TryAdd(karim.Machinery.Thread(group[0].Id)!, new Records.MessageRow { Id = Step.Bytes(Id.New()), Account = Step.Bytes(marie.Me.Id), Device = Step.Bytes(default), System = removed }));
        Assert.All(new BatchReader(lines.Batch).Conversations(karim.Me.Id, lines: false), c => Assert.Empty(c.Newest));
        Assert.Equal(removed, Assert.Single(Assert.Single(new BatchReader(lines.Batch).Conversations(karim.Me.Id, lines: true)).Newest).System);
    }
}
