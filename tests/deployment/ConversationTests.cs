using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Deployment.Tests;

/// <summary>Two people with the shipped command, through NGINX and TLS: on an edge of their own, since others use up what one address may ask.</summary>
public sealed class ConversationTests(Edge edge) : IClassFixture<Edge>
{
    // K-17, K-77
    [Fact]
    public async Task Two_people_sign_up_and_talk_through_NGINX_with_the_shipped_client()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-talk-");
        string marie = Path.Combine(folder.FullName, "marie"), jean = Path.Combine(folder.FullName, "jean");
        string[] signUp = ["signup", $"{edge.Nginx.Origin}#setup={edge.Server.SetUpSecret}", "--email", "marie@example.org", "--handle", "marie"];
        // Nobody the command knows vouches for this server, and there is no way to go on; then somebody does.
        (int code, string output) refused = await RunAsync(marie, null, signUp);
        Assert.NotEqual(0, refused.code);
        await OkAsync(marie, signUp);
        string link = (await OkAsync(marie, "invites", "create")).Trim().Replace($"https://{Nginx.Host}/", edge.Nginx.Origin.ToString(), StringComparison.Ordinal);
        await OkAsync(jean, "signup", link, "--email", "jean@example.org", "--handle", "jean");
        await OkAsync(jean, "send", "@marie", "Bonjour, ça va ?");
        await OkAsync(marie, "requests", "accept", "@jean");
        await OkAsync(marie, "send", "@jean", "Oui, et toi ?");
        string history = await OkAsync(jean, "history", "@marie");
        Assert.Contains("Bonjour, ça va ?", history);
        Assert.Contains("Oui, et toi ?", history);
        // A file goes in parts, and comes back by ranges.
        byte[] bytes = RandomNumberGenerator.GetBytes(3_000_000);
        string from = Path.Combine(folder.FullName, "report.pdf"), to = folder.CreateSubdirectory("to").FullName;
        await File.WriteAllBytesAsync(from, bytes, TestContext.Current.CancellationToken);
        await OkAsync(marie, "send", "@jean", "--file", from, "Voilà");
        string saved = (await OkAsync(jean, "save", "@marie", "last", "--to", to)).Trim();
        Assert.Equal(bytes, await File.ReadAllBytesAsync(saved, TestContext.Current.CancellationToken));
        folder.Delete(recursive: true);
    }

    async Task<string> OkAsync(string profile, params string[] arguments)
    {
        (int code, string output) = await RunAsync(profile, edge.Nginx.AuthorityFile, arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)} ended with {code}\n{output}");
        return output;
    }

    static async Task<(int Code, string Output)> RunAsync(string profile, string? authority, string[] arguments)
    {
        ProcessStartInfo info = new(Path.Combine(AppContext.BaseDirectory, "kavalek"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        info.Environment["KAVALEK_PROFILE"] = profile;
        info.Environment["KAVALEK_PASSWORD"] = "correct horse battery";
        // What OpenSSL reads everywhere, .NET reads too.
        if (authority is not null) info.Environment["SSL_CERT_FILE"] = authority;
        using Process process = Process.Start(info)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, process.ExitCode == 0 ? output : output + await errors);
    }
}
