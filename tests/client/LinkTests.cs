using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>One device lets another in (docs/PROTOCOL.md §5.3).</summary>
public static class LinkTests
{
    [Fact]
    public static async Task A_second_device_is_let_in_by_the_first_and_is_equal_to_it()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient second = await KavalekClient.LogInAsync(Options(), server.Address, first.Me.Email, Phrase);
        Assert.True(second.Me.IsWaiting);
        Assert.Equal(ClientErrors.DeviceWaits, await CodeAsync(() => second.DevicesAsync()));
        Assert.Equal(ClientErrors.DeviceWaits, await CodeAsync(() => second.SyncAsync()));
        Assert.Equal(ClientErrors.LinkExpired, await CodeAsync(() => second.JoinLinkAsync("ABCD-EFGH")));

        // Whoever says yes there before this one has shown its digits has let it in all the same.
        await using DeviceLink link = await first.LinkDeviceAsync();
        await second.JoinLinkAsync(link.Code);
        string shown = (await link.WaitAsync()).MatchingCode;
        Assert.Equal(second.Me.Device, (await link.GrantAsync()).Id);
        Assert.Equal(shown, await second.MatchingCodeAsync());
        await second.ConfirmMatchAsync();
        await second.WaitForApprovalAsync();
        Assert.False(second.Me.IsWaiting);
        Assert.Equal(first.Me.AccountKey, second.Me.AccountKey);
        Assert.Equal(first.Core.Identity.HistoryKey, second.Core.Identity.HistoryKey);
        Assert.Equal("marie", second.Me.Handle);
        Assert.Equal(2, (await second.DevicesAsync()).Count(d => !d.IsWaiting));

        await using KavalekClient third = await AddDeviceAsync(server, second);
        Assert.Equal(3, (await first.DevicesAsync()).Count);
    }

    // K-76
    [Theory]
    [InlineData("grantKey")]
    [InlineData("deviceKey")]
    [InlineData("nonce")]
    public static async Task A_server_that_swaps_what_the_new_device_said_makes_the_codes_differ_and_nothing_is_granted(string swapped)
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await (await SignUpAsync(server, "marie", Options(store))).LockAsync();
        await using KavalekClient second = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        List<string> sent = [];
        bool lies = true;
        await using KavalekClient first = await KavalekClient.UnlockAsync(Options(store, transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
        {
            sent.Add(path);
            if (!lies || !path.Contains("/links/", StringComparison.Ordinal) || path.EndsWith("nonce", StringComparison.Ordinal)) return body;
            LinkState state = JsonSerializer.Deserialize(body, AuthJson.Default.LinkState)!;
            if (state.Device is not { } device) return body;
            return JsonSerializer.Serialize(swapped switch
            {
                "grantKey" => state with { Device = device with { GrantKey = RandomNumberGenerator.GetBytes(Limits.GrantKeyBytes) } },
                "deviceKey" => state with { Device = device with { DeviceKey = TestDevice.NewPublicKey() } },
                _ => state with { Nonce = RandomNumberGenerator.GetBytes(32) },
            }, AuthJson.Default.LinkState);
        })), Phrase);
        await using (DeviceLink link = await first.LinkDeviceAsync())
        {
            await second.JoinLinkAsync(link.Code);
            LinkedDevice linked = await link.WaitAsync();
            Assert.NotEqual(linked.MatchingCode, await second.MatchingCodeAsync());
            // The person says no.
        }
        Assert.DoesNotContain(sent, path => path.Contains("certificate", StringComparison.Ordinal));
        Assert.True(Assert.Single(await first.DevicesAsync(), d => !d.IsThis).IsWaiting);
        Assert.True(second.Me.IsWaiting);

        lies = false;
        await LinkAsync(first, second);
        await second.WaitForApprovalAsync();
        Assert.False(second.Me.IsWaiting);
    }

    // K-76
    [Fact]
    public static async Task A_server_that_plays_the_granting_device_is_found_out_by_the_new_one_and_gives_it_no_account()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        using KeyPair accountKey = await NativeCryptoProvider.Shared.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        byte[] nonce = RandomNumberGenerator.GetBytes(32);
        byte[] commitment = LinkTranscript.Commit(server.Instance, first.Me.Id, accountKey.PublicKey, nonce);
        int lie = 0;
        await using KavalekClient second = await KavalekClient.LogInAsync(Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) => (lie, path) switch
        {
            // An account key of its own, under the commitment of the true device; then all of it its own, so that code and commitment fit.
            (1, _) when path.EndsWith("links/current", StringComparison.Ordinal) =>
                JsonSerializer.Serialize(JsonSerializer.Deserialize(body, AuthJson.Default.OfferedLink)! with { AccountKey = accountKey.PublicKey }, AuthJson.Default.OfferedLink),
            (2, _) when path.EndsWith("links/current", StringComparison.Ordinal) =>
                JsonSerializer.Serialize(JsonSerializer.Deserialize(body, AuthJson.Default.OfferedLink)! with { AccountKey = accountKey.PublicKey, Commitment = commitment }, AuthJson.Default.OfferedLink),
            (2, _) when path.EndsWith("nonce", StringComparison.Ordinal) => JsonSerializer.Serialize(new LinkNonce(nonce), AuthJson.Default.LinkNonce),
            _ => body,
        })), server.Address, first.Me.Email, Phrase);

        lie = 2;
        await using (DeviceLink link = await first.LinkDeviceAsync())
            Assert.Equal(ClientErrors.WrongLinkCode, await CodeAsync(() => second.JoinLinkAsync(link.Code)));
        await using (DeviceLink link = await first.LinkDeviceAsync())
        {
            // Somebody was shown the server's own code, say on a poster: the digits still differ from those on the device that grants.
            await second.JoinLinkAsync(LinkTranscript.CodeOf(commitment));
            LinkedDevice linked = await link.WaitAsync();
            Assert.NotEqual(linked.MatchingCode, await second.MatchingCodeAsync());
        }
        lie = 1;
        await using (DeviceLink link = await first.LinkDeviceAsync())
        {
            await second.JoinLinkAsync(link.Code);
            await link.WaitAsync();
            Assert.Equal(ClientErrors.ServerMisbehaves, await CodeAsync(() => second.MatchingCodeAsync()));
        }
        Assert.True(second.Me.IsWaiting);
        Assert.Empty(second.Me.AccountKey);
        Assert.Single(await first.DevicesAsync(), d => !d.IsWaiting);

        lie = 0;
        await LinkAsync(first, second);
        await second.WaitForApprovalAsync();
        Assert.Equal(first.Me.AccountKey, second.Me.AccountKey);
    }

    // K-76
    [Fact]
    public static async Task A_link_lasts_a_minute_and_lets_in_once()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient first = await SignUpAsync(server, "marie", Options(clock: clock));
        await using KavalekClient second = await KavalekClient.LogInAsync(Options(clock: clock), server.Address, first.Me.Email, Phrase);
        await using (DeviceLink late = await first.LinkDeviceAsync())
        {
            await second.JoinLinkAsync(late.Code);
            await late.WaitAsync();
            clock.Advance(TimeSpan.FromSeconds(Limits.LinkSeconds));
            Assert.Equal(ClientErrors.LinkExpired, await CodeAsync(() => late.GrantAsync()));
            Assert.Equal(ClientErrors.LinkExpired, await CodeAsync(() => second.MatchingCodeAsync()));
        }
        Assert.True(Assert.Single(await first.DevicesAsync(), d => !d.IsThis).IsWaiting);

        await using DeviceLink link = await first.LinkDeviceAsync();
        Assert.Equal(ClientErrors.WrongLinkCode, await CodeAsync(() => second.JoinLinkAsync(link.Code[..^1] + (link.Code[^1] == 'A' ? 'B' : 'A'))));
        clock.Advance(TimeSpan.FromSeconds(Limits.LinkSeconds - 1));
        await second.JoinLinkAsync(link.Code.ToLowerInvariant().Replace("-", " ", StringComparison.Ordinal));
        await link.WaitAsync();
        await second.MatchingCodeAsync();
        await second.ConfirmMatchAsync();
        await link.GrantAsync();
        Assert.Equal(ClientErrors.LinkExpired, await CodeAsync(() => link.GrantAsync()));
        await second.WaitForApprovalAsync();
        Assert.Equal(2, (await first.DevicesAsync()).Count(d => !d.IsWaiting));
    }

    // K-76
    [Fact]
    public static async Task Nothing_is_taken_before_the_person_has_compared()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        MemoryClientStore store = new();
        await using KavalekClient second = await KavalekClient.LogInAsync(Options(store), server.Address, first.Me.Email, Phrase);
        await using DeviceLink link = await first.LinkDeviceAsync();
        await second.JoinLinkAsync(link.QrText);
        await link.WaitAsync();
        await second.MatchingCodeAsync();
        await link.GrantAsync();
        Assert.False(await second.Core.Joining.TryFinishAsync(default));
        Assert.True(second.Me.IsWaiting);
        await second.ConfirmMatchAsync();
        Assert.True(await second.Core.Joining.TryFinishAsync(default));
    }

    [Fact]
    public static async Task A_grant_interrupted_before_new_tokens_came_is_complete_after_a_restart()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        MemoryClientStore store = new();
        KavalekClient second = await KavalekClient.LogInAsync(Options(store, transport: address =>
            new LosesAnswers(new HttpTransport(address), "/auth/v1/sessions/refresh", before: true)), server.Address, first.Me.Email, Phrase);
        await LinkAsync(first, second);
        Assert.Equal(ClientErrors.Offline, await CodeAsync(() => second.WaitForApprovalAsync()));
        await second.LockAsync();
        await using KavalekClient again = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Assert.False(again.Me.IsWaiting);
        await again.SyncAsync();
        Assert.Equal(2, (await again.DevicesAsync()).Count);
    }

    [Fact]
    public static async Task A_grant_opens_for_its_device_and_link_only()
    {
        ICryptoProvider crypto = NativeCryptoProvider.Shared;
        Id instance = new(1, 1), account = new(2, 2), device = new(3, 3);
        Hpke suite = LinkTranscript.Suite(crypto);
        using KeyPair grantKey = await suite.GenerateKeyPairAsync(), stranger = await suite.GenerateKeyPairAsync();
        Assert.Equal(Limits.GrantKeyBytes, grantKey.PublicKey.Length);
        using AccountSecrets secrets = new(Secret.Own([.. Enumerable.Range(1, 32).Select(i => (byte)i)]), HistoryKeys.First(crypto));
        LinkTranscript link = new(new byte[65], new byte[32]), other = new(new byte[65], [1, .. new byte[31]]);
        byte[] grant = await link.SealAsync(crypto, instance, account, device, grantKey.PublicKey, secrets);
        Assert.InRange(grant.Length, 1, Limits.GrantBytes);
        Assert.Equal(secrets, await link.OpenAsync(crypto, instance, account, device, grantKey, grant));
        Assert.Null(await link.OpenAsync(crypto, instance, account, account, grantKey, grant));
        Assert.Null(await other.OpenAsync(crypto, instance, account, device, grantKey, grant));
        Assert.Null(await link.OpenAsync(crypto, instance, account, device, stranger, grant));
        for (int length = 0; length < grant.Length; length += 97) Assert.Null(await link.OpenAsync(crypto, instance, account, device, grantKey, grant[..length]));
    }

    [Fact]
    public static void Everything_that_either_side_contributed_changes_the_transcript()
    {
        byte[] key = new byte[65], nonce = new byte[32], other = [1, .. new byte[31]], otherKey = [1, .. new byte[64]];
        Id device = new(3, 3);
        byte[][] transcripts =
        [
            LinkTranscript.Of(nonce, key, nonce, device, key, key, nonce).Hash,
            LinkTranscript.Of(other, key, nonce, device, key, key, nonce).Hash,
            LinkTranscript.Of(nonce, otherKey, nonce, device, key, key, nonce).Hash,
            LinkTranscript.Of(nonce, key, other, device, key, key, nonce).Hash,
            LinkTranscript.Of(nonce, key, nonce, new Id(4, 4), key, key, nonce).Hash,
            LinkTranscript.Of(nonce, key, nonce, device, otherKey, key, nonce).Hash,
            LinkTranscript.Of(nonce, key, nonce, device, key, otherKey, nonce).Hash,
            LinkTranscript.Of(nonce, key, nonce, device, key, key, other).Hash,
        ];
        Assert.Distinct(transcripts.Select(Convert.ToHexString));
        Assert.Matches("^[A-Z2-7]{4}-[A-Z2-7]{4}$", LinkTranscript.CodeOf(nonce));
        Assert.Matches("^[0-9]{3} [0-9]{3}$", new LinkTranscript(key, nonce).MatchingCode);
        Assert.Equal("627 775", new LinkTranscript(key, [0xff, 0xff, 0xff, 0xff, 0xff, .. new byte[27]]).MatchingCode);
        Assert.True(LinkTranscript.Matches(nonce, LinkTranscript.QrOf(nonce)));
        Assert.False(LinkTranscript.Matches(nonce, LinkTranscript.QrOf(other)));
        Assert.False(LinkTranscript.Matches(nonce, ""));
        Assert.Equal(Base64Url.EncodeToString([0, 1, .. nonce]), LinkTranscript.QrOf(nonce)["kavalek:v1:link:".Length..]);
    }
}
