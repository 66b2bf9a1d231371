using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Simulation.Tests;

/// <summary>A while without faults: everything arrives and all devices run. Afterwards everything that was promised must have come true.</summary>
sealed class Calm(World world)
{
    const int MostSteps = 60_000;

    /// <summary>Lets everything that is on its way arrive, in order, and time pass, until nothing happens any more.</summary>
    public void Settle(TimeSpan? atLeast = null)
    {
        DateTimeOffset end = world.Clock.GetUtcNow() + (atLeast ?? TimeSpan.FromSeconds(30));
        for (int steps = 0; ; steps++)
        {
            foreach (Device device in world.Devices) Life.Bury(device);
            if (steps > MostSteps) throw new BrokenPromiseException($"it never comes to rest:\n{world.TraceText[^Math.Min(world.TraceText.Length, 3_000)..]}");
            if (world.Network.Packets.FirstOrDefault() is { } next) world.Arrive(next);
            else if (world.Deliver()) continue;
            else if (world.Clock.GetUtcNow() < end || IsBusy) world.Pass(TimeSpan.FromSeconds(3));
            else return;
            if (world.Clock.GetUtcNow() > end + TimeSpan.FromMinutes(20)) throw new BrokenPromiseException($"still busy: {string.Join(", ", world.Devices.Where(d => d.Busy is not null).Select(d => d.Name))}");
        }
    }

    bool IsBusy => world.Devices.Any(d => d.Busy is not null);

    /// <summary>Everything runs again, and comes to rest; then all is held against what was promised.</summary>
    public void Judge()
    {
        Life life = new(world);
        foreach (Device device in world.Devices) device.CutOffUntil = default;
        foreach (Device device in world.Devices) Life.Bury(device);
        foreach (Device device in world.Devices)
        {
            device.Process?.FailAt(long.MaxValue / 2, Fault.None);
            if (device is { Process: null, IsCertified: true }) life.Start(device);
        }
        Settle();
        foreach (Device device in world.Devices) life.LogInAgain(device);
        Settle(TimeSpan.FromMinutes(5));
        world.Ledger.Agree();
        world.Ledger.Check();
        HoldAll();
        Probe();
        HoldAll();
        world.SearchServer();
    }

    /// <summary>As things stand now: all agree, nothing waits, everything shows once and in one order.</summary>
    public void HoldAll()
    {
        Dictionary<Id, List<Device>> live = Members();
        foreach ((Id stream, List<Device> devices) in live) AgreeAll(stream, devices);
        foreach (Device device in world.Devices.Where(d => d.Client is not null && d.IsCertified)) HasNothingLeft(device);
        foreach (Device device in world.Devices.Where(d => d.Client is not null && d.IsCertified)) ShowsEverything(device);
        SameOrder();
        SameActs();
    }

    // By stream: the devices that take part.
    Dictionary<Id, List<Device>> Members()
    {
        Dictionary<Id, List<Device>> live = [];
        foreach (Device device in world.Devices)
            foreach (ConversationThread thread in device.Client?.Talk?.Threads ?? [])
                foreach (GroupStream stream in thread.Streams.Values.Where(s => s.IsLive))
                {
                    if (!live.TryGetValue(stream.Id, out List<Device>? devices)) live.Add(stream.Id, devices = []);
                    devices.Add(device);
                }
        return live;
    }

    // Those who take part are in one epoch, and in it is nobody else.
    void AgreeAll(Id stream, List<Device> devices)
    {
        HashSet<ulong> epochs = [.. devices.Select(d => Group(d, stream).Group!.Epoch)];
        if (epochs.Count > 1)
            throw new BrokenPromiseException($"{stream}: {string.Join(", ", devices.Select(d => $"{d.Name} in epoch {Group(d, stream).Group!.Epoch}"))}");
        foreach (MemberDevice member in Group(devices[0], stream).Devices)
        {
            Device? device = world.Devices.FirstOrDefault(d => d.Id == member.Device);
            if (device is null || device.IsGivenUp || devices.Contains(device) || HasGone(device, stream)) continue;
            throw new BrokenPromiseException($"{device.Name} is a member of {stream} and cannot follow: {Describe(device, stream)}");
        }
    }

    // Who declined somebody drops their invitations, and says nothing.
    static bool HasGone(Device device, Id stream) => Find(device, stream) is not { } found
        ? device.Client?.Talk?.Threads.Any(thread => thread.State == ConversationState.Declined) == true
        : found.Thread.State is ConversationState.Left or ConversationState.Declined || found.Stream.State is StreamState.Ended or StreamState.Unsubscribing;

    static string Describe(Device device, Id stream) =>
        Find(device, stream) is { } found ? $"{found.Thread.State} {found.Stream.State} seq {found.Stream.Row.NextSeq} epoch {found.Stream.Row.Epoch}" : $"never heard of it, {device.Client?.Connection}";

    static (ConversationThread Thread, GroupStream Stream)? Find(Device device, Id stream)
    {
        foreach (ConversationThread thread in device.Client?.Talk?.Threads ?? [])
            if (thread.Streams.TryGetValue(stream, out GroupStream? found)) return (thread, found);
        return null;
    }

    static GroupStream Group(Device device, Id stream) => Find(device, stream)!.Value.Stream;

    static void HasNothingLeft(Device device)
    {
        foreach (ConversationThread thread in device.Client!.Talk!.Threads)
        {
            if (thread.State != ConversationState.Active || thread.Live is not { Row.Leaving: false }) continue;
            bool alone = thread.Live.Devices.All(d => d.Account == device.Person.Account);
            if (!alone && thread.Outbox.Count > 0) throw new BrokenPromiseException($"{device.Name} still has {thread.Outbox.Count} contents to send in {thread.Id}");
            if (thread.Live.PendingRow is not null) throw new BrokenPromiseException($"{device.Name} still has a commit pending in {thread.Id}");
            if (thread.Live.Intents.Count > 0) throw new BrokenPromiseException($"{device.Name} still has something to do in {thread.Id}: {(IntentKind)thread.Live.Intents.Values.First().Kind}");
        }
    }

    // Whoever can write is heard by all: nothing is stuck.
    void Probe()
    {
        Life life = new(world);
        foreach (Device device in world.Devices)
            if (device.Client is { } client && device.IsCertified)
                foreach (Conversation conversation in client.Conversations.ToArray())
                    if (conversation is { State: ConversationState.Active, CannotSend: null } && conversation.Members.Count > 1)
                    {
                        life.Write(device, conversation);
                        Settle(TimeSpan.FromSeconds(1));
                    }
        Settle();
    }

    void ShowsEverything(Device device)
    {
        foreach (Conversation conversation in device.Client!.Conversations)
        {
            string[] shown = Texts(conversation);
            if (shown.Length != shown.Distinct().Count()) throw new BrokenPromiseException($"{device.Name} shows a text twice: {shown.GroupBy(t => t).First(g => g.Count() > 1).Key}");
            if (conversation.State != ConversationState.Active) continue;
            ConversationThread thread = device.Client.Talk!.Threads.First(t => t.Id == conversation.Id);
            foreach (var text in world.Ledger.Texts.Values)
            {
                if (!thread.Streams.TryGetValue(text.Stream, out GroupStream? stream) || !stream.IsLive) continue;
                if (world.Ledger.Joined.GetValueOrDefault((device.Id, text.Stream)) > text.Seq || stream.Row.NextSeq <= text.Seq) continue;
                if (!shown.Contains(text.Text) && !world.Ledger.Deleted.Contains(text.Name)) throw new BrokenPromiseException($"{device.Name} does not show {text.Text}, which is entry {text.Seq} of {text.Stream}");
            }
        }
    }

    // Two people who both read two messages read them in the same order, on all of their devices.
    void SameOrder()
    {
        if (world.Ledger.WasPutBack) return;
        Dictionary<Id, List<(Device Device, string[] Shown)>> all = [];
        foreach (Device device in world.Devices)
            foreach (Conversation conversation in device.Client?.Conversations ?? [])
            {
                if (conversation.Kind != ConversationKind.Group) continue;
                if (!all.TryGetValue(conversation.Id, out var list)) all.Add(conversation.Id, list = []);
                list.Add((device, Texts(conversation)));
            }
        foreach (var list in all.Values)
            foreach (var (device, shown) in list.Skip(1))
            {
                string[] both = [.. list[0].Shown.Where(shown.Contains)];
                if (!both.SequenceEqual(shown.Where(list[0].Shown.Contains))) throw new BrokenPromiseException($"{device.Name} and {list[0].Device.Name} show messages in another order");
            }
    }

    // Two devices that took part since a message was said show the same of it: its words, what they were before, who reacts, or that it was taken back.
    void SameActs()
    {
        if (world.Ledger.WasPutBack) return;
        ILookup<MessageId, Ledger.Placed> placed = world.Ledger.Texts.Values.ToLookup(text => text.Name);
        Dictionary<MessageId, (Device Device, string Stand)> known = [];
        foreach (Device device in world.Devices)
            foreach (Conversation conversation in device.Client?.Conversations ?? [])
            {
                if (conversation is not { Kind: ConversationKind.Group, State: ConversationState.Active }) continue;
                ConversationThread thread = device.Client!.Talk!.Threads.First(t => t.Id == conversation.Id);
                foreach (Message message in Messages(conversation))
                {
                    if (message.Body is SystemBody || message.State is MessageState.Queued or MessageState.Failed || placed[message.Id].FirstOrDefault() is not { } text) continue;
                    if (!thread.Streams.TryGetValue(text.Stream, out GroupStream? stream) || !stream.IsLive || world.Ledger.Joined.GetValueOrDefault((device.Id, text.Stream)) > text.Seq) continue;
                    string stand = $"{message.Body} {string.Join(',', message.FormerVersions.Select(v => v.Text))} {string.Join(' ', message.Reactions)}";
                    if (known.TryAdd(message.Id, (device, stand)) || known[message.Id].Stand == stand) continue;
                    throw new BrokenPromiseException($"{device.Name} and {known[message.Id].Device.Name} show one message differently:\n{stand}\n{known[message.Id].Stand}");
                }
            }
    }

    /// <summary>The texts that a conversation shows, but those that wait; of edited ones, how they were written first.</summary>
    public static string[] Texts(Conversation conversation)
    {
        return [.. Messages(conversation).Where(m => m.State != MessageState.Queued && m.State != MessageState.Failed && m.Body is TextBody)
            .Select(m => m.FormerVersions is [{ } first, ..] ? first.Text : ((TextBody)m.Body).Text)];
    }

    static IReadOnlyList<Message> Messages(Conversation conversation)
    {
        IReadOnlyList<Message> messages = [];
        EventLoop.Run(() => messages = conversation.MessagesAsync(100_000) is { IsCompletedSuccessfully: true } done ? done.Result : throw new InvalidOperationException("a store in memory answers at once"));
        return messages;
    }
}
