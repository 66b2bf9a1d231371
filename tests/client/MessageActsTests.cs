using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Reactions, edits, deletions and mentions between people (docs/PROTOCOL.md §7.15).</summary>
public static class MessageActsTests
{
    [Fact]
    public static async Task An_edit_that_waits_is_not_sent_where_its_message_was_deleted_meanwhile()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        Message gone = await group[1].SendAsync("gone"), stays = await group[1].SendAsync("stays");
        await SyncAsync(karim, marie, karim);
        ConversationThread his = karim.Machinery.Thread(group[1].Id)!;
        ulong said = his.Live!.Row.Number;
        await group[1].EditAsync(gone.Id, "words that are nobody's any more", []);
        await group[1].EditAsync(stays.Id, "still stays", []);
        await group[0].DeleteAsync([gone.Id]);
        await marie.SyncAsync();
        await SyncAsync(karim, marie);
        Assert.Empty(his.Outbox);
        Assert.Equal(said + 1, his.Live!.Row.Number);
        Assert.Equal(["still stays"], await group[0].TextsAsync());
    }

    [Fact]
    public static async Task What_is_done_to_messages_is_the_same_for_all_members_and_devices_and_what_was_deleted_is_in_no_store_and_no_archive()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        MemoryClientStore hisStore = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(hisStore, clock)), zoe = await SignUpAsync(server, "zoe", Options(clock: clock));
        Conversation[] group = await GroupAsync("Trio", marie, karim, zoe);
        await using KavalekClient second = await AddDeviceAsync(server, marie, Options(clock: clock));
        await SyncAsync(marie, second, karim, zoe);
        KavalekClient[] all = [marie, second, karim, zoe];
        Conversation[] sides = [group[0], second.Conversation(group[0].Id)!, group[1], group[2]];

        // Whoever is named is shown as each reader knows them, and the unread ones that name me are counted.
        await group[0].SendAsync("hello @karim", null, [new Mention(karim.Me.Id, 6, 6)]);
        await group[0].SendAsync("take this back");
        await SyncAsync(all);
        Assert.Equal((2, 1), (group[1].Unread, group[1].UnreadMentions));
        Assert.Equal((2, 0), (group[2].Unread, group[2].UnreadMentions));
        MessageId hello = (await group[0].MessageAsync("hello @karim")).Id, taken = (await group[0].MessageAsync("take this back")).Id;
        Assert.Equal([new Mention(karim.Me.Id, 6, 6)], ((TextBody)(await group[2].MessageAsync(hello))!.Body).Mentions);
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => group[0].SendAsync("@", null, [new Mention(karim.Me.Id, 0, 2)])));
        foreach (KavalekClient device in all) await device.SaveHistoryAsync();

        // One reaction a person, from whichever device; an edit with its history; nobody else's.
        await group[1].ReactAsync(hello, "👍");
        await group[2].ReactAsync(hello, "🎉");
        await group[0].ReactAsync(hello, "👀");
        await SyncAsync(all);
        await sides[1].ReactAsync(hello, "❤️");
        await group[2].ReactAsync(hello, null);
        await sides[1].EditAsync(hello, "hello @karim and all", [new Mention(karim.Me.Id, 6, 6)]);
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => group[1].EditAsync(hello, "no", [])));
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => group[1].ReactAsync(hello, "no")));
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => group[1].ReactAsync(new MessageId(marie.Me.Id, Id.New()), "👍")));
        await SyncAsync(all);
        foreach (Conversation side in sides)
        {
            Message message = (await side.MessageAsync(hello))!;
            Assert.Equal("hello @karim and all", ((TextBody)message.Body).Text);
            Assert.Equal(["hello @karim"], message.FormerVersions.Select(version => version.Text));
            Assert.NotNull(message.EditedAt);
            Assert.Equal(new[] { (karim.Me.Id, "👍"), (marie.Me.Id, "❤️") }.OrderBy(r => r.Item1.ToString()), message.Reactions.Select(r => (r.Account, r.Emoji)).OrderBy(r => r.Account.ToString()));
        }
        Assert.Equal((2, 1), (group[1].Unread, group[1].UnreadMentions)); // none of it is unread

        // Taken back: a tombstone for all, and it counts as unread no more.
        Assert.False(group[1].MayDelete((await group[1].MessageAsync(taken))!));
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => group[1].DeleteAsync([taken])));
        await group[0].DeleteAsync([taken]);
        Assert.IsType<DeletedBody>((await group[0].MessageAsync(taken))!.Body);
        await SyncAsync(all);
        foreach (Conversation side in sides) Assert.Equal(new DeletedBody(marie.Me.Id), (await side.MessageAsync(taken))!.Body);
        Assert.Equal(1, group[1].Unread);
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => group[1].ReactAsync(taken, "👍")));

        // An admin takes back what a member wrote, a member only hides it for themselves, on all of their devices.
        await group[2].SendAsync("out of place");
        await SyncAsync(all);
        MessageId outOfPlace = (await group[1].MessageAsync("out of place")).Id;
        await group[1].HideAsync([outOfPlace]);
        Assert.Null(await group[1].MessageAsync(outOfPlace));
        await group[0].DeleteAsync([outOfPlace]);
        await SyncAsync(all);
        Assert.Equal(new DeletedBody(marie.Me.Id), (await group[2].MessageAsync(outOfPlace))!.Body);
        Assert.Null(await group[1].MessageAsync(outOfPlace));

        // The archives: what was deleted is in none of them, and a new device finds everything as it stands.
        foreach (KavalekClient device in all) await device.SaveHistoryAsync();
        await SyncAsync(all);
        foreach (KavalekClient device in (KavalekClient[])[marie, karim, zoe])
        {
            List<string> archived = await HistoryTests.ArchivedAsync(device);
            Assert.DoesNotContain("take this back", archived);
            Assert.DoesNotContain("out of place", archived);
            Assert.Contains("hello @karim and all", archived);
            Assert.Equal(0, (await device.HistoryAsync()).Waiting);
            Assert.Null((await device.HistoryAsync()).Problem);
            foreach (StoreEntry entry in await device.Core.Store.ScanAsync(StoreRange.Prefix("conv/")))
                foreach (byte[] gone in (byte[][])["take this back"u8.ToArray(), "out of place"u8.ToArray()]) Assert.True(entry.Value.AsSpan().IndexOf(gone) < 0, entry.Key);
        }
        await using KavalekClient his = await AddDeviceAsync(server, karim, Options(clock: clock));
        await his.RestoreHistoryAsync();
        Conversation there = his.Conversation(group[0].Id)!;
        Message found = (await there.MessageAsync(hello))!;
        Assert.Equal(("hello @karim and all", true), (((TextBody)found.Body).Text, found.MentionsMe));
        Assert.Equal(["hello @karim"], found.FormerVersions.Select(version => version.Text));
        Assert.Equal(2, found.Reactions.Count);
        Assert.Equal(new DeletedBody(marie.Me.Id), (await there.MessageAsync(taken))!.Body);
        Assert.Null(await there.MessageAsync(outOfPlace));
        // What comes later by the archive alone reaches it, too: hidden here, hidden there.
        await group[1].HideAsync([hello]);
        await karim.SaveHistoryAsync();
        await his.SyncAsync();
        Assert.Null(await there.MessageAsync(hello));

        // Time: a day for words, two for taking back; for the owner of the group none.
        await group[1].SendAsync("old");
        await group[0].SendAsync("old, too");
        await SyncAsync(all);
        MessageId old = (await group[1].MessageAsync("old")).Id;
        clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(ClientErrors.TooLate, await CodeAsync(() => group[1].EditAsync(old, "new", [])));
        Assert.False(group[1].MayEdit((await group[1].MessageAsync(old))!));
        clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal(ClientErrors.TooLate, await CodeAsync(() => group[1].DeleteAsync([old])));
        await group[0].DeleteAsync([old]);
        await SyncAsync(all);
        Assert.Equal(new DeletedBody(marie.Me.Id), (await group[1].MessageAsync(old))!.Body);
    }

    [Fact]
    public static async Task Acts_wait_for_their_message_within_bounds_end_with_it_and_pass_on_with_it()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock)), zoe = await SignUpAsync(server, "zoe", Options(clock: clock));
        Conversation[] group = await GroupAsync("Trio", marie, karim);
        await group[0].SendAsync("first");
        Message edited = await group[0].SendAsync("with a slip");
        Message gone = await group[0].SendAsync("gone");
        await group[0].EditAsync(edited.Id, "without", []);
        await group[0].ReactAsync(edited.Id, "👍");
        await group[0].DeleteAsync([gone.Id]);
        await SyncAsync(marie, karim);
        // What a new member is given stands as it does now, without what it was before.
        await zoe.SyncAsync();
        await group[0].AddAsync([(await marie.FindAsync("zoe")).Account], HistoryShare.TheLast(10));
        await SyncAsync(marie, zoe);
        Conversation hers = zoe.Conversation(group[0].Id)!;
        await hers.AcceptAsync();
        await SyncAsync(zoe, marie, zoe, karim);
        Assert.Equal(["first", "without"], await hers.TextsAsync());
        Message passed = (await hers.MessageAsync(edited.Id))!;
        Assert.Empty(passed.FormerVersions);
        Assert.NotNull(passed.EditedAt);
        Assert.Equal([new Reaction(marie.Me.Id, "👍")], passed.Reactions);

        // Before its message: it waits, for so many of one account and no more, and through a restart.
        await using RawMember raw = await RawMember.OpenAsync(karim, group[1].Id);
        Content[] texts = [.. Enumerable.Range(0, 10).Select(n => Say(clock, c => c.Text = new() { Text_ = $"text {n}" }))];
        foreach (Content text in texts)
        {
            await raw.SayAsync(Say(clock, c => c.Reaction = new() { To = Of(karim, text), Emoji = "🎉", Version = 2 }));
            await raw.SayAsync(Say(clock, c => c.Reaction = new() { To = Of(karim, text), Emoji = "👍", Version = 1 }));
            await raw.SayAsync(Say(clock, c => c.Edit = new() { Of = Of(karim, text), Text = "edited", Version = 1 }));
            clock.Advance(TimeSpan.FromSeconds(1));
            await marie.SyncAsync();
        }
        await raw.SayAsync(Say(clock, c => c.Delete = new() { Of = Of(karim, texts[9]) }));
        await marie.SyncAsync();
        Assert.Equal(8, (await marie.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Waitings(group[0].Id)))).Count);
        foreach (Content text in texts) await raw.SayAsync(text);
        await marie.SyncAsync();
        string[] now = await group[0].TextsAsync();
        Assert.Equal(["first", "without", "text 0", "text 1", .. Enumerable.Repeat("edited", 7)], now);
        Assert.Equal([new Reaction(karim.Me.Id, "🎉")], (await group[0].MessageAsync(new MessageId(karim.Me.Id, Id.Read(texts[5].Id.Span))))!.Reactions);
        Assert.IsType<DeletedBody>((await group[0].MessageAsync(new MessageId(karim.Me.Id, Id.Read(texts[9].Id.Span))))!.Body);
        Assert.Empty(await marie.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Waitings(group[0].Id))));

        // With a life: the acts end with their message, and the server forgets them no later than a text said with them.
        await group[0].SetTimerAsync(TimeSpan.FromHours(1));
        Message ends = await group[0].SendAsync("ends");
        await marie.SyncAsync();
        clock.Advance(TimeSpan.FromMinutes(59));
        await group[0].EditAsync(ends.Id, "ends soon", []);
        await group[0].ReactAsync(ends.Id, "👍");
        await marie.SyncAsync();
        await zoe.SyncAsync();
        Assert.Equal("ends soon", ((TextBody)(await hers.MessageAsync(ends.Id))!.Body).Text);
        Assert.Equal(ends.EndsAt, (await hers.MessageAsync(ends.Id))!.EndsAt);
        clock.Advance(TimeSpan.FromMinutes(2));
        await SyncAsync(marie, zoe);
        foreach (KavalekClient device in (KavalekClient[])[marie, zoe])
        {
            Assert.Null(await device.Conversation(group[0].Id)!.MessageAsync(ends.Id));
            foreach (StoreEntry entry in await device.Core.Store.ScanAsync(StoreRange.Prefix("conv/")))
                Assert.True(entry.Value.AsSpan().IndexOf("ends soon"u8) < 0, entry.Key);
        }
        // Waiting acts that nobody will need go after their time.
        Assert.DoesNotContain(SystemKind.MessagesMissing, (await hers.KindsAsync()).TakeLast(3));
    }

    [Fact]
    public static async Task A_failed_message_is_removed_or_sent_again_and_what_never_left_goes_without_a_word()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Message unsent = await hers.SendAsync("never mind");
        await hers.EditAsync(unsent.Id, "never mind this", []);
        await hers.DeleteAsync([unsent.Id]);
        Assert.Null(await hers.MessageAsync(unsent.Id));
        Message one = await hers.SendAsync("one"), two = await hers.SendAsync("two");
        await hers.ReactAsync(one.Id, "👍");
        await FailAsync(marie, hers);
        Assert.Equal(MessageState.Failed, (await hers.MessageAsync(one.Id))!.State);
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => hers.ReactAsync(two.Id, "👍")));
        await hers.DeleteAsync([two.Id]);
        Message again = await hers.RetryAsync(one.Id);
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => hers.RetryAsync(one.Id)));
        await SyncAsync(marie, karim);
        Assert.Equal(["one"], await his.TextsAsync());
        Assert.Equal(["one"], await hers.TextsAsync());
        Assert.Equal(MessageState.Delivered, (await hers.MessageAsync(again.Id))!.State);
        Assert.DoesNotContain(SystemKind.MessagesMissing, await his.KindsAsync());
    }

    // K-31
    [Fact]
    public static async Task Words_and_reactions_written_before_a_key_changed_are_not_sent_and_are_taken_back_here()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Message said = await hers.SendAsync("said"), other = await hers.SendAsync("other");
        await hers.ReactAsync(said.Id, "👍");
        await SyncAsync(marie, karim);
        await using EventsOf events = new(marie);
        await hers.EditAsync(said.Id, "other words", []);
        await hers.ReactAsync(said.Id, "🎉");
        await hers.DeleteAsync([other.Id]);
        await FailAsync(marie, hers);
        Message now = (await hers.MessageAsync(said.Id))!;
        Assert.Equal(("said", null), (((TextBody)now.Body).Text, now.EditedAt));
        Assert.Equal([new Reaction(marie.Me.Id, "👍")], now.Reactions);
        Assert.Empty(now.FormerVersions);
        await events.NextAsync<Notice>(notice => notice.Text.Contains("edit", StringComparison.Ordinal));
        await SyncAsync(marie, karim);
        Message there = (await his.MessageAsync(said.Id))!;
        Assert.Equal("said", ((TextBody)there.Body).Text);
        Assert.Equal([new Reaction(marie.Me.Id, "👍")], there.Reactions);
        // The allow twin: to take back says nothing, and goes out; and so does what is done from now on.
        Assert.Equal(new DeletedBody(marie.Me.Id), (await his.MessageAsync(other.Id))!.Body);
        await hers.EditAsync(said.Id, "other words after all", []);
        await SyncAsync(marie, karim);
        Assert.Equal("other words after all", ((TextBody)(await his.MessageAsync(said.Id))!.Body).Text);
    }

    // K-38
    [Fact]
    public static async Task Killed_at_any_instant_what_was_done_is_done_for_all_or_for_nobody()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        List<Message> said = [];
        for (int n = 0; n < 48; n++) said.Add(await hers.SendAsync($"text {n}"));
        Message liked = await his.SendAsync("liked");
        await SyncAsync(marie, karim, marie);
        await marie.DisposeAsync();
        bool died = true;
        int at = 0;
        for (; died; at++)
        {
            Assert.True(at < said.Count, "more instants than messages");
            PowerCut cut = new(at + 1);
            try
            {
                KavalekClient dying = await KavalekClient.UnlockAsync(cut.Options(store), Phrase);
                Conversation conversation = dying.Conversation(hers.Id)!;
                await conversation.EditAsync(said[at].Id, $"edited {at}", []);
                await conversation.ReactAsync(liked.Id, at % 2 == 0 ? "👍" : "🎉");
                if (at > 0) await conversation.DeleteAsync([said[at - 1].Id]);
                await dying.SyncAsync();
            }
            catch (Exception e) when (e is IOException or KavalekException or HttpRequestException)
            {
                // Killed: nothing is closed, nothing flushed.
            }
            died = cut.Happened;
        }
        marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
        await SyncAsync(marie, karim);
        hers = marie.Conversation(hers.Id)!;
        Assert.True(at > 5);
        Message[] mine = [.. (await hers.MessagesAsync(100)).Where(m => m.Body is not SystemBody)], others = [.. (await his.MessagesAsync(100)).Where(m => m.Body is not SystemBody)];
        Assert.Equal(mine.Select(Stand), others.Select(Stand));
        Assert.Contains(mine, message => message.EditedAt is not null);
        Assert.Contains(mine, message => message.Body is DeletedBody);
        Assert.DoesNotContain(SystemKind.MessagesMissing, await his.KindsAsync());
        await marie.DisposeAsync();
    }

    // All that is shown of a message, but how far it got.
    static string Stand(Message message) =>
        $"{message.Id} {(message.Body as TextBody)?.Text} {message.Body is DeletedBody} [{string.Join(',', message.FormerVersions.Select(v => v.Text))}] {string.Join(' ', message.Reactions)}";

    // As when somebody's key changes between the writing and the sending.
    static async Task FailAsync(KavalekClient client, Conversation conversation)
    {
        ConversationThread thread = client.Thread(conversation.Id);
        await client.Talk!.StepAsync(thread, step =>
        {
            thread.Row.KeyChanges++;
            step.Changed = true;
            return Task.FromResult(true);
        }, default);
        await client.SyncAsync();
    }

    static ConversationThread Thread(this KavalekClient client, Id conversation) => client.Talk!.Threads.Single(thread => thread.Id == conversation);

    static Content Say(ManualClock clock, Action<Content> say)
    {
        Content content = ContentCodec.New(Id.New(), clock.GetUtcNow());
        say(content);
        return content;
    }

    static MessageRef Of(KavalekClient author, Content content) => ContentCodec.Ref(author.Me.Id, Id.Read(content.Id.Span));

    // K-52
    [Fact]
    public static async Task An_index_that_names_somebody_elses_message_leads_to_nothing_being_done_to_it()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim"), zoe = await SignUpAsync(server, "zoe");
        Conversation[] group = await GroupAsync("Trio", zoe, karim, marie);
        Message hers = await group[2].SendAsync("marie's"), other = await group[0].SendAsync("zoe's");
        await SyncAsync(marie, zoe, karim);
        ulong position = (await group[1].MessageAsync("zoe's")).Position.Value;
        await karim.Core.Store.ApplyAsync(new StoreBatch().Put(StoreKeys.Index(group[1].Id, hers.Id.Account, hers.Id.Content), new Records.IndexRow { Position = position }.ToByteArray()));
        await group[2].EditAsync(hers.Id, "marie's, edited", []);
        await group[2].ReactAsync(hers.Id, "👍");
        await group[2].DeleteAsync([hers.Id]);
        await SyncAsync(marie, karim);
        Message untouched = await group[1].MessageAsync("zoe's");
        Assert.Equal((other.Id, null), (untouched.Id, untouched.EditedAt));
        Assert.Empty(untouched.Reactions);
        // Nor by its own reader.
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => group[1].HideAsync([hers.Id])));
        Assert.Contains("zoe's", await group[1].TextsAsync());
    }
}
