using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Simulation.Tests;

/// <summary>Conversations of two, of whom one goes, is away, or never answers: nothing waits for ever, and nobody is needed to set it right.</summary>
public static class PairTests
{
    [Fact]
    public static Task What_was_written_to_somebody_who_left_meanwhile_fails_with_a_reason() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        (Device ada, Device ben, Id pair) = Accepted(scene);
        scene.SwitchOff(ada);
        scene.Do(ben, client => client.Conversation(pair)!.LeaveAsync());
        ada.CutOffUntil = DateTimeOffset.MaxValue;
        scene.Life.Start(ada);
        scene.World.Do(ada, "writes", client => client.Conversation(pair)!.SendAsync(scene.World.Canary()));
        ada.CutOffUntil = default;
        scene.Calm.Settle(TimeSpan.FromMinutes(1));

        Message last = Last(ada, pair);
        Assert.Equal(MessageState.Failed, last.State);
        Assert.Contains("left the conversation", last.Failure, StringComparison.Ordinal);
        Assert.NotNull(ada.Client!.Conversation(pair)!.CannotSend);
        // Written to again, it is a conversation again.
        scene.Do(ada, client => client.DirectAsync(ben.Person.Account));
        Assert.Null(ada.Client!.Conversation(pair)!.CannotSend);
        scene.Calm.Judge();
    });

    [Fact]
    public static Task Leaving_ends_though_the_other_side_declined_and_nobody_can_confirm_it() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Device ada = scene["ada"], ben = scene["ben"];
        scene.Do(ada, client => client.DirectAsync(ben.Person.Account));
        Id pair = ada.Client!.Conversations[0].Id;
        scene.Do(ben, client => client.Conversation(pair)!.DeclineAsync(block: false));
        scene.Do(ada, client => client.Conversation(pair)!.LeaveAsync());
        Assert.Single(ada.Client!.Talk!.Threads.Single().Streams.Values, stream => stream.IsLive);
        scene.World.Pass(TimeSpan.FromDays(31));
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
        scene.Life.LogInAgain(ada);
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
        Assert.Single(ada.Client!.Talk!.Threads.Single().Streams.Values, stream => stream.State == StreamState.Ended);
        Assert.Equal(ConversationState.Left, ada.Client.Conversation(pair)!.State);
    });

    [Fact]
    public static Task A_device_that_lost_track_of_a_pair_whose_other_side_is_undecided_opens_another_group() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Device ada = scene["ada"], ben = scene["ben"];
        scene.Do(ada, client => client.DirectAsync(ben.Person.Account));
        Id pair = ada.Client!.Conversations[0].Id;
        string before = scene.Write(ada, pair);
        scene.SwitchOff(ada);
        MemoryClientStore backup = ada.Disk.Copy();
        scene.SwitchOn(ada);
        scene.Write(ada, pair);
        scene.SwitchOff(ada);
        ada.Disk.Replace(backup);
        scene.SwitchOn(ada);
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        string after = scene.Write(ada, pair);
        Assert.Equal(ConversationState.Request, ben.Client!.Conversation(pair)!.State);
        Assert.Contains(after, Scene.Shown(ben, pair));
        Assert.Contains(before, Scene.Shown(ada, pair));
        Assert.Equal(1, Scene.MissingLines(ada, pair));
        scene.Calm.Judge();
    });

    static (Device Ada, Device Ben, Id Pair) Accepted(Scene scene)
    {
        Device ada = scene["ada"], ben = scene["ben"];
        scene.Do(ada, client => client.DirectAsync(ben.Person.Account));
        Id pair = ada.Client!.Conversations[0].Id;
        scene.Do(ben, client => client.Conversation(pair)!.AcceptAsync());
        scene.Write(ada, pair);
        return (ada, ben, pair);
    }

    static Message Last(Device device, Id conversation)
    {
        Message? last = null;
        EventLoop.Run(() => last = device.Client!.Conversation(conversation)!.LastAsync().Result);
        return last!;
    }
}
