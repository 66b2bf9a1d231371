using System.Text;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Messages found by their words (docs/STORE.md, "Search").</summary>
public static class SearchTests
{
    [Theory]
    [InlineData("Élan vital, NAÏVE œuvre", "elan vital naive oeuvre")]
    [InlineData("Straße STRASSE", "strasse strasse")]
    [InlineData("ΜΕΓΆΛΟΣ μεγάλος", "μεγαλοσ μεγαλοσ")]
    [InlineData("İstanbul ısı", "istanbul isi")]
    [InlineData("مُحَمَّد إلى مـحـمـد", "محمد الي محمد")]
    [InlineData("שָׁלוֹם", "שלום")]
    [InlineData("e-mail to a.b@example.org, 12٣", "e mail to a b example org 123")]
    [InlineData("東京都", "東京 京都 都")]
    [InlineData("ﬁnal Ｗｉｄｅ", "final wide")]
    [InlineData("\ud800 whole", "whole")]
    public static void Words_are_compared_without_case_accents_vowel_points_and_ways_to_write_a_letter(string text, string words) =>
        Assert.Equal(words, string.Join(' ', SearchWords.Of(text)));

    [Theory]
    [InlineData("The straße is long", "stras", "The [straß]e is long")]
    [InlineData("Un élève élu", "ele", "Un [élè]ve élu")]
    [InlineData("nothing here", "zzz", "nothing here")]
    [InlineData("line one\nline\ttwo", "line", "[line] one [line] two")]
    [InlineData("我在東京都", "東京", "我在[東京]都")]
    public static void An_excerpt_marks_what_was_found(string text, string sought, string expected)
    {
        (string excerpt, IReadOnlyList<TextMark> marks) = Excerpt.Of(text, SearchWords.Of(sought));
        StringBuilder shown = new(excerpt);
        foreach (TextMark mark in marks.Reverse()) shown.Insert(mark.Start + mark.Length, ']').Insert(mark.Start, '[');
        Assert.Equal(expected, shown.ToString());
    }

    [Fact]
    public static void A_long_text_is_cut_around_the_first_match()
    {
        string text = string.Concat(Enumerable.Repeat("lorem ipsum 👍🏽 ", 40)) + "needle" + string.Concat(Enumerable.Repeat(" dolor", 60));
        (string excerpt, IReadOnlyList<TextMark> marks) = Excerpt.Of(text, ["needle"]);
        Assert.InRange(excerpt.Length, 20, 165);
        Assert.Equal("needle", excerpt.Substring(Assert.Single(marks).Start, marks[0].Length));
        Assert.Equal(('…', '…'), (excerpt[0], excerpt[^1]));
    }

    [Fact]
    public static async Task Messages_are_found_by_the_beginnings_of_their_words_in_all_conversations_in_one_and_of_one_person_also_after_a_restart_offline()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient karim = await SignUpAsync(server, "karim"), awa = await SignUpAsync(server, "awa");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Conversation[] group = await GroupAsync("Enquête", marie, karim, awa);
        foreach ((Conversation where, string text) in ((Conversation, string)[])[
            (his, "Les élèves arrivent à midi"), (hers, "Elle ÉLÈVE des moutons"), (group[1], "élection demain, midi"), (group[2], "Rien de neuf"), (his, "first wording"), (his, "taken back soon")])
        {
            await where.SendAsync(text);
        }
        await SyncAsync(karim, awa, marie);

        async Task<string[]> FoundAsync(string text, Id? conversation = null, Id? sender = null) =>
            [.. (await marie.SearchAsync(new SearchQuery(text) { Conversation = conversation, Sender = sender })).Hits.Select(hit => ((TextBody)hit.Message.Body).Text).Order(StringComparer.Ordinal)];
        Assert.Equal(["Elle ÉLÈVE des moutons", "Les élèves arrivent à midi", "élection demain, midi"], await FoundAsync("ele"));
        Assert.Equal(["Les élèves arrivent à midi", "élection demain, midi"], await FoundAsync("MID ele"));
        Assert.Equal(["Les élèves arrivent à midi"], await FoundAsync("midi", hers.Id));
        Assert.Equal(["Rien de neuf"], await FoundAsync("rien", sender: awa.Me.Id));
        Assert.Empty(await FoundAsync("rien", sender: karim.Me.Id));
        Assert.Empty(await FoundAsync("lection"));
        Assert.Empty(await FoundAsync(" ,! "));

        // What was edited is found by what it says now, and what was deleted not at all.
        Assert.Equal(2, (await FoundAsync("wording")).Length + (await FoundAsync("taken")).Length);
        await his.EditAsync((await his.MessageAsync("first wording")).Id, "second version", []);
        await his.DeleteAsync([(await his.MessageAsync("taken back soon")).Id]);
        await SyncAsync(karim, marie);
        Assert.Equal(["second version"], await FoundAsync("version"));
        Assert.Empty(await FoundAsync("wording"));
        Assert.Empty(await FoundAsync("taken"));
        Assert.DoesNotContain("wording", await WordsAsync(marie, hers));

        // Offline, and after a restart.
        await marie.DisposeAsync();
        marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Assert.Equal(3, (await FoundAsync("ele")).Length);

        // What is queued is found, once, before it is sent and after; what is declined is forgotten.
        await marie.Conversation(hers.Id)!.SendAsync("Éléphant");
        Assert.Equal(["Éléphant"], await FoundAsync("eleph"));
        await marie.SyncAsync();
        Assert.Equal(["Éléphant"], await FoundAsync("eleph"));
        await marie.DisposeAsync();
    }

    // K-75
    [Fact]
    public static async Task What_ends_leaves_the_index_with_its_words_and_a_draft_ends_with_the_timer()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store, clock));
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await hers.SetDraftAsync(new Draft("begun before any timer"));
        await his.SendAsync("permanent harbour");
        await karim.SyncAsync();
        await his.SetTimerAsync(TimeSpan.FromHours(1));
        for (int i = 0; i < 40; i++) await his.SendAsync($"fleeting harbour {i}");
        await SyncAsync(karim, marie);
        Message answered = await hers.MessageAsync("permanent harbour");
        await hers.SetDraftAsync(new Draft("half a thought", answered.Id));
        Assert.Equal(41, await CountAsync(marie, "harb"));
        Assert.Contains("fleeting", await WordsAsync(marie, hers));
        Assert.Equal(new Draft("half a thought", answered.Id), hers.Draft);

        // Half an hour later the draft is still there, and counts from its last change.
        clock.Advance(TimeSpan.FromMinutes(30));
        await hers.SetDraftAsync(new Draft("half a thought more", answered.Id));
        clock.Advance(TimeSpan.FromMinutes(40));
        await marie.SyncAsync();
        Assert.Equal(1, await CountAsync(marie, "harb"));
        Assert.DoesNotContain("fleeting", await WordsAsync(marie, hers));
        Assert.Equal("half a thought more", hers.Draft!.Text);
        // Off when it ends: gone before anything is drawn.
        await marie.DisposeAsync();
        clock.Advance(TimeSpan.FromMinutes(40));
        marie = await KavalekClient.UnlockAsync(Options(store, clock), Phrase);
        Assert.Null(marie.Conversation(hers.Id)!.Draft);
        Assert.Null(await marie.Core.Store.GetAsync(StoreKeys.Draft(hers.Id)));
        await marie.DisposeAsync();
    }

    [Fact]
    public static async Task A_draft_outlives_a_restart_with_what_it_answers_and_is_gone_once_it_is_sent()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await his.SendAsync("a question");
        await SyncAsync(karim, marie);
        Message question = await hers.MessageAsync("a question");
        Draft draft = new("an answer that is not", question.Id);
        await hers.SetDraftAsync(draft);
        Assert.Equal(ErrorCodes.TooLarge, await CodeAsync(() => hers.SetDraftAsync(new Draft(new string('é', 140_000)))));
        await marie.DisposeAsync();
        Assert.DoesNotContain(await store.ScanAsync(new StoreRange(" ", "\u007f")), entry => Encoding.UTF8.GetString(entry.Value).Contains("an answer", StringComparison.Ordinal));

        marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
        hers = marie.Conversation(hers.Id)!;
        Assert.Equal(draft, hers.Draft);
        // Files by their names, made fit to show; what is in them is nowhere.
        await hers.SetDraftAsync(new Draft("") { Files = [new DraftFile("../a film.mp4", 7_000)] });
        Assert.Equal([new DraftFile("a film.mp4", 7_000)], hers.Draft!.Files);
        await marie.DisposeAsync();
        marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
        hers = marie.Conversation(hers.Id)!;
        Assert.Equal([new DraftFile("a film.mp4", 7_000)], hers.Draft!.Files);
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => hers.SetDraftAsync(new Draft("") { Files = [.. Enumerable.Repeat(new DraftFile("x", 1), 11)] })));
        // More than one message, where files of the one before are still being read.
        Draft several = new(new string('é', 130_000));
        await hers.SetDraftAsync(several);
        Assert.Equal(several, hers.Draft);
        await hers.SetDraftAsync(draft);
        Assert.Equal("a question", ((TextBody)(await hers.FindAsync(draft.ReplyTo!.Value))!.Body).Text);
        await hers.SetDraftAsync(new Draft("  "));
        Assert.Null(hers.Draft);
        await hers.SetDraftAsync(draft);
        await hers.SendAsync("an answer", question.Id);
        Assert.Null(hers.Draft);
        await marie.DisposeAsync();
        marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Assert.Null(marie.Conversation(hers.Id)!.Draft);
        await marie.DisposeAsync();
    }

    [Fact]
    public static async Task Whatever_is_added_changed_and_taken_away_the_index_finds_what_is_there_page_by_page_and_is_made_anew_where_it_is_missing()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        Id[] conversations = [(await marie.CreateGroupAsync("One", [])).Id, (await marie.CreateGroupAsync("Two", [])).Id];
        Random random = new(7);
        string[] vocabulary = [.. Enumerable.Range(0, 300).Select(i => string.Concat(Enumerable.Range(0, 2 + (i % 7)).Select(_ => (char)('a' + random.Next(26)))) + (i % 5 == 0 ? "é" : i % 11 == 0 ? "😀" : ""))];
        Dictionary<(Id, ulong), (ulong Sent, string Text)> model = [];
        for (int round = 0; round < 60; round++)
        {
            Id conversation = conversations[random.Next(2)];
            ConversationThread thread = marie.Machinery.Thread(conversation)!;
            await marie.Machinery.StepAsync(thread, async step =>
            {
                for (int n = random.Next(1, 90); n > 0; n--)
                {
                    (Id, ulong)[] mine = [.. model.Keys.Where(key => key.Item1 == conversation)];
                    switch (mine.Length == 0 ? 0 : random.Next(8))
                    {
                        case 6:
                            // One that was there before this step.
                            (Id, ulong) gone = mine[random.Next(mine.Length)];
                            if (await step.Log.GetAsync(conversation, gone.Item2, default) is null) break;
                            await step.RemoveAsync(gone.Item2);
                            model.Remove(gone);
                            break;
                        case 7:
                            // Between or before others, as from the archive.
                            ulong place = mine[random.Next(mine.Length)].Item2 - (ulong)random.Next(1, 1000);
                            if (model.ContainsKey((conversation, place))) break;
                            step.Restore(place, model.Row(marie, conversation, place, Text(), random));
                            break;
                        default:
                            MessageRow row = model.Row(marie, conversation, 0, Text(), random);
                            ulong position = step.Append(row);
                            model[(conversation, position)] = (row.Sent, row.Text.Text);
                            break;
                    }
                }
                return true;
                string Text() => string.Join(' ', Enumerable.Range(0, random.Next(1, 8)).Select(_ => vocabulary[random.Next(vocabulary.Length)]));
            }, default);
        }
        Assert.InRange(model.Count, 500, 5000);

        async Task CheckAsync()
        {
            foreach (string sought in (string[])["a", "ab", vocabulary[0], $"{vocabulary[3]} {vocabulary[4][..1]}", vocabulary[11], "q"])
            {
                string[] words = [.. SearchWords.Of(sought)];
                (Id, ulong)[] expected = [.. model.Where(m => words.All(word => SearchWords.Of(m.Value.Text).Any(own => own.StartsWith(word, StringComparison.Ordinal))))
                    .OrderByDescending(m => m.Value.Sent).ThenByDescending(m => m.Key.Item2).Select(m => m.Key)];
                List<(Id, ulong)> found = [];
                string? after = null;
                do
                {
                    SearchPage page = await marie.SearchAsync(new SearchQuery(sought) { Limit = 37, After = after });
                    found.AddRange(page.Hits.Select(hit => (hit.Message.Conversation, hit.Message.Position.Value)));
                    after = page.Next;
                }
                while (after is not null);
                Assert.Equal(expected, found);
            }
        }
        await CheckAsync();
        StoreEntry[] segments = [.. await marie.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.AllWords))];
        Assert.All(segments, segment => Assert.InRange(new SearchReader(segment.Value).Count, 1, 768));

        // Without an index, or with a part of one: it is made anew, beside what is new.
        await marie.Core.Store.ApplyAsync(new StoreBatch().DeletePrefix(StoreKeys.AllWords).Delete(StoreKeys.Search));
        await marie.DisposeAsync();
        marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Message added = await marie.Conversation(conversations[0])!.SendAsync(vocabulary[0]);
        model[(conversations[0], added.Position.Value)] = ((ulong)added.SentAt.ToUnixTimeMilliseconds(), vocabulary[0]);
        while (!marie.Machinery.Searching.IsComplete) await Task.Yield(); // it runs beside, from the start on
        await CheckAsync();
        await marie.DisposeAsync();
    }

    static MessageRow Row(this Dictionary<(Id, ulong), (ulong, string)> model, KavalekClient client, Id conversation, ulong position, string text, Random random)
    {
        MessageRow row = new()
        {
            Id = ByteString.CopyFrom(client.Core.Mls.Crypto.NewId().ToArray()),
            Account = ByteString.CopyFrom(client.Me.Id.ToArray()),
            Device = ByteString.CopyFrom(client.Me.Device.ToArray()),
            Sent = 1_780_000_000_000 + (ulong)random.Next(1_000_000_000),
            Received = 1_780_000_000_000,
            Mine = true,
            State = (uint)MessageState.Sent,
            Text = new TextRow { Text = text },
        };
        if (position != 0) model[(conversation, position)] = (row.Sent, text);
        return row;
    }

    static async Task<int> CountAsync(KavalekClient client, string text) => (await client.SearchAsync(new SearchQuery(text) { Limit = 200 })).Hits.Count;

    // All that the index says of a conversation.
    static async Task<IReadOnlySet<string>> WordsAsync(KavalekClient client, Conversation conversation)
    {
        HashSet<string> words = [];
        foreach (StoreEntry segment in await client.Core.Store.ScanAsync(StoreRange.Prefix(StoreKeys.Words(conversation.Id))))
            new SearchReader(segment.Value).ForEachWord((word, _) => words.Add(word));
        return words;
    }
}
