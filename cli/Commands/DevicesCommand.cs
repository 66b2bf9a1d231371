using System.CommandLine;
using System.Globalization;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek devices</c>: the computers and telephones of the account.</summary>
static class DevicesCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var command = new Verb("devices", "List your devices, approve a new one, remove an old one.") { List(with, "list"), Approve(with), Remove(with) };
        Verb list = List(with, "devices");
        command.Options.Add(list.Options[0]);
        command.Action = list.Action;
        command.Examples =
        [
            new("kavalek devices"),
            new("kavalek devices approve ABCD-EFGH-…", "The code that the new device shows"),
            new("kavalek devices remove 3f9a", "A lost one"),
        ];
        return command;
    }

    static Verb List(CommandLine.Commands with, string name)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var command = new Verb(name, "List devices.") { json };
        command.Examples = [new("kavalek devices list")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            IReadOnlyList<Device> devices = await client.DevicesAsync(cancel);
            if (run.Get(json))
            {
                foreach (Device device in devices)
                {
                    run.Shell.Out.WriteLine(JsonLine.Object(o =>
                    {
                        o.WriteString("device", device.Id.ToString());
                        o.WriteBoolean("this", device.IsThis);
                        o.WriteBoolean("waiting", device.IsWaiting);
                        o.WriteString("added", Day(device.Added));
                        o.WriteString("lastSeen", Day(device.LastSeen));
                    }));
                }
                return ExitCode.Ok;
            }
            run.Shell.Table(["Device", "Added", "Last seen", ""], devices.Select(d => (string[])
            [
                d.Id.ToString()[..8], Day(d.Added), Day(d.LastSeen), d.IsThis ? "this one" : d.IsWaiting ? "waits for approval" : "",
            ]), "No devices.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Approve(CommandLine.Commands with)
    {
        var code = new Argument<string[]>("code") { Description = "The code that the new device shows.", HelpName = "CODE", Arity = ArgumentArity.OneOrMore };
        var command = new Verb("approve", "Let a new device of yours in; it can do everything this one can.") { code };
        command.Notes = "Only type a code that you read on your own device. Whoever asks you for one, or gives you one, wants your account.";
        command.Examples = [new("kavalek devices approve ABCD-EFGH-…")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Device device = await client.ApproveDeviceAsync(string.Concat(run.Get(code)!), cancel);
            run.Shell.Tell($"Approved the device {device.Id.ToString()[..8]}. All your devices and contacts see it.");
            run.Shell.Tell(await BringAlongAsync(client, cancel)
                ? "It is in all of your conversations."
                : "It joins your conversations once it is connected and any of your other devices is, too: keep it running, and use kavalek here in a while.");
            return ExitCode.Ok;
        });
        return command;
    }

    // The new device makes its key packages when it hears of the approval, and without them nobody can add it anywhere.
    static async Task<bool> BringAlongAsync(KavalekClient client, CancellationToken cancel)
    {
        int devices = (await client.DevicesAsync(cancel)).Count(d => !d.IsWaiting);
        for (int i = 0; i < 20; i++)
        {
            await client.SyncAsync(cancel);
            if (client.Conversations.All(c => c.State != ConversationState.Active || c.Members.All(m => !m.IsMe || m.Devices >= devices))) return true;
            await Task.Delay(TimeSpan.FromSeconds(1), cancel);
        }
        return false;
    }

    static Verb Remove(CommandLine.Commands with)
    {
        var id = new Argument<string>("id") { Description = "The beginning of its id, from 'kavalek devices'.", HelpName = "ID" };
        var command = new Verb("remove", "Remove a device: its session ends, and every conversation gets new keys.") { id };
        command.Examples = [new("kavalek devices remove 3f9a")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Device device = Targets.ById(await client.DevicesAsync(cancel), d => d.Id, run.Get(id)!, "device");
            if (device.IsThis)
                throw new CliException(ExitCode.Usage, "That is this device; remove it with: kavalek logout --wipe");
            await client.RemoveDeviceAsync(device.Id, cancel);
            await client.SyncAsync(cancel);
            run.Shell.Tell($"Removed the device {device.Id.ToString()[..8]}.");
            return ExitCode.Ok;
        });
        return command;
    }

    static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
