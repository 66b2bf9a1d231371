using System.Text;

namespace Kavalek.Client.Tests;

/// <summary>A server that changes its answers: given the path and the honest body, it says something else.</summary>
sealed class Rewrites(ITransport inner, Func<string, string, string> change) : ITransport
{
    public Uri Server => inner.Server;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        string path = request.RequestUri!.ToString();
        HttpResponseMessage response = await inner.SendAsync(request, cancel);
        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType != "application/json") return response;
        string body = await response.Content.ReadAsStringAsync(cancel);
        response.Content = new StringContent(change(path, body), Encoding.UTF8, "application/json");
        return response;
    }

    public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => inner.ConnectAsync(cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
