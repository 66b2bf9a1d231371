using System.Net.WebSockets;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>A connected WebSocket as a carrier of whole binary frames, of the runtime as of a browser.</summary>
sealed class FrameSocket(ClientWebSocket socket) : ITransportSocket
{
    readonly byte[] _buffer = new byte[Limits.FrameBytes];

    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancel) =>
        socket.SendAsync(frame, WebSocketMessageType.Binary, endOfMessage: true, cancel);

    public async ValueTask<byte[]?> ReceiveAsync(CancellationToken cancel)
    {
        int length = 0;
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult part = await socket.ReceiveAsync(_buffer.AsMemory(length), cancel).ConfigureAwait(false);
                if (part.MessageType != WebSocketMessageType.Binary) return null;
                length += part.Count;
                if (part.EndOfMessage) return _buffer[..length];
                if (length == _buffer.Length) return null;
            }
        }
        catch (WebSocketException)
        {
            return null;
        }
    }

    // An abrupt end: whatever was not answered is repeated under its id, so there is nothing to say good-bye for.
    public ValueTask DisposeAsync()
    {
        socket.Abort();
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
