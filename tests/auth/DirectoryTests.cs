using System.Net;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class DirectoryTests
{
    [Fact]
    public async Task An_account_is_found_by_its_exact_handle_or_id_only()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice marie = await TestDevice.SignUpAsync(server);
        using TestDevice jean = await TestDevice.SignUpAsync(server);
        AccountRecord byHandle = await jean.GetAsync($"/auth/v1/directory/{marie.Handle}", AuthJson.Default.AccountRecord);
        AccountRecord byId = await jean.GetAsync($"/auth/v1/accounts/{marie.Account}", AuthJson.Default.AccountRecord);
        Assert.Equal((marie.Account, marie.Handle), (byHandle.Account, byHandle.Handle));
        Assert.Equal(marie.AccountPublicKey, byHandle.AccountKey);
        Assert.Equal(marie.Certificate, Assert.Single(byHandle.Certificates));
        Assert.Equal(byHandle.DeviceList, byId.DeviceList);

        HashSet<string> looks = [];
        foreach (string handle in (string[])[marie.Handle[..^1], marie.Handle + "x", marie.Handle.ToUpperInvariant(), "%25", "_", "a%27--", "nobody.here"])
        {
            looks.Add(await jean.GetAsync($"/auth/v1/directory/{handle}").LookAsync());
        }
        looks.Add(await jean.GetAsync($"/auth/v1/accounts/{Id.New()}").LookAsync());
        Assert.Contains(ErrorCodes.NotFound, Assert.Single(looks));
        await jean.GetAsync("/auth/v1/accounts/not-an-id").RefusedAsync(ErrorCodes.Invalid);
        await server.GetAsync($"/auth/v1/directory/{marie.Handle}").RefusedAsync(ErrorCodes.Unauthenticated);
    }

    [Fact]
    public async Task Look_ups_are_counted_an_account() // K-24
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => Answers.Open(o) with { RateFactor = 1 });
        using TestDevice marie = await TestDevice.SignUpAsync(server);
        using TestDevice jean = await TestDevice.SignUpAsync(server);
        for (int i = 0; i < 60; i++) await jean.GetAsync("/auth/v1/directory/somebody").RefusedAsync(ErrorCodes.NotFound);
        await jean.GetAsync($"/auth/v1/directory/{marie.Handle}").RefusedAsync(ErrorCodes.RateLimited);
        await marie.GetAsync($"/auth/v1/directory/{jean.Handle}").OkAsync(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromMinutes(10));
        await jean.GetAsync($"/auth/v1/directory/{marie.Handle}").OkAsync(HttpStatusCode.OK);
    }
}
