using System.Diagnostics;
using Kavalek.Auth;
using Kavalek.Host;
using Kavalek.Protocol;
using Microsoft.Extensions.Logging;
using static Kavalek.Client.Benchmarks.HistoryBenchmark;

namespace Kavalek.Client.Benchmarks;

/// <summary>How long it takes until a new device of an account is in all of its conversations, with one other device connected, and nobody doing anything.</summary>
static class DeviceBenchmark
{
    const string Phrase = "correct horse battery";

    /// <param name="conversations">How many it is to come into.</param>
    /// <param name="rateFactor">Of the server while it does: 1 as servers are.</param>
    public static async Task RunAsync(int conversations, int rateFactor)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-benchmark-");
        try
        {
            Host.Server server = await StartAsync(folder, "http://127.0.0.1:0", 100_000);
            Uri address = server.Address;
            await using KavalekClient old = await KavalekClient.SignUpAsync(
                await OptionsAsync(folder, "old"), new SignUp(address, null, "marie@example.org", "marie", Phrase));
            await using KavalekClient peer = await KavalekClient.SignUpAsync(
                await OptionsAsync(folder, "peer"), new SignUp(address, null, "karim@example.org", "karim", Phrase));
            Id karim = (await old.FindAsync("karim")).Account;
            Stopwatch watch = Stopwatch.StartNew();
            for (int i = 0; i < conversations; i++) await old.CreateGroupAsync($"Group {i}", [karim]);
            Print("conversations begun in a second", conversations / watch.Elapsed.TotalSeconds, "");
            // They were begun over years; the new device comes to a server with its usual limits.
            await server.DisposeAsync();
            server = await StartAsync(folder, address.ToString(), rateFactor);
            await old.StartAsync();

            KavalekClient fresh = await KavalekClient.LogInAsync(await OptionsAsync(folder, "new"), address, "marie@example.org", Phrase);
            await using (fresh)
            {
                await using DeviceLink link = await old.LinkDeviceAsync();
                await fresh.JoinLinkAsync(link.Code);
                await link.WaitAsync();
                await fresh.MatchingCodeAsync();
                await fresh.ConfirmMatchAsync();
                watch.Restart();
                await link.GrantAsync();
                await fresh.WaitForApprovalAsync();
                IAsyncEnumerable<ClientEvent> events = fresh.Events();
                await fresh.StartAsync();
                bool first = true;
                await foreach (ClientEvent item in events)
                {
                    if (item is not ConversationChanged) continue;
                    int joined = fresh.Conversations.Count(c => c.CannotSend is null && c.Members.Any(m => m.IsMe && m.Devices == 2));
                    if (joined == 0) continue;
                    if (first) Print($"consent to the first conversation, limits x {rateFactor}", watch.Elapsed.TotalSeconds, "s");
                    first = false;
                    if (joined < conversations) continue;
                    Print($"consent to all {conversations} conversations, limits x {rateFactor}", watch.Elapsed.TotalSeconds, "s");
                    break;
                }
            }
            await server.DisposeAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static Task<Host.Server> StartAsync(DirectoryInfo folder, string url, int rateFactor) => Host.Server.StartAsync(new ServerOptions
    {
        Data = Path.Combine(folder.FullName, "data"),
        Urls = url,
        Registration = RegistrationPolicy.Open,
        RateFactor = rateFactor,
        LogLevel = LogLevel.Warning,
    }, console: TextWriter.Null);
}
