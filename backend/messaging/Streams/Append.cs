using Google.Protobuf;
using Google.Protobuf.Collections;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Streams;

/// <summary>What a commit changes (docs/PROTOCOL.md §6.1).</summary>
sealed record MemberChange(Id[] Add, Id[] Remove, byte[] Welcome)
{
    /// <summary>Reads it; null if it is not well-formed, with too many devices, or with a Welcome for nobody.</summary>
    public static MemberChange? Read(Change change, Id stream)
    {
        if (change.Add.Count > Limits.ChangeDevices || change.Remove.Count > Limits.ChangeDevices
            || change.Welcome.IsEmpty != (change.Add.Count == 0) || change.Welcome.Length > Limits.EntryBytes
            || Read(change.Add) is not { } add || Read(change.Remove) is not { } remove || add.Contains(stream))
        {
            return null;
        }
        return new MemberChange(add, remove, change.Welcome.Memory.Exact());
    }

    static Id[]? Read(RepeatedField<ByteString> devices)
    {
        var distinct = new HashSet<Id>(devices.Count);
        foreach (ByteString bytes in devices)
        {
            if (!Id.TryRead(bytes.Span, out Id device) || !distinct.Add(device))
                return null;
        }
        return [.. distinct];
    }
}

/// <summary>An append, from a socket or over REST (docs/PROTOCOL.md §6.2).</summary>
sealed class AppendOperation(Id account, Id device, StreamName stream, Id id, Action<AppendOperation> answer) : Operation
{
    public Id Device => device;
    public StreamName Stream => stream;
    public Id Id => id;
    public Kind Kind { get; init; }
    public ulong Epoch { get; init; }
    public ReadOnlyMemory<byte> Payload { get; init; }
    public MemberChange? Change { get; init; }
    public uint ExpiresIn { get; init; }

    /// <summary>Refused before it came here; it only keeps its place among the answers.</summary>
    public string? Refusal { get; init; }

    public override StreamName? Subject => Refusal is null && !stream.Inbox ? stream : null;

    /// <summary>Bytes that it takes on the disk, as good as; each device that is added finds a notice in its inbox.</summary>
    public static long Stored(int payload, MemberChange? change) => 64 + payload + (change?.Welcome.Length ?? 0) + (512L * (change?.Add.Length ?? 0));

    public override int Bytes => 256 + Payload.Length + (Change?.Welcome.Length ?? 0);

    public override void Answer() => answer(this);

    public override Outcome Apply(Batch batch)
    {
        if (Refusal is not null)
            return Outcome.Refused(Refusal);
        if (stream.Inbox || batch.Find(stream) is not { } state
            || !state.Subscribers.TryGetValue(device, out Subscriber? subscriber) || subscriber.Last is not null)
        {
            return Outcome.Refused(ErrorCodes.NotFound);
        }
        if (state.Entries.TryGetValue(id, out Stored stored))
            return new Outcome(null, stored.Seq, stored.EpochAfter);
        if (Epoch != state.Epoch)
            return new Outcome(ErrorCodes.StaleEpoch, 0, state.Epoch);
        if (Change is not null && state.Subscribers.Count + Change.Add.Length > Limits.StreamDevices
            && state.Subscribers.Keys.Union(Change.Add).Count() > Limits.StreamDevices)
        {
            return Outcome.Refused(ErrorCodes.TooLarge);
        }
        PendingRun run = batch.Append(state, Kind, id, Payload, batch.Ends(ExpiresIn));
        // What only keeps the group in step wakes nobody. Whether a message is one to be shown, only its readers know.
        if (Kind == Kind.Application || Change?.Add.Length > 0)
            batch.Wake(account, state);
        if (Change is not null)
            Apply(Change, batch, state, run);
        return new Outcome(null, state.Head, state.Epoch);
    }

    static void Apply(MemberChange change, Batch batch, StreamState state, PendingRun commit)
    {
        List<Id> removed = [];
        // Who is added by the same change stays: it begins anew in MLS only, and may still have to read what leads there.
        foreach (Id gone in change.Remove.Except(change.Add))
        {
            if (state.Subscribers.TryGetValue(gone, out Subscriber? leaver) && leaver.Last is null)
            {
                batch.Remove(state, leaver);
                removed.Add(gone);
            }
        }
        commit.Removed = [.. removed];
        Id[] added = [.. change.Add.Where(device => !batch.IsRemoved(device))];
        if (added.Length == 0)
            return;
        var notice = new WelcomeNotice { Stream = ByteString.CopyFrom(state.Name.Id.ToArray()), Seq = state.Head };
        var welcome = new PendingWelcome(state, state.Head, batch.Ends(0), change.Welcome, []);
        List<Id> subscribed = [];
        batch.Expect(added);
        foreach (Id device in added)
        {
            // A member's word takes nothing from a device that reads already: its Welcome may be a lie.
            if (!state.Subscribers.TryGetValue(device, out Subscriber? known) || known.Last is not null)
            {
                batch.Subscribe(state, new Subscriber(device, first: state.Head + 1, last: null, leftEpoch: null, acked: state.Head));
                subscribed.Add(device);
            }
            welcome.Devices.Add((device, batch.Notify(device, Kind.Welcome, notice)));
        }
        batch.Add(welcome);
        if (subscribed.Count > 0)
            batch.Tell(new DevicesSubscribed(state.Name, [.. subscribed]));
    }
}
