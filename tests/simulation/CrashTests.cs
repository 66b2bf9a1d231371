using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Simulation.Tests;

/// <summary>
/// Everything a client does, ended or refused at each of its writes, requests and frames, before and after it took effect; then it goes on
/// from what is on the disk. Nothing is lost, nothing shows twice, no key is used twice, nothing is stuck.
/// </summary>
public static class CrashTests
{
    static readonly Fault[] Faults = [Fault.KillBefore, Fault.KillAfter, Fault.Fail];

    // K-38
    [Theory]
    [InlineData("send")]
    [InlineData("receive")]
    [InlineData("commit")]
    [InlineData("join")]
    [InlineData("update")]
    public static Task Ended_at_any_instant_it_goes_on_from_the_disk(string what) => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        Act(scene, what, group)();
        foreach (Fault fault in Faults)
        {
            bool happened = true;
            for (int at = 1; happened; at += Stride)
            {
                Action act = Act(scene, what, group);
                Process process = ada.Process!;
                process.FailAt(at, fault);
                act();
                happened = process.Passed >= at + process.FaultFrom;
                process.FailAt(long.MaxValue / 2, Fault.None);
                Recover(scene);
                scene.Calm.HoldAll();
            }
        }
        scene.Calm.Judge();
    });

    // K-72
    [Fact]
    public static Task Locked_at_any_instant_of_its_work_it_goes_on_after_the_next_unlock() => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada", "ben");
        Id group = scene.Group(scene.World.Canary());
        Device ada = scene["ada"], ben = scene["ben"];
        for (int steps = 0; steps < 24; steps++)
        {
            string text = scene.World.Canary();
            scene.World.Do(ada, "writes", async client => scene.World.Ledger.Wrote(client, client.Conversation(group)!, await client.Conversation(group)!.SendAsync(text), text));
            scene.World.Do(ben, "renames", client => client.Conversation(group)!.SendAsync(scene.World.Canary()));
            for (int i = 0; i < steps && scene.World.Network.Packets.Count > 0; i++) scene.World.Arrive(scene.World.Network.Packets[0]);
            KavalekClient locked = ada.Client!;
            scene.Life.Lock(ada);
            scene.Calm.Settle(TimeSpan.FromSeconds(2));
            // Locked, it holds no group, no key and no message any more, and touches the network no more.
            Assert.All(locked.Talk!.Threads, thread => Assert.Empty(thread.Streams));
            Assert.Throws<ObjectDisposedException>(() => locked.Conversations);
            Assert.DoesNotContain(scene.World.Network.Packets, p => p.Process.Device == ada && p is Call { IsGhost: false });
            Life.Bury(ada);
            scene.SwitchOn(ada);
            Assert.Contains(text, Scene.Shown(ben, group));
        }
        scene.Calm.Judge();
    });

    // K-38
    [Theory]
    [InlineData(Fault.KillBefore)]
    [InlineData(Fault.KillAfter)]
    public static Task Ended_at_any_instant_of_signing_up_it_ends_with_one_account(Fault fault) => Scene.PlayAsync(() =>
    {
        using Scene scene = new("ada");
        bool happened = true;
        for (int at = 1; happened; at += (Stride + 1) / 2)
        {
            Person person = new($"zoe{at}");
            scene.World.People.Add(person);
            Device device = new(scene.World, person, 1) { IsCertified = true };
            person.Devices.Add(device);
            happened = Begin(at).IsDead;
            if (happened) Begin(long.MaxValue / 2);
            Assert.NotNull(device.Client);
            (person.Account, device.Id) = (device.Client!.Me.Id, device.Client.Me.Device);
            scene.Do(scene["ada"], client => client.FindAsync(person.Name));
            Assert.Equal(person.Account, scene["ada"].Client!.Contact(person.Account)!.Account);
            scene.SwitchOff(device);
            scene.World.People.Remove(person);

            Process Begin(long instant)
            {
                Process process = device.Process = new Process(scene.World, device, device.Disk.Store);
                process.FailAt(instant, fault);
                scene.World.Step("signs up", () => device.Busy = SignUpAsync(process));
                scene.Calm.Settle(TimeSpan.FromSeconds(5));
                return process;
            }

            // As its owner would: sign up again; where the profile has its account already, open it.
            async Task SignUpAsync(Process process)
            {
                try
                {
                    process.Client = await KavalekClient.SignUpAsync(process.Options(), new SignUp(World.Address, null, person.Email, person.Name, Person.Phrase));
                }
                catch (KavalekException e) when (e.Code == ClientErrors.ProfileInUse)
                {
                    process.Client = await KavalekClient.UnlockAsync(process.Options(), Person.Phrase);
                }
            }
        }
    });

    // K-38
    [Fact]
    public static Task Ended_many_times_at_random_nothing_is_lost() => Scene.PlayAsync(() =>
    {
        int kills = Setting("KAVALEK_SIMULATION_KILLS", 100);
        Random random = new(11);
        using Scene scene = new("ada", "ben", "cleo");
        Id group = scene.Group(scene.World.Canary());
        string[] actions = ["send", "receive", "commit", "update"];
        for (int i = 0; i < kills; i++)
        {
            Device[] devices = [.. scene.World.Devices];
            Device victim = devices[random.Next(devices.Length)];
            victim.Process!.FailAt(random.Next(1, 24), Faults[random.Next(2)]);
            Act(scene, actions[random.Next(actions.Length)], group)();
            victim.Process?.FailAt(long.MaxValue / 2, Fault.None);
            Recover(scene);
            scene.Calm.HoldAll();
        }
        scene.Calm.Judge();
    });

    // In `make test` every fortieth instant; all of them at night.
    static int Stride => Setting("KAVALEK_SIMULATION_STRIDE", 40);

    static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;

    // Whoever died starts again; its owner logs in again where the session is over.
    static void Recover(Scene scene)
    {
        foreach (Device device in scene.World.Devices)
        {
            Life.Bury(device);
            if (device.Process is null) scene.SwitchOn(device);
            else if (device.Client?.Core.Tokens.IsOpen == false) scene.Life.LogInAgain(device);
        }
        scene.Calm.Settle(TimeSpan.FromSeconds(9));
    }

    static Action Act(Scene scene, string what, Id group)
    {
        Device ada = scene["ada"], ben = scene["ben"];
        return what switch
        {
            "send" => () => scene.Write(ada, group),
            "receive" => () => scene.Write(ben, group),
            "commit" => () => scene.Do(ada, client => client.Conversation(group)!.RenameAsync(scene.World.Canary())),
            "join" => () => scene.Do(ben, async client =>
            {
                Conversation made = await client.CreateGroupAsync(scene.World.Canary(), [ada.Person.Account]);
                string text = scene.World.Canary();
                scene.World.Ledger.Wrote(client, made, await made.SendAsync(text), text);
            }),
            "update" => () => Update(scene),
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        };
    }

    static void Update(Scene scene)
    {
        scene.World.Pass(TimeSpan.FromDays(7) + TimeSpan.FromHours(2));
        scene.Calm.Settle(TimeSpan.FromMinutes(2));
    }
}
