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
        var command = new Verb("devices", "List your devices, let a new one in, remove an old one.") { List(with, "list"), Add(with), Name(with), Remove(with) };
        Verb list = List(with, "devices");
        command.Options.Add(list.Options[0]);
        command.Action = list.Action;
        command.Examples =
        [
            new("kavalek devices"),
            new("kavalek devices add", "Let in a new device that has logged in and waits"),
            new("kavalek devices remove 3f9a", "One that you do not use any more"),
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
                        o.WriteString("name", device.Name);
                        o.WriteBoolean("this", device.IsThis);
                        o.WriteBoolean("waiting", device.IsWaiting);
                        o.WriteString("added", Day(device.Added));
                        o.WriteString("lastSeen", Day(device.LastSeen));
                    }));
                }
                return ExitCode.Ok;
            }
            run.Shell.Table(["Device", "Name", "Added", "Last seen", ""], devices.Select(d => (string[])
            [
                d.Id.ToString()[..8], d.Name ?? "", Day(d.Added), Day(d.LastSeen), d.IsThis ? "this one" : d.IsWaiting ? "waits to be let in" : "",
            ]), "No devices.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Name(CommandLine.Commands with)
    {
        var name = new Argument<string>("name") { Description = "What your other devices call this one.", HelpName = "NAME" };
        var command = new Verb("name", "Name this device; only your own devices learn it.") { name };
        command.Examples = [new("kavalek devices name 'Office computer'")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenFreshAsync(offline: false, cancel);
            await client.SetDeviceNameAsync(run.Get(name)!, cancel);
            await client.SyncAsync(cancel);
            run.Shell.Out.WriteLine($"This device is “{Text.SafeText.Line(client.DeviceName!)}” now.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Verb Add(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a line: the code, then who joined; grants after a line 'yes' on standard input." };
        var command = new Verb("add", "Let a new device of yours in; it can do everything this one can.") { json };
        command.Notes = """
            First log in on the new device, until it asks for a code; then run this here, and type the code there within a minute. Both then show six
            digits: only if they are the same on both, say yes. The new device gets the keys of your account and of its history, comes into all
            your conversations, and all your devices and contacts see it.
            Never do this because somebody asked you to: whoever gets in is you.
            """;
        command.Examples = [new("kavalek devices add")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            await using DeviceLink link = await client.LinkDeviceAsync(cancel);
            if (run.Get(json))
            {
                run.Shell.Out.WriteLine(JsonLine.Object(o =>
                {
                    o.WriteString("event", "code");
                    o.WriteString("code", link.Code);
                    o.WriteString("qr", link.QrText);
                    o.WriteString("expires", link.Expires.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
                }));
            }
            else
            {
                run.Shell.Tell("Type this into the new device, within a minute:");
                run.Shell.Out.WriteLine($"  {link.Code}");
                if (run.Shell.DrawsForPerson)
                    run.Shell.Qr(link.QrText);
            }
            run.Shell.Out.Flush();
            LinkedDevice joined = await link.WaitAsync(cancel);
            if (run.Get(json))
            {
                run.Shell.Out.WriteLine(JsonLine.Object(o =>
                {
                    o.WriteString("event", "joined");
                    o.WriteString("device", joined.Device.ToString());
                    o.WriteString("match", joined.MatchingCode);
                }));
                run.Shell.Out.Flush();
            }
            else
            {
                run.Shell.Tell("A device wants in: it will get the keys of your account and of its history, and be in all your conversations. It must show the same digits:");
                run.Shell.Out.WriteLine($"  {joined.MatchingCode}");
            }
            if (!run.Shell.ConfirmByLine("Does the new device show exactly these digits?"))
                throw new CliException(ExitCode.Refused, "Nothing was granted. If the digits differed, somebody may be interfering: do not try again on this network.");
            Device device = await link.GrantAsync(cancel);
            run.Shell.Tell($"The device {device.Id.ToString()[..8]} is in. All your devices and contacts see it.");
            run.Shell.Tell(await BringAlongAsync(client, cancel)
                ? "It is in all of your conversations."
                : "It joins your conversations once it is connected and any of your other devices is, too: keep it running, and use kavalek here in a while.");
            return ExitCode.Ok;
        });
        return command;
    }

    // The new device makes its key packages when it hears that it is in, and without them nobody can add it anywhere.
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
        var json = new Option<bool>("--json") { Description = "The receipt as one JSON object." };
        var lost = new Option<bool>("--lost") { Description = "Somebody else may have it: the account gets a new key, too, and you get new recovery words." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var command = new Verb("remove", "Remove a device: its session ends, it wipes itself at its next contact, and every conversation gets new keys.") { id, lost, yes, json };
        command.Notes = """
            A device that you gave away wiped, or do not use any more, is just removed. One that was stolen, or that you cannot find, knows the key of your
            account: remove it with --lost. Your contacts then see that your security key changed, and those who had compared it with you
            write to you again once they have accepted it: tell them. The recovery words of before open nothing any more; new ones are shown at once.
            """;
        command.Examples = [new("kavalek devices remove 3f9a"), new("kavalek devices remove 3f9a --lost", "One that somebody else may have")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenOnlineAsync(cancel);
            Device device = Targets.ById(await client.DevicesAsync(cancel), d => d.Id, run.Get(id)!, "device");
            if (device.IsThis)
                throw new CliException(ExitCode.Usage, $"That is this device; remove it with: {run.Hint("logout --wipe")}");
            if (!run.Get(yes) && !run.Shell.Confirm(run.Get(lost)
                ? $"Remove the device {Named(device)} as lost? It wipes itself when it next connects, and every conversation gets new keys. Your account gets a new key, which all your contacts see; the recovery words you have open nothing any more, and you write down new ones. This cannot be undone."
                : $"Remove the device {Named(device)}? It wipes itself when it next connects, and every conversation gets new keys. This cannot be undone; where somebody else may have the device, say no, and use --lost."))
                throw new CliException(ExitCode.Usage, "Nothing was changed. Without a terminal to ask at, confirm with --yes.");
            OffboardingReceipt receipt = run.Get(lost)
                ? await client.RemoveLostDeviceAsync(device.Id, cancel)
                : await client.RemoveDeviceAsync(device.Id, cancel);
            await client.SyncAsync(cancel);
            Print(run, receipt, run.Get(json));
            if (!run.Get(lost))
                return ExitCode.Ok;
            run.Shell.Tell("Your account has a new key. Your contacts see that it changed; your other devices follow when they next connect.");
            if (run.Get(json) || run.Shell.PersonTypes)
                await RecoveryCommand.MakeAsync(run, client, run.Get(json), RecoveryLanguage.English, cancel);
            else
                run.Shell.Tell($"The recovery words of before open nothing any more. Make new ones: {run.Hint("recovery new")}");
            return ExitCode.Ok;
        });
        return command;
    }

    static string Named(Device device) => device.Name is { } name ? $"{device.Id.ToString()[..8]} “{Text.SafeText.Line(name)}”" : device.Id.ToString()[..8];

    static void Print(Run run, OffboardingReceipt receipt, bool json)
    {
        if (json)
        {
            run.Shell.Out.WriteLine(JsonLine.Object(o =>
            {
                o.WriteString("event", "receipt");
                o.WriteString("device", receipt.Device.ToString());
                o.WriteString("removed", receipt.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
                o.WriteStartArray("conversations");
                foreach (OffboardedConversation conversation in receipt.Conversations)
                {
                    o.WriteStartObject();
                    o.WriteString("conversation", conversation.Conversation.ToString());
                    o.WriteString("title", conversation.Title);
                    if (conversation.Epoch is { } epoch)
                        o.WriteNumber("epoch", epoch);
                    o.WriteEndObject();
                }
                o.WriteEndArray();
            }));
            return;
        }
        run.Shell.Tell($"Removed the device {receipt.Device.ToString()[..8]} at {receipt.At.LocalDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}. It wipes itself when it next connects. It reads nothing any more from these epochs on:");
        run.Shell.Table(["Conversation", "Title", "Epoch"], receipt.Conversations.Select(c => (string[])
        [
            c.Conversation.ToString()[..8], c.Title, c.Epoch?.ToString(CultureInfo.InvariantCulture) ?? "not yet: with the next connection",
        ]), "It was in no conversation.");
    }

    static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
