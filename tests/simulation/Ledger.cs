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
    public sealed record Placed(Id Stream, ulong Seq, string Text, Id Sender);

    readonly Dictionary<(Id Stream, ulong Epoch), (string What, string Who)> _epochs = [];
    readonly Dictionary<Id, (string Text, Id Sender)> _written = [];

    /// <summary>Texts in streams, by entry.</summary>
    public Dictionary<Id, Placed> Texts { get; } = [];

    /// <summary>Somebody wrote a text: the outbox knows under which entry it goes.</summary>
    public void Wrote(KavalekClient client, Conversation conversation, Message message, string text)
    {
        ConversationThread? thread = client.Talk?.Threads.FirstOrDefault(t => t.Id == conversation.Id);
        foreach (var row in thread?.Outbox.Values ?? (IEnumerable<Client.Records.OutboxRow>)[])
            if (row.Position == message.Position.Value) _written[Id.Read(row.Entry.Span)] = (text, client.Me.Id);
    }

    /// <summary>The server took an entry.</summary>
    public void Appended(byte[] request, byte[] answer)
    {
        Wire.Append append = Wire.Append.Parser.ParseFrom(request);
        Wire.Appended appended = Wire.Appended.Parser.ParseFrom(answer);
        Id id = Id.Read(append.Id.Span), stream = Id.Read(appended.Stream.Span);
        world.Seals.Leaves(append.Payload.Span);
        if (append.Kind == Wire.Kind.Application && _written.TryGetValue(id, out var written))
            Texts.TryAdd(id, new Placed(stream, appended.Seq, written.Text, written.Sender));
    }

    /// <summary>Everybody in an epoch agrees with everybody else in it.</summary>
    public void Check()
    {
        foreach (Device device in world.Devices)
        {
            if (device.Client?.Talk is not { } engine) continue;
            foreach (ConversationThread thread in engine.Threads)
                foreach (GroupStream stream in thread.Streams.Values)
                {
                    if (stream.Group is not { } group) continue;
                    if (stream.Row.Epoch == 0 && stream.State == StreamState.Creating) continue;
                    string agreed = Agreement(group, stream);
                    if (_epochs.TryAdd((stream.Id, group.Epoch), (agreed, device.Name))) continue;
                    var known = _epochs[(stream.Id, group.Epoch)];
                    if (known.What != agreed) throw new BrokenPromiseException($"{device.Name} and {known.Who} are in epoch {group.Epoch} of {stream.Id} and do not agree");
                }
        }
    }

    static string Agreement(MlsGroup group, GroupStream stream)
    {
        ConversationExtension extension = stream.Extension!;
        return string.Join('|', Convert.ToHexString(group.EpochAuthenticator), extension.Title, extension.Kind,
            string.Join(',', stream.Devices.Select(d => $"{d.Leaf.Value}:{d.Account}:{d.Device}")),
            string.Join(',', extension.Roles.OrderBy(r => r.Key.High).ThenBy(r => r.Key.Low).Select(r => $"{r.Key}{r.Value}")));
    }
}
