using System.Buffers.Text;
using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Hostile.Tests;

/// <summary>What a thief of the profile's folder has.</summary>
public static class StolenDiskTests
{
    // K-71
    [Fact]
    public static async Task The_folder_holds_no_word_and_no_key_and_a_wrong_password_learns_and_changes_nothing()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-stolen-");
        try
        {
            await using TestServer server = await OpenServerAsync();
            await using KavalekClient other = await SignUpAsync(server, "other");
            List<byte[]> secrets = [.. ((string[])["CANARY-name", "CANARY-title", "CANARY-said", "CANARY-heard", "canary@example.org", "canary passphrase of mine"]).Select(Encoding.UTF8.GetBytes)];
            Wallet wallet;
            await using (SqliteClientStore store = await SqliteClientStore.OpenAsync(folder.FullName))
            {
                KavalekClient owner = await KavalekClient.SignUpAsync(AsShipped(store), new SignUp(server.Address, null, "canary@example.org", "canary", "canary passphrase of mine", "CANARY-name"));
                Conversation[] group = await GroupAsync("CANARY-title", owner, other);
                await group[0].SendAsync("CANARY-said");
                await group[1].SendAsync("CANARY-heard");
                await SyncAsync(owner, other);
                await SyncAsync(owner, other);
                Assert.Equal(["CANARY-said", "CANARY-heard"], (await group[0].TextsAsync()).OrderDescending());

                OwnIdentity own = owner.Core.Identity;
                secrets.AddRange([own.DeviceKey.PrivateKey.Span.ToArray(), own.AccountKey!.PrivateKey.Span.ToArray(), own.HistoryKey!.Span.ToArray()]);
                MlsGroup mls = await owner.GroupAsync(await owner.StreamAsync(group[0]));
                secrets.AddRange([mls.State.Secrets.Init.Span.ToArray(), mls.State.Secrets.SenderData.Span.ToArray(), mls.State.Secrets.Membership.Span.ToArray(), mls.EpochAuthenticator]);
                // Every record of the profile, as it is before it is sealed: keys of the group, of key packages, tokens, messages.
                foreach (StoreEntry entry in await owner.Core.Store.ScanAsync(StoreRange.Prefix("key-package/"))) secrets.Add(entry.Value[^32..]);
                foreach (string part in (string[])["conv/", "pin/", "session", "profile"])
                    foreach (StoreEntry entry in await owner.Core.Store.ScanAsync(StoreRange.Prefix(part)))
                        if (entry.Value.Length >= 24) secrets.Add(entry.Value[^24..]);
                Assert.True(secrets.Count > 100, $"{secrets.Count}");
                wallet = Wallet.Decode((await store.GetAsync(Wallet.Key))!);
                using Secret storeKey = await wallet.OpenAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, "canary passphrase of mine");
                secrets.Add(storeKey.Span.ToArray());
                await owner.LockAsync();
            }
            Dictionary<string, byte[]> stolen = Read(folder);
            string before = await EntriesAsync(folder);
            Assert.NotEmpty(stolen);
            foreach ((string name, byte[] bytes) in stolen)
                foreach (byte[] secret in secrets)
                    foreach (byte[] form in Forms(secret))
                        Assert.True(bytes.AsSpan().IndexOf(form) < 0, $"{name} holds {Encoding.UTF8.GetString(secret)}");
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, folder.UnixFileMode);
                Assert.All(folder.GetFiles(), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode));
            }
            // A guess costs all that the password was made dear by, and says nothing but that it is wrong.
            Assert.True(wallet.Iterations >= Limits.KdfFloor);
            foreach (string wrong in (string[])["canary passphrase of min", "canary passphrase of minE", " canary passphrase of mine"])
                await using (SqliteClientStore store = await SqliteClientStore.OpenAsync(folder.FullName))
                    Assert.Equal(ClientErrors.WrongPassword, await CodeAsync(() => KavalekClient.UnlockAsync(AsShipped(store), wrong)));
            Assert.Equal(before, await EntriesAsync(folder));
            await using SqliteClientStore again = await SqliteClientStore.OpenAsync(folder.FullName);
            await using KavalekClient opened = await KavalekClient.UnlockAsync(AsShipped(again), "canary passphrase of mine");
            Assert.Equal("canary@example.org", opened.Me.Email);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // All that is stored, but how often somebody guessed.
    static async Task<string> EntriesAsync(DirectoryInfo folder)
    {
        await using SqliteClientStore store = await SqliteClientStore.OpenAsync(folder.FullName);
        IReadOnlyList<StoreEntry> entries = await store.ScanAsync(new StoreRange("!", "~"));
        Assert.True(entries.Count > 100);
        return string.Join('\n', entries.Where(entry => entry.Key != PasswordGuard.Key).Select(entry => $"{entry.Key} {Convert.ToHexString(entry.Value)}"));
    }

    static Dictionary<string, byte[]> Read(DirectoryInfo folder) => folder.GetFiles("*", SearchOption.AllDirectories).ToDictionary(file => file.Name, file => File.ReadAllBytes(file.FullName));

    static IEnumerable<byte[]> Forms(byte[] secret) =>
        [secret, Encoding.Unicode.GetBytes(Encoding.Latin1.GetString(secret)), .. ((string[])[Convert.ToBase64String(secret).TrimEnd('='), Base64Url.EncodeToString(secret), Convert.ToHexString(secret), Convert.ToHexStringLower(secret)]).Select(Encoding.UTF8.GetBytes)];
}
