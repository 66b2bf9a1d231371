using System.Collections.Immutable;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// A conversation as this device has it: one line of messages, fed by one group, or in a direct conversation by every group the pair
/// ever opened. Everything here is read and changed inside a <see cref="Step"/> only, but <see cref="View"/>.
/// </summary>
sealed class ConversationThread
{
    /// <summary>Positions of messages that are not in the stream yet begin here, after all others.</summary>
    public const ulong QueuedPositions = 1UL << 62;

    /// <summary>Where the first message of a conversation stands: there is room before it, for what comes from the archive.</summary>
    public const ulong FirstPosition = 1UL << 50;

    /// <summary>How far apart messages stand when they come: there is room between them, too.</summary>
    public const ulong PositionGap = 1UL << 20;

    volatile ConversationView _view;

    public ConversationThread(ConversationEngine engine, Id id, ConversationRow row)
    {
        Id = id;
        Row = row;
        _view = ConversationView.Of(this);
        Face = new Conversation(engine, this);
    }

    /// <summary>The conversation as callers hold it.</summary>
    public Conversation Face { get; }

    /// <summary>A group's stream, or the id of the pair.</summary>
    public Id Id { get; }

    /// <summary>What is stored of it.</summary>
    public ConversationRow Row { get; private set; }

    /// <summary>Its groups.</summary>
    public Dictionary<Id, GroupStream> Streams { get; } = [];

    /// <summary>Contents to send, in their order.</summary>
    public SortedDictionary<ulong, OutboxRow> Outbox { get; } = [];

    /// <summary>What was done to messages that are not here yet.</summary>
    public Dictionary<(Id Author, Id Content, Id Actor), WaitingRow> Waiting { get; } = [];

    /// <summary>Entries the server has confirmed; they wait for their place in the stream. In memory only: to ask again is harmless.</summary>
    public HashSet<Id> OnServer { get; } = [];

    /// <summary>What was begun and not sent.</summary>
    public DraftRow? Draft { get; set; }

    /// <summary>What the others have said they have.</summary>
    public Dictionary<Id, AccountRow> Accounts { get; } = [];

    /// <summary>One operation at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1);

    /// <summary>One sender at a time.</summary>
    public SemaphoreSlim Sending { get; } = new(1);

    /// <summary>Held while own devices are brought in: one at a time takes key packages for it.</summary>
    public SemaphoreSlim Bringing { get; } = new(1);

    /// <summary>Set when there is something to send; in memory only.</summary>
    public int Kicked;

    /// <summary>When the receipts that are due go out.</summary>
    public DateTimeOffset? ReceiptsAt { get; set; }

    /// <summary>The conversation as of the last finished step; safe to read any time.</summary>
    public ConversationView View => _view;

    /// <summary>Where the own account stands.</summary>
    public ConversationState State
    {
        get => (ConversationState)Row.State;
        set => Row.State = (uint)value;
    }

    /// <summary>Direct or group.</summary>
    public ConversationKind Kind => (ConversationKind)Row.Kind;

    /// <summary>The other account of a direct conversation.</summary>
    public Id? Peer => Row.Peer.IsEmpty ? null : Id.Read(Row.Peer.Span);

    /// <summary>The group that is written to; <c>null</c> where there is none.</summary>
    public GroupStream? Live => !Row.Live.IsEmpty && Streams.GetValueOrDefault(Id.Read(Row.Live.Span)) is { IsLive: true } live ? live : null;

    /// <summary>The newest of the groups, live or not: who is in it is what was last known.</summary>
    public GroupStream? Newest => Row.Live.IsEmpty ? null : Streams.GetValueOrDefault(Id.Read(Row.Live.Span));

    /// <summary>Chooses the group to write to: the newest live one, and of two of one age that with the lower id, for all who see both.</summary>
    public void ChooseLive()
    {
        GroupStream? best = null;
        foreach (GroupStream stream in Streams.Values)
            if (stream.IsLive && !stream.Row.Leaving && (best is null || IsBefore(best, stream))) best = stream;
        if (best is not null) Row.Live = ByteString.CopyFrom(best.Id.ToArray());
    }

    static bool IsBefore(GroupStream one, GroupStream other) =>
        one.Row.Created != other.Row.Created ? one.Row.Created < other.Row.Created
        : one.Id.High != other.Id.High ? one.Id.High > other.Id.High : one.Id.Low > other.Id.Low;

    /// <summary>The position after the last one, 0 where there is none yet.</summary>
    public static ulong PositionAfter(ulong last) => last == 0 ? FirstPosition : last + PositionGap;

    /// <summary>Makes the present state the one that is seen from outside.</summary>
    public void Refresh() => _view = ConversationView.Of(this);

    /// <summary>The id of the conversation of a pair; the same on both sides.</summary>
    public static Id PairId(Id instance, Id one, Id other)
    {
        (Id low, Id high) = one.High < other.High || (one.High == other.High && one.Low < other.Low) ? (one, other) : (other, one);
        byte[] hash = System.Security.Cryptography.SHA256.HashData([.. "kavalek/v1/pair"u8, .. instance.ToArray(), .. low.ToArray(), .. high.ToArray()]);
        return Id.Read(hash.AsSpan(0, Limits.IdLength));
    }

    /// <summary>Loads everything but the messages, in place of what is here.</summary>
    public async Task LoadAsync(ClientCore core, IEnumerable<(Id Id, StreamRow Row)> streams, CancellationToken cancel, IClientStore? from = null)
    {
        IClientStore store = from ?? core.Store;
        Close();
        foreach ((Id id, StreamRow row) in streams) Streams.Add(id, await GroupStream.LoadAsync(store, core.Mls, id, row, cancel).ConfigureAwait(false));
        foreach (StoreEntry entry in await store.ScanAsync(StoreRange.Prefix(StoreKeys.Outboxes(Id)), cancel).ConfigureAwait(false))
            Outbox.Add(StoreKeys.NumberOf(entry.Key), OutboxRow.Parser.ParseFrom(entry.Value));
        Draft = await store.GetAsync(StoreKeys.Draft(Id), cancel).ConfigureAwait(false) is { } draft ? DraftRow.Parser.ParseFrom(draft) : null;
        foreach (StoreEntry entry in await store.ScanAsync(StoreRange.Prefix(StoreKeys.Accounts(Id)), cancel).ConfigureAwait(false))
            Accounts.Add(StoreKeys.IdOf(entry.Key), AccountRow.Parser.ParseFrom(entry.Value));
        foreach (StoreEntry entry in await store.ScanAsync(StoreRange.Prefix(StoreKeys.Waitings(Id)), cancel).ConfigureAwait(false))
            if (entry.Key.Split('/') is [_, _, _, var author, var content, var actor])
                Waiting.Add((Id.Parse(author), Id.Parse(content), Id.Parse(actor)), WaitingRow.Parser.ParseFrom(entry.Value));
        Refresh();
    }

    /// <summary>After a step that failed: memory may be ahead of the store, so the store counts.</summary>
    public async Task ReloadAsync(ClientCore core)
    {
        byte[]? stored = await core.Store.GetAsync(StoreKeys.Conversation(Id)).ConfigureAwait(false);
        if (stored is null) return;
        Row = ConversationRow.Parser.ParseFrom(stored);
        List<(Id, StreamRow)> streams = [];
        foreach (Id id in Streams.Keys)
            if (await core.Store.GetAsync(StoreKeys.Stream(id)).ConfigureAwait(false) is { } row) streams.Add((id, StreamRow.Parser.ParseFrom(row)));
        await LoadAsync(core, streams, default).ConfigureAwait(false);
    }

    /// <summary>Zeroes what is in memory.</summary>
    public void Close()
    {
        foreach (GroupStream stream in Streams.Values) stream.Close();
        Streams.Clear();
        Outbox.Clear();
        OnServer.Clear();
        Accounts.Clear();
        Waiting.Clear();
        Draft = null;
    }
}

/// <summary>What is seen of a conversation from outside; it never changes.</summary>
sealed record ConversationView
{
    public required ConversationKind Kind { get; init; }
    public required ConversationState State { get; init; }
    public required Id? Peer { get; init; }
    public required Id? Inviter { get; init; }
    public required string Title { get; init; }
    public required int Unread { get; init; }
    public required int UnreadMentions { get; init; }
    public required ulong Activity { get; init; }
    public required IReadOnlyList<MemberDevice> Devices { get; init; }
    public required IReadOnlyDictionary<Id, Role> Roles { get; init; }
    public required uint Timer { get; init; }
    public required IReadOnlySet<Id> Leaving { get; init; }
    public required IReadOnlySet<Id> Gone { get; init; }
    public required ImmutableDictionary<Id, (ulong Delivered, ulong Read)> Progress { get; init; }
    public required StreamState? Stream { get; init; }
    public required IReadOnlySet<Id> Apart { get; init; }
    public required byte[]? Epoch { get; init; }
    public required Draft? Draft { get; init; }
    public required bool Uploading { get; init; }

    public static ConversationView Of(ConversationThread thread)
    {
        GroupStream? stream = thread.Newest;
        ConversationExtension? extension = stream?.Extension;
        HashSet<Id> leaving = [];
        if (stream is not null)
        {
            IReadOnlyList<Mls.LeafIndex> proposed = stream.ProposedRemovals;
            leaving.UnionWith(stream.Devices.Where(d => proposed.Contains(d.Leaf)).Select(d => d.Account));
            foreach (IntentRow intent in stream.Intents.Values)
                if ((IntentKind)intent.Kind == IntentKind.RemoveAccount) leaving.Add(Id.Read(intent.Account.Span));
        }
        return new()
        {
            Kind = thread.Kind,
            State = thread.State,
            Peer = thread.Peer,
            Inviter = thread.Row.Inviter.IsEmpty ? null : Id.Read(thread.Row.Inviter.Span),
            Title = thread.Row.Title,
            Unread = (int)thread.Row.Unread,
            UnreadMentions = (int)thread.Row.UnreadMentions,
            Activity = thread.Row.Activity,
            Devices = stream?.Devices ?? [],
            Roles = extension?.Roles ?? new Dictionary<Id, Role>(),
            Timer = extension?.Timer ?? 0,
            Leaving = leaving,
            Gone = thread.Accounts.Where(entry => entry.Value.Gone).Select(entry => entry.Key).ToHashSet(),
            Progress = thread.Accounts.ToImmutableDictionary(entry => entry.Key, entry => (entry.Value.Delivered, entry.Value.Read)),
            Stream = stream?.State,
            Apart = stream is null ? new HashSet<Id>() : stream.Devices.Where(d => stream.Row.Apart.Contains(Google.Protobuf.ByteString.CopyFrom(d.Device.ToArray()))).Select(d => d.Account).ToHashSet(),
            Draft = thread.Draft is { } draft ? new Draft(draft.Text, draft.ReplyId.IsEmpty ? null : new MessageId(Id.Read(draft.ReplyAccount.Span), Id.Read(draft.ReplyId.Span)))
            {
                Files = draft.Files.Count == 0 ? [] : [.. draft.Files.Select(file => new DraftFile(file.Name, (long)file.Size))],
            } : null,
            Uploading = thread.Outbox.Values.Any(row => row.Uploading),
            Epoch = stream?.Group is { } group ? Standing.Of(group, 0, default).State : null,
        };
    }
}
