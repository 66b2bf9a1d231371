using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Hostile.Tests;

/// <summary>What a client says to a server that listens, asks for less, or sends it elsewhere.</summary>
[Collection(nameof(Cast))]
public sealed class SecretsTests(Cast cast)
{
    // K-04
    [Fact]
    public async Task No_password_and_no_key_that_opens_anything_is_in_any_byte_a_client_says()
    {
        const string password = "a canary of many words", next = "another canary of words", local = "a third canary of words";
        HostileServer listening = new() { Records = true };
        ClientOptions Options(IClientStore store) => AsShipped(store, listening.At);
        MemoryClientStore store = new(), second = new(), third = new();
        using RecoveryKey recovery = RecoveryKey.Generate();
        KavalekClient first = await KavalekClient.SignUpAsync(Options(store), new SignUp(cast.Server.Address, null, "canary@example.org", "canary", password, "CANARY"));
        await first.SetRecoveryKeyAsync(recovery);
        await first.SyncAsync();
        KavalekClient phone = await KavalekClient.LogInAsync(Options(second), cast.Server.Address, "canary@example.org", password);
        await LinkAsync(first, phone);
        await phone.WaitForApprovalAsync();
        await phone.SyncAsync();
        await first.LogInAgainAsync(password);
        await first.ChangePasswordAsync(password, next);
        await first.ChangeWalletPasswordAsync(next, local);
        KavalekClient recovered = await KavalekClient.LogInAsync(Options(third), cast.Server.Address, "canary@example.org", next);
        await recovered.RecoverAsync(recovery);
        await using (EventsOf seen = new(first))
        {
            await first.StartAsync();
            await seen.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);
            await cast.Lea.SyncAsync();
            Conversation opened = await first.DirectAsync((await first.FindAsync("lea")).Account);
            await opened.SendAsync("a canary in a message");
            await seen.NextStateAsync("a canary in a message", MessageState.Sent);
            await first.StopAsync();
        }
        byte[][] said = [.. listening.Said];
        Assert.True(said.Length > 40);
        Assert.Contains(said, bytes => bytes.AsSpan().IndexOf("canary@example.org"u8) >= 0); // what is meant to be said is in the recording

        List<byte[]> secrets = [Bytes(password), Bytes(next), Bytes(local), Bytes("a canary in a message"), Bytes("CANARY"),
            recovery.Secret.Span.ToArray(), Bytes(string.Join(' ', recovery.Words())), Bytes(string.Join(' ', recovery.Words(RecoveryLanguage.French)))];
        // What the server's secret follows from, under either password: whoever has it has what the password gives.
        PreloginResponse told = await first.Core.SignIn.PreloginAsync("canary@example.org", default);
        foreach (string typed in (string[])[password, next])
        {
            using Secret bytes = Client.Password.Normalize(typed);
            using Secret stretched = await NativePasswordStretching.Shared.StretchAsync(bytes, PasswordSecret.Salt(first.Me.Instance, "canary@example.org", told.Salt), told.Kdf.Iterations, Client.Password.StretchedBytes);
            secrets.Add(stretched.Span.ToArray());
        }
        // What opens the vault.
        Vault vault = Vault.Decode((await first.Core.Auth.VaultAsync(default)).Vault);
        byte[] extracted = HKDF.Extract(HashAlgorithmName.SHA256, recovery.Secret.Span.ToArray(), vault.Salt);
        secrets.AddRange([extracted, HKDF.Expand(HashAlgorithmName.SHA256, extracted, 32, "kavalek/v1/vault/key"u8.ToArray())]);
        // What opens a profile, and what is in it.
        foreach ((KavalekClient client, MemoryClientStore raw, string opens) in ((KavalekClient, MemoryClientStore, string)[])[(first, store, local), (phone, second, password), (recovered, third, next)])
        {
            Wallet wallet = Wallet.Decode((await raw.GetAsync(Wallet.Key))!);
            using Secret storeKey = await wallet.OpenAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, opens);
            using Secret typed = Client.Password.Normalize(opens);
            using Secret stretched = await NativePasswordStretching.Shared.StretchAsync(typed, wallet.Salt, wallet.Iterations, Client.Password.StretchedBytes);
            OwnIdentity own = client.Core.Identity;
            secrets.AddRange([storeKey.Span.ToArray(), stretched.Span.ToArray(), wallet.Salt, HKDF.Expand(HashAlgorithmName.SHA256, stretched.Span.ToArray(), 32, "kavalek/v1/wallet/key"u8.ToArray()),
                own.AccountKey!.PrivateKey.Span.ToArray(), own.DeviceKey.PrivateKey.Span.ToArray(), own.HistoryKey!.Span.ToArray()]);
        }
        foreach (byte[] secret in secrets)
            foreach (byte[] form in (byte[][])[secret, Encoding.Unicode.GetBytes(Encoding.Latin1.GetString(secret)), Bytes(Base64Url.EncodeToString(secret)), Bytes(Convert.ToBase64String(secret)),
                Bytes(Convert.ToHexString(secret)), Bytes(Convert.ToHexStringLower(secret)), Bytes(Uri.EscapeDataString(Encoding.Latin1.GetString(secret)))])
                Assert.DoesNotContain(said, bytes => bytes.AsSpan().IndexOf(form) >= 0);
        foreach (KavalekClient client in (KavalekClient[])[first, phone, recovered]) await client.DisposeAsync();
    }

    // K-05
    [Theory]
    [InlineData("one iteration")]
    [InlineData("just below the floor")]
    [InlineData("just above the ceiling")]
    [InlineData("another algorithm")]
    [InlineData("no salt")]
    [InlineData("a short salt")]
    [InlineData("four gibibytes of memory")]
    [InlineData("fewer than this profile used before")]
    public async Task A_server_that_asks_for_a_weaker_derivation_gets_nothing_derived_and_the_person_is_told(string what)
    {
        MemoryClientStore store = new();
        KavalekClient person = await cast.PersonAsync(store);
        string email = person.Me.Email;
        await person.DisposeAsync();
        // This profile has derived with more, once.
        KdfParameters honest = new(KdfParameters.Pbkdf2, Limits.KdfDefault);
        using (cast.Hostile.Lie(async (request, next) =>
        {
            Answer answer = await next(request);
            if (!request.Is("POST", "auth/v1/prelogin")) return answer;
            PreloginResponse told = System.Text.Json.JsonSerializer.Deserialize(answer.Body, AuthJson.Default.PreloginResponse)!;
            PreloginResponse lie = what switch
            {
                "one iteration" => told with { Kdf = honest with { Iterations = 1 } },
                "just below the floor" => told with { Kdf = honest with { Iterations = Limits.KdfFloor - 1 } },
                "just above the ceiling" => told with { Kdf = honest with { Iterations = Limits.KdfCeiling + 1 } },
                "another algorithm" => told with { Kdf = honest with { Algorithm = "none" } },
                "no salt" => told with { Salt = [] },
                "a short salt" => told with { Salt = told.Salt[..15] },
                "fewer than this profile used before" => told with { Kdf = honest with { Iterations = Limits.KdfDefault - 1 } },
                _ => told,
            };
            byte[] body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(lie, AuthJson.Default.PreloginResponse);
            if (what == "four gibibytes of memory") body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("\"iterations\":", "\"memory\":4294967296,\"iterations\":", StringComparison.Ordinal));
            return answer with { Body = body };
        }))
        {
            int asked = cast.Hostile.Asked.Count;
            KavalekException told = await Assert.ThrowsAsync<KavalekException>(() => KavalekClient.LogInAsync(cast.Options(store), cast.Server.Address, email, Phrase));
            Assert.Equal(what == "four gibibytes of memory" ? ClientErrors.ServerMisbehaves : ClientErrors.KdfRefused, told.Code);
            Assert.NotEmpty(told.Message);
            // Nothing follows the answer.
            Assert.EndsWith("auth/v1/prelogin", cast.Hostile.Asked.Skip(asked).Last(), StringComparison.Ordinal);
        }
        await using KavalekClient again = await KavalekClient.LogInAsync(cast.Options(store), cast.Server.Address, email, Phrase);
        Assert.Equal(email, again.Me.Email);
    }

    // K-17
    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_an_answer_like_any_other_and_is_never_followed(int status)
    {
        HostileServer hostile = new();
        await using HostileProxy proxy = await hostile.ListenAsync(cast.Server.Address), elsewhere = await hostile.ListenAsync(cast.Server.Address);
        int followed = 0;
        using IDisposable lie = hostile.Lie((request, next) =>
        {
            if (request.Headers.TryGetValue("host", out string? host) && host == elsewhere.Address.Authority) Interlocked.Increment(ref followed);
            return Task.FromResult(new Answer(status, null, []) { Headers = new Dictionary<string, string> { ["Location"] = elsewhere.Address + request.Path } });
        });
        Assert.Equal(ClientErrors.ServerMisbehaves, await CodeAsync(() =>
            KavalekClient.LogInAsync(Options(), proxy.Address, "marie@example.org", Phrase)));
        Assert.Equal(0, followed);
    }

    // K-17
    [Theory]
    [InlineData("http://chat.example.org/")]
    [InlineData("ws://127.0.0.1/")]
    [InlineData("http://192.168.1.10/")]
    [InlineData("http://localhost.example.org/")]
    [InlineData("ftp://127.0.0.1/")]
    public async Task Nothing_leaves_for_an_address_that_is_not_encrypted(string address)
    {
        int made = 0;
        ClientOptions options = Options(transport: server =>
        {
            made++;
            return new HttpTransport(server);
        });
        Assert.Equal(ClientErrors.InsecureAddress, await CodeAsync(() => KavalekClient.LogInAsync(options, new Uri(address), "marie@example.org", Phrase)));
        Assert.Equal(ClientErrors.InsecureAddress, await CodeAsync(() => KavalekClient.SignUpAsync(options, new SignUp(new Uri(address), null, "marie@example.org", "marie2", Phrase))));
        Assert.Equal(0, made);
        Assert.Throws<KavalekException>(() => new HttpTransport(new Uri(address)));
    }

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
