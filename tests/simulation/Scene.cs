using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Simulation.Tests;

/// <summary>A quiet world for one story: people, a group they share, and a network that does what it is told.</summary>
sealed class Scene : IDisposable
{
    public Scene(params ReadOnlySpan<string> names)
    {
        World = new World(seed: 7);
        Life = new Life(World);
        Calm = new Calm(World);
        foreach (string name in names) Life.SignUp(name);
    }

    public World World { get; }

    public Life Life { get; }

    public Calm Calm { get; }

    /// <summary>The first device of somebody.</summary>
    public Device this[string name] => World.People.First(person => person.Name == name).Devices[0];

    /// <summary>A group of everybody, accepted by all; the first is its owner.</summary>
    public Id Group(string title)
    {
        Device owner = World.People[0].Devices[0];
        HashSet<Id> before = [.. owner.Client!.Conversations.Select(c => c.Id)];
        Do(owner, client => client.CreateGroupAsync(title, [.. World.People.Skip(1).Select(p => p.Account)]));
        Id group = owner.Client!.Conversations.First(c => !before.Contains(c.Id)).Id;
        foreach (Person person in World.People.Skip(1)) Do(person.Devices[0], client => client.Conversation(group)!.AcceptAsync());
        return group;
    }

    /// <summary>Something is done to its end, and everything that follows from it.</summary>
    public void Do(Device device, Func<KavalekClient, Task> action)
    {
        World.Do(device, "acts", action);
        Calm.Settle(TimeSpan.FromSeconds(15));
    }

    /// <summary>Writes a text and gives it.</summary>
    public string Write(Device device, Id conversation)
    {
        string text = World.Canary();
        Do(device, async client => World.Ledger.Wrote(client, client.Conversation(conversation)!, await client.Conversation(conversation)!.SendAsync(text), text));
        return text;
    }

    /// <summary>The texts that a device shows.</summary>
    public static string[] Shown(Device device, Id conversation) => Calm.Texts(device.Client!.Conversation(conversation)!);

    /// <summary>How many lines there are about something missing.</summary>
    public static int MissingLines(Device device, Id conversation)
    {
        IReadOnlyList<Message> messages = [];
        EventLoop.Run(() => messages = device.Client!.Conversation(conversation)!.MessagesAsync(1_000).Result);
        return messages.Count(m => m.Body is SystemBody { Kind: SystemKind.MessagesMissing });
    }

    /// <summary>Switches a device off between two things it does.</summary>
    public void SwitchOff(Device device)
    {
        Calm.Settle(TimeSpan.FromSeconds(2));
        Life.Kill(device);
    }

    /// <summary>Switches it on; its owner logs in again where the session is over.</summary>
    public void SwitchOn(Device device)
    {
        Life.Start(device);
        Calm.Settle(TimeSpan.FromSeconds(15));
        Life.LogInAgain(device);
        Calm.Settle(TimeSpan.FromSeconds(15));
    }

    /// <summary>A story on a thread of its own: the pool's one thread is the simulation's.</summary>
    public static Task PlayAsync(Action story)
    {
        Assert.True(EventLoop.IsSingle, "the simulation needs a thread pool of one thread; run it by its own executable");
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
            {
                story();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        thread.Start();
        return done.Task;
    }

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("KAVALEK_SIMULATION_TRACE") is { } trace) File.WriteAllText(trace, World.TraceText + Ledger.Describe(World));
        World.Dispose();
    }
}
