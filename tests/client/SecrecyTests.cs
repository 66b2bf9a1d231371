using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using Kavalek.Mls;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>What a client says to its server, byte for byte, over everything that has to do with passwords and keys.</summary>
public static class SecrecyTests
{
    [Fact]
    public static async Task Neither_password_nor_any_key_that_opens_something_leaves_the_device()
    {
        await using TestServer server = await OpenServerAsync();
        ConcurrentQueue<byte[]> sent = new();
        Func<Uri, ITransport> transport = address => new Watches(new HttpTransport(address), async request =>
        {
            sent.Enqueue(Encoding.UTF8.GetBytes($"{request.RequestUri} {request.Headers}"));
            if (request.Content is not null) sent.Enqueue(await request.Content.ReadAsByteArrayAsync());
        });
        MemoryClientStore store = new();
        await using KavalekClient first = await SignUpAsync(server, "marie", AsShipped(store, transport));
        await first.SyncAsync();
        await using KavalekClient second = await AddDeviceAsync(server, first, AsShipped(transport: transport));
        await second.SyncAsync();
        await first.LogInAgainAsync(Phrase);
        await first.ChangeWalletPasswordAsync(Phrase, "another long password");
        await first.Core.Tokens.RefreshAsync(default);
        Assert.True(sent.Count > 20);

        Wallet wallet = Wallet.Decode((await store.GetAsync(Wallet.Key))!);
        using Secret storeKey = await wallet.OpenAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, "another long password");
        using Secret typed = Client.Password.Normalize("another long password");
        using Secret stretched = await NativePasswordStretching.Shared.StretchAsync(typed, wallet.Salt, wallet.Iterations, Client.Password.StretchedBytes);
        byte[][] secrets =
        [
            Encoding.UTF8.GetBytes(Phrase), "another long password"u8.ToArray(), storeKey.Span.ToArray(), stretched.Span.ToArray(), wallet.Salt,
            first.Core.Identity.AccountKey!.PrivateKey.Span.ToArray(), first.Core.Identity.HistoryKey!.Span.ToArray(), first.Core.Identity.DeviceKey.PrivateKey.Span.ToArray(),
            second.Core.Identity.DeviceKey.PrivateKey.Span.ToArray(),
        ];
        foreach (byte[] secret in secrets)
            foreach (byte[] form in (byte[][])[secret, Text(Base64Url.EncodeToString(secret)), Text(Convert.ToBase64String(secret)), Text(Convert.ToHexString(secret)), Text(Convert.ToHexStringLower(secret))])
                Assert.DoesNotContain(sent, bytes => bytes.AsSpan().IndexOf(form) >= 0);
    }

    [Fact]
    public static async Task A_profile_folder_shows_no_name_no_address_and_no_key_without_the_password()
    {
        using TemporaryFolder folder = new();
        await using TestServer server = await OpenServerAsync();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(await SqliteClientStore.OpenAsync(folder.Path)));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await karim.SyncAsync();
        await marie.AddByLinkAsync(karim.ContactLink);
        await marie.SyncAsync();
        byte[][] secrets =
        [
            Text("marie"), Text("MARIE"), Text("karim"), Text("example.org"), Text(Phrase), Text(karim.Me.Id.ToString()), Text(marie.Me.Id.ToString()), karim.Me.Id.ToArray(),
            marie.Core.Identity.AccountKey!.PrivateKey.Span.ToArray(), marie.Core.Identity.HistoryKey!.Span.ToArray(), marie.Core.Identity.DeviceKey.PrivateKey.Span.ToArray(), karim.Me.AccountKey,
            Text((await Tokens.LoadAsync(marie.Core.Store, default))!.Session.RefreshToken),
        ];
        await marie.LockAsync();
        foreach (string file in Directory.GetFiles(folder.Path))
        {
            byte[] bytes = await File.ReadAllBytesAsync(file);
            foreach (byte[] secret in secrets) Assert.True(bytes.AsSpan().IndexOf(secret) < 0, $"{Path.GetFileName(file)} holds {Encoding.UTF8.GetString(secret)}");
        }
    }

    [Fact]
    public static async Task A_server_that_asks_for_a_weak_derivation_gets_nothing_derived()
    {
        await using TestServer server = await OpenServerAsync();
        await (await SignUpAsync(server, "marie")).LockAsync();
        foreach ((string from, string to) in ((string, string)[])[("1000000", "1"), ("1000000", "599999"), ("1000000", "10000001"), ("pbkdf2-hmac-sha256", "none"), ("\"salt\":\"", "\"salt\":\"AAAA")])
        {
            List<string> asked = [];
            ClientOptions options = AsShipped(transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
            {
                asked.Add(path);
                return path.EndsWith("prelogin", StringComparison.Ordinal) ? body.Replace(from, to, StringComparison.Ordinal) : body;
            }));
            Assert.Equal(ClientErrors.KdfRefused, await CodeAsync(() => KavalekClient.LogInAsync(options, server.Address, "marie@example.org", Phrase)));
            Assert.EndsWith("prelogin", asked[^1], StringComparison.Ordinal);
        }
    }

    static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
