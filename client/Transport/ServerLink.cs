using System.Threading.Channels;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>What comes over the socket, in order. One reader.</summary>
abstract record LinkEvent;

/// <summary>The socket is open and authenticated; deliveries follow from what was acknowledged last.</summary>
sealed record LinkUp : LinkEvent;

/// <summary>The socket is gone; the link tries again by itself.</summary>
sealed record LinkDown(KavalekException Reason) : LinkEvent;

/// <summary>An entry with its payload: large ones were fetched. It may come again after a reconnect.</summary>
sealed record LinkEntry(Wire.Entry Entry) : LinkEvent;

/// <summary>Something relayed and not stored.</summary>
sealed record LinkEphemeral(Wire.Ephemeral Ephemeral) : LinkEvent;

/// <summary>What became of an append.</summary>
abstract record AppendOutcome;

/// <summary>Stored, durably.</summary>
/// <param name="Seq">Its place in the stream.</param>
/// <param name="Epoch">The stream's epoch after it.</param>
sealed record AppendStored(ulong Seq, ulong Epoch) : AppendOutcome;

/// <summary>Refused; nothing was stored.</summary>
/// <param name="Code">A code of <see cref="ErrorCodes"/>.</param>
/// <param name="Epoch">The stream's epoch, with <see cref="ErrorCodes.StaleEpoch"/>.</param>
sealed record AppendRefused(string Code, ulong Epoch) : AppendOutcome;

/// <summary>The socket to the server (docs/PROTOCOL.md §6.4): connects, stays connected, matches answers to appends, renews its token.</summary>
sealed class ServerLink : IAsyncDisposable
{
    /// <summary>What comes, in order.</summary>
    public ChannelReader<LinkEvent> Incoming => throw new NotImplementedException();

    /// <summary>How it is connected: Offline, Connecting or Online.</summary>
    public ConnectionState State => throw new NotImplementedException();

    /// <summary>
    /// Appends over the socket where it is up and the payload fits a frame, over REST otherwise. Idempotent by the entry's id: where the
    /// outcome is unknown it throws, and the caller repeats the same append.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.Offline"/>: unknown whether it was stored.</exception>
    public Task<AppendOutcome> AppendAsync(Wire.Append append, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Acknowledges everything of the stream up to and with <paramref name="seq"/>; dropped while the socket is down, since the entries then come again.</summary>
    public ValueTask AckAsync(Id stream, ulong seq, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Relays up to 1 KiB to the connected devices of the stream; dropped while the socket is down.</summary>
    public ValueTask SendEphemeralAsync(Id stream, ReadOnlyMemory<byte> payload, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Disconnects.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
