using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class SignUpTests
{
    [Fact]
    public static async Task A_new_account_is_certified_and_has_its_name()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        Assert.Equal(("marie", "MARIE", false), (marie.Me.Handle, marie.Me.DisplayName, marie.Me.IsWaiting));
        Assert.Equal(server.Instance, marie.Me.Instance);
        Device device = Assert.Single(await marie.DevicesAsync());
        Assert.True(device is { IsThis: true, IsWaiting: false });
        Assert.Equal(RecoveryState.Missing, marie.Recovery);
    }

    [Fact]
    public static async Task A_taken_handle_leaves_the_profile_empty_for_another_try()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        ClientOptions options = Options();
        Assert.Equal(ErrorCodes.HandleTaken, await CodeAsync(() => KavalekClient.SignUpAsync(options, new SignUp(server.Address, null, "other@example.org", "marie", Phrase))));
        Assert.Equal(ProfileState.Empty, (await KavalekClient.InspectAsync(options.Store)).State);
        await using KavalekClient other = await SignUpAsync(server, "other", options);
        Assert.Equal("other", other.Me.Handle);
    }

    [Theory]
    [InlineData(Phrase)]
    [InlineData("another password entirely")]
    public static async Task A_taken_address_makes_no_account_whatever_the_password(string password)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        ClientOptions options = Options();
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => KavalekClient.SignUpAsync(options, new SignUp(server.Address, null, "marie@example.org", "marie2", password))));
        Assert.Equal(ProfileState.Empty, (await KavalekClient.InspectAsync(options.Store)).State);
    }

    [Fact]
    public static async Task The_owner_invites_and_a_revoked_invite_works_no_more()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using KavalekClient olga = await SignUpAsync(server, "olga", invite: server.SetUpSecret);
        Invite invite = await olga.CreateInviteAsync(1, TimeSpan.FromDays(1));
        Assert.StartsWith($"{server.Address}#invite=", invite.Link, StringComparison.Ordinal);
        string secret = invite.Link.Split('=')[1];
        await using KavalekClient gustav = await SignUpAsync(server, "gustav", invite: secret);
        Assert.Equal(ErrorCodes.InvalidInvite, await CodeAsync(() => SignUpAsync(server, "late", invite: secret)));

        Invite revoked = await olga.CreateInviteAsync(5, TimeSpan.FromDays(1));
        Assert.Contains(await olga.InvitesAsync(), i => i.Id == revoked.Id && i.UsesLeft == 5);
        await olga.RevokeInviteAsync(revoked.Id);
        Assert.Equal(ErrorCodes.InvalidInvite, await CodeAsync(() => SignUpAsync(server, "later", invite: revoked.Link.Split('=')[1])));
        Assert.Equal(ErrorCodes.Forbidden, await CodeAsync(() => gustav.CreateInviteAsync(1, TimeSpan.FromDays(1))));
    }

    [Fact]
    public static async Task A_sign_up_whose_answer_got_lost_is_finished_by_the_next_one()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        ClientOptions broken = Options(store, transport: address => new LosesAnswers(new HttpTransport(address), "/auth/v1/accounts"));
        KavalekException lost = await Assert.ThrowsAsync<KavalekException>(() => SignUpAsync(server, "marie", broken));
        Assert.Equal((ClientErrors.Offline, false), (lost.Code, lost.NothingChanged));
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        Assert.False(marie.Me.IsWaiting);
        Assert.Single(await marie.DevicesAsync());
    }

    [Fact]
    public static async Task A_sign_up_that_never_arrived_begins_anew()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        ClientOptions broken = Options(store, transport: address => new LosesAnswers(new HttpTransport(address), "/auth/v1/accounts", before: true));
        Assert.Equal(ClientErrors.Offline, await CodeAsync(() => SignUpAsync(server, "marie", broken)));
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        Assert.Equal("marie", marie.Me.Handle);
    }

    [Fact]
    public static async Task A_profile_in_use_is_not_overwritten()
    {
        await using TestServer server = await OpenServerAsync();
        ClientOptions options = Options();
        await using KavalekClient marie = await SignUpAsync(server, "marie", options);
        Assert.Equal(ClientErrors.ProfileInUse, await CodeAsync(() => SignUpAsync(server, "other", options)));
        Assert.Equal(ClientErrors.ProfileInUse, await CodeAsync(() => KavalekClient.SignUpAsync(
            options, new SignUp(server.Address, null, "other@example.org", "other", "quite another password"))));
    }

    [Fact]
    public static async Task A_server_that_cannot_be_reached_changes_nothing()
    {
        ClientOptions options = Options();
        KavalekException e = await Assert.ThrowsAsync<KavalekException>(() => KavalekClient.SignUpAsync(
            options, new SignUp(new Uri("http://127.0.0.1:9/"), null, "a@example.org", "marie", Phrase)));
        Assert.Equal((ClientErrors.Offline, true), (e.Code, e.NothingChanged));
        Assert.Equal(ProfileState.Empty, (await KavalekClient.InspectAsync(options.Store)).State);
    }
}
