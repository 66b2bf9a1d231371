using Kavalek.Tests.Support;

namespace Kavalek.Hostile.Tests;

/// <summary>A server that lies when told to, and four people on it, for all tests of a collection. Each test has conversations of its own.</summary>
public sealed class Cast : IAsyncLifetime
{
    int _people;

    internal HostileServer Hostile { get; } = new();

    internal TestServer Server { get; private set; } = null!;

    internal KavalekClient Marie { get; private set; } = null!;

    internal KavalekClient Karim { get; private set; } = null!;

    internal KavalekClient Zoe { get; private set; } = null!;

    internal KavalekClient Lea { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await TestPeople.OpenServerAsync();
        (Marie, Karim, Zoe, Lea) = (await SignUpAsync("marie"), await SignUpAsync("karim"), await SignUpAsync("zoe"), await SignUpAsync("lea"));
    }

    /// <summary>Somebody of a test's own.</summary>
    internal Task<KavalekClient> PersonAsync(IClientStore? store = null) => SignUpAsync($"person{++_people}", store);

    /// <summary>Options whose way to the server is the hostile one.</summary>
    internal ClientOptions Options(IClientStore? store = null) => TestPeople.Options(store, transport: Hostile.At);

    Task<KavalekClient> SignUpAsync(string name, IClientStore? store = null) => TestPeople.SignUpAsync(Server, name, Options(store));

    public async ValueTask DisposeAsync()
    {
        foreach (KavalekClient client in (KavalekClient[])[Marie, Karim, Zoe, Lea]) await client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
