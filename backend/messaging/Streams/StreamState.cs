using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>A device that reads a stream, as the writer knows it.</summary>
sealed class Subscriber(Id device, ulong first, ulong? last, ulong? leftEpoch, ulong acked)
{
    public Id Device { get; } = device;
    public ulong First { get; } = first;
    public ulong? Last { get; set; } = last;
    public ulong? LeftEpoch { get; set; } = leftEpoch;
    public ulong Acked { get; set; } = acked;

    /// <summary>Its acknowledgement waits for the next flush.</summary>
    public bool AckWaits { get; set; }

    /// <summary>Whether it has read all that it ever may.</summary>
    public bool Finished => Last <= Acked;
}

/// <summary>Where an entry is, to answer a repeated append.</summary>
readonly record struct Stored(ulong Seq, ulong EpochAfter);

/// <summary>The ids of a stored run, to forget them with it.</summary>
sealed record StoredRun(ulong Last, Id[] Ids);

/// <summary>
/// What the writer keeps in memory of one stream. It is the truth as long as every transaction succeeds; after one that fails, the states it
/// touched are dropped and read again.
/// </summary>
sealed class StreamState(long key, StreamName name, ulong epoch, ulong head)
{
    public long Key { get; } = key;
    public StreamName Name { get; } = name;
    public ulong Epoch { get; set; } = epoch;
    public ulong Head { get; set; } = head;

    /// <summary>The day it was made, of a new one.</summary>
    public long Created { get; init; }

    /// <summary>The day of the newest commit that this writer stored; 0 where there was none.</summary>
    public long Rekeyed { get; set; }

    /// <summary>Counts changes of the subscribers, where several nodes write.</summary>
    public long Version { get; set; }

    /// <summary>Where the database's head is, while this is being brought up to it.</summary>
    public ulong NextHead { get; set; }

    /// <summary>Runs above which it is read anew.</summary>
    public int MostRuns { get; set; } = int.MaxValue;

    public Dictionary<Id, Subscriber> Subscribers { get; } = [];

    /// <summary>Every entry that still exists, by id.</summary>
    public Dictionary<Id, Stored> Entries { get; } = [];

    /// <summary>Every run that still exists, oldest first.</summary>
    public Queue<StoredRun> Runs { get; } = [];

    /// <summary>The batch that used it last.</summary>
    public long LastUsed { get; set; }

    /// <summary>Acknowledgements that wait for a flush; such a state stays in memory.</summary>
    public int AcksWaiting { get; set; }

    // What the present batch changes.
    public bool Touched { get; set; }
    public bool IsNew { get; set; }
    public bool Gone { get; set; }
    public bool Moved { get; set; }
    public List<PendingRun> Pending { get; } = [];
    public List<Subscriber> Joined { get; } = [];
    public List<Subscriber> Left { get; } = [];

    /// <summary>Whether a device reads only up to some entry: then entries are deleted one by one, not from the front.</summary>
    public bool HasLeavers { get; set; }

    /// <summary>A run as the database has it.</summary>
    public void Remember(ulong first, ulong last, ulong epochAfter, Id[] ids)
    {
        for (int i = 0; i < ids.Length; i++)
            Entries[ids[i]] = new Stored(first + (ulong)i, epochAfter);
        Runs.Enqueue(new StoredRun(last, ids));
    }

    /// <summary>What every subscriber has acknowledged; everything if there is none.</summary>
    public ulong Floor()
    {
        ulong floor = Head;
        foreach (Subscriber subscriber in Subscribers.Values)
        {
            floor = Math.Min(floor, subscriber.Acked);
        }
        return floor;
    }

    /// <summary>Forgets the ids of the runs that end at or before <paramref name="floor"/>; false if there is none.</summary>
    public bool Forget(ulong floor)
    {
        bool any = false;
        while (Runs.TryPeek(out StoredRun? run) && run.Last <= floor)
        {
            Runs.Dequeue();
            foreach (Id id in run.Ids)
                Entries.Remove(id);
            any = true;
        }
        return any;
    }

    /// <summary>The batch is in the database.</summary>
    public void Settle()
    {
        Touched = IsNew = Moved = false;
        Pending.Clear();
        Joined.Clear();
        Left.Clear();
    }
}
