using Kavalek.Client;

namespace Kavalek.Simulation.Tests;

/// <summary>What people do with their devices: the actions a run is made of. Each goes through the shipped client.</summary>
sealed class Life(World world)
{
    /// <summary>Somebody signs up; with a perfect network.</summary>
    public Person SignUp(string name)
    {
        Person person = new(name);
        world.People.Add(person);
        Device device = new(world, person, 1) { IsCertified = true };
        person.Devices.Add(device);
        Start(device, async process =>
        {
            KavalekClient client = await KavalekClient.SignUpAsync(process.Options(), new SignUp(World.Address, null, person.Email, name, Person.Phrase, $"canary name {name}"));
            await client.StartAsync();
            return client;
        });
        new Calm(world).Settle();
        Assert.NotNull(device.Client);
        (person.Account, device.Id) = (device.Client!.Me.Id, device.Client.Me.Device);
        return person;
    }

    /// <summary>The program starts on a device that has a profile.</summary>
    public void Start(Device device) => Start(device, async process =>
    {
        KavalekClient client = await KavalekClient.UnlockAsync(process.Options(), Person.Phrase);
        // Known before it connects: a process can die while it does.
        process.Client = client;
        await client.StartAsync();
        return client;
    });

    void Start(Device device, Func<Process, Task<KavalekClient>> open)
    {
        Process process = device.Process = new Process(world, device, device.Disk.Store);
        world.Step($"{device.Name} starts", () => device.Busy = RunAsync());

        async Task RunAsync() => process.Client = await open(process);
    }

    /// <summary>The process ends without a word.</summary>
    public void Kill(Device device)
    {
        if (device.Process is null) return;
        world.Step($"{device.Name} is killed", device.Process.Kill);
        (device.Process, device.Busy) = (null, null);
    }

    /// <summary>A process that has died by itself is buried.</summary>
    public static void Bury(Device device)
    {
        if (device is { IsCertified: false, Approver.IsDead: true })
        {
            // Nobody approves it any more: its owner gives up.
            device.IsGivenUp = true;
            device.Process?.Kill();
        }
        if (device.Process is { IsDead: true }) (device.Process, device.Busy) = (null, null);
    }

    /// <summary>Locks: everything stops and all keys are dropped.</summary>
    public void Lock(Device device)
    {
        if (device.Client is not { } client) return;
        Process process = device.Process!;
        world.Do(device, "locks", async _ =>
        {
            process.Client = null;
            await client.LockAsync();
            process.Kill();
        });
    }

    /// <summary>A second device logs in and is approved by the first; with faults it may come to nothing.</summary>
    public Device? AddDevice(Person person)
    {
        Device? first = person.Devices.FirstOrDefault(d => d is { IsCertified: true, Busy: null, Client.Connection: ConnectionState.Online });
        if (first is null || person.Devices.Count(d => d.IsCertified) >= 3) return null;
        Device device = new(world, person, person.Devices.Count + 1);
        person.Devices.Add(device);
        Process process = device.Process = new Process(world, device, device.Disk.Store);
        device.Approver = first.Process;
        world.Step($"{device.Name} logs in", () => device.Busy = RunAsync());
        return device;

        async Task RunAsync()
        {
            try
            {
                KavalekClient client = await KavalekClient.LogInAsync(process.Options(), World.Address, person.Email, Person.Phrase);
                device.Id = client.Me.Device;
                await using DeviceLink link = await first.Client!.LinkDeviceAsync();
                await client.JoinLinkAsync(link.Code);
                LinkedDevice linked = await link.WaitAsync();
                if (linked.MatchingCode != await client.MatchingCodeAsync()) throw new InvalidOperationException("an honest server, and the codes differ");
                await client.ConfirmMatchAsync();
                await link.GrantAsync();
                await client.WaitForApprovalAsync();
                process.Client = client;
                device.IsCertified = true;
                await client.StartAsync();
            }
            catch (Exception e) when (e is KavalekException or IOException or NullReferenceException)
            {
                // It came to nothing: its owner gives up, and takes it off the list if it got that far.
                process.Kill();
                device.IsGivenUp = true;
            }
        }
    }

    public void RemoveDevice(Device by, Device gone)
    {
        if (by == gone || by.Client is null) return;
        world.Do(by, $"removes {gone.Name}", async client =>
        {
            await client.RemoveDeviceAsync(gone.Id);
        });
        gone.IsCertified = false;
        Kill(gone);
        gone.IsGivenUp = true;
    }

    public void Write(Device device, Conversation conversation)
    {
        string text = world.Canary();
        world.Do(device, $"writes {text}", async client =>
        {
            Message message = await conversation.SendAsync(text);
            world.Ledger.Wrote(client, conversation, message, text);
        });
    }

    static readonly string?[] s_reactions = ["👍", "🎉", "❤️", "👀", null];

    /// <summary>Something is done to one of the newest messages: a reaction, other words, or it is taken back. What is not allowed is refused here.</summary>
    public void Change(Device device, Conversation conversation, int dice, int which) => world.Do(device, $"changes a message ({dice}, {which})", async _ =>
    {
        Message[] newest = [.. (await conversation.MessagesAsync(12)).Where(m => m.Body is TextBody && m.State != MessageState.Failed)];
        if (newest.Length == 0) return;
        Message message = newest[^(1 + which % newest.Length)];
        if (dice < s_reactions.Length) await conversation.ReactAsync(message.Id, s_reactions[dice]);
        else if (dice < 8 && message.IsMine) await conversation.EditAsync(message.Id, world.Canary(), []);
        else if (dice == 8 && conversation.MayDelete(message))
        {
            world.Ledger.Deleted.Add(message.Id);
            await conversation.DeleteAsync([message.Id]);
        }
    });

    /// <summary>A device asks to log in again where its session ended, as its owner would.</summary>
    public void LogInAgain(Device device)
    {
        if (device.Client is { } client && !client.Core.Tokens.IsOpen) world.Do(device, "logs in again", async _ =>
        {
            await client.LogInAgainAsync(Person.Phrase);
            await client.StopAsync();
            await client.StartAsync();
        });
    }
}
