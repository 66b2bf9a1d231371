using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Output;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek whoami</c>: the account of this profile.</summary>
static class WhoAmICommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var command = new Verb("whoami", "Show the account of this profile.") { json };
        command.Examples = [new("kavalek whoami"), new("kavalek --profile ~/work whoami --json")];
        with.Does(command, async (run, cancel) =>
        {
            await using KavalekClient client = await run.OpenAsync(cancel);
            Account me = client.Me;
            if (run.Get(json))
            {
                run.Shell.Out.WriteLine(JsonLine.Object(o =>
                {
                    o.WriteString("account", me.Id.ToString());
                    o.WriteString("handle", me.Handle);
                    o.WriteString("name", me.DisplayName);
                    o.WriteString("email", me.Email);
                    o.WriteString("server", me.Server.ToString());
                    o.WriteString("device", me.Device.ToString());
                    o.WriteBoolean("waiting", me.IsWaiting);
                    o.WriteString("profile", run.Folder.Path);
                }));
                return ExitCode.Ok;
            }
            run.Shell.Table(["", ""],
            [
                ["handle", me.IsWaiting ? $"(this device waits to be let in: {run.Hint("login")})" : $"@{me.Handle}"],
                ["name", me.DisplayName ?? "(none; set one with: kavalek profile name NAME)"],
                ["e-mail", me.Email],
                ["server", me.Server.ToString()],
                ["account", me.Id.ToString()],
                ["device", me.Device.ToString()],
                ["profile", run.Folder.Path],
            ], "");
            return ExitCode.Ok;
        });
        return command;
    }
}
