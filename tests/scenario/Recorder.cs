using System.Collections.Concurrent;
using Kavalek.Client;

namespace Kavalek.Scenario.Tests;

/// <summary>Passes everything on and keeps every byte that goes to the server: what a hostile server would have.</summary>
sealed class Recorder(ITransport inner) : ITransport
{
    readonly ConcurrentQueue<byte[]> _sent = new();

    public Uri Server => inner.Server;

    /// <summary>All requests and frames so far, with their headers and addresses.</summary>
    public byte[] Sent => [.. _sent.SelectMany(bytes => bytes)];

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        // The headers without the access token, which is the server's own.
        string head = $"{request.Method} {request.RequestUri}\n"
            + string.Join('\n', request.Headers.Where(h => h.Key != "Authorization").Select(h => $"{h.Key}: {string.Join(',', h.Value)}"));
        _sent.Enqueue(System.Text.Encoding.UTF8.GetBytes(head));
        if (request.Content is not null)
        {
            _sent.Enqueue(await request.Content.ReadAsByteArrayAsync(cancel));
        }
        return await inner.SendAsync(request, cancel);
    }

    public async Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => new Socket(await inner.ConnectAsync(cancel), _sent);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    sealed class Socket(ITransportSocket inner, ConcurrentQueue<byte[]> sent) : ITransportSocket
    {
        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancel)
        {
            sent.Enqueue(frame.ToArray());
            return inner.SendAsync(frame, cancel);
        }

        public ValueTask<byte[]?> ReceiveAsync(CancellationToken cancel) => inner.ReceiveAsync(cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
