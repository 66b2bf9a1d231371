namespace Kavalek.Client.Tests;

/// <summary>Sees every request before it goes out.</summary>
sealed class Watches(ITransport inner, Func<HttpRequestMessage, Task> see) : ITransport
{
    public Uri Server => inner.Server;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        await see(request);
        return await inner.SendAsync(request, cancel);
    }

    public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => inner.ConnectAsync(cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
