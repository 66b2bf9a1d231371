using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Mls;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>What is left in the memory of this very process once a client is locked; read from the system, not from the runtime.</summary>
public static class MemoryTests
{
    // K-74
    [Fact]
    public static async Task After_locking_no_key_no_password_and_no_message_is_left_in_memory()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("the memory of a process is read from /proc");
        await using TestServer server = await OpenServerAsync();
        using TemporaryFolder folder = new();
        Needles needles = new();
        KavalekClient marie = await LiveAsync(server, folder, needles);
        // The search finds each key while the client is open. (What was typed and shown may be collected by then.)
        Assert.Superset(needles.Names.Where(name => name.EndsWith("key", StringComparison.Ordinal)).ToHashSet(), needles.FindInMemory().ToHashSet());
        await marie.LockAsync();
        Assert.Equal([], needles.FindInMemory());
    }

    // On its own, so that none of its variables is alive afterwards.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static async Task<KavalekClient> LiveAsync(TestServer server, TemporaryFolder folder, Needles needles)
    {
        string password = Random("password"), text = Random("message");
        needles.Add("the password", password);
        KavalekClient marie = await KavalekClient.SignUpAsync(
            Options(await SqliteClientStore.OpenAsync(folder.Path)), new SignUp(server.Address, null, "marie@example.org", "marie", password));
        await using (KavalekClient karim = await SignUpAsync(server, "karim"))
        {
            (Conversation conversation, _) = await TestConversations.DirectAsync(marie, karim);
            await conversation.SendAsync(text);
            await marie.SyncAsync();
            await karim.SyncAsync();
        }
        await marie.DisposeAsync();
        SqliteClientStore store = await SqliteClientStore.OpenAsync(folder.Path);
        marie = await KavalekClient.UnlockAsync(Options(store), password);
        Message message = Assert.IsType<Message>(await marie.Conversations.Single().LastAsync());
        needles.Add("a message", ((TextBody)message.Body).Text);
        OwnIdentity own = marie.Core.Identity;
        needles.Add("the account key", own.AccountKey!.PrivateKey.Span);
        needles.Add("the device key", own.DeviceKey.PrivateKey.Span);
        needles.Add("the history key", own.HistoryKey!.Span);
        using Secret storeKey = await Wallet.Decode((await store.GetAsync(Wallet.Key))!).OpenAsync(NativeCryptoProvider.Shared, password);
        needles.Add("the store key", storeKey.Span);
        return marie;
    }

    static string Random(string what) => $"{what} {Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18))}";

    /// <summary>What is searched for, kept inverted: the search must not find itself.</summary>
    sealed class Needles
    {
        readonly List<(string Name, byte[] Inverted)> _needles = [];

        public string[] Names => [.. _needles.Select(n => n.Name).Distinct().Order()];

        public void Add(string name, string text)
        {
            Add(name, Encoding.UTF8.GetBytes(text));
            Add(name, Encoding.Unicode.GetBytes(text));
        }

        public void Add(string name, ReadOnlySpan<byte> bytes)
        {
            byte[] inverted = new byte[bytes.Length];
            for (int i = 0; i < inverted.Length; i++) inverted[i] = (byte)(bytes[i] ^ 0xff);
            _needles.Add((name, inverted));
        }

        /// <summary>The names of those found in what this process may write to.</summary>
        public string[] FindInMemory()
        {
            HashSet<string> found = [];
            byte[] page = GC.AllocateUninitializedArray<byte>(1 << 20, pinned: true);
            using FileStream memory = new("/proc/self/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            foreach (string line in File.ReadAllLines("/proc/self/maps"))
            {
                string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (!parts[1].StartsWith("rw", StringComparison.Ordinal)) continue;
                string[] range = parts[0].Split('-');
                long end = long.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                const int overlap = 256;
                for (long at = long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture); at < end; at += page.Length - overlap)
                    Search(memory, at, page.AsSpan(0, (int)Math.Min(page.Length, end - at)), found);
            }
            return [.. found.Order()];
        }

        void Search(FileStream memory, long at, Span<byte> page, HashSet<string> found)
        {
            int read;
            try
            {
                read = RandomAccess.Read(memory.SafeFileHandle, page, at);
            }
            catch (IOException)
            {
                return; // nothing behind this address
            }
            Span<byte> seen = page[..read];
            for (int i = 0; i < seen.Length; i++) seen[i] = (byte)(seen[i] ^ 0xff);
            foreach ((string name, byte[] inverted) in _needles)
                if (seen.IndexOf(inverted) >= 0) found.Add(name);
            // What stays here for the next round must not be found then.
            seen.Clear();
        }
    }
}
