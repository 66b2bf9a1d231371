using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>What comes over the socket, in order. One reader.</summary>
abstract record LinkEvent;

/// <summary>The socket is open and authenticated; deliveries follow from what was acknowledged last.</summary>
sealed record LinkUp : LinkEvent;

/// <summary>The socket is gone; the link tries again by itself.</summary>
sealed record LinkDown(KavalekException Reason) : LinkEvent;

/// <summary>
/// An entry with its payload: large ones were fetched. It may come again after a reconnect. One that is still detached was
/// gone when it was asked for.
/// </summary>
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
