using System.Collections.Immutable;
using System.Threading.Channels;

namespace Kavalek.Client;

/// <summary>Gives every event to every subscriber, in order, from the moment it subscribed.</summary>
sealed class EventHub
{
    ImmutableList<Channel<ClientEvent>> _subscribers = [];

    /// <summary>Whom exceptions of nobody's call concern: there is no caller to throw to.</summary>
    public void Publish(ClientEvent item)
    {
        foreach (Channel<ClientEvent> subscriber in Volatile.Read(ref _subscribers)) subscriber.Writer.TryWrite(item);
    }

    /// <summary>The events from now on: the subscription stands when this returns, not first when it is enumerated.</summary>
    public IAsyncEnumerable<ClientEvent> Subscribe(CancellationToken cancel)
    {
        Channel<ClientEvent> channel = Channel.CreateUnbounded<ClientEvent>(new UnboundedChannelOptions { SingleReader = true });
        ImmutableInterlocked.Update(ref _subscribers, (all, added) => all.Add(added), channel);
        return ReadAsync(channel, cancel);
    }

    /// <summary>Ends all subscriptions.</summary>
    public void Complete()
    {
        foreach (Channel<ClientEvent> subscriber in Volatile.Read(ref _subscribers)) subscriber.Writer.TryComplete();
    }

    async IAsyncEnumerable<ClientEvent> ReadAsync(
        Channel<ClientEvent> channel, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        try
        {
            await foreach (ClientEvent item in channel.Reader.ReadAllAsync(cancel).ConfigureAwait(false)) yield return item;
        }
        finally
        {
            ImmutableInterlocked.Update(ref _subscribers, (all, gone) => all.Remove(gone), channel);
        }
    }
}
