using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Streams;

/// <summary><c>POST streams</c>.</summary>
sealed class CreateOperation(Id device, Id stream) : AwaitedOperation
{
    public override StreamName? Subject => new StreamName(stream, Inbox: false);

    public override Outcome Apply(Batch batch)
    {
        // Nothing would ever drop it again.
        if (batch.IsRemoved(device))
            return Outcome.Refused(ErrorCodes.Unauthenticated);
        var name = new StreamName(stream, Inbox: false);
        // A stream with a device's own id would be taken for its inbox.
        if (stream == device || batch.Find(name) is not null)
            return Outcome.Refused(ErrorCodes.IdTaken);
        batch.Create(name, device);
        batch.Tell(new DevicesSubscribed(name, [device]));
        return Outcome.Done;
    }
}

/// <summary><c>PUT streams/{stream}/ack</c>: stored before it is answered.</summary>
sealed class AckOperation(Id device, StreamName stream, ulong seq) : AwaitedOperation
{
    public override StreamName? Subject => stream;

    public override Outcome Apply(Batch batch)
    {
        if (batch.Find(stream) is not { } state || !state.Subscribers.TryGetValue(device, out Subscriber? subscriber))
            return Outcome.Refused(ErrorCodes.NotFound);
        if (seq > (subscriber.Last ?? state.Head))
            return Outcome.Refused(ErrorCodes.Invalid);
        if (seq > subscriber.Acked)
            batch.Ack(state, subscriber, seq);
        batch.FlushAcks = true;
        return Outcome.Done;
    }
}

/// <summary><c>DELETE streams/{stream}/subscription</c>.</summary>
sealed class UnsubscribeOperation(Id device, StreamName stream) : AwaitedOperation
{
    public override StreamName? Subject => stream;

    public override Outcome Apply(Batch batch)
    {
        if (stream.Inbox)
            return Outcome.Refused(ErrorCodes.Invalid);
        if (batch.Find(stream) is not { } state || !state.Subscribers.TryGetValue(device, out Subscriber? subscriber))
            return Outcome.Refused(ErrorCodes.NotFound);
        batch.Unsubscribe(state, subscriber);
        return Outcome.Done;
    }
}

/// <summary>A device connects: what it acknowledged before is stored first, so that nothing of it is delivered again.</summary>
sealed class SettleOperation : AwaitedOperation
{
    public override Outcome Apply(Batch batch)
    {
        batch.FlushAcks = true;
        return Outcome.Done;
    }
}

/// <summary>An account's devices changed: each of them finds a notice in its inbox, and so does every device that shares a stream with one.</summary>
sealed class NoticeOperation(Id account, Id[] devices, Id news) : AwaitedOperation
{
    public override Outcome Apply(Batch batch)
    {
        HashSet<Id> others = batch.Peers(devices);
        batch.Expect([.. devices, .. others]);
        var own = new Notice { About = Notice.Types.About.OwnDevices };
        foreach (Id device in devices)
        {
            if (!batch.IsRemoved(device))
                batch.Notify(device, Kind.Notice, own, NoticeId(device));
        }
        var peers = new Notice { About = Notice.Types.About.PeerDevices, Account = ByteString.CopyFrom(account.ToArray()) };
        foreach (Id peer in others)
        {
            if (!batch.IsRemoved(peer))
                batch.Notify(peer, Kind.Notice, peers, NoticeId(peer));
        }
        return Outcome.Done;
    }

    // Every node that hears the news stores the same entry, and so one of them does.
    Id NoticeId(Id device) => Id.Read(SHA256.HashData([.. news.ToArray(), .. device.ToArray()]).AsSpan(0, Limits.IdLength));
}

/// <summary>New notes of an account: its devices that are connected find a notice. Who is not asks when it connects, so nothing piles up.</summary>
sealed class NotesNoticeOperation(Id[] devices) : AwaitedOperation
{
    public override Outcome Apply(Batch batch)
    {
        var notice = new Notice { About = Notice.Types.About.OwnNotes };
        foreach (Id device in devices)
        {
            if (!batch.IsRemoved(device))
                batch.Notify(device, Kind.Notice, notice);
        }
        return Outcome.Done;
    }
}
