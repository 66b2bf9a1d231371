using Google.Protobuf;
using Kavalek.Client;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Simulation.Tests;

/// <summary>Who is a member and gets nothing any more is brought in again by whoever notices.</summary>
public static class SeatTests
{
    // K-23
    [Fact]
    public static Task A_device_that_a_member_took_off_the_servers_list_alone_is_brought_in_again() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben", "cleo");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"], cleo = scene["cleo"];
        string before = scene.Write(ada, group);
        scene.Do(ada, client => client.Conversation(group)!.SetRoleAsync(ben.Person.Account, Role.Admin));
        // Ben's commit changes the title, and says beside it that cleo is gone.
        scene.World.Do(ben, "renames", client => client.Conversation(group)!.RenameAsync(scene.World.Canary()));
        TakeOff(scene, cleo);
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        string missed = scene.Write(ada, group);
        Assert.Equal([before], Scene.Shown(cleo, group));

        scene.Calm.Settle(TimeSpan.FromMinutes(75));
        string[] after = [scene.Write(ada, group), scene.Write(cleo, group)];
        Assert.Equal([before, .. after], Scene.Shown(cleo, group));
        Assert.Equal([before, missed, .. after], Scene.Shown(ada, group));
        Assert.Equal(3, ada.Client!.Conversation(group)!.Members.Count);
        Assert.InRange(Scene.MissingLines(cleo, group), 0, 1);
        scene.Calm.Judge();
    });

    // K-23
    [Fact]
    public static Task Who_was_taken_off_and_looks_by_itself_says_so_and_is_brought_in_again() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        scene.World.Do(ada, "renames", client => client.Conversation(group)!.RenameAsync(scene.World.Canary()));
        TakeOff(scene, ben);
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        scene.SwitchOff(ben);
        scene.SwitchOn(ben);
        Assert.NotNull(ben.Client!.Conversation(group)!.CannotSend);
        Assert.Equal(1, Scene.MissingLines(ben, group));
        scene.Calm.Settle(TimeSpan.FromMinutes(75));
        Assert.Null(ben.Client!.Conversation(group)!.CannotSend);
        Assert.Equal([scene.Write(ada, group)], Scene.Shown(ben, group));
        Assert.Equal(1, Scene.MissingLines(ben, group));
        scene.Calm.Judge();
    });

    // The next commit on its way to the server says of a device that it is out, while its MLS part does not.
    static void TakeOff(Scene scene, Device device)
    {
        while (true)
        {
            Packet next = scene.World.Network.Packets[0];
            if (next is Frame { IsUp: true } frame && Wire.ClientFrame.Parser.ParseFrom(frame.Bytes) is { Append.Kind: Wire.Kind.Commit } said)
            {
                (said.Append.Change ??= new()).Remove.Add(ByteString.CopyFrom(device.Id.ToArray()));
                scene.World.Network.Packets[0] = new Frame(frame.Socket, said.ToByteArray(), up: true);
                return;
            }
            scene.World.Arrive(next);
        }
    }
}
