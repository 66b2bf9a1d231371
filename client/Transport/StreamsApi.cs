using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>The streams over REST (docs/PROTOCOL.md §6.3). Failures are <see cref="KavalekException"/> with the server's code.</summary>
sealed class StreamsApi
{
    /// <summary>Creates a stream with this device as its only subscriber; one that exists is <see cref="ErrorCodes.IdTaken"/>.</summary>
    public Task CreateAsync(Id stream, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>All streams this device subscribes to, the inbox among them.</summary>
    public Task<IReadOnlyList<Wire.StreamInfo>> ListAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Appends an entry.</summary>
    public Task<AppendOutcome> AppendAsync(Wire.Append append, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>A page of entries after <paramref name="after"/>, none of them detached.</summary>
    public Task<Wire.EntryList> EntriesAsync(Id stream, ulong after, int limit, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Acknowledges everything up to and with <paramref name="seq"/>.</summary>
    public Task AckAsync(Id stream, ulong seq, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The Welcome of the commit at <paramref name="seq"/>; <c>null</c> where there is none for this device.</summary>
    public Task<byte[]?> WelcomeAsync(Id stream, ulong seq, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Ends the subscription: nothing more is received.</summary>
    public Task UnsubscribeAsync(Id stream, CancellationToken cancel) => throw new NotImplementedException();
}
