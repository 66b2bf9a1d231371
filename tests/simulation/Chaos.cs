using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Simulation.Tests;

/// <summary>Picks what happens next, by the seed.</summary>
sealed class Chaos(World world)
{
    readonly Life _life = new(world);
    readonly Random _random = world.Random;

    /// <summary>One more thing happens.</summary>
    public void Next()
    {
        foreach (Device device in world.Devices) Life.Bury(device);
        int dice = _random.Next(1000);
        if (dice < 700) Traffic();
        else if (dice < 790) Act();
        else if (dice < 960) world.Pass(TimeSpan.FromMilliseconds(_random.Next(1, 3_000)));
        else if (dice < 990) Trouble();
        else Churn();
    }

    // Mostly in order and once; now and then lost, late, or twice. Nothing reaches who is cut off.
    void Traffic()
    {
        world.Deliver();
        DateTimeOffset now = world.Clock.GetUtcNow();
        Packet[] moving = [.. world.Network.Packets.Where(p => p.Process.Device.CutOffUntil <= now && IsFirst(p))];
        if (moving.Length == 0)
        {
            world.Pass(TimeSpan.FromMilliseconds(_random.Next(1, 500)));
            return;
        }
        Packet packet = moving[_random.Next(moving.Length)];
        int dice = _random.Next(1000);
        switch (packet)
        {
            case Call { IsGhost: false } call when dice < 15:
                world.Step($"{call.Process.Device.Name} {call.Name} never arrives", () =>
                {
                    world.Network.Packets.Remove(call);
                    call.Answered.TrySetException(new HttpRequestException(HttpRequestError.ConnectionError, "no way to the server"));
                });
                break;
            case Call { IsGhost: false } call when dice < 30:
                world.Step($"{call.Process.Device.Name} {call.Name} comes late", () =>
                {
                    call.IsGhost = true;
                    call.Answered.TrySetException(World.Lost());
                });
                break;
            case Reply reply when dice < 15:
                world.Step($"{reply.Process.Device.Name} never hears {reply.Name}", () =>
                {
                    world.Network.Packets.Remove(reply);
                    reply.Call.Answered.TrySetException(World.Lost());
                });
                break;
            case Frame frame when dice < 5:
                world.Step($"{frame.Process.Device.Name} loses its connection", () => world.Network.Close(frame.Socket));
                break;
            default:
                world.Arrive(packet);
                break;
        }
    }

    // A socket keeps the order of its frames, each way.
    bool IsFirst(Packet packet) => packet is not Frame frame
        || world.Network.Packets.First(p => p is Frame other && other.Socket == frame.Socket && other.IsUp == frame.IsUp) == packet;

    void Act()
    {
        Device[] ready = [.. world.Devices.Where(d => d is { IsCertified: true, Busy: null, Client: not null })];
        if (ready.Length == 0) return;
        Device device = ready[_random.Next(ready.Length)];
        Conversation[] conversations = [.. device.Client!.Conversations.OrderBy(c => c.Id.High)];
        Conversation? any = conversations.Length == 0 ? null : conversations[_random.Next(conversations.Length)];
        if (any is { State: ConversationState.Request })
        {
            if (_random.Next(8) == 0) world.Do(device, "declines", _ => any.DeclineAsync(block: false));
            else world.Do(device, "accepts", _ => any.AcceptAsync());
            return;
        }
        Person other = world.People[_random.Next(world.People.Count)];
        int dice = _random.Next(100);
        if (any is null || dice < 4) Open(device, other);
        else if (dice < 8) world.Do(device, "begins a group", c => c.CreateGroupAsync(world.Canary(), Others(device)));
        else if (any.State != ConversationState.Active) return;
        else if (dice < 46) _life.Write(device, any);
        else if (dice < 60) _life.Change(device, any, _random.Next(10), _random.Next(6));
        else if (dice < 70) MarkRead(device, any);
        else if (dice < 76) world.Do(device, "renames", _ => any.RenameAsync(world.Canary()));
        else if (dice < 84) world.Do(device, $"adds {other.Name}", _ => any.AddAsync([other.Account]));
        else if (dice < 89) world.Do(device, $"removes {other.Name}", _ => any.RemoveAsync(other.Account));
        else if (dice < 94) world.Do(device, $"sets the role of {other.Name}", _ => any.SetRoleAsync(other.Account, (Role)_random.Next(1, 4)));
        else if (dice < 96) world.Do(device, "leaves", _ => any.LeaveAsync());
        else if (dice < 98) world.Do(device, "takes a name", c => c.SetDisplayNameAsync(world.Canary()));
        else world.Do(device, "syncs", c => c.SyncAsync());
    }

    void Open(Device device, Person other)
    {
        if (other != device.Person) world.Do(device, $"writes to {other.Name}", c => c.DirectAsync(other.Account));
    }

    Id[] Others(Device device) =>
        [.. world.People.Where(p => p != device.Person && _random.Next(2) == 0).Select(p => p.Account)];

    void MarkRead(Device device, Conversation conversation) => world.Do(device, "reads", async _ =>
    {
        if (await conversation.LastAsync() is { } last) await conversation.MarkReadAsync(last.Id);
    });

    void Trouble()
    {
        Device[] on = [.. world.Devices.Where(d => d.Client is not null)];
        Device[] off = [.. world.Devices.Where(d => d is { IsCertified: true, Process: null })];
        int dice = _random.Next(100);
        if (off.Length > 0 && dice < 45) _life.Start(off[_random.Next(off.Length)]);
        else if (on.Length == 0) return;
        else if (dice < 65) on[_random.Next(on.Length)].Process!.FailAt(_random.Next(1, 30), _random.Next(3) switch { 0 => Fault.KillBefore, 1 => Fault.KillAfter, _ => Fault.Fail });
        else if (dice < 72) _life.Kill(on[_random.Next(on.Length)]);
        else if (dice < 80) _life.Lock(on[_random.Next(on.Length)]);
        else if (dice < 92) on[_random.Next(on.Length)].CutOffUntil = world.Clock.GetUtcNow() + TimeSpan.FromSeconds(_random.Next(1, 120));
        else if (dice < 95)
        {
            if (_random.Next(4) > 0) world.RestartServer();
            else if (world.HasBackup) world.RestoreServer();
            else world.SaveServer();
        }
        else foreach (Device device in on) _life.LogInAgain(device);
    }

    // Somebody saves a device that is switched off, or puts back what was saved.
    void Backup()
    {
        Device[] off = [.. world.Devices.Where(d => d is { IsCertified: true, Process: null })];
        if (off.Length == 0) return;
        Device device = off[_random.Next(off.Length)];
        world.Trace($"{device.Name} is {(device.Backup is null ? "saved" : "put back")}");
        if (device.Backup is null)
        {
            device.Backup = device.Disk.Copy();
            return;
        }
        device.Disk.Replace(device.Backup);
        device.Backup = null;
    }

    void Churn()
    {
        Person person = world.People[_random.Next(world.People.Count)];
        Device[] certified = [.. person.Devices.Where(d => d.IsCertified)];
        int dice = _random.Next(100);
        if (dice < 30) _life.AddDevice(person);
        else if (dice < 45 && certified.Length > 1) _life.RemoveDevice(certified[0], certified[^1]);
        else if (dice < 80) world.Pass(TimeSpan.FromMinutes(_random.Next(1, 60)));
        else if (dice < 90) world.Pass(TimeSpan.FromHours(_random.Next(1, 48)));
        else if (dice < 91) world.Pass(TimeSpan.FromDays(_random.Next(8, 40)));
        else Backup();
    }
}
