using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>How a stream stands on this device.</summary>
enum StreamState
{
    /// <summary>Made here; the server does not know it yet.</summary>
    Creating = 1,
    /// <summary>In use.</summary>
    Live = 2,
    /// <summary>This device is no member any more, or wants to be none.</summary>
    Ended = 3,
    /// <summary>Ended, and the server has still to be told.</summary>
    Unsubscribing = 4,
    /// <summary>This device cannot follow any more: entries it needed are gone. Somebody has to add it again.</summary>
    Lost = 5,
    /// <summary>Out while the own account goes over to a new key; an own device that has it lets this one in again.</summary>
    Between = 6,
    /// <summary>The server was put back to before this group began: who was in it is kept until somebody has begun it afresh.</summary>
    Forgotten = 7,
}

/// <summary>One MLS group and the stream it lives in, as this device has it. Used by one operation at a time.</summary>
sealed class GroupStream(Id id, StreamRow row)
{
    IReadOnlyList<MemberDevice>? _devices;
    ConversationExtension? _extension;
    readonly List<MlsGroup> _superseded = [];

    /// <summary>The stream's id, which is the group's.</summary>
    public Id Id { get; } = id;

    /// <summary>What is stored of it.</summary>
    public StreamRow Row { get; } = row;

    /// <summary>The group as it is; <c>null</c> once ended.</summary>
    public MlsGroup? Group { get; private set; }

    /// <summary>The group as it was stored last.</summary>
    public MlsGroup? Stored { get; private set; }

    /// <summary>The own commit that is not settled.</summary>
    public PendingCommit? Pending { get; private set; }

    /// <summary>What is stored of it.</summary>
    public PendingRow? PendingRow { get; private set; }

    /// <summary>Own proposals of this epoch.</summary>
    public ProposalsRow? Proposals { get; set; }

    /// <summary>What was asked for and not done yet, in the order of asking.</summary>
    public SortedDictionary<ulong, IntentRow> Intents { get; } = [];

    /// <summary>When to commit what others proposed, if nobody else has.</summary>
    public DateTimeOffset? CommitProposalsAt { get; set; }

    /// <summary>Where this device stood in the latest epochs.</summary>
    public Lineage Lineage { get; private set; } = new(new LineageRow());

    /// <summary>The stream's epoch in which a device was heard last, since this was loaded.</summary>
    public Dictionary<Id, ulong> HeardAt { get; } = [];

    /// <summary>Hashes of the claims that were made or heard in the stream's present epoch by devices in step.</summary>
    public (ulong StreamEpoch, HashSet<string> Hashes) Claims { get; set; } = (0, []);

    /// <summary>When the own claim goes out, unless somebody in the same epoch was first.</summary>
    public DateTimeOffset? ClaimAt { get; set; }

    /// <summary>An own commit came back altered: until when no other is made.</summary>
    public DateTimeOffset CommitsRestUntil { get; set; }

    /// <summary>How often in a row the server refused a commit that nobody had asked for, and until when no other is tried.</summary>
    public (int Times, DateTimeOffset Until) Refused { get; set; }

    /// <summary>Senders and epochs whose part of a proof is stored, as far as this process knows.</summary>
    public HashSet<(ulong Epoch, uint Leaf)> Signed { get; } = [];

    /// <summary>What was counted of each device's contents, as far as it was looked at.</summary>
    public Dictionary<Id, DeviceRow?> Numbers { get; } = [];

    /// <summary>How it stands.</summary>
    public StreamState State
    {
        get => (StreamState)Row.State;
        set => Row.State = (uint)value;
    }

    /// <summary>Whether this device takes part.</summary>
    public bool IsLive => State == StreamState.Live && Group is not null;

    /// <summary>The members of this epoch.</summary>
    public IReadOnlyList<MemberDevice> Devices => _devices ??= Group is null ? [] : [.. Group.Members.Select(MemberDevice.Of)];

    /// <summary>Leaves that were proposed for removal in this epoch: of accounts that leave.</summary>
    public IReadOnlyList<LeafIndex> ProposedRemovals => Group is not { HasProposals: true } ? []
        : [.. Group.Proposals.Where(p => p.Type == ProposalType.Remove).Select(p => p.Target!.Value)];

    /// <summary>What the members of this epoch agree on.</summary>
    public ConversationExtension? Extension => _extension ??= Group is null ? null : CommitPolicy.Read(Group.Extensions);

    /// <summary>Takes the group's next state; it is stored with the step.</summary>
    public void Advance(MlsGroup next)
    {
        if (Group is not null && Group.Epoch != next.Epoch) (_devices, _extension) = (null, null);
        if (Group is not null && !ReferenceEquals(Group, Stored)) _superseded.Add(Group);
        Group = next;
    }

    /// <summary>Writes what changed in the group since it was stored last.</summary>
    public void WriteGroup(StoreBatch batch)
    {
        if (Group is null || ReferenceEquals(Group, Stored)) return;
        foreach (StateRecord record in Group.Changes(Stored))
        {
            string key = StoreKeys.Group(Id, record.Key);
            if (record.Value is null) batch.Delete(key);
            else batch.Put(key, record.Value);
        }
    }

    /// <summary>What was written is stored: secrets that only older states hold are zeroed.</summary>
    public void GroupStored()
    {
        if (Group is null || ReferenceEquals(Group, Stored)) return;
        foreach (MlsGroup old in _superseded) old.DisposeExcept(Group);
        _superseded.Clear();
        Stored?.DisposeExcept(Group);
        Stored = Group;
    }

    /// <summary>When a device was last taken out and in again, milliseconds since 1970; 0 where that is long ago.</summary>
    public ulong SeatedAt(Id device) => Row.Seated.FirstOrDefault(seat => seat.Device.Span.SequenceEqual(device.ToArray()))?.At ?? 0;

    /// <summary>A device was taken out and in again.</summary>
    public void Seat(Id device, ulong now)
    {
        foreach (SeatRow old in Row.Seated.Where(seat => now - seat.At > SeatMemory || seat.Device.Span.SequenceEqual(device.ToArray())).ToArray()) Row.Seated.Remove(old);
        Row.Seated.Add(new SeatRow { Device = ByteString.CopyFrom(device.ToArray()), At = now });
    }

    const ulong SeatMemory = Limits.RetentionSeconds * 1000UL;

    /// <summary>The stream's epochs are counted anew: what was remembered by them says nothing any more.</summary>
    public void CountAnew(StoreBatch batch)
    {
        Lineage = new(new LineageRow());
        HeardAt.Clear();
        Claims = (0, []);
        ClaimAt = null;
        (Row.Claimed, Row.Answered, Row.AnswerTo) = (0, 0, ByteString.Empty);
        batch.Delete(StoreKeys.Lineage(Id));
    }

    /// <summary>Keeps a commit until the server has settled it.</summary>
    public void SetPending(PendingCommit pending, PendingRow row, StoreBatch batch)
    {
        (Pending, PendingRow) = (pending, row);
        batch.Put(StoreKeys.Pending(Id), row.ToByteArray());
    }

    /// <summary>The pending commit is settled or void.</summary>
    public void ClearPending(StoreBatch batch)
    {
        if (PendingRow is null) return;
        Pending?.Dispose();
        (Pending, PendingRow) = (null, null);
        batch.Delete(StoreKeys.Pending(Id));
    }

    /// <summary>Drops the group with all of its secrets, here and in the store.</summary>
    public void End(StreamState state, StoreBatch batch)
    {
        ClearPending(batch);
        Proposals = null;
        State = state;
        Row.Leaving = Row.ClaimDue = false;
        Row.Apart.Clear();
        CommitProposalsAt = null;
        batch.Delete(StoreKeys.Proposals(Id)).DeletePrefix(StoreKeys.Group(Id)).DeletePrefix(StoreKeys.Devices(Id)).Delete(StoreKeys.Lineage(Id));
        Close();
    }

    /// <summary>Zeroes what is in memory.</summary>
    public void Close()
    {
        foreach (MlsGroup old in _superseded) old.Dispose();
        _superseded.Clear();
        Pending?.Dispose();
        Stored?.Dispose();
        if (!ReferenceEquals(Group, Stored)) Group?.Dispose();
        (Group, Stored, Pending, _devices, _extension) = (null, null, null, null, null);
        Numbers.Clear();
        HeardAt.Clear();
    }

    /// <summary>Loads a stream.</summary>
    public static async Task<GroupStream> LoadAsync(IClientStore store, MlsEnvironment mls, Id id, StreamRow row, CancellationToken cancel)
    {
        GroupStream stream = new(id, row);
        if (stream.State is not (StreamState.Creating or StreamState.Live or StreamState.Forgotten)) return stream;
        string prefix = StoreKeys.Group(id);
        IReadOnlyList<StoreEntry> records = await store.ScanAsync(StoreRange.Prefix(prefix), cancel).ConfigureAwait(false);
        stream.Group = stream.Stored = MlsGroup.Load(mls, records.Select(entry => new StateRecord(entry.Key[prefix.Length..], entry.Value)));
        if (await store.GetAsync(StoreKeys.Lineage(id), cancel).ConfigureAwait(false) is { } lineage) stream.Lineage = new(LineageRow.Parser.ParseFrom(lineage));
        if (await store.GetAsync(StoreKeys.Pending(id), cancel).ConfigureAwait(false) is { } pending)
        {
            stream.PendingRow = PendingRow.Parser.ParseFrom(pending);
            stream.Pending = PendingCommit.Decode(stream.Group, stream.PendingRow.Commit.Span);
        }
        if (await store.GetAsync(StoreKeys.Proposals(id), cancel).ConfigureAwait(false) is { } proposals)
            stream.Proposals = ProposalsRow.Parser.ParseFrom(proposals);
        foreach (StoreEntry intent in await store.ScanAsync(StoreRange.Prefix(StoreKeys.Intents(id)), cancel).ConfigureAwait(false))
            stream.Intents.Add(StoreKeys.NumberOf(intent.Key), IntentRow.Parser.ParseFrom(intent.Value));
        return stream;
    }
}
