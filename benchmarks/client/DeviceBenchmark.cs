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

    public static async Task RunAsync(int conversations)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-benchmark-");
        try
        {
            await using Host.Server server = await Host.Server.StartAsync(new ServerOptions
            {
                Data = Path.Combine(folder.FullName, "data"),
                Urls = "http://127.0.0.1:0",
                Registration = RegistrationPolicy.Open,
                RateFactor = 100_000,
                LogLevel = LogLevel.Warning,
            }, console: TextWriter.Null);
            await using KavalekClient old = await KavalekClient.SignUpAsync(
                await OptionsAsync(folder, "old"), new SignUp(server.Address, null, "marie@example.org", "marie", Phrase));
            await using KavalekClient peer = await KavalekClient.SignUpAsync(
                await OptionsAsync(folder, "peer"), new SignUp(server.Address, null, "karim@example.org", "karim", Phrase));
            Id karim = (await old.FindAsync("karim")).Account;
            Stopwatch watch = Stopwatch.StartNew();
            for (int i = 0; i < conversations; i++) await old.CreateGroupAsync($"Group {i}", [karim]);
            Print("conversations begun in a second", conversations / watch.Elapsed.TotalSeconds, "");
            await old.StartAsync();

            KavalekClient fresh = await KavalekClient.LogInAsync(await OptionsAsync(folder, "new"), server.Address, "marie@example.org", Phrase);
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
                    if (first) Print("consent to the first conversation", watch.Elapsed.TotalSeconds, "s");
                    first = false;
                    if (joined < conversations) continue;
                    Print($"consent to all {conversations} conversations", watch.Elapsed.TotalSeconds, "s");
                    break;
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
