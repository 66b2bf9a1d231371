using Kavalek.Cli.Chat;
using Kavalek.Client;

namespace Kavalek.Cli.Tests;

/// <summary>What <c>/verified</c> says was compared.</summary>
[Collection(nameof(TwoPeople))]
public sealed class ChatVerifyTests(TwoPeople two)
{
    // K-43
    [Fact]
    public async Task Verified_is_the_number_that_was_shown_and_never_a_key_that_came_in_its_place()
    {
        await using KavalekClient verena = await SignUpAsync("verena");
        KavalekClient walter = await SignUpAsync("walter");
        await walter.SyncAsync();
        Contact contact = await verena.FindAsync("walter");
        ChatRoom room = new(verena, await verena.DirectAsync(contact.Account));
        string shown = await RefusedAsync("/verified");
        Assert.Contains("/verify", shown);
        string old = Digits((await room.TakeAsync("/verify", [], default)).Text!);
        Assert.Equal(contact.SafetyNumber.Digits, old);

        // While they compare, another key comes in place of his.
        await walter.DisposeAsync();
        await using KavalekClient other = await KavalekClient.LogInAsync(Options(), two.Server.Address, "walter@example.org", TwoPeople.Password);
        await other.BeginAfreshAsync(TwoPeople.Password);
        Assert.Equal(Trust.Changed, (await verena.FindAsync("walter")).Trust);
        Assert.Contains("changed", await RefusedAsync("/verified"));
        Assert.Contains("60 digits", await RefusedAsync("/verified 12345"));
        Assert.Equal(Trust.Changed, verena.Contact(contact.Account)!.Trust);
        await room.TakeAsync("/accept-key", [], default);
        Assert.Contains("do not match", await RefusedAsync("/verified"));
        Assert.Equal(Trust.Unverified, verena.Contact(contact.Account)!.Trust);

        // The allow twin: what is shown now, or read out now.
        Assert.NotEqual(old, Digits((await room.TakeAsync("/verify", [], default)).Text!));
        Assert.False((await room.TakeAsync("/verified", [], default)).Keep);
        Assert.Equal(Trust.Verified, verena.Contact(contact.Account)!.Trust);
        await using KavalekClient third = await KavalekClient.LogInAsync(Options(), two.Server.Address, "walter@example.org", TwoPeople.Password);
        await third.BeginAfreshAsync(TwoPeople.Password);
        Contact changed = await verena.FindAsync("walter");
        Assert.Equal(Trust.VerifiedChanged, changed.Trust);
        Assert.False((await room.TakeAsync($"/verified {string.Join(' ', changed.SafetyNumber.Groups)}", [], default)).Keep);
        Assert.Equal(Trust.Verified, verena.Contact(contact.Account)!.Trust);

        async Task<string> RefusedAsync(string line)
        {
            ChatAnswer answer = await room.TakeAsync(line, [], default);
            Assert.True(answer.Keep);
            return answer.Text!;
        }
    }

    async Task<KavalekClient> SignUpAsync(string name)
    {
        string link = (await two.RunAsync(two.Marie, "invites", "create")).Out.Trim();
        return await KavalekClient.SignUpAsync(Options(), new SignUp(two.Server.Address, link.Split("#invite=")[1], $"{name}@example.org", name, TwoPeople.Password));
    }

    static ClientOptions Options() => new() { Store = new MemoryClientStore(), Transport = server => new HttpTransport(server) };

    // What stands above the sentence.
    static string Digits(string answer) => string.Concat(answer.Where(char.IsAsciiDigit));
}
