using System.Net;

namespace Kavalek.Client.Tests;

/// <summary>A server that answers with other bytes than the honest ones: it is given the request and those, and <c>null</c> leaves them as they are.</summary>
sealed class Bends(ITransport inner, Func<HttpRequestMessage, byte[], byte[]?> bend) : ITransport
{
    public Uri Server => inner.Server;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        HttpResponseMessage response = await inner.SendAsync(request, cancel);
        if (bend(request, await response.Content.ReadAsByteArrayAsync(cancel)) is not { } bent) return response;
        response.Dispose();
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(bent) };
    }

    public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => inner.ConnectAsync(cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
