namespace Kavalek.Tests.Support;

/// <summary>One server with open registration for all tests of a class, which run one after the other.</summary>
public sealed class OpenServer : IAsyncDisposable
{
    TestServer? _server;

    /// <summary>The server, started when it is first asked for.</summary>
    public async Task<TestServer> StartedAsync() =>
        _server ??= await TestServer.StartAsync(change: o => o with { Registration = Auth.RegistrationPolicy.Open });

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
