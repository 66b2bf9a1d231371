using Kavalek.Client;
using Kavalek.Mls;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Simulation.Tests;

/// <summary>
/// What must hold at each step: whoever is in an epoch agrees with everybody else in it on all of it; no message shows twice; all show
/// them in one order; and what leaves a device under one key is one ciphertext.
/// </summary>
sealed class Ledger(World world)
{
    /// <summary>A text that the server has taken.</summary>
    public sealed record Placed(Id Stream, ulong Seq, string Text, MessageId Name);

    readonly Dictionary<(Id Stream, ulong Epoch), (string What, string Who)> _epochs = [];
    readonly Dictionary<(Device Device, Id Stream), EpochSeen> _looked = [];

    // What a device holds of an epoch does not change within it; after a restart it is looked at again.
    sealed record EpochSeen(KavalekClient Client, ulong Epoch);
    readonly Dictionary<Id, (string Text, MessageId Name)> _written = [];

    /// <summary>Messages that somebody wanted to take back: whether it came to that depends on whether it was heard.</summary>
    public HashSet<MessageId> Deleted { get; } = [];

    /// <summary>Texts in streams, by entry.</summary>
    public Dictionary<Id, Placed> Texts { get; } = [];

    readonly Dictionary<Id, SortedDictionary<ulong, byte[]>> _entries = [];

    /// <summary>Everything that a stream ever held, in its order.</summary>
    public IReadOnlyList<byte[]> Entries(Id stream) => [.. _entries[stream].Values];

    /// <summary>By device and stream: the commit that brought the device in last.</summary>
    public Dictionary<(Id Device, Id Stream), ulong> Joined { get; } = [];

    /// <summary>Somebody wrote a text: the outbox knows under which entry it goes.</summary>
    public void Wrote(KavalekClient client, Conversation conversation, Message message, string text)
    {
        ConversationThread? thread = client.Talk?.Threads.FirstOrDefault(t => t.Id == conversation.Id);
        foreach (var row in thread?.Outbox.Values ?? (IEnumerable<Client.Records.OutboxRow>)[])
            if (row.Position == message.Position.Value) _written[Id.Read(row.Entry.Span)] = (text, message.Id);
    }

    /// <summary>The server took an entry.</summary>
    public void Appended(byte[] request, byte[] answer)
    {
        Wire.Append append = Wire.Append.Parser.ParseFrom(request);
        Wire.Appended appended = Wire.Appended.Parser.ParseFrom(answer);
        Id id = Id.Read(append.Id.Span), stream = Id.Read(appended.Stream.Span);
        world.Seals.Leaves(append.Payload.Span);
        foreach (var added in append.Change?.Add ?? []) Joined[(Id.Read(added.Span), stream)] = appended.Seq;
        if (!_entries.TryGetValue(stream, out var entries)) _entries.Add(stream, entries = []);
        entries[appended.Seq] = append.Payload.ToByteArray();
        if (append.Kind == Wire.Kind.Application && _written.TryGetValue(id, out var written))
            Texts.TryAdd(id, new Placed(stream, appended.Seq, written.Text, written.Name));
    }

    (HashSet<Id> Texts, Dictionary<(Id Device, Id Stream), ulong> Joined)? _saved;

    /// <summary>The server was put back once: who had seen more and who had seen less need not show one order.</summary>
    public bool WasPutBack { get; private set; }

    /// <summary>Until they have found each other again, members can stand in different epochs under one number.</summary>
    public bool IsApart { get; private set; }

    /// <summary>The server is saved as it is.</summary>
    public void Save() => _saved = ([.. Texts.Keys], new(Joined));

    /// <summary>The server forgets what came since it was saved.</summary>
    public void PutBack()
    {
        foreach (Id entry in Texts.Keys.Where(entry => !_saved!.Value.Texts.Contains(entry)).ToArray()) Texts.Remove(entry);
        Joined.Clear();
        foreach (var joined in _saved!.Value.Joined) Joined.Add(joined.Key, joined.Value);
        WasPutBack = IsApart = true;
    }

    /// <summary>From now on all agree again.</summary>
    public void Agree()
    {
        if (!IsApart) return;
        IsApart = false;
        _epochs.Clear();
        _looked.Clear();
    }

    /// <summary>Everybody in an epoch agrees with everybody else in it.</summary>
    public void Check()
    {
        if (IsApart) return;
        foreach (Device device in world.Devices)
        {
            if (device.Client?.Talk is not { } engine) continue;
            foreach (ConversationThread thread in engine.Threads)
                foreach (GroupStream stream in thread.Streams.Values)
                {
                    if (stream.Group is not { } group) continue;
                    if (stream.Row.Epoch == 0 && stream.State == StreamState.Creating) continue;
                    if (_looked.TryGetValue((device, stream.Id), out EpochSeen? seen) && seen.Client == device.Client && seen.Epoch == group.Epoch) continue;
                    _looked[(device, stream.Id)] = new(device.Client!, group.Epoch);
                    string agreed = Agreement(group, stream);
                    if (_epochs.TryAdd((stream.Id, group.Epoch), (agreed, device.Name))) continue;
                    var known = _epochs[(stream.Id, group.Epoch)];
                    if (known.What != agreed) throw new BrokenPromiseException($"{device.Name} and {known.Who} are in epoch {group.Epoch} of {stream.Id} and do not agree");
                }
        }
    }

    /// <summary>Where every device stands, for whoever looks for the cause.</summary>
    public static string Describe(World world)
    {
        System.Text.StringBuilder text = new();
        foreach (Device device in world.Devices)
        {
            text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"{device.Name} {device.Id} certified {device.IsCertified} given up {device.IsGivenUp} {device.Client?.Connection} {string.Join("; ", device.Process?.Notices ?? [])}");
            foreach (ConversationThread thread in device.Client?.Talk?.Threads ?? [])
            {
                text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"  {thread.Kind} {thread.Id} {thread.State} kicked {thread.Kicked} {device.Client!.Talk!.Block(thread)?.Reason} to send {string.Join(", ", thread.Outbox.Select(o => $"{o.Key} at {o.Value.Position:x} sealed {o.Value.Sealed?.Number}"))}");
                foreach (GroupStream stream in thread.Streams.Values)
                    text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"    {stream.Id} {stream.State} next {stream.Row.NextSeq} epoch {stream.Row.Epoch} mls {stream.Group?.Epoch} leaving {stream.Row.Leaving} apart {stream.Row.Apart.Count} pending {stream.PendingRow is not null} intents {string.Join(", ", stream.Intents.Values.Select(i => (IntentKind)i.Kind))} proposals {stream.ProposedRemovals.Count} leaves {string.Join(" ", stream.Devices.Select(d => $"{d.Leaf.Value}:{world.Devices.FirstOrDefault(x => x.Id == d.Device)?.Name}"))}");
            }
        }
        return text.ToString();
    }

    static string Agreement(MlsGroup group, GroupStream stream)
    {
        ConversationExtension extension = stream.Extension!;
        return string.Join('|', Convert.ToHexString(group.EpochAuthenticator), extension.Title, extension.Kind,
            string.Join(',', stream.Devices.Select(d => $"{d.Leaf.Value}:{d.Account}:{d.Device}")),
            string.Join(',', extension.Roles.OrderBy(r => r.Key.High).ThenBy(r => r.Key.Low).Select(r => $"{r.Key}{r.Value}")));
    }
}
