using System.Net;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class InviteTests
{
    internal static Task<CreatedInvite> CreateAsync(TestDevice owner, int uses, long seconds = 3600) =>
        TestDevice.ReadAsync(TryCreateAsync(owner, uses, seconds), AuthJson.Default.CreatedInvite);

    static Task<HttpResponseMessage> TryCreateAsync(TestDevice device, int uses, long seconds) => device.PostAsync(
        "/auth/v1/invites", new CreateInvite(uses, seconds), AuthJson.Default.CreateInvite, device.Session!.AuthToken);

    [Fact]
    public async Task The_owner_makes_lists_and_revokes_invites_and_a_member_does_not()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        CreatedInvite invite = await CreateAsync(owner, uses: 3);
        Assert.Equal(22, invite.Secret.Length);
        using TestDevice member = await TestDevice.SignUpAsync(server, invite.Secret);

        string before = server.Dump();
        await TryCreateAsync(member, 1, 3600).RefusedAsync(ErrorCodes.Forbidden);
        await member.GetAsync("/auth/v1/invites").RefusedAsync(ErrorCodes.Forbidden);
        await member.SendAsync(HttpMethod.Delete, $"/auth/v1/invites/{invite.Invite}").RefusedAsync(ErrorCodes.Forbidden);
        Assert.Equal(before, server.Dump());

        InviteRecord listed = Assert.Single(await owner.GetAsync("/auth/v1/invites", AuthJson.Default.InviteRecordArray));
        Assert.Equal((invite.Invite, 2, invite.Expires), (listed.Invite, listed.UsesLeft, listed.Expires));
        await owner.SendAsync(HttpMethod.Delete, $"/auth/v1/invites/{invite.Invite}").OkAsync();
        await owner.SendAsync(HttpMethod.Delete, $"/auth/v1/invites/{invite.Invite}").RefusedAsync(ErrorCodes.NotFound);
        Assert.Empty(await owner.GetAsync("/auth/v1/invites", AuthJson.Default.InviteRecordArray));
    }

    [Theory]
    [InlineData(0, 3600)]
    [InlineData(1001, 3600)]
    [InlineData(-1, 3600)]
    [InlineData(1, 59)]
    [InlineData(1, 31_536_001)]
    [InlineData(1, long.MinValue)]
    public async Task An_invite_out_of_bounds_is_refused(int uses, long seconds)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        await TryCreateAsync(owner, uses, seconds).RefusedAsync(ErrorCodes.Invalid);
        await TryCreateAsync(owner, 1000, 31_536_000).OkAsync(HttpStatusCode.OK);
    }
}
