using System.Diagnostics;
using Kavalek.Auth;
using Kavalek.Client.Archived;
using Kavalek.Client.Records;
using Kavalek.Host;
using Kavalek.Protocol;
using Microsoft.Extensions.Logging;

namespace Kavalek.Client.Benchmarks;

/// <summary>
/// How long a new device waits for its past: an account with many messages in many conversations on a real server, files on disk on both sides. The messages are written as
/// they would be over years, some at a time; the new device has logged in and is given the recovery key.
/// </summary>
static class HistoryBenchmark
{
    const string Phrase = "correct horse battery";
    const int AtOnce = HistoryArchive.FullMarks, Burst = 8;

    public static async Task RunAsync(int messages, int conversations)
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
            using RecoveryKey words = RecoveryKey.Generate();
            await old.SetRecoveryKeyAsync(words);
            await WriteAsync(old, messages, conversations);
            HistoryStatus archive = await old.HistoryAsync();
            Print("bytes on the server per archived message", (double)archive.Bytes / messages, "");
            Print("segments", archive.Segments, "");

            KavalekClient fresh = await KavalekClient.LogInAsync(await OptionsAsync(folder, "new"), server.Address, "marie@example.org", Phrase);
            await using (fresh)
            {
                // From the last word that was typed: the vault, the certificate, key packages, the connection.
                Stopwatch watch = Stopwatch.StartNew();
                await fresh.RecoverAsync(words);
                Print("recovery key to being let in", watch.Elapsed.TotalSeconds, "s");
                await ReadAsync(fresh, messages, watch);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static async Task WriteAsync(KavalekClient client, int messages, int conversations)
    {
        Random random = new(1);
        Id peer = Id.New(), device = Id.New();
        ArchivedConversation[] all = [.. Enumerable.Range(0, conversations).Select(i => new ArchivedConversation
        {
            Id = Step.Bytes(Id.New()), Kind = (uint)ConversationKind.Group, Title = $"Group {i}",
        })];
        ulong sent = (ulong)DateTimeOffset.UtcNow.AddYears(-3).ToUnixTimeMilliseconds(), seq = 0;
        Stopwatch archiving = new();
        for (int done = 0; done < messages;)
        {
            for (int chunk = 0; chunk < AtOnce && done < messages; chunk += Burst)
            {
                ArchivedConversation conversation = all[random.Next(conversations)];
                List<MessageRow> rows = [];
                for (int i = 0; i < Burst && done < messages; i++, done++)
                {
                    bool mine = random.Next(2) == 0;
                    rows.Add(new MessageRow
                    {
                        Id = Step.Bytes(Id.New()),
                        Account = Step.Bytes(mine ? client.Me.Id : peer),
                        Device = Step.Bytes(mine ? client.Me.Device : device),
                        Sent = sent += 900_000,
                        Received = sent,
                        Mine = mine,
                        State = (uint)(mine ? MessageState.Sent : MessageState.Received),
                        Stream = conversation.Id,
                        Seq = ++seq,
                        // Most are a line, some are a page.
                        Text = new TextRow { Text = new string('a', random.Next(10) == 0 ? random.Next(200, 1_000) : random.Next(8, 120)) },
                    });
                }
                rows.Reverse();
                await client.Machinery.RestoreAsync(conversation, rows, default);
                await client.Machinery.StepAsync(client.Machinery.Thread(Id.Read(conversation.Id.Span))!, async step =>
                {
                    foreach (MessageRow row in rows) step.Mark((await step.FindAsync(Id.Read(row.Account.Span), Id.Read(row.Id.Span)))!.Value);
                    return step.Changed = true;
                }, default);
            }
            archiving.Start();
            await client.SaveHistoryAsync();
            archiving.Stop();
        }
        Print("messages archived a second", messages / archiving.Elapsed.TotalSeconds, "");
    }

    static async Task ReadAsync(KavalekClient client, int messages, Stopwatch watch)
    {
        IAsyncEnumerable<ClientEvent> events = client.Events();
        await client.StartAsync();
        bool drawn = false;
        await foreach (ClientEvent item in events)
        {
            if (item is HistoryRestored restored && !drawn)
            {
                int screen = (await restored.Conversation.MessagesAsync(50)).Count;
                Print($"recovery key to first screen ({screen} messages)", watch.Elapsed.TotalSeconds, "s");
                drawn = true;
            }
            if (item is HistoryChanged { Status: { IsComplete: true, Segments: > 0 } status })
            {
                Print("recovery key to everything", watch.Elapsed.TotalSeconds, "s");
                Print("messages filled in a second", status.Restored / watch.Elapsed.TotalSeconds, "");
                if (status.Restored != (ulong)messages) throw new InvalidOperationException($"{status.Restored} of {messages} messages came");
                break;
            }
        }
        Stopwatch page = Stopwatch.StartNew();
        foreach (Conversation conversation in client.Conversations.Take(20)) await conversation.MessagesAsync(50);
        Print("a screen of messages afterwards", page.Elapsed.TotalMilliseconds / 20, "ms");
    }

    public static async Task<ClientOptions> OptionsAsync(DirectoryInfo folder, string name) => new()
    {
        Store = await SqliteClientStore.OpenAsync(Path.Combine(folder.FullName, name)),
        Transport = server => new HttpTransport(server),
        // As people use it, but for the wait at the password.
        WalletIterations = 1_000,
    };

    public static void Print(string what, double value, string unit) =>
        Console.WriteLine(FormattableString.Invariant($"{what,-48} {value,12:#,0.##} {unit}"));
}
