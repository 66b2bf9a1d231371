using System.Globalization;
using System.Runtime.CompilerServices;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>What the memory of a process still holds once the client in it is locked.</summary>
[Collection(nameof(MemoryTests))]
public static class MemoryTests
{
    // K-74
    [Fact]
    public static async Task After_locking_no_key_password_recovery_word_or_text_is_anywhere_in_the_memory_of_the_process()
    {
        await using TestServer server = await OpenServerAsync();
        Open open = new();
        Canary[] canaries = await LiveAsync(server, open);
        await LockAsync(open);
        Assert.Equal([], canaries.Where(canary => canary.IsKey && OwnMemory.Holds(canary)).Select(canary => canary.Name));
        // Strings that some thread had in hand a moment ago are garbage at the latest when it has put them down: nothing refers to them.
        for (int round = 0; round < 20 && canaries.Any(OwnMemory.Holds); round++)
        {
            await Task.Yield();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        Assert.Equal([], canaries.Where(OwnMemory.Holds).Select(canary => canary.Name));
    }

    // Apart from the test, so that nothing of it stays in what the test itself keeps.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static async Task<Canary[]> LiveAsync(TestServer server, Open open)
    {
        // Made here, as a literal would stay in the program for good; and not kept by this method, which is still on some stack for a moment after its end.
        (open.Password, open.Written, open.Begun, open.Title) = (Fresh(), Fresh(), Fresh(), Fresh());
        open.Client = await KavalekClient.SignUpAsync(Options(open.Store), new SignUp(server.Address, null, "canary@example.org", "canary", open.Password));
        using RecoveryKey recoveryKey = RecoveryKey.Generate();
        open.Words = string.Join(' ', recoveryKey.Words());
        using (RecoveryKey typed = RecoveryKey.Parse(open.Words)) await open.Client.SetRecoveryKeyAsync(typed);
        await open.Client.LockAsync();
        open.Client = await KavalekClient.UnlockAsync(Options(open.Store), open.Password);
        Id notes = (await open.Client.CreateGroupAsync(open.Title, [])).Id;
        await open.Client.Conversation(notes)!.SendAsync(open.Written);
        await open.Client.Conversation(notes)!.SetDraftAsync(new Draft(open.Begun));
        await open.Client.SyncAsync();
        await open.Client.SaveHistoryAsync();
        Assert.Single((await open.Client.SearchAsync(new SearchQuery(open.Written))).Hits);
        Canary[] canaries = Canaries(open, recoveryKey);
        // The allow twin: all of it is found while the client is open, and the person has just typed.
        Assert.Equal([], canaries.Where(canary => !canary.Name.EndsWith("UTF-8)", StringComparison.Ordinal) && !OwnMemory.Holds(canary)).Select(canary => canary.Name));
        return canaries;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static Canary[] Canaries(Open open, RecoveryKey recoveryKey)
    {
        OwnIdentity own = open.Client!.Core.Identity;
        return
        [
            Canary.Of("device key", own.DeviceKey.PrivateKey.Span),
            Canary.Of("account key", own.AccountKey!.PrivateKey.Span),
            Canary.Of("history key", HistoryKeys.KeyAt(own.HistoryKey!, 0)),
            Canary.Of("recovery key", recoveryKey.Secret.Span),
            .. Canary.Of("recovery words", open.Words),
            .. Canary.Of("password", open.Password),
            .. Canary.Of("title", open.Title),
            .. Canary.Of("text", open.Written),
            .. Canary.Of("draft", open.Begun),
        ];
    }

    static string Fresh() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    [MethodImpl(MethodImplOptions.NoInlining)]
    static Task LockAsync(Open open)
    {
        KavalekClient client = open.Client!;
        open.Client = null;
        (open.Password, open.Words, open.Written, open.Begun, open.Title) = ("", "", "", "", "");
        return client.LockAsync();
    }

    sealed class Open
    {
        public MemoryClientStore Store { get; } = new();
        public KavalekClient? Client { get; set; }
        public string Password { get; set; } = "";
        public string Words { get; set; } = "";
        public string Written { get; set; } = "";
        public string Begun { get; set; } = "";
        public string Title { get; set; } = "";
    }

    /// <summary>Bytes to be looked for, kept in a way that is not found itself.</summary>
    sealed record Canary(string Name, byte[] Masked)
    {
        const byte Mask = 0xA5;

        /// <summary>Whether it is a key, which zeroes itself, and no text.</summary>
        public bool IsKey => Name.EndsWith("key", StringComparison.Ordinal);

        public static Canary Of(string name, ReadOnlySpan<byte> bytes)
        {
            byte[] masked = new byte[bytes.Length];
            for (int i = 0; i < bytes.Length; i++) masked[i] = (byte)(bytes[i] ^ Mask);
            return new Canary(name, masked);
        }

        /// <summary>A text as strings hold it.</summary>
        public static Canary[] Of(string name, string text) =>
            [Of($"{name} (UTF-16)", System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan())), Of($"{name} (UTF-8)", System.Text.Encoding.UTF8.GetBytes(text))];

        public bool IsIn(ReadOnlySpan<byte> memory)
        {
            byte first = (byte)(Masked[0] ^ Mask);
            for (int at = memory.IndexOf(first); at >= 0 && at + Masked.Length <= memory.Length;)
            {
                int same = 0;
                while (same < Masked.Length && (memory[at + same] ^ Mask) == Masked[same]) same++;
                if (same == Masked.Length) return true;
                int next = memory[(at + 1)..].IndexOf(first);
                if (next < 0) return false;
                at += next + 1;
            }
            return false;
        }
    }

    /// <summary>Everything in this process that can be written to: heaps, stacks, what libraries hold.</summary>
    static class OwnMemory
    {
        const int Chunk = 1 << 20, Overlap = 256;

        public static bool Holds(Canary canary)
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(Chunk, pinned: true); // never moved, so never copied
            using FileStream memory = new("/proc/self/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
            foreach ((long from, long to) in Regions())
                for (long at = from; at < to; at += Chunk - Overlap)
                {
                    Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(Chunk, to - at));
                    int read = Read(memory, at, chunk);
                    bool found = canary.IsIn(chunk[..read]);
                    chunk.Clear(); // else the next look would find what this one copied
                    if (found) return true;
                    if (read < chunk.Length) break;
                }
            return false;
        }

        static int Read(FileStream memory, long at, Span<byte> chunk)
        {
            try
            {
                return RandomAccess.Read(memory.SafeFileHandle, chunk, at);
            }
            catch (IOException)
            {
                return 0; // given back meanwhile
            }
        }

        static List<(long From, long To)> Regions()
        {
            List<(long, long)> regions = [];
            foreach (string line in File.ReadAllLines("/proc/self/maps"))
            {
                // 7f00-7fff rw-p 00000000 00:00 0 [heap]
                string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (!parts[1].StartsWith("rw", StringComparison.Ordinal)) continue;
                string[] range = parts[0].Split('-');
                if (long.TryParse(range[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long from)
                    && long.TryParse(range[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long to)) regions.Add((from, to));
            }
            return regions;
        }
    }
}
