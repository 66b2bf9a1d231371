namespace Kavalek.Client.Tests;

/// <summary>A network that loses the answers of one path, or the requests before they arrive.</summary>
sealed class LosesAnswers(ITransport inner, string path, bool before = false, int times = int.MaxValue, HttpMethod? only = null) : ITransport
{
    int _left = times;

    public Uri Server => inner.Server;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        bool lost = $"/{request.RequestUri}" == path && (only is null || request.Method == only) && Interlocked.Decrement(ref _left) >= 0;
        if (lost && before) throw new HttpRequestException(HttpRequestError.ConnectionError, "never arrived");
        HttpResponseMessage response = await inner.SendAsync(request, cancel);
        if (!lost) return response;
        response.Dispose();
        throw Lost();
    }

    public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => inner.ConnectAsync(cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    static HttpRequestException Lost() => new(HttpRequestError.ResponseEnded, "lost on the way");
}
