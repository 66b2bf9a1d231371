using Kavalek.Messaging.Streams;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Sockets;

/// <summary>One stream on its way to one socket: how far it has been sent, and how far it may go. Guarded by the socket's gate.</summary>
sealed class Feed(SocketSession session, StreamName stream)
{
    public SocketSession Session => session;
    public StreamName Stream => stream;

    /// <summary>Everything up to here was handed to the socket, or is not for it.</summary>
    public ulong Cursor { get; set; }

    /// <summary>The newest entry this socket has heard of.</summary>
    public ulong Head { get; set; }

    /// <summary>The last entry the device may read.</summary>
    public ulong Limit { get; set; } = ulong.MaxValue;

    /// <summary>Entries sent and not acknowledged.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>
    /// It is behind: what comes live is only noted, and the socket reads on from the database (or from what the topic remembers) when the
    /// window allows. So nothing is lost between the two, and nothing doubled.
    /// </summary>
    public bool Behind { get; set; } = true;

    /// <summary>News may have been missed, that of a removal among them: before it reads on, the subscription is read again.</summary>
    public bool Unsure { get; set; }

    /// <summary>The subscription's first entry; 0 until it is known.</summary>
    public ulong First { get; set; }

    /// <summary>Nothing more goes to this socket.</summary>
    public bool Dropped { get; set; }

    /// <summary>It waits among those that are behind.</summary>
    public bool Queued { get; set; }

    /// <summary>What the device acknowledged and the writer has not taken yet.</summary>
    public FeedAck? Ack { get; set; }

    /// <summary>What the device may have of it now.</summary>
    public ulong End => Math.Min(Head, Limit);
}

/// <summary>A feed's acknowledgement on its way to the writer: a later one overtakes an earlier one.</summary>
sealed class FeedAck(Id device, StreamName stream) : Operation
{
    readonly Lock _gate = new();
    ulong _seq;

    /// <summary>Notes a seq; true if the writer does not expect this operation yet.</summary>
    public bool Advance(ulong seq)
    {
        lock (_gate)
        {
            bool idle = _seq == 0;
            _seq = Math.Max(_seq, seq);
            return idle;
        }
    }

    /// <summary>It could not be handed to the writer.</summary>
    public void Reset()
    {
        lock (_gate)
            _seq = 0;
    }

    public override Outcome Apply(Batch batch)
    {
        ulong seq;
        lock (_gate)
            (seq, _seq) = (_seq, 0);
        if (batch.IsShared)
            batch.Ack(stream, device, seq);
        else if (batch.Find(stream) is { } state && state.Subscribers.TryGetValue(device, out Subscriber? subscriber)
            && seq > subscriber.Acked && seq <= (subscriber.Last ?? state.Head))
        {
            batch.Ack(state, subscriber, seq);
        }
        return Outcome.Done;
    }

    public override void Answer()
    {
        // A socket's acknowledgement has no answer.
    }
}
