using System.Text.Json;

namespace Kavalek.Browser.Tests;

/// <summary>What people do, in real browsers on a real server.</summary>
public sealed class StoryTests(Site site) : IClassFixture<Site>
{
    const string Password = "correct horse battery";

    static int s_people;

    [Fact]
    public async Task Two_people_write_to_each_other_and_a_reload_keeps_everything()
    {
        (Tab marie, string marieHandle) = await SignUpAsync();
        (Tab paul, string paulHandle) = await SignUpAsync();
        JsonElement contact = await marie.AskAsync("contacts.find", new { handle = paulHandle });
        JsonElement conversation = await marie.AskAsync("conversations.direct", new { account = contact.GetProperty("account").GetString() });
        string id = conversation.GetProperty("id").GetString()!;
        await marie.AskAsync("conversation.send", new { conversation = id, text = "Bonjour Paul – ça va ?", replyTo = (string?)null });

        JsonElement asked = await paul.UntilAsync("conversations", "list => list.length === 1 && list[0].last !== null && list[0].last.body.type === 'text'");
        Assert.Equal("request", asked[0].GetProperty("state").GetString());
        Assert.Equal(id, asked[0].GetProperty("id").GetString());
        Assert.Equal("Bonjour Paul – ça va ?", asked[0].GetProperty("last").GetProperty("body").GetProperty("text").GetString());
        await paul.AskAsync("conversation.accept", new { conversation = id });
        await paul.AskAsync("settings.setReceipts", new { delivered = true, read = true });
        await paul.AskAsync("conversation.send", new { conversation = id, text = "Très bien.", replyTo = asked[0].GetProperty("last").GetProperty("id").GetString() });
        await paul.AskAsync("conversation.markRead", new { conversation = id, upTo = asked[0].GetProperty("last").GetProperty("id").GetString() });

        JsonElement seen = await marie.UntilAsync($"messages('{id}')", "w => w.messages.some(m => m.body.text === 'Très bien.') && w.messages.some(m => m.state === 'read')");
        Assert.True(seen.GetProperty("complete").GetBoolean());
        Assert.Equal($"@{paulHandle}", (await marie.UntilAsync("conversations", "list => list[0].unread === 1"))[0].GetProperty("title").GetString());

        await marie.ReloadAsync();
        await marie.EvaluateAsync("start()");
        Assert.Equal("start", (await marie.UntilAsync("session", "s => s.state === 'locked'")).GetProperty("why").GetString());
        Assert.Equal("wrong_password", await marie.CodeOfAsync("session.unlock", new { password = "another password" }));
        await marie.AskAsync("session.unlock", new { password = Password });
        await marie.UntilAsync("session", "s => s.state === 'ready'");
        JsonElement kept = await marie.UntilAsync($"messages('{id}')", "w => w.messages.some(m => m.body.text === 'Très bien.')");
        Assert.Contains(kept.GetProperty("messages").EnumerateArray(), m => m.GetProperty("body").TryGetProperty("text", out JsonElement t) && t.GetString() == "Bonjour Paul – ça va ?");
        await marie.UntilAsync("connection", "c => c.state === 'online'");
        await marie.AskAsync("conversation.send", new { conversation = id, text = "after the reload", replyTo = (string?)null });
        await paul.UntilAsync($"messages('{id}')", "w => w.messages.some(m => m.body.text === 'after the reload')");
        Assert.Equal(marieHandle, (await marie.EvaluateAsync("client.session.get().me.handle")).GetString());
        NoComplaints(marie, paul);
    }

    [Fact]
    public async Task Two_tabs_are_one_client_and_the_one_goes_on_when_the_other_is_closed()
    {
        BrowserContext context = await site.Chromium.ContextAsync();
        (Tab first, string handle) = await SignUpAsync(context);
        (Tab other, string otherHandle) = await SignUpAsync();
        Tab second = await site.OpenAsync(context);
        Assert.Equal(handle, (await second.UntilAsync("session", "s => s.state === 'ready'")).GetProperty("me").GetProperty("handle").GetString());
        JsonElement contact = await second.AskAsync("contacts.find", new { handle = otherHandle });
        JsonElement group = await second.AskAsync("conversations.createGroup", new { title = "From the second tab", accounts = new[] { contact.GetProperty("account").GetString() } });
        await first.UntilAsync("conversations", "list => list.some(c => c.title === 'From the second tab')");
        string id = group.GetProperty("id").GetString()!;
        await first.AskAsync("conversation.send", new { conversation = id, text = "from the first", replyTo = (string?)null });
        await second.UntilAsync($"messages('{id}')", "w => w.messages.some(m => m.body.text === 'from the first' && m.state !== 'queued')");
        await other.UntilAsync("conversations", "list => list.some(c => c.title === 'From the second tab' && c.last.body.text === 'from the first')");

        // One locks, both are locked; one opens, both are open.
        await first.EvaluateAsync("void (window.states = [], client.session.subscribe(() => states.push(client.session.get().state + client.conversations.get().length)))");
        await second.AskAsync("session.lock");
        Assert.Equal("asked", (await first.UntilAsync("session", "s => s.state === 'locked'")).GetProperty("why").GetString());
        // What was drawn went before the account was closed, which takes its time.
        Assert.Equal("closing0 locked0", (await first.EvaluateAsync("states.join(' ')")).GetString());
        Assert.Equal(0, (await first.EvaluateAsync("client.conversations.get().length")).GetInt32());
        Assert.Equal("not_open", await first.CodeOfAsync("conversation.messages", new { conversation = id, before = (string?)null, limit = 50 }));
        await first.AskAsync("session.unlock", new { password = Password });
        await second.UntilAsync("session", "s => s.state === 'ready'");

        // The worker that had the account was ended with the lock, and the second tab was next in line. With it go the keys.
        await second.CloseAsync();
        Assert.Equal("tab_closed", (await first.UntilAsync("session", "s => s.state === 'locked'")).GetProperty("why").GetString());
        await first.AskAsync("session.unlock", new { password = Password });
        await first.UntilAsync($"messages('{id}')", "w => w.messages.some(m => m.body.text === 'from the first')");
        NoComplaints(first);
    }

    [Fact]
    public async Task A_tab_that_froze_is_succeeded_by_another_and_steps_back_when_it_wakes()
    {
        BrowserContext context = await site.Chromium.ContextAsync();
        (Tab first, _) = await SignUpAsync(context);
        (Tab other, string otherHandle) = await SignUpAsync();
        JsonElement contact = await first.AskAsync("contacts.find", new { handle = otherHandle });
        string id = (await first.AskAsync("conversations.direct", new { account = contact.GetProperty("account").GetString() })).GetProperty("id").GetString()!;
        await first.AskAsync("conversation.send", new { conversation = id, text = "before", replyTo = (string?)null });
        await other.UntilAsync("conversations", "list => list.length === 1");
        await other.AskAsync("conversation.accept", new { conversation = id });
        Tab second = await site.OpenAsync(context);
        await second.UntilAsync("session", "s => s.state === 'ready'");

        await first.FreezeAsync(true);
        Assert.Equal("interrupted", await second.CodeOfAsync("session.touch"));
        await second.UntilAsync("session", "s => s.state === 'locked'");
        await second.AskAsync("session.unlock", new { password = Password });
        await second.AskAsync("conversation.send", new { conversation = id, text = "meanwhile", replyTo = (string?)null });
        await other.UntilAsync($"messages('{id}')", "w => w.messages.some(m => m.body.text === 'meanwhile')");

        await first.FreezeAsync(false);
        await first.UntilAsync($"messages('{id}')", "w => w.messages.some(m => m.body.text === 'meanwhile')");
        await first.AskAsync("conversation.send", new { conversation = id, text = "awake", replyTo = (string?)null });
        JsonElement all = await other.UntilAsync($"messages('{id}')", "w => w.messages.some(m => m.body.text === 'awake')");
        Assert.Equal(["before", "meanwhile", "awake"], all.GetProperty("messages").EnumerateArray().Where(m => m.GetProperty("body").GetProperty("type").GetString() == "text")
            .Select(m => m.GetProperty("body").GetProperty("text").GetString()));
        NoComplaints(second, other);
    }

    [Fact]
    public async Task A_new_browser_comes_in_by_the_recovery_words_and_another_by_a_code()
    {
        (Tab first, string handle) = await SignUpAsync();
        string email = $"{handle}@example.org";
        JsonElement words = (await first.AskAsync("recovery.generate", new { language = "french" })).GetProperty("words");
        Assert.Equal(12, words.GetArrayLength());
        await first.AskAsync("recovery.use");

        Tab second = await site.OpenAsync(await site.Chromium.ContextAsync());
        await second.AskAsync("session.logIn", new { email, password = Password });
        await second.UntilAsync("session", "s => s.state === 'waiting'");
        Assert.Equal("wrong_recovery_key", await second.CodeOfAsync("join.recover", new { words = "one two three" }));
        // As people write them down: capitals, and no accents.
        string typed = string.Concat(string.Join(' ', words.EnumerateArray().Select(w => w.GetString())).Normalize(System.Text.NormalizationForm.FormD)
            .Where(c => char.GetUnicodeCategory(c) != System.Globalization.UnicodeCategory.NonSpacingMark)).ToUpperInvariant();
        await second.AskAsync("join.recover", new { words = typed });
        await second.UntilAsync("session", "s => s.state === 'ready'");

        Tab third = await site.OpenAsync(await site.Chromium.ContextAsync());
        await third.AskAsync("session.logIn", new { email, password = Password });
        JsonElement link = await first.AskAsync("link.begin");
        string matching = (await third.AskAsync("join.begin", new { code = link.GetProperty("code").GetString() })).GetProperty("matchingCode").GetString()!;
        JsonElement joined = await first.EvaluateAsync("event(e => e.type === 'link.joined')");
        Assert.Equal(matching, joined.GetProperty("matchingCode").GetString());
        Task confirmed = third.AskAsync("join.confirm");
        await first.AskAsync("link.grant");
        await confirmed;
        await third.UntilAsync("session", "s => s.state === 'ready'");
        Assert.Equal(3, (await third.AskAsync("devices.list")).GetArrayLength());

        // The one that is removed forgets everything.
        string gone = (await second.EvaluateAsync("client.session.get().me.device")).GetString()!;
        await first.AskAsync("devices.remove", new { device = gone });
        await second.UntilAsync("session", "s => s.state === 'removed'");
        await second.ReloadAsync();
        await second.EvaluateAsync("start()");
        await second.UntilAsync("session", "s => s.state === 'empty'");
        NoComplaints(first, third);
    }

    async Task<(Tab Tab, string Handle)> SignUpAsync(BrowserContext? context = null)
    {
        s_owner ??= await SignUpAsync(await site.Chromium.ContextAsync(), site.Server.SetUpSecret!, "olga");
        JsonElement invite = await s_owner.AskAsync("invites.create", new { uses = 1, validity = 3600 });
        string handle = $"person{Interlocked.Increment(ref s_people)}";
        return (await SignUpAsync(context ?? await site.Chromium.ContextAsync(), invite.GetProperty("link").GetString()!.Split("#invite=")[1], handle), handle);
    }

    async Task<Tab> SignUpAsync(BrowserContext context, string invite, string handle)
    {
        Tab tab = await site.OpenAsync(context);
        await tab.UntilAsync("session", "s => s.state === 'empty'");
        await tab.AskAsync("session.signUp", new { invite, email = $"{handle}@example.org", handle, password = Password, displayName = (string?)null });
        await tab.UntilAsync("session", "s => s.state === 'ready'");
        await tab.UntilAsync("connection", "c => c.state === 'online'");
        return tab;
    }

    /// <summary>Who became the owner by the set-up link, and invites all others.</summary>
    static Tab? s_owner;

    static void NoComplaints(params Tab[] tabs)
    {
        foreach (Tab tab in tabs) Assert.Empty(tab.Complaints);
    }
}
