using System.Net;
using System.Text;
using Google.Protobuf;
using Kavalek.Client;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

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

    // K-39
    [Fact]
    public static Task Groups_that_were_begun_after_the_backup_are_begun_afresh_by_their_members_in_the_same_thread() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben", "cleo");
        Device ada = scene["ada"], ben = scene["ben"], cleo = scene["cleo"];
        scene.World.SaveServer();
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        string title = scene.World.Canary();
        Id group = scene.Group(title);
        scene.Do(ada, client => client.Conversation(group)!.SetRoleAsync(ben.Person.Account, Role.Admin));
        string[] before = [scene.Write(ada, group), scene.Write(cleo, group)];
        scene.SwitchOff(cleo);

        scene.World.RestoreServer();
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
        string[] after = [scene.Write(ben, group), scene.Write(ada, group)];
        // What the server has taken since has the numbers of what it forgot: to cleo's device it looks as far as it was.
        scene.SwitchOn(cleo);
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
        after = [.. after, scene.Write(cleo, group)];
        foreach (Device device in (Device[])[ada, ben, cleo])
        {
            Conversation seen = device.Client!.Conversation(group)!;
            Assert.Single(device.Client.Conversations);
            Assert.Equal(title, seen.Title);
            Assert.Equal(3, seen.Members.Count);
            Assert.Equal(Role.Admin, seen.Members.Single(m => m.Contact.Account == ben.Person.Account).Role);
            Assert.Equal([.. before, .. after], Scene.Shown(device, group));
            Assert.Equal(0, Scene.MissingLines(device, group));
        }
        scene.Calm.Judge();
    });

    // K-39
    [Fact]
    public static Task A_server_that_has_taken_as_much_since_as_it_had_forgotten_is_noticed_too() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        scene.World.SaveServer();
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        string[] before = [scene.Write(ada, group), scene.Write(ben, group)];
        scene.SwitchOff(ben);
        scene.World.RestoreServer();
        scene.Calm.Settle(TimeSpan.FromSeconds(30));
        string[] after = [scene.Write(ada, group), scene.Write(ada, group), scene.Write(ada, group)];
        scene.SwitchOn(ben);
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
        after = [.. after, scene.Write(ben, group)];
        foreach (Device device in (Device[])[ada, ben])
        {
            Assert.Equal([.. before, .. after], Scene.Shown(device, group));
            Assert.Equal(0, Scene.MissingLines(device, group));
            Assert.Single(device.Process!.Notices, notice => notice.Contains("put back to an earlier state", StringComparison.Ordinal));
        }
        scene.Calm.Judge();
    });

    // K-39
    [Fact]
    public static Task Accounts_that_were_put_back_too_log_in_again_and_the_server_is_told_what_it_forgot_of_their_devices() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben", "cleo");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"], cleo = scene["cleo"];
        scene.World.SaveServer(all: true);
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        // Since the backup: new tokens, and a new device, which uses up key packages and comes into the group.
        scene.World.Pass(TimeSpan.FromMinutes(15));
        scene.Calm.Settle(TimeSpan.FromSeconds(30));
        Device second = scene.Life.AddDevice(ada.Person)!;
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        Assert.True(second.IsCertified);
        string[] before = [scene.Write(ada, group), scene.Write(ben, group)];

        scene.World.RestoreServer();
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        scene.World.Pass(TimeSpan.FromMinutes(15));
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        // Whoever had refreshed since has no session that the server knows, and logs in with the same device and password: also the one it knows nothing of.
        foreach (Device device in (Device[])[second, ada, ben, cleo])
        {
            Assert.False(device.Client!.Core.Tokens.IsOpen);
            scene.Life.LogInAgain(device);
        }
        scene.Calm.Settle(TimeSpan.FromMinutes(5));
        string[] after = [scene.Write(ben, group), scene.Write(ada, group), scene.Write(cleo, group), scene.Write(second, group)];
        foreach (Device device in (Device[])[ada, ben, cleo])
        {
            Assert.Equal([.. before, .. after], Scene.Shown(device, group));
            Assert.Single(device.Client!.Conversations);
        }
        Assert.Equal([.. before, .. after], Scene.Shown(second, group));
        // Its own device list is the newest again, and goes on from there; nobody refused anything.
        foreach (Device device in (Device[])[ada, second]) Assert.Equal(2, device.Client!.Core.Devices.Known.Certificates.Count);
        foreach (Device device in (Device[])[ada, ben, cleo, second])
            Assert.DoesNotContain(device.Process!.Notices, notice => notice.Contains("refused", StringComparison.Ordinal));
        Device third = scene.Life.AddDevice(ada.Person)!;
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        Assert.True(third.IsCertified);
        string last = scene.Write(ben, group);
        Assert.Equal(last, Scene.Shown(third, group)[^1]);
        scene.Calm.Judge();
    });

    // K-39
    [Fact]
    public static Task A_device_whose_session_the_backup_holds_tells_the_server_by_itself_what_it_forgot_of_the_accounts_devices() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        scene.World.SaveServer(all: true);
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        Device second = scene.Life.AddDevice(ada.Person)!;
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        Assert.True(second.IsCertified);
        string before = scene.Write(second, group);

        scene.World.RestoreServer();
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        Assert.Single(ada.Process!.Notices, notice => notice.Contains("has told it again", StringComparison.Ordinal));
        scene.World.Pass(TimeSpan.FromMinutes(15));
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        scene.Life.LogInAgain(second);
        scene.Calm.Settle(TimeSpan.FromMinutes(5));
        string[] after = [scene.Write(ben, group), scene.Write(ada, group), scene.Write(second, group)];
        foreach (Device device in (Device[])[ada, ben]) Assert.Equal([before, .. after], Scene.Shown(device, group));
        Assert.EndsWith(string.Join(' ', after), string.Join(' ', Scene.Shown(second, group)), StringComparison.Ordinal);
        Assert.True(ben.Client!.Core.Tokens.IsOpen);
        foreach (Device device in (Device[])[ada, ben, second])
            Assert.DoesNotContain(device.Process!.Notices, notice => notice.Contains("refused", StringComparison.Ordinal));
        scene.Calm.Judge();
    });

    // K-39
    [Fact]
    public static Task Devices_that_changed_their_list_differently_after_the_server_forgot_come_together_once_a_person_confirms_the_removal() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada");
        Device first = scene["ada"], second = Added(), lost = Added();
        scene.SwitchOff(lost);
        lost.IsCertified = false; // It stays on the list, and is counted no more.
        scene.World.SaveServer(all: true);
        scene.Calm.Settle(TimeSpan.FromSeconds(15));
        scene.SwitchOff(first);
        scene.World.Pass(TimeSpan.FromSeconds(5));
        Device third = Added();
        scene.SwitchOff(third);
        scene.SwitchOff(second);

        // The first one knows of the lost one and not of the third, and makes another list of the same number.
        scene.World.RestoreServer();
        scene.SwitchOn(first);
        scene.World.Pass(TimeSpan.FromSeconds(5));
        scene.Do(first, client => client.RemoveDeviceAsync(lost.Id));
        Assert.Equal(2, first.Client!.Core.Devices.Known.Certificates.Count);
        ulong number = first.Client.Core.Devices.Known.ListNumber;

        // The second one does not take the server's word for it: it keeps what it knows, says one line, and works on.
        scene.SwitchOn(second);
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        Assert.Equal((number, 4), (second.Client!.Core.Devices.Known.ListNumber, second.Client.Core.Devices.Known.Certificates.Count));
        Assert.Single(second.Process!.Notices, notice => notice.Contains("out of your account that this one still counts in", StringComparison.Ordinal));
        int shown = 0;
        scene.Do(second, async client => shown = (await client.DevicesAsync()).Count);
        Assert.Equal(4, shown);

        // Its person confirms what they did: from then on all agree, and nothing else was lost.
        scene.Do(second, client => client.RemoveDeviceAsync(lost.Id));
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        scene.SwitchOn(third);
        scene.Calm.Settle(TimeSpan.FromMinutes(1));
        foreach (Device device in (Device[])[first, second, third])
        {
            CertifiedDevices known = device.Client!.Core.Devices.Known;
            Assert.Equal(number + 1, known.ListNumber);
            Assert.Equal(new[] { first.Id, second.Id, third.Id }.ToHashSet(), known.Certificates.Select(c => c.Content.Device).ToHashSet());
            Assert.DoesNotContain(device.Process!.Notices, notice => notice.Contains("refused", StringComparison.Ordinal));
        }

        Device Added()
        {
            Device device = scene.Life.AddDevice(scene.World.People[0])!;
            scene.Calm.Settle(TimeSpan.FromMinutes(1));
            Assert.True(device.IsCertified);
            return device;
        }
    });

    [Fact]
    public static Task A_group_that_the_server_says_it_has_forgotten_and_nothing_else_is_begun_afresh_by_nobody_but_a_person() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben", "mal");
        Device ada = scene["ada"], ben = scene["ben"], mal = scene["mal"];
        Id group = scene.Group(scene.World.Canary());
        scene.Do(ada, client => client.Conversation(group)!.SetRoleAsync(ben.Person.Account, Role.Admin));
        scene.SwitchOff(ada);
        scene.Do(ben, client => client.Conversation(group)!.RemoveAsync(mal.Person.Account));
        // To ada's device the server knows nothing of the group, and would take one of its id.
        scene.World.Lie = (call, honest) =>
        {
            if (call.Token?.Parameter is not { } token || SocketFront.DeviceOf(token) != ada.Id) return honest;
            if (call.Method == HttpMethod.Post && call.Path == "api/v1/streams" && Wire.CreateStream.Parser.ParseFrom(call.Body).Stream.Span.SequenceEqual(group.ToArray())) return new(HttpStatusCode.NoContent);
            if (call.Path.StartsWith($"api/v1/streams/{group}/", StringComparison.Ordinal))
                return new(HttpStatusCode.NotFound) { Content = new StringContent($$"""{"code":"{{ErrorCodes.NotFound}}","status":404,"title":"not found"}""", Encoding.UTF8, "application/problem+json") };
            if (call.Method != HttpMethod.Get || call.Path != "api/v1/streams" || !honest.IsSuccessStatusCode) return honest;
            Wire.StreamList list = Wire.StreamList.Parser.ParseFrom(World.Body(honest));
            foreach (Wire.StreamInfo info in list.Streams.ToArray())
                if (info.Stream.Span.SequenceEqual(group.ToArray())) list.Streams.Remove(info);
            HttpResponseMessage lie = new(HttpStatusCode.OK) { Content = new ByteArrayContent(list.ToByteArray()) };
            lie.Content.Headers.ContentType = new("application/x-protobuf");
            return lie;
        };
        scene.SwitchOn(ada);
        scene.Calm.Settle(TimeSpan.FromMinutes(5));
        Conversation hers = ada.Client!.Conversation(group)!;
        Assert.Equal(ClientErrors.Forgotten, hers.CannotSend?.Code);
        Assert.Equal(3, hers.Members.Count);
        Assert.Single(ada.Process!.Notices, notice => notice.Contains("Look who is in it", StringComparison.Ordinal));
        Assert.DoesNotContain(ada.Process.Notices, notice => notice.Contains("put back to an earlier state", StringComparison.Ordinal));
        Assert.Single(ben.Client!.Conversations);
        Assert.DoesNotContain(SystemKind.StartedAfresh, Lines(ben, group));
        // Her person begins it all the same, not knowing. Who saw the removal does not follow, and nothing of theirs goes there.
        scene.Do(ada, client => client.Conversation(group)!.StartAfreshAsync([]));
        string apart = scene.Write(ben, group);
        Assert.Equal(2, ben.Client.Conversations.Count);
        Assert.Equal(2, ben.Client.Conversation(group)!.Members.Count);
        Assert.DoesNotContain(SystemKind.StartedAfresh, Lines(ben, group));
        Assert.DoesNotContain(apart, mal.Client!.Conversations.SelectMany(c => Calm.Texts(c)));
    });

    static IEnumerable<SystemKind> Lines(Device device, Id conversation)
    {
        IReadOnlyList<Message> messages = [];
        EventLoop.Run(() => messages = device.Client!.Conversation(conversation)!.MessagesAsync(1_000).Result);
        return messages.Select(m => m.Body).OfType<SystemBody>().Select(line => line.Kind);
    }
}
