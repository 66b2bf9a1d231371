using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class PeopleTests
{
    [Fact]
    public static async Task Both_sides_see_the_same_safety_number_and_comparing_it_verifies()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        Contact hers = await marie.FindAsync("@Karim"), his = await karim.FindAsync("marie");
        Assert.Equal(Trust.Unverified, hers.Trust);
        Assert.Equal(his.SafetyNumber, hers.SafetyNumber);

        Assert.Equal(ClientErrors.SafetyNumberMismatch, await CodeAsync(() => marie.VerifyAsync(hers.Account, new string('0', 60))));
        Assert.Equal(Trust.Unverified, marie.Contact(hers.Account)!.Trust);
        Assert.Equal(Trust.Verified, (await marie.VerifyAsync(hers.Account, string.Join(' ', his.SafetyNumber.Groups))).Trust);
        Assert.Equal(Trust.Verified, (await karim.VerifyAsync(his.Account, hers.SafetyNumber.QrText)).Trust);
    }

    [Fact]
    public static async Task Nobody_is_found_by_half_a_handle_and_nonsense_is_not_sent()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => marie.FindAsync("mari")));
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => marie.FindAsync("../accounts")));
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => marie.FindAsync("")));
    }

    [Fact]
    public static async Task A_contact_link_verifies_at_once_and_one_with_another_key_is_refused()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        Contact contact = await marie.AddByLinkAsync($" {karim.ContactLink}\n");
        Assert.Equal((Trust.Verified, true, "karim"), (contact.Trust, contact.IsAdded, contact.Handle));
        Assert.Equal([contact.Account], marie.Contacts.Select(c => c.Account));

        string link = karim.ContactLink, wrong = link[..^4] + (link[^4] == 'A' ? 'B' : 'A') + link[^3..];
        Assert.Equal(ClientErrors.SafetyNumberMismatch, await CodeAsync(() => marie.AddByLinkAsync(wrong)));
        foreach (string nonsense in (string[])["", "hello", link[..^1], link.Replace("contact", "invite", StringComparison.Ordinal), marie.ContactLink])
            Assert.Equal(ClientErrors.InvalidLink, await CodeAsync(() => marie.AddByLinkAsync(nonsense)));
        Assert.Equal(ClientErrors.InvalidLink, await CodeAsync(() => marie.AddByLinkAsync("https://other.example" + link[link.IndexOf("/#", StringComparison.Ordinal)..])));
    }

    [Theory]
    [InlineData(false, Trust.Changed)]
    [InlineData(true, Trust.VerifiedChanged)]
    public static async Task A_server_that_swaps_an_account_key_is_noticed_and_nothing_follows(bool verified, Trust shown)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim"), mallory = await SignUpAsync(server, "mallory");
        await mallory.SyncAsync();
        Func<AccountRecord, AccountRecord> lie = honest => honest;
        List<string> asked = [];
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
        {
            asked.Add(path);
            return path.Contains("auth/v1/accounts/", StringComparison.Ordinal) && !path.EndsWith("claim", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(lie(JsonSerializer.Deserialize(body, AuthJson.Default.AccountRecord)!), AuthJson.Default.AccountRecord)
                : body;
        })));
        Contact contact = await marie.FindAsync("karim");
        if (verified) await marie.VerifyAsync(contact.Account, contact.SafetyNumber.Digits);
        await using IAsyncEnumerator<ClientEvent> events = marie.Events().GetAsyncEnumerator();

        // Somebody else's valid list, and one made for this very account by another key.
        AccountRecord foreign = await mallory.Core.Auth.AccountAsync(mallory.Me.Id, default);
        lie = honest => foreign with { Account = honest.Account, Handle = honest.Handle };
        Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => marie.Core.People.ClaimAsync(contact.Account, default)));
        (AccountRecord Record, byte[] Key) forged = Forge(server.Instance, contact.Account, "karim");
        lie = _ => forged.Record;
        asked.Clear();
        Assert.Equal(ClientErrors.KeyChanged, await CodeAsync(() => marie.Core.People.ClaimAsync(contact.Account, default)));
        Assert.DoesNotContain(asked, path => path.EndsWith("claim", StringComparison.Ordinal));

        Contact changed = marie.Contact(contact.Account)!;
        Assert.Equal(shown, changed.Trust);
        Assert.NotEqual(contact.SafetyNumber, changed.SafetyNumber);
        Assert.True(await events.MoveNextAsync());
        Assert.IsType<KeyChanged>(events.Current);

        // The honest key again takes nothing back; only the person does.
        lie = honest => honest;
        Assert.Equal(ClientErrors.KeyChanged, await CodeAsync(() => marie.Core.People.ClaimAsync(contact.Account, default)));
        Assert.Equal(Trust.Unverified, (await marie.AcceptKeyAsync(contact.Account)).Trust);
        Assert.Equal(forged.Key, marie.Contact(contact.Account)!.AccountKey);
    }

    [Fact]
    public static async Task A_change_that_was_a_lie_is_dismissed_by_comparing_the_old_number()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        bool lie = false;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
            lie && path.EndsWith($"accounts/{karim.Me.Id}", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(Forge(server.Instance, karim.Me.Id, "karim").Record, AuthJson.Default.AccountRecord)
                : body)));
        Contact honest = await marie.FindAsync("karim");
        lie = true;
        Assert.Equal(ClientErrors.KeyChanged, await CodeAsync(() => marie.Core.People.RefreshAsync(honest.Account, default)));
        lie = false;
        Contact again = await marie.VerifyAsync(honest.Account, (await karim.FindAsync("marie")).SafetyNumber.Digits);
        Assert.Equal(Trust.Verified, again.Trust);
        Assert.Equal(karim.Me.AccountKey, again.AccountKey);
        Assert.Single((await marie.Core.People.RefreshAsync(honest.Account, default)).Certificates);
    }

    [Fact]
    public static async Task A_handle_that_moved_to_another_account_is_not_taken_for_the_contact()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim"), mallory = await SignUpAsync(server, "mallory");
        bool lie = false;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
            lie && path.EndsWith("directory/karim", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(mallory.Core.Auth.AccountAsync(mallory.Me.Id, default).GetAwaiter().GetResult() with { Handle = "karim" }, AuthJson.Default.AccountRecord)
                : body)));
        await marie.AddByLinkAsync(karim.ContactLink);
        lie = true;
        Assert.Equal(ClientErrors.KeyChanged, await CodeAsync(() => marie.FindAsync("karim")));
    }

    [Fact]
    public static async Task An_older_device_list_of_a_person_is_refused_after_a_restart_too()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        MemoryClientStore store = new();
        Func<string, string> change = body => body;
        Func<Uri, ITransport> transport = address => new Rewrites(new HttpTransport(address), (path, body) =>
            path.Contains("auth/v1/accounts/", StringComparison.Ordinal) ? change(body) : body);
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store, transport: transport));
        Contact contact = await marie.FindAsync("karim");
        string? old = null;
        change = body => old = body;
        await marie.Core.People.RefreshAsync(contact.Account, default);
        await using KavalekClient second = await AddDeviceAsync(server, karim);
        change = body => body;
        Assert.Equal(2, (await marie.Core.People.RefreshAsync(contact.Account, default)).Certificates.Count);
        await marie.LockAsync();

        await using KavalekClient again = await KavalekClient.UnlockAsync(Options(store, transport: transport), Phrase);
        change = _ => old!;
        Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => again.Core.People.RefreshAsync(contact.Account, default)));
    }

    [Fact]
    public static async Task Blocking_and_pins_survive_a_restart()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        Contact contact = await marie.AddByLinkAsync(karim.ContactLink);
        Assert.True((await marie.BlockAsync(contact.Account, true)).IsBlocked);
        await marie.LockAsync();
        await using KavalekClient again = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Contact kept = Assert.Single(again.Contacts);
        Assert.Equal((contact.Account, Trust.Verified, true), (kept.Account, kept.Trust, kept.IsBlocked));
        Assert.False((await again.BlockAsync(contact.Account, false)).IsBlocked);
    }

    static (AccountRecord Record, byte[] Key) Forge(Id instance, Id account, string handle)
    {
        Kavalek.Mls.NativeCryptoProvider crypto = Kavalek.Mls.NativeCryptoProvider.Shared;
        using Kavalek.Mls.KeyPair accountKey = Pair(), deviceKey = Pair();
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        var certificate = Certification.CertifyAsync(crypto, accountKey, instance, account, Id.New(), deviceKey.PublicKey, now).GetAwaiter().GetResult();
        var list = Certification.ListAsync(crypto, accountKey, instance, account, 1, [certificate], now).GetAwaiter().GetResult();
        return (new AccountRecord(account, handle, accountKey.PublicKey, list.Encode(), [certificate.Encode()]), accountKey.PublicKey);

        Kavalek.Mls.KeyPair Pair() => crypto.GenerateSignatureKeyPairAsync(Kavalek.Mls.SignatureAlgorithm.EcdsaP256Sha256).AsTask().GetAwaiter().GetResult();
    }
}
