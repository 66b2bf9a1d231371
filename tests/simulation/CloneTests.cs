using Kavalek.Client;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Simulation.Tests;

/// <summary>Profiles that were copied, put back or stolen: noticed before they do harm, and healed without a person.</summary>
public static class CloneTests
{
    // K-39
    [Fact]
    public static Task A_profile_put_back_from_a_backup_uses_no_key_again_and_finds_its_way_back() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben", "cleo");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"], cleo = scene["cleo"];
        string before = scene.Write(ada, group);
        scene.SwitchOff(ada);
        MemoryClientStore backup = ada.Disk.Copy();
        scene.SwitchOn(ada);
        // Its own messages move its ratchet; the others' move theirs.
        string[] between = [scene.Write(ada, group), scene.Write(ada, group), scene.Write(ben, group)];
        ulong epoch = EpochOf(ada, group);
        scene.SwitchOff(ada);
        ada.Disk.Replace(backup);
        scene.SwitchOn(ada);
        string after = scene.Write(ada, group);

        Assert.True(EpochOf(ada, group) > epoch, "its leaf was left and taken anew");
        foreach (Device device in (Device[])[ben, cleo]) Assert.Equal([before, .. between, after], Scene.Shown(device, group));
        Assert.Equal([before, after], Scene.Shown(ada, group));
        Assert.Equal(1, Scene.MissingLines(ada, group));
        Assert.Equal(0, Scene.MissingLines(ben, group));
        Assert.Contains(ada.Process!.Notices, notice => notice.Contains("older copy", StringComparison.Ordinal));
        scene.Calm.Judge();
    });

    // K-39
    [Fact]
    public static Task A_backup_of_before_an_own_commit_is_noticed_by_what_the_stream_holds() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        scene.SwitchOff(ada);
        MemoryClientStore backup = ada.Disk.Copy();
        scene.SwitchOn(ada);
        // Sent and stored by the server; the device dies before it hears of it, so that nothing was acknowledged.
        string lost = scene.World.Canary();
        scene.World.Do(ada, "writes", client => client.Conversation(group)!.SendAsync(lost));
        while (scene.World.Network.Packets.OfType<Frame>().FirstOrDefault(f => f.IsUp) is { } frame) scene.World.Arrive(frame);
        scene.Life.Kill(ada);
        ada.Disk.Replace(backup);
        scene.SwitchOn(ada);
        string after = scene.Write(ada, group);
        Assert.Equal([lost, after], Scene.Shown(ben, group));
        Assert.Equal([after], Scene.Shown(ada, group));
        Assert.Equal(1, Scene.MissingLines(ada, group));
        scene.Calm.Judge();
    });

    // K-39
    [Fact]
    public static Task Of_two_copies_that_run_by_turns_neither_uses_a_key_again_and_both_can_go_on() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        scene.SwitchOff(ada);
        MemoryClientStore other = ada.Disk.Copy();
        List<string> written = [];
        for (int turn = 0; turn < 4; turn++)
        {
            scene.SwitchOn(ada);
            written.Add(scene.Write(ada, group));
            written.Add(scene.Write(ben, group));
            Assert.EndsWith(written[^1], string.Join(' ', Scene.Shown(ada, group)), StringComparison.Ordinal);
            scene.SwitchOff(ada);
            MemoryClientStore mine = ada.Disk.Store;
            ada.Disk.Replace(other);
            other = mine;
        }
        Assert.Equal(written, Scene.Shown(ben, group));
        scene.SwitchOn(ada);
        scene.Calm.Judge();
    });

    // K-73
    [Fact]
    public static Task A_stolen_state_opens_nothing_that_was_read_before_and_nothing_after_the_next_update() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        for (int i = 0; i < 5; i++) scene.Write(i % 2 == 0 ? ada : ben, group);
        scene.SwitchOff(ada);
        MemoryClientStore stolen = ada.Disk.Copy();
        int read = scene.World.Ledger.Entries(group).Count;
        scene.SwitchOn(ada);
        string exposed = scene.Write(ben, group);
        // A week later ada's own leaf is due; from then on the thief's keys are worth nothing.
        scene.World.Pass(TimeSpan.FromDays(7) + TimeSpan.FromHours(2));
        scene.Calm.Settle(TimeSpan.FromMinutes(3));
        scene.Life.LogInAgain(ada);
        scene.Life.LogInAgain(ben);
        scene.Calm.Settle(TimeSpan.FromMinutes(3));
        int healed = scene.World.Ledger.Entries(group).Count;
        string safe = scene.Write(ben, group);
        Assert.Contains(safe, Scene.Shown(ada, group));

        Device thief = new(scene.World, ada.Person, 9);
        thief.Disk.Replace(stolen);
        List<string> opened = [];
        thief.Process = new Process(scene.World, thief, stolen);
        EventLoop.Run(() => _ = StealAsync());
        void Use(byte[] content) => opened.Add(System.Text.Encoding.UTF8.GetString(content));
        Assert.Contains(opened, content => content.Contains(exposed, StringComparison.Ordinal));
        Assert.DoesNotContain(opened, content => content.Contains(safe, StringComparison.Ordinal));
        Assert.True(healed > read);

        async Task StealAsync()
        {
            KavalekClient client = await KavalekClient.UnlockAsync(thief.Process!.Options(), Person.Phrase);
            MlsGroup state = client.Talk!.Threads.First(t => t.Id == group).Live!.Group!;
            IReadOnlyList<byte[]> recording = scene.World.Ledger.Entries(group);
            for (int i = 0; i < recording.Count; i++)
            {
                ProcessResult result = await state.ProcessAsync(recording[i], scene.World.Clock.GetUtcNow());
                if (i < read && result is ProcessResult.ApplicationReceived) throw new BrokenPromiseException("what was read before the theft was opened");
                if (result is ProcessResult.ApplicationReceived received)
                {
                    Use(received.Content);
                    state = received.Next;
                }
                if (result is ProcessResult.CommitReceived commit) state = commit.Next;
                if (result is ProcessResult.ProposalReceived proposal) state = proposal.Next;
            }
        }
    });

    // K-39
    [Fact]
    public static Task Away_beyond_retention_a_device_is_let_in_again_without_a_person() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben", "cleo");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"], cleo = scene["cleo"];
        string before = scene.Write(ada, group);
        scene.SwitchOff(cleo);
        scene.Write(ben, group);
        scene.Do(ada, client => client.Conversation(group)!.RenameAsync(scene.World.Canary()));
        scene.World.Pass(TimeSpan.FromDays(32));
        scene.Calm.Settle(TimeSpan.FromMinutes(3));
        foreach (Device device in (Device[])[ada, ben]) scene.Life.LogInAgain(device);
        scene.Calm.Settle(TimeSpan.FromMinutes(3));
        scene.SwitchOn(cleo);
        string after = scene.Write(ben, group), own = scene.Write(cleo, group);
        Assert.Equal([before, after, own], Scene.Shown(cleo, group));
        Assert.Equal(1, Scene.MissingLines(cleo, group));
        Assert.Contains(own, Scene.Shown(ada, group));
        scene.Calm.Judge();
    });

    // K-41
    [Fact]
    public static Task A_device_whose_welcome_was_lost_asks_and_is_let_in() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id first = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        // A backup knows neither the key packages that were published after it, nor what the inbox said.
        scene.SwitchOff(ben);
        MemoryClientStore backup = ben.Disk.Copy();
        scene.SwitchOn(ben);
        Id second = scene.Group(scene.World.Canary());
        scene.SwitchOff(ben);
        ben.Disk.Replace(backup);
        scene.SwitchOn(ben);
        scene.Do(ben, client => client.Conversation(second)!.State == ConversationState.Request ? client.Conversation(second)!.AcceptAsync() : Task.CompletedTask);
        string after = scene.Write(ada, second);
        Assert.Equal([after], Scene.Shown(ben, second));
        Assert.NotNull(ben.Client!.Conversation(first));
        scene.Calm.Judge();
    });

    static ulong EpochOf(Device device, Id group) => device.Client!.Talk!.Threads.First(t => t.Id == group).Live!.Group!.Epoch;
}
