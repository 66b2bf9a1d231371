using System.Text.Json;

namespace Kavalek.Cli.Tests;

/// <summary>People who talk, each command a process of its own, against a real server.</summary>
[Collection(nameof(TwoPeople))]
public sealed class ConversationTests(TwoPeople two)
{
    [Fact]
    public async Task What_one_sends_the_other_reads_in_french_arabic_and_emoji()
    {
        string[] texts = ["Où étais-tu, là-bas ? « Ça va. »", "السلام عليكم ورحمة الله", "👩\u200D👩\u200D👧\u200D👦 🇫🇷 ❤\uFE0F", "日本語"];
        foreach (string text in texts)
            await two.RunAsync(two.Jean, "send", "@marie", text);
        string[] read = await TextsAsync(two.Marie, "@jean");
        Assert.Equal(texts, read.Where(texts.Contains));
        string human = (await two.RunAsync(two.Marie, "history", "@jean", "--offline")).Out;
        Assert.All(texts, text => Assert.Contains(text, human));
    }

    [Fact]
    public async Task A_text_of_60_kB_goes_through_standard_input_and_arrives_whole()
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i => $"ligne {i:0000} é أ 👍\n"));
        text = text[..Math.Min(text.Length, 40_000)].TrimEnd('\n');
        (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["send", "@marie", "-"], text)).Ok();
        Assert.Contains(text, await TextsAsync(two.Marie, "@jean"));
        string cut = (await two.RunAsync(two.Marie, "history", "@jean", "--offline", "--limit", "1")).Out;
        Assert.True(cut.Length < 5000 && cut.Contains("--full"));
    }

    [Theory]
    [InlineData(65_537, "too long")]
    [InlineData(0, "empty")]
    public async Task A_text_that_cannot_be_sent_is_refused_before_anything_happens(int length, string says)
    {
        Outcome refused = (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["send", "@marie", "-"], new string('x', length))).Ended(ExitCode.Usage);
        Assert.Contains(says, refused.Error);
        Assert.Contains("Nothing was sent", refused.Error);
    }

    [Fact]
    public async Task Escape_sequences_of_a_message_never_reach_the_terminal()
    {
        const string hostile = "\e]52;c;cm0gLXJmIH4=\a\e[2J\u009B31m\u202Ereversed\n2026-01-01 00:00 Marie: forged";
        (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["send", "@marie", "-"], hostile)).Ok();
        foreach (string[] command in (string[][])[["history", "@jean"], ["conversations"], ["chat", "@jean"], ["history", "@jean", "--json"], ["listen", "--timeout", "0.2", "--in", "@jean"]])
        {
            Outcome shown = await two.RunAsync(two.Marie, command);
            Assert.DoesNotContain('\e', shown.All);
            Assert.DoesNotContain('\a', shown.All);
            Assert.DoesNotContain('\u009B', shown.All);
            Assert.DoesNotContain('\u202E', shown.All);
            Assert.DoesNotContain("\n2026-01-01 00:00 Marie", shown.All);
        }
    }

    [Fact]
    public async Task A_message_is_reacted_to_edited_and_deleted_by_its_id_and_the_other_side_sees_it()
    {
        string key = Guid.NewGuid().ToString("n");
        JsonElement sent = JsonDocument.Parse((await two.RunAsync(two.Jean, "send", "@marie", "--json", $"@marie {key}")).Out).RootElement;
        string id = sent.GetProperty("id").GetString()!;
        Assert.Equal(6, sent.GetProperty("mentions")[0].GetProperty("length").GetInt32());
        await two.RunAsync(two.Marie, "react", "@jean", id, "👍");
        await two.RunAsync(two.Jean, "edit", "@marie", id, "other words", key);
        string seen = (await two.RunAsync(two.Marie, "history", "@jean", "--limit", "3")).Out;
        Assert.Contains($"other words {key}  (edited · 👍 you)", seen);
        JsonElement last = JsonDocument.Parse((await two.RunAsync(two.Jean, "history", "@marie", "--json", "--limit", "1")).Out.Trim()).RootElement;
        Assert.Equal("👍", last.GetProperty("reactions")[0].GetProperty("emoji").GetString());
        Assert.Equal($"@marie {key}", last.GetProperty("formerVersions")[0].GetProperty("text").GetString());
        (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["delete", "@jean", id])).Ended(ExitCode.Refused);
        await two.RunAsync(two.Jean, "delete", "@marie", id);
        string gone = (await two.RunAsync(two.Marie, "history", "@jean", "--limit", "3")).Out;
        Assert.DoesNotContain(key, gone);
        Assert.Contains("deleted this message", gone);
    }

    [Fact]
    public async Task A_bot_hears_messages_as_json_and_answers_through_the_same_process()
    {
        string key = Guid.NewGuid().ToString();
        Assert.Contains("says nothing", (await two.RunAsync(two.Marie, "receipts")).Out);
        Assert.Contains("what was read", (await two.RunAsync(two.Marie, "receipts", "read")).Out);
        Assert.Contains("what was read", (await two.RunAsync(two.Marie, "receipts")).Out);
        await using KavalekProcess bot = KavalekProcess.Start(two.Marie, TwoPeople.Password, "listen", "--json", "--commands", "--mark-read");
        await bot.EventAsync("connection", e => e.GetProperty("state").GetString() == "online");
        await two.RunAsync(two.Jean, "send", "@marie", $"question {key}");
        JsonElement heard = await bot.EventAsync("message", e => e.GetProperty("text").GetString() == $"question {key}");
        Assert.Equal("jean", heard.GetProperty("from").GetProperty("handle").GetString());
        Assert.False(heard.GetProperty("mine").GetBoolean());

        await bot.TypeAsync(JsonSerializer.Serialize(new { @do = "send", to = heard.GetProperty("conversation").GetString(), text = $"answer {key}", replyTo = heard.GetProperty("id").GetString(), @ref = "7" }));
        JsonElement done = await bot.EventAsync("done", e => e.GetProperty("ref").GetString() == "7");
        await bot.EventAsync("state", e => e.GetProperty("id").GetString() == done.GetProperty("id").GetString() && e.GetProperty("state").GetString() == "sent");
        await bot.TypeAsync("""{"do":"send","to":"@nobody.here","text":"x","ref":"8"}""");
        Assert.Equal("not_found", (await bot.EventAsync("failed")).GetProperty("code").GetString());
        await bot.TypeAsync("not json");
        Assert.Equal("invalid", (await bot.EventAsync("failed")).GetProperty("code").GetString());
        await bot.TypeAsync("""{"do":"quit"}""");
        (await bot.EndAsync()).Ok();

        string history = (await two.RunAsync(two.Jean, "history", "@marie", "--json")).Out;
        JsonElement answer = Json(history).Single(m => Text(m) == $"answer {key}");
        Assert.Equal(heard.GetProperty("id").GetString(), answer.GetProperty("replyTo").GetString());
        Assert.Equal("read", Json(history).Single(m => Text(m) == $"question {key}").GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_chat_over_pipes_sends_lines_prints_what_comes_and_ends_when_all_is_on_the_server()
    {
        string key = Guid.NewGuid().ToString();
        await using KavalekProcess marie = KavalekProcess.Start(two.Marie, TwoPeople.Password, "chat", "@jean");
        await using KavalekProcess jean = KavalekProcess.Start(two.Jean, TwoPeople.Password, "chat", "@marie");
        await marie.TypeAsync($"bonjour {key}");
        string line = await jean.LineAsync(l => l.Contains($"bonjour {key}"));
        Assert.Contains("Marie: ", line);
        await jean.TypeAsync($"/reply salut {key}");
        Assert.Contains($"[> you: bonjour {key[..8]}", await marie.LineAsync(l => l.Contains($"salut {key}")));
        await marie.TypeAsync($"//{key} begins with a slash");
        await jean.LineAsync(l => l.Contains($": /{key} begins with a slash"));
        await jean.TypeAsync("/nonsense");
        await jean.TypeAsync("/quit");
        Outcome ended = (await jean.EndAsync()).Ended(ExitCode.Refused);
        Assert.Contains("There is no command /nonsense", ended.Error);
        await marie.TypeAsync($"last {key}");
        marie.EndInput();
        Assert.Contains($"last {key}  [✓", (await marie.EndAsync()).Ok().Out);
        Assert.Contains($"last {key}", await TextsAsync(two.Jean, "@marie"));
    }

    [Fact]
    public async Task A_group_is_made_renamed_and_left_from_the_command_line()
    {
        string title = $"Équipe {Guid.NewGuid():n}";
        await two.RunAsync(two.Marie, "groups", "create", title, "@jean");
        await two.RunAsync(two.Marie, "send", title, "to the group");
        await two.RunAsync(two.Jean, "send", title, "from Jean");
        Assert.Equal(["to the group", "from Jean"], await TextsAsync(two.Marie, title));
        Assert.Contains("@jean", (await two.RunAsync(two.Marie, "groups", "members", title)).Out);
        Outcome refused = (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["groups", "rename", title, "Mine"])).Ended(ExitCode.Refused);
        Assert.NotEmpty(refused.Error);
        await two.RunAsync(two.Marie, "groups", "role", title, "@jean", "admin");
        await two.RunAsync(two.Jean, "groups", "rename", title, title + " 2");
        await two.RunAsync(two.Marie, "conversations");
        await two.RunAsync(two.Marie, "groups", "remove", title + " 2", "@jean");
        (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["send", title + " 2", "too late"])).Ended(ExitCode.Refused);
    }

    [Fact]
    public async Task Both_see_the_same_safety_number_and_a_wrong_one_is_refused()
    {
        string marie = (await two.RunAsync(two.Marie, "verify", "@jean")).Out;
        string jean = (await two.RunAsync(two.Jean, "verify", "@marie")).Out;
        Assert.Equal(marie, jean);
        Assert.Equal(60, marie.Count(char.IsAsciiDigit));
        string digits = string.Concat(marie.Where(char.IsAsciiDigit));
        string wrong = digits[..^1] + (char)('0' + (digits[^1] - '0' + 1) % 10);
        (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["verify", "@jean", "--code", wrong])).Ended(ExitCode.Refused);
        await two.RunAsync(two.Marie, "verify", "@jean", "--code", jean);
        Assert.Contains("verified", (await two.RunAsync(two.Marie, "contacts")).Out);
        Assert.DoesNotContain("not verified", (await two.RunAsync(two.Marie, "contacts", "--json")).Out);
    }

    [Fact]
    public async Task A_contact_link_adds_somebody_verified()
    {
        string amina = await two.SignUpAsync("amina");
        string link = (await two.RunAsync(two.Marie, "contacts", "link")).Out.Trim();
        Assert.StartsWith(two.Server.Address + "#contact=", link);
        await two.RunAsync(amina, "contacts", "add", link);
        Assert.Equal("verified", Json((await two.RunAsync(amina, "contacts", "--json")).Out).Single().GetProperty("trust").GetString());
        Assert.Contains("@amina", (await two.RunAsync(two.Marie, "requests")).Out);
        await two.RunAsync(two.Marie, "requests", "decline", "@amina", "--block");
        Assert.Contains("No requests", (await two.RunAsync(two.Marie, "requests")).Error);
    }

    [Fact]
    public async Task A_second_device_is_let_in_by_comparing_codes_and_wipes_itself_when_it_is_removed()
    {
        string second = two.Profile("jean-second");
        Outcome waiting = (await KavalekProcess.RunAsync(second, TwoPeople.Password, ["login", "--server", two.Server.Address.ToString(), "--email", "jean@example.org"])).Ended(ExitCode.Refused);
        Assert.Contains("begin afresh", waiting.Error);
        Assert.Contains("stay closed", waiting.Error);
        Assert.Contains("waits to be let in", (await two.RunAsync(two.Jean, "devices")).Out);
        await using (KavalekProcess grants = KavalekProcess.Start(two.Jean, TwoPeople.Password, "devices", "add", "--json"))
        {
            string code = (await grants.EventAsync("code")).GetProperty("code").GetString()!;
            await using KavalekProcess joins = KavalekProcess.Start(second, TwoPeople.Password, "login", "--code", code);
            string match = (await grants.EventAsync("joined")).GetProperty("match").GetString()!;
            Assert.Equal(match, (await joins.LineAsync(line => line.Length > 0)).Trim());
            await joins.TypeAsync("yes");
            await grants.TypeAsync("yes");
            (await joins.EndAsync()).Ok();
            (await grants.EndAsync()).Ok();
        }
        Assert.Contains("@jean", (await two.RunAsync(second, "whoami")).Out);
        JsonElement old = Json((await two.RunAsync(two.Jean, "devices", "--json")).Out).Single(d => !d.GetProperty("this").GetBoolean());
        Assert.Contains("no option '--gone'", (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["devices", "remove", "--gone"])).Ended(ExitCode.Usage).Error);
        // What cannot be undone is asked for first, and where nobody is to ask, nothing happens.
        string gone = old.GetProperty("device").GetString()![..8];
        foreach (string[] how in (string[][])[[], ["--lost"]])
            Assert.Contains("confirm with --yes", (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["devices", "remove", gone, .. how])).Ended(ExitCode.Usage).Error);
        JsonElement receipt = Json((await two.RunAsync(two.Jean, "devices", "remove", gone, "--yes", "--json")).Out).Single();
        Assert.NotEmpty(receipt.GetProperty("conversations").EnumerateArray());
        Assert.All(receipt.GetProperty("conversations").EnumerateArray(), c => Assert.True(c.GetProperty("epoch").GetUInt64() > 0));
        Assert.Contains("This device was removed", (await KavalekProcess.RunAsync(second, TwoPeople.Password, ["conversations"])).Ended(ExitCode.NoAccount).Error);
        Assert.Contains("There is no account", (await KavalekProcess.RunAsync(second, TwoPeople.Password, ["conversations"])).Ended(ExitCode.NoAccount).Error);
    }

    [Fact]
    public async Task A_stranger_is_answered_only_after_accepting_and_a_blocked_one_not_at_all()
    {
        string hugo = await two.SignUpAsync("hugo");
        await two.RunAsync(hugo, "send", "@marie", "je peux te parler ?");
        Outcome early = await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["send", "@hugo", "too early"]);
        Assert.Contains("Not sent", early.Ended(ExitCode.Refused).Error);
        Outcome chat = await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["chat", "@hugo"], "refused\n/accept\nbien sûr\n");
        Assert.Contains("/accept or /decline", chat.Ended(ExitCode.Refused).Error);
        Assert.Equal(["je peux te parler ?", "bien sûr"], await TextsAsync(hugo, "@marie"));
        await two.RunAsync(two.Marie, "block", "@hugo");
        (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["send", "@hugo", "not to him"])).Ended(ExitCode.Refused);
        await two.RunAsync(two.Marie, "unblock", "@hugo");
        await two.RunAsync(two.Marie, "send", "@hugo", "again");
    }

    [Fact]
    public async Task Nobody_with_that_handle_is_said_with_exit_code_7()
    {
        Outcome missing = (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["send", "@nobody.at.all", "hello"])).Ended(ExitCode.NotFound);
        Assert.Contains("@nobody.at.all", missing.Error);
    }

    async Task<string[]> TextsAsync(string profile, string conversation) =>
        [.. Json((await two.RunAsync(profile, "history", conversation, "--all", "--json")).Out).Select(Text).OfType<string>()];

    static IEnumerable<JsonElement> Json(string lines) => lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);

    static string? Text(JsonElement message) => message.TryGetProperty("what", out _) ? null : message.TryGetProperty("text", out JsonElement text) ? text.GetString() : null;
}
