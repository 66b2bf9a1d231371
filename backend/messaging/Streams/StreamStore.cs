using System.Data.Common;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>The SQL by which a node's one writer changes streams. It belongs to the writer's thread.</summary>
abstract class StreamStore : IDisposable
{
    /// <summary>The connection, for statements that run alone (<see cref="Chore"/>).</summary>
    public abstract DbConnection Connection { get; }

    /// <summary>Whether other nodes write too: then what is cached is brought up to date before it is used, and acknowledgements are counted in SQL alone.</summary>
    public virtual bool IsShared => false;

    /// <summary>About how many bytes were written since the start.</summary>
    public long Written { get; protected set; }

    /// <summary>Locks these streams for the transaction and makes the cache tell the truth about them, or nothing. Where nobody else writes, it always does.</summary>
    public virtual void Hold(IReadOnlyCollection<StreamName> names, StreamCache cache)
    {
    }

    /// <summary>Locks the rows of these streams, for a chore.</summary>
    public virtual void Lock(IReadOnlyCollection<long> streams)
    {
    }

    /// <summary>Until the transaction ends no other node does this kind of chore; false if one is at it.</summary>
    public virtual bool TryAlone(string chore) => true;

    /// <summary>Until the transaction ends no other node does a chore for this account; of the default id, none that counts what all of them have.</summary>
    public virtual void Alone(Id account)
    {
    }

    /// <summary>Subscribers of these streams changed in SQL: whoever has cached them reads them again.</summary>
    public virtual void Changed(IReadOnlyCollection<long> streams)
    {
    }

    /// <summary>Begins the transaction, unless <see cref="Hold"/> has.</summary>
    public abstract void Begin();

    /// <summary>Stores what the transaction changed; it is on the disk when this returns.</summary>
    public abstract void Commit();

    /// <summary>Undoes the transaction, if there is one.</summary>
    public abstract void Rollback();

    /// <summary>Writes acknowledgements and deletes what everybody has read, where <see cref="IsShared"/>; answers who has now read all that it ever may.</summary>
    public virtual List<DeviceUnsubscribed> WriteAcks(IReadOnlyDictionary<(StreamName Stream, Id Device), ulong> acks) => throw new InvalidOperationException("not shared");

    /// <summary>What can be done beside the commits.</summary>
    public virtual void AfterCommit()
    {
    }

    /// <summary>Whether the transaction lost a race, or its connection, and may be tried again.</summary>
    public virtual bool MayRepeat(DbException error) => false;

    /// <summary>Whether the connection broke: whether a commit that was under way happened is not known.</summary>
    public virtual bool IsBroken(DbException error) => false;

    /// <summary>The error's name for the log, without what was asked or stored.</summary>
    public abstract string Name(DbException error);

    /// <summary>Reads a stream; null if there is none.</summary>
    public abstract StreamState? Load(StreamName name);

    /// <summary>Adds every device that reads a conversation which this one reads.</summary>
    public abstract void AddPeers(Id device, HashSet<Id> peers);

    /// <summary>A key for a stream that <see cref="Write"/> will store.</summary>
    public abstract long NewKey();

    /// <summary>Writes what a batch changed in one stream.</summary>
    public abstract void Write(StreamState state);

    public abstract void WriteAck(StreamState state, Subscriber subscriber);

    /// <summary>Deletes the runs that end at or before <paramref name="floor"/>.</summary>
    public abstract void DropRead(StreamState state, ulong floor);

    /// <summary>Deletes the runs that nobody needs any more, wherever they are.</summary>
    public abstract void DropReadByAll(long stream);

    /// <summary>Deletes a stream with all that belongs to it.</summary>
    public abstract void Drop(long stream);

    public abstract void AddWelcome(PendingWelcome welcome);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Ids one behind the other, as a run's row has them.</summary>
    internal static byte[] WriteIds(ReadOnlySpan<Id> ids)
    {
        byte[] bytes = new byte[ids.Length * Limits.IdLength];
        for (int i = 0; i < ids.Length; i++)
            ids[i].Write(bytes.AsSpan(i * Limits.IdLength));
        return bytes;
    }

    protected static Id[] ReadIds(ReadOnlySpan<byte> bytes)
    {
        var ids = new Id[bytes.Length / Limits.IdLength];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = Id.Read(bytes.Slice(i * Limits.IdLength, Limits.IdLength));
        return ids;
    }
}
