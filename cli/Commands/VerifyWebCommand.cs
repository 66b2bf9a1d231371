using System.CommandLine;
using Kavalek.Cli.CommandLine;
using Kavalek.Cli.Web;
using Kavalek.Client;

namespace Kavalek.Cli.Commands;

/// <summary><c>kavalek verify-web</c>: whether an instance serves the web app of a release, byte for byte.</summary>
static class VerifyWebCommand
{
    public static Command Create(CommandLine.Commands with)
    {
        var url = new Argument<string>("url") { Description = "The instance, for example https://chat.example.org." };
        var manifest = new Option<string>("--manifest") { Description = "The release's list of files.", HelpName = "FILE", Required = true };
        var signature = new Option<string?>("--signature") { Description = "Its signature (default: the manifest's name with .sig).", HelpName = "FILE" };
        var key = new Option<string>("--key") { Description = "The public key of the releases, in PEM, from somewhere else than the instance.", HelpName = "FILE", Required = true };
        var command = new Verb("verify-web", "Check that an instance serves the web app of a release, byte for byte.") { url, manifest, signature, key };
        command.Examples = [new("kavalek verify-web https://chat.example.org --manifest web-manifest.json --key release.pub", "Needs no account; ends with 9 where something differs")];
        with.Does(command, async (run, cancel) =>
        {
            if (!Uri.TryCreate(run.Get(url), UriKind.Absolute, out Uri? address)) throw new CliException(ExitCode.Usage, "The address of an instance looks like https://chat.example.org.");
            string path = run.Get(manifest)!;
            WebManifest release = WebManifest.Read(path, run.Get(signature) ?? $"{path}.sig", run.Get(key)!);
            await using HttpTransport instance = new(address);
            IReadOnlyList<string> wrong = await new WebCheck(instance, release).RunAsync(cancel);
            if (wrong.Count == 0)
            {
                run.Shell.Tell($"{instance.Server.GetLeftPart(UriPartial.Authority)} serves the web app of release {release.Version}: {release.Files.Count} files, byte for byte.");
                return ExitCode.Ok;
            }
            foreach (string line in wrong) run.Shell.Out.WriteLine(Text.SafeText.Line(line));
            throw new CliException(ExitCode.Differs, $"{instance.Server.GetLeftPart(UriPartial.Authority)} does not serve the web app of release {release.Version}. Do not log in there with a browser until you know why.");
        });
        return command;
    }
}
