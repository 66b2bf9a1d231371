using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Simulation.Tests;

/// <summary>A server that was put back to a backup has forgotten what it took since: it is noticed, said in one line, and everybody goes on.</summary>
public static class RestoredServerTests
{
    // K-39
    [Fact]
    public static Task A_server_put_back_is_noticed_said_once_and_everybody_goes_on() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben", "cleo");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"], cleo = scene["cleo"];
        string before = scene.Write(ada, group);
        scene.World.SaveServer();
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        string[] forgotten = [scene.Write(ben, group), scene.Write(ada, group)];
        scene.Do(ada, client => client.Conversation(group)!.RenameAsync(scene.World.Canary()));
        forgotten = [.. forgotten, scene.Write(cleo, group)];

        scene.World.RestoreServer();
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
        string[] after = [scene.Write(ada, group), scene.Write(ben, group), scene.Write(cleo, group)];
        foreach (Device device in (Device[])[ada, ben, cleo])
        {
            Assert.Equal([before, .. forgotten, .. after], Scene.Shown(device, group));
            Assert.Single(device.Process!.Notices, notice => notice.Contains("put back to an earlier state", StringComparison.Ordinal));
            Assert.Equal(0, Scene.MissingLines(device, group));
            Assert.Empty(device.Client!.Conversation(group)!.Apart);
        }
        scene.Calm.Judge();
    });

    // K-39
    [Fact]
    public static Task Who_had_seen_less_than_the_others_when_the_server_forgot_is_let_in_again() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben", "cleo");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"], cleo = scene["cleo"];
        string before = scene.Write(ada, group);
        scene.World.SaveServer();
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        scene.SwitchOff(cleo);
        scene.Do(ada, client => client.Conversation(group)!.RenameAsync(scene.World.Canary()));
        scene.Write(ben, group);
        scene.World.RestoreServer();
        scene.SwitchOn(cleo);
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
        string[] after = [scene.Write(cleo, group), scene.Write(ada, group), scene.Write(ben, group)];
        Assert.Equal([before, .. after], Scene.Shown(cleo, group));
        foreach (Device device in (Device[])[ada, ben]) Assert.EndsWith(string.Join(' ', after), string.Join(' ', Scene.Shown(device, group)), StringComparison.Ordinal);
        Assert.Equal(1, Scene.MissingLines(cleo, group));
        foreach (Device device in (Device[])[ada, ben, cleo]) Assert.Empty(device.Client!.Conversation(group)!.Apart);
        scene.Calm.Judge();
    });

    // K-39
    [Fact]
    public static Task A_pair_that_the_server_forgot_goes_on_in_another_group_and_new_invitations_still_arrive() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Device ada = scene["ada"], ben = scene["ben"];
        scene.Group(scene.World.Canary());
        scene.World.SaveServer();
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        scene.Do(ada, client => client.DirectAsync(ben.Person.Account));
        Id pair = Assert.Single(ada.Client!.Conversations, c => c.Kind == ConversationKind.Direct).Id;
        scene.Do(ben, client => client.Conversation(pair)!.AcceptAsync());
        string before = scene.Write(ada, pair);
        scene.World.RestoreServer();
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
        string[] after = [scene.Write(ben, pair), scene.Write(ada, pair)];
        foreach (Device device in (Device[])[ada, ben]) Assert.Equal([before, .. after], Scene.Shown(device, pair));
        // The inbox counts anew, too.
        Id second = scene.Group(scene.World.Canary());
        Assert.Equal([scene.Write(ada, second)], Scene.Shown(ben, second));
        scene.Calm.Judge();
    });
}
