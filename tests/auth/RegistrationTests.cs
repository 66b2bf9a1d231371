using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class RegistrationTests
{
    [Fact]
    public async Task The_set_up_link_makes_the_owner_who_then_invites()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret);
        Assert.True(owner.Session!.Certified);
    }
}
