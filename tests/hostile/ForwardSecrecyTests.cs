using Kavalek.Mls;
using Kavalek.Protocol;
using static Kavalek.Client.Tests.TestConversations;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>What a thief of all state can do with everything that was recorded before and after.</summary>
[Collection(nameof(Cast))]
public sealed class ForwardSecrecyTests(Cast cast)
{
    // K-73
    [Fact]
    public async Task Stolen_state_opens_nothing_that_was_read_before_and_nothing_after_the_victims_next_update()
    {
        MemoryClientStore store = new();
        KavalekClient victim = await cast.PersonAsync(store);
        Conversation[] group = await GroupAsync("Stolen", cast.Marie, victim);
        Id stream = await victim.StreamAsync(group[1]);
        List<Wire.Entry> recording = [];
        using IDisposable lens = cast.Hostile.Lie(new StreamLens(victim.Me.Device, stream, entries =>
        {
            recording.AddRange(entries);
            return entries;
        }));
        for (int i = 0; i < 5; i++) await group[0].SendAsync($"before {i}");
        await group[1].SendAsync("own, before");
        await SyncAsync(cast.Marie, victim);
        await group[0].RenameAsync("An epoch later");
        for (int i = 5; i < 8; i++) await group[0].SendAsync($"before {i}");
        await SyncAsync(cast.Marie, victim);

        // Everything the device holds, taken with its keys while it is open; and that of the sender, who could open what he sent.
        MlsGroup stolen = await victim.GroupAsync(stream), stolenFromSender = await cast.Marie.GroupAsync(stream);
        Wire.Entry[] before = [.. recording.Where(entry => entry.Kind == Wire.Kind.Application)];
        Assert.True(before.Length >= 9);
        foreach (Wire.Entry entry in before)
        {
            Assert.IsNotType<ProcessResult.ApplicationReceived>(await stolen.ProcessAsync(entry.Payload.Memory, DateTimeOffset.UtcNow));
            Assert.IsNotType<ProcessResult.ApplicationReceived>(await stolenFromSender.ProcessAsync(entry.Payload.Memory, DateTimeOffset.UtcNow));
        }
        // The allow twin: what comes right after the theft is open to the thief, until the victim renews its keys.
        await group[0].SendAsync("between");
        await SyncAsync(cast.Marie, victim);
        int opened = 0;
        foreach (Wire.Entry entry in recording.Except(before).Where(entry => entry.Kind == Wire.Kind.Application))
            if (await stolen.ProcessAsync(entry.Payload.Memory, DateTimeOffset.UtcNow) is ProcessResult.ApplicationReceived received)
            {
                stolen = received.Next;
                opened++;
            }
        Assert.True(opened > 0);

        await victim.DisposeAsync();
        victim = await KavalekClient.UnlockAsync(cast.Options(store) with { Renewal = new RenewalSettings { AfterMessages = 1, WithinOfJoining = TimeSpan.Zero } }, TestPeople.Phrase);
        int healed = recording.Count;
        await victim.Conversation(group[1].Id)!.SendAsync("renews");
        await SyncAsync(victim, cast.Marie);
        await victim.Conversation(group[1].Id)!.SendAsync("renewed");
        await SyncAsync(victim, cast.Marie);
        int commit = recording.FindIndex(healed, entry => entry.Kind == Wire.Kind.Commit);
        Assert.True(commit >= 0, "the schedule of docs/PROTOCOL.md renews the leaf");
        await group[0].SendAsync("after");
        await SyncAsync(cast.Marie, victim);
        foreach (Wire.Entry entry in recording.Skip(healed))
        {
            ProcessResult result = await stolen.ProcessAsync(entry.Payload.Memory, DateTimeOffset.UtcNow);
            if (recording.IndexOf(entry) > commit) Assert.IsNotType<ProcessResult.ApplicationReceived>(result);
            // The thief has the victim's place, and cannot follow the commit of it.
            Assert.IsNotType<ProcessResult.CommitReceived>(result);
        }
        Assert.Contains("after", await victim.Conversation(group[1].Id)!.TextsAsync());
        await victim.DisposeAsync();
    }

    // K-73
    [Fact]
    public async Task A_removed_devices_whole_state_opens_nothing_that_is_said_after_its_removal()
    {
        KavalekClient removed = await cast.PersonAsync();
        await using var _ = removed;
        Conversation[] group = await GroupAsync("Removed", cast.Marie, cast.Karim, removed);
        Id stream = await removed.StreamAsync(group[2]);
        MlsGroup stolen = await removed.GroupAsync(stream);
        List<Wire.Entry> recording = [];
        using IDisposable lens = cast.Hostile.Lie(new StreamLens(cast.Karim.Me.Device, stream, entries =>
        {
            recording.AddRange(entries);
            return entries;
        }));
        await group[0].SendAsync("still for all");
        await SyncAsync(cast.Marie, cast.Karim);
        int before = recording.Count;
        Assert.IsType<ProcessResult.ApplicationReceived>(await stolen.ProcessAsync(recording.First(entry => entry.Kind == Wire.Kind.Application).Payload.Memory, DateTimeOffset.UtcNow));
        await group[0].RemoveAsync(removed.Me.Id);
        await group[0].SendAsync("not for it");
        await group[1].SendAsync("nor this");
        await SyncAsync(cast.Marie, cast.Karim);
        int commit = recording.FindIndex(before, entry => entry.Kind == Wire.Kind.Commit);
        foreach (Wire.Entry entry in recording.Skip(commit + 1))
            Assert.IsNotType<ProcessResult.ApplicationReceived>(await stolen.ProcessAsync(entry.Payload.Memory, DateTimeOffset.UtcNow));
        Assert.Contains("not for it", await group[1].TextsAsync());
    }
}
