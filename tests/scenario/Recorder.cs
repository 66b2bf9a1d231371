using System.Collections.Concurrent;
using Kavalek.Client;

namespace Kavalek.Scenario.Tests;

/// <summary>Passes everything on and keeps every byte that goes to the server or comes from it: what a hostile server would have.</summary>
sealed class Recorder(ITransport inner) : ITransport
{
    readonly ConcurrentQueue<byte[]> _sent = new(), _received = new();

    public Uri Server => inner.Server;

    /// <summary>All requests and frames so far, with their headers and addresses.</summary>
    public byte[] Sent => [.. _sent.SelectMany(bytes => bytes)];

    /// <summary>All answers and frames so far.</summary>
    public byte[] Received => [.. _received.SelectMany(bytes => bytes)];

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
        HttpResponseMessage answer = await inner.SendAsync(request, cancel);
        await answer.Content.LoadIntoBufferAsync(cancel);
        _received.Enqueue(await answer.Content.ReadAsByteArrayAsync(cancel));
        return answer;
    }

    public async Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => new Socket(await inner.ConnectAsync(cancel), _sent, _received);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    sealed class Socket(ITransportSocket inner, ConcurrentQueue<byte[]> sent, ConcurrentQueue<byte[]> received) : ITransportSocket
    {
        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancel)
        {
            sent.Enqueue(frame.ToArray());
            return inner.SendAsync(frame, cancel);
        }

        public async ValueTask<byte[]?> ReceiveAsync(CancellationToken cancel)
        {
            byte[]? frame = await inner.ReceiveAsync(cancel);
            received.Enqueue(frame ?? []);
            return frame;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
