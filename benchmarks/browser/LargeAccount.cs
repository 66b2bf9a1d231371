using System.Globalization;
using Google.Protobuf;
using Kavalek.Client;
using Kavalek.Client.Records;

/// <summary>An account with many conversations and messages, made outside the browser: what its store holds is put into IndexedDB as it is.</summary>
static class LargeAccount
{
    public const string Password = "correct horse battery";

    const int Vocabulary = 6_000, WordsAMessage = 11, StepMessages = 500;

    /// <summary>Signs an account up and gives it messages; what is left is what its store holds, and what of that is the index.</summary>
    public static async Task<(IReadOnlyList<StoreEntry> Entries, long IndexBytes)> MakeAsync(Uri server, string invite, int conversations, int messages)
    {
        MemoryClientStore store = new();
        ClientOptions options = new() { Store = new Kept(store), Transport = address => new HttpTransport(address) };
        KavalekClient client = await KavalekClient.SignUpAsync(options, new SignUp(server, invite, "large@example.org", "large", Password));
        client.Core.IsArchiving = false;
        Random random = new(1);
        string[] words = [.. Enumerable.Range(0, Vocabulary).Select(_ => Word(random))];
        for (int n = 0; n < conversations; n++)
        {
            Conversation group = await client.CreateGroupAsync($"Group {n.ToString(CultureInfo.InvariantCulture)}", []);
            ConversationThread thread = client.Machinery.Thread(group.Id)!;
            for (int left = messages / conversations; left > 0; left -= StepMessages)
                await client.Machinery.StepAsync(thread, step =>
                {
                    for (int i = 0; i < Math.Min(left, StepMessages); i++)
                        step.Append(new MessageRow
                        {
                            Id = ByteString.CopyFrom(client.Core.Mls.Crypto.NewId().ToArray()),
                            Account = ByteString.CopyFrom(client.Me.Id.ToArray()),
                            Device = ByteString.CopyFrom(client.Me.Device.ToArray()),
                            Sent = 1_770_000_000_000 + (ulong)random.NextInt64(20_000_000_000),
                            Received = 1_790_000_000_000,
                            Mine = true,
                            State = (uint)MessageState.Sent,
                            // Some words are in every tenth message, most in hardly any.
                            Text = new TextRow { Text = string.Join(' ', Enumerable.Range(0, WordsAMessage).Select(_ => words[(int)(Vocabulary * Math.Pow(random.NextDouble(), 4))])) },
                        });
                    return Task.FromResult(true);
                }, default);
        }
        await client.Machinery.Searching.BuildAsync(default);
        await client.DisposeAsync();
        IReadOnlyList<StoreEntry> entries = await store.ScanAsync(new StoreRange(" ", "\u007f"));
        return (entries, entries.Where(entry => entry.Key.StartsWith(StoreKeys.AllWords, StringComparison.Ordinal)).Sum(entry => (long)entry.Value.Length));
    }

    /// <summary>Puts entries into the page's IndexedDB, some megabytes at a time.</summary>
    public static async Task PutAsync(Kavalek.Browser.Tests.Tab tab, IReadOnlyList<StoreEntry> entries)
    {
        await tab.EvaluateAsync("""
            window.seeding = new Promise((resolve, reject) => {
              const request = indexedDB.open('kavalek', 1);
              request.onupgradeneeded = () => { request.result.createObjectStore('entries'); request.result.createObjectStore('writer'); };
              request.onsuccess = () => resolve(request.result);
              request.onerror = () => reject(request.error);
            });
            window.seed = async lines => {
              const transaction = (await seeding).transaction('entries', 'readwrite');
              for (const line of lines) {
                const at = line.indexOf(' ');
                transaction.objectStore('entries').put(Uint8Array.fromBase64 ? Uint8Array.fromBase64(line.slice(at + 1)) : Uint8Array.from(atob(line.slice(at + 1)), c => c.charCodeAt(0)), line.slice(0, at));
              }
              await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = () => reject(transaction.error); });
              return 0;
            };
            0
            """);
        foreach (StoreEntry[] part in entries.Chunk(4_000))
            await tab.EvaluateAsync($"seed({System.Text.Json.JsonSerializer.Serialize(part.Select(entry => $"{entry.Key} {Convert.ToBase64String(entry.Value)}"))})");
        await tab.EvaluateAsync("seeding.then(database => { database.close(); return 0; })");
    }

    static string Word(Random random) => string.Concat(Enumerable.Range(0, 2 + random.Next(4)).Select(_ => $"{"bcdfghjklmnprstvz"[random.Next(17)]}{"aeiouéè"[random.Next(7)]}"));

    /// <summary>A store that outlives its client.</summary>
    sealed class Kept(IClientStore store) : IClientStore
    {
        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default) => store.GetAsync(key, cancel);
        public ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default) => store.ScanAsync(range, cancel);
        public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default) => store.ApplyAsync(batch, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
