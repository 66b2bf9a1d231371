namespace Kavalek.Client;

/// <summary>How a client reaches its server; also the seam where a hostile server is played.</summary>
public interface ITransport : IAsyncDisposable
{
    /// <summary>The server's origin.</summary>
    Uri Server { get; }

    /// <summary>Sends a request, whose address is relative to <see cref="Server"/>; a redirect is an answer like any other.</summary>
    /// <exception cref="HttpRequestException">There was no answer.</exception>
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel);

    /// <summary>Opens <c>/socket</c>.</summary>
    /// <exception cref="System.Net.WebSockets.WebSocketException">It did not open.</exception>
    Task<ITransportSocket> ConnectAsync(CancellationToken cancel);
}

/// <summary>An open socket of binary messages. One sender and one receiver at a time.</summary>
public interface ITransportSocket : IAsyncDisposable
{
    /// <summary>Sends one message.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancel);

    /// <summary>The next message, at most <see cref="Kavalek.Protocol.Limits.FrameBytes"/>; <c>null</c> once the socket is closed.</summary>
    ValueTask<byte[]?> ReceiveAsync(CancellationToken cancel);
}
