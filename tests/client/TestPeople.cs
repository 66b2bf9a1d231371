using Kavalek.Auth;
using Kavalek.Protocol;
using Kavalek.Tests.Support;

namespace Kavalek.Client.Tests;

/// <summary>People with profiles in memory on a real server.</summary>
static class TestPeople
{
    public const string Phrase = "correct horse battery";

    /// <summary>A profile in memory; passwords are stretched quickly, and so counted for the server as always; few key packages, each of which costs four keys and two signatures.</summary>
    public static ClientOptions Options(IClientStore? store = null, TimeProvider? clock = null, Func<Uri, ITransport>? transport = null) => new()
    {
        Store = store ?? new MemoryClientStore(),
        Transport = transport ?? (server => new HttpTransport(server)),
        Clock = clock ?? TimeProvider.System,
        Stretching = QuickStretching.Shared,
        KeyPackages = 20,
    };

    /// <summary>The same as people use it: a password is stretched for as long as the program does by default.</summary>
    public static ClientOptions AsShipped(IClientStore? store = null, Func<Uri, ITransport>? transport = null) =>
        Options(store, transport: transport) with { Stretching = NativePasswordStretching.Shared, KeyPackages = Limits.KeyPackages };

    /// <summary>A server that anybody may join.</summary>
    public static Task<TestServer> OpenServerAsync(TimeProvider? clock = null) =>
        TestServer.StartAsync(clock, options => options with { Registration = RegistrationPolicy.Open });

    /// <summary>Signs somebody up who lets others see what arrived and was read.</summary>
    public static async Task<KavalekClient> SignUpAsync(TestServer server, string name, ClientOptions? options = null, string? invite = null)
    {
        KavalekClient client = await KavalekClient.SignUpAsync(options ?? Options(), new SignUp(server.Address, invite, $"{name}@example.org", name, Phrase, name.ToUpperInvariant()));
        await client.SetReceiptsAsync(delivered: true, read: true);
        return client;
    }

    /// <summary>Logs a second device in and has the first one let it in.</summary>
    public static async Task<KavalekClient> AddDeviceAsync(TestServer server, KavalekClient first, ClientOptions? options = null)
    {
        KavalekClient second = await KavalekClient.LogInAsync(options ?? Options(), server.Address, first.Me.Email, Phrase);
        await LinkAsync(first, second);
        await second.WaitForApprovalAsync();
        await second.SetReceiptsAsync(delivered: true, read: true);
        return second;
    }

    /// <summary>The first device lets the second one in; both show the same matching code.</summary>
    public static async Task<Device> LinkAsync(KavalekClient first, KavalekClient second)
    {
        await using DeviceLink link = await first.LinkDeviceAsync();
        await second.JoinLinkAsync(link.Code);
        LinkedDevice linked = await link.WaitAsync();
        Assert.Equal(linked.MatchingCode, await second.MatchingCodeAsync());
        await second.ConfirmMatchAsync();
        return await link.GrantAsync();
    }

    /// <summary>The code of what a call refuses with.</summary>
    public static async Task<string> CodeAsync(Func<Task> call) => (await Assert.ThrowsAsync<KavalekException>(call)).Code;
}
