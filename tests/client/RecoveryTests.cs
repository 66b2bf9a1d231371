using System.Text.Json;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>The recovery key and the vault that it opens (docs/PROTOCOL.md §5.6).</summary>
public static class RecoveryTests
{
    [Fact]
    public static void The_words_are_those_of_the_published_vectors()
    {
        foreach ((string entropy, string words) in ((string, string)[])
        [
            ("00000000000000000000000000000000", "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"),
            ("7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f", "legal winner thank year wave sausage worth useful legal winner thank yellow"),
            ("80808080808080808080808080808080", "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"),
            ("ffffffffffffffffffffffffffffffff", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"),
        ])
        {
            using RecoveryKey key = RecoveryKey.Parse(words);
            Assert.Equal(entropy, Convert.ToHexStringLower(key.Secret.Span));
            Assert.Equal(words, string.Join(' ', key.Words()));
        }
    }

    [Fact]
    public static void Any_key_is_read_back_however_it_was_typed_in_either_language()
    {
        for (int i = 0; i < 64; i++)
        {
            using RecoveryKey key = RecoveryKey.Generate();
            foreach (RecoveryLanguage language in Enum.GetValues<RecoveryLanguage>())
            {
                IReadOnlyList<string> words = key.Words(language);
                string plain = string.Join("  ", words.Select(w => string.Concat(w.Normalize(System.Text.NormalizationForm.FormD).Where(char.IsAsciiLetter)).ToUpperInvariant()));
                foreach (string typed in (string[])[string.Join(' ', words), plain, string.Join('\n', words.Select(w => w.Length > 4 ? w[..4] : w)), string.Join(", ", words)])
                {
                    using RecoveryKey read = RecoveryKey.Parse(typed);
                    Assert.Equal(key.Secret, read.Secret);
                }
            }
        }
    }

    [Theory]
    [InlineData("", "12 words")]
    [InlineData("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon", "has 11")]
    [InlineData("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon", "another word")]
    [InlineData("abandon abandon abandon abandon xyzzy abandon abandon abandon abandon abandon abandon about", "Word 5")]
    public static void What_is_no_recovery_key_is_refused_with_what_is_wrong(string typed, string said)
    {
        KavalekException refused = Assert.Throws<KavalekException>(() => RecoveryKey.Parse(typed));
        Assert.Equal(ClientErrors.WrongRecoveryKey, refused.Code);
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    // K-42
    [Fact]
    public static async Task A_vault_opens_for_its_owner_key_and_number_only()
    {
        ICryptoProvider crypto = NativeCryptoProvider.Shared;
        Id instance = new(1, 1), account = new(2, 2);
        using RecoveryKey key = RecoveryKey.Generate(), other = RecoveryKey.Generate();
        using AccountSecrets secrets = new(Secret.Own([.. Enumerable.Range(1, 32).Select(i => (byte)i)]), HistoryKeys.First(crypto));
        Vault vault = await Vault.SealAsync(crypto, key, instance, account, 7, secrets);
        byte[] bytes = vault.Encode();
        Assert.Equal(208, bytes.Length);
        Assert.Equal(secrets, await Vault.Decode(bytes).OpenAsync(crypto, key, instance, account));
        Assert.Equal(ClientErrors.WrongRecoveryKey, await CodeAsync(() => vault.OpenAsync(crypto, other, instance, account)));
        Assert.Equal(ClientErrors.VaultRefused, await CodeAsync(() => vault.OpenAsync(crypto, key, account, account)));
        Assert.Equal(ClientErrors.VaultRefused, await CodeAsync(() => vault.OpenAsync(crypto, key, instance, instance)));
        Assert.Equal(ClientErrors.VaultRefused, await CodeAsync(() => (vault with { Number = 8 }).OpenAsync(crypto, key, instance, account)));
        for (int i = 2; i < bytes.Length; i++)
        {
            byte[] edited = [.. bytes];
            edited[i] ^= 1;
            string code = await CodeAsync(() => Vault.Decode(edited).OpenAsync(crypto, key, instance, account));
            Assert.True(code is ClientErrors.VaultRefused or ClientErrors.WrongRecoveryKey);
        }
        Assert.Throws<KavalekException>(() => Vault.Decode(bytes.AsSpan(1)));
    }

    [Fact]
    public static async Task A_new_device_gets_in_with_password_and_recovery_key_and_reads_along()
    {
        await using TestServer server = await OpenServerAsync();
        KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation theirs, _) = await TestConversations.DirectAsync(karim, marie);
        Assert.Equal(RecoveryState.Missing, marie.Recovery);
        await using KavalekClient none = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        using RecoveryKey key = RecoveryKey.Generate(), wrong = RecoveryKey.Generate();
        Assert.Equal(ClientErrors.NoVault, await CodeAsync(() => none.RecoverAsync(key)));
        await marie.SetRecoveryKeyAsync(key);
        Assert.Equal(RecoveryState.Present, marie.Recovery);

        await using KavalekClient second = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        Assert.Equal(ClientErrors.WrongRecoveryKey, await CodeAsync(() => second.RecoverAsync(wrong)));
        Assert.True(second.Me.IsWaiting);
        await second.RecoverAsync(RecoveryKey.Parse(string.Join(' ', key.Words(RecoveryLanguage.French))));
        Assert.False(second.Me.IsWaiting);
        Assert.Equal(marie.Me.AccountKey, second.Me.AccountKey);
        Assert.Equal(marie.Core.Identity.HistoryKey, second.Core.Identity.HistoryKey);
        Assert.Equal(2, (await marie.DevicesAsync()).Count(d => !d.IsWaiting));

        // The other device brings it along; everybody sees it.
        await marie.SyncAsync();
        await second.SyncAsync();
        await theirs.SendAsync("welcome on your new telephone");
        await karim.SyncAsync();
        await second.SyncAsync();
        Assert.Contains("welcome on your new telephone", await second.Conversation(theirs.Id)!.TextsAsync());
        Assert.Contains(SystemKind.DeviceAdded, await theirs.KindsAsync());
        await marie.DisposeAsync();
    }

    [Fact]
    public static async Task A_new_recovery_key_replaces_the_old_one_and_until_it_is_stored_the_old_one_holds()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        using RecoveryKey first = RecoveryKey.Generate(), never = RecoveryKey.Generate(), second = RecoveryKey.Generate();
        await marie.SetRecoveryKeyAsync(first);
        await marie.DisposeAsync();
        marie = await KavalekClient.UnlockAsync(Options(store, transport: address =>
            new LosesAnswers(new HttpTransport(address), "/auth/v1/vault", before: true, only: HttpMethod.Put)), Phrase);
        Assert.Equal(ClientErrors.Offline, await CodeAsync(() => marie.SetRecoveryKeyAsync(never)));
        await marie.DisposeAsync();
        await using (KavalekClient device = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase))
        {
            Assert.Equal(ClientErrors.WrongRecoveryKey, await CodeAsync(() => device.RecoverAsync(never)));
            await device.RecoverAsync(first);
        }

        marie = await KavalekClient.UnlockAsync(Options(store, transport: address =>
            new LosesAnswers(new HttpTransport(address), "/auth/v1/vault", only: HttpMethod.Put)), Phrase);
        // Stored, though the answer got lost; the device sees it and takes it for its own.
        Assert.Equal(ClientErrors.Offline, await CodeAsync(() => marie.SetRecoveryKeyAsync(second)));
        await marie.DevicesAsync();
        Assert.Equal(RecoveryState.Present, marie.Recovery);
        await marie.DisposeAsync();
        await using KavalekClient third = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        Assert.Equal(ClientErrors.WrongRecoveryKey, await CodeAsync(() => third.RecoverAsync(first)));
        await third.RecoverAsync(second);
        Assert.False(third.Me.IsWaiting);
    }

    // K-39, K-42
    [Fact]
    public static async Task An_older_a_missing_or_somebody_elses_vault_is_refused_and_said_and_a_restart_forgets_nothing()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        using RecoveryKey key = RecoveryKey.Generate();
        await karim.SetRecoveryKeyAsync(key);
        VaultState stranger = (await karim.Core.Auth.DevicesAsync(default)).Vault!;
        await marie.SetRecoveryKeyAsync(key);
        VaultState older = (await marie.Core.Auth.DevicesAsync(default)).Vault!;
        await marie.SetRecoveryKeyAsync(key);
        VaultState newest = (await marie.Core.Auth.DevicesAsync(default)).Vault!;
        await marie.DisposeAsync();

        foreach (VaultState? shown in (VaultState?[])[older, null, newest with { Hash = new byte[32] }, newest with { Number = 3 }, stranger with { Number = 3 }, older with { Number = 3 }])
        {
            marie = await KavalekClient.UnlockAsync(Options(store, transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
                path.EndsWith("auth/v1/devices", StringComparison.Ordinal)
                    ? JsonSerializer.Serialize(JsonSerializer.Deserialize(body, AuthJson.Default.DeviceRecords)! with { Vault = shown }, AuthJson.Default.DeviceRecords)
                    : body)), Phrase);
            await using EventsOf events = new(marie);
            byte[] pin = (await marie.Core.Store.GetAsync(VaultWatch.PinAt))!;
            await marie.DevicesAsync();
            Assert.Equal(RecoveryState.Refused, marie.Recovery);
            Assert.Contains("recovery key", (await events.NextAsync<Notice>()).Text, StringComparison.Ordinal);
            Assert.Equal(pin, await marie.Core.Store.GetAsync(VaultWatch.PinAt));
            await marie.DisposeAsync();
        }
        await using KavalekClient honest = await KavalekClient.UnlockAsync(Options(store), Phrase);
        await honest.DevicesAsync();
        Assert.Equal(RecoveryState.Present, honest.Recovery);
        await honest.DisposeAsync();

        // What was refused is replaced by a new recovery key, whatever the server shows: as after a backup was put back.
        foreach (VaultState? shown in (VaultState?[])[older, null])
        {
            marie = await KavalekClient.UnlockAsync(Options(store, transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
                path.EndsWith("auth/v1/devices", StringComparison.Ordinal)
                    ? JsonSerializer.Serialize(JsonSerializer.Deserialize(body, AuthJson.Default.DeviceRecords)! with { Vault = shown }, AuthJson.Default.DeviceRecords)
                    : body)), Phrase);
            using RecoveryKey next = RecoveryKey.Generate();
            await marie.SetRecoveryKeyAsync(next);
            Assert.Equal(RecoveryState.Present, marie.Recovery);
            VaultRecord stored = await marie.Core.Auth.VaultAsync(default);
            using AccountSecrets opened = await Vault.Decode(stored.Vault).OpenAsync(NativeCryptoProvider.Shared, next, marie.Core.Identity.Instance, marie.Me.Id);
            Assert.Equal(marie.Core.Identity.AccountKey!.PrivateKey.Span.ToArray(), opened.AccountKey.Span.ToArray());
            await marie.DisposeAsync();
        }
    }

    // K-42
    [Fact]
    public static async Task A_new_device_refuses_a_vault_that_is_not_this_accounts_newest_word()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        using RecoveryKey key = RecoveryKey.Generate();
        await karim.SetRecoveryKeyAsync(key);
        await marie.SetRecoveryKeyAsync(key);
        VaultRecord stranger = await karim.Core.Auth.VaultAsync(default), own = await marie.Core.Auth.VaultAsync(default);
        Func<string, string, string> change = (_, body) => body;
        await using KavalekClient device = await KavalekClient.LogInAsync(
            Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) => change(path, body))), server.Address, "marie@example.org", Phrase);
        foreach (VaultRecord shown in (VaultRecord[])[stranger, own with { Number = 2 }, own with { Signature = stranger.Signature }])
        {
            change = (path, body) => path.EndsWith("v1/vault", StringComparison.Ordinal) ? JsonSerializer.Serialize(shown, AuthJson.Default.VaultRecord) : body;
            Assert.Equal(ClientErrors.VaultRefused, await CodeAsync(() => device.RecoverAsync(key)));
        }
        // The vault opens, but the server shows another key as the account's.
        byte[] theirs = karim.Me.AccountKey;
        change = (path, body) => path.EndsWith("devices/self", StringComparison.Ordinal)
            ? JsonSerializer.Serialize(JsonSerializer.Deserialize(body, AuthJson.Default.OwnDevice)! with { AccountKey = theirs }, AuthJson.Default.OwnDevice)
            : body;
        Assert.Equal(ClientErrors.VaultRefused, await CodeAsync(() => device.RecoverAsync(key)));
        Assert.True(device.Me.IsWaiting);
        Assert.Single(await marie.DevicesAsync(), d => !d.IsWaiting);
        change = (_, body) => body;
        await device.RecoverAsync(key);
        Assert.False(device.Me.IsWaiting);
    }

    [Fact]
    public static async Task A_recovery_cut_off_at_any_instant_is_finished_by_the_next_start()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        using RecoveryKey key = RecoveryKey.Generate();
        await marie.SetRecoveryKeyAsync(key);
        bool whole = false;
        for (int at = 1; !whole; at++)
        {
            MemoryClientStore store = new();
            await (await KavalekClient.LogInAsync(Options(store), server.Address, "marie@example.org", Phrase)).DisposeAsync();
            PowerCut cut = new(at);
            try
            {
                KavalekClient cutOff = await KavalekClient.UnlockAsync(cut.Options(store) with { Clock = new ImpatientClock() }, Phrase);
                await cutOff.Core.Joining.RecoverAsync(key, default);
            }
            catch (Exception e) when (e is IOException or KavalekException)
            {
                // The power went.
            }
            whole = !cut.Happened;
            KavalekClient again = await KavalekClient.UnlockAsync(Options(store), Phrase);
            if (again.Me.IsWaiting && !await again.Core.Joining.TryFinishAsync(default)) await again.RecoverAsync(key);
            Assert.False(again.Me.IsWaiting);
            Assert.Equal(marie.Me.AccountKey, again.Me.AccountKey);
            Id device = again.Me.Device;
            await again.DisposeAsync();
            await marie.RemoveDeviceAsync(device);
        }
    }

    // K-11
    [Fact]
    public static async Task Beginning_afresh_gives_an_empty_account_whose_contacts_see_a_changed_key()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient old = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation theirs, _) = await TestConversations.DirectAsync(karim, old);
        await theirs.SendAsync("for the old account only");
        await karim.SyncAsync();
        using RecoveryKey key = RecoveryKey.Generate();
        await old.SetRecoveryKeyAsync(key);
        (Id account, byte[] oldKey) = (old.Me.Id, old.Me.AccountKey);
        Id[] streams = [.. (await old.Core.Streams.ListAsync(default)).Select(s => Id.Read(s.Stream.Span))];
        Assert.Equal(2, streams.Length);
        await old.DisposeAsync();

        await using KavalekClient fresh = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => fresh.BeginAfreshAsync("not the password")));
        Assert.True(fresh.Me.IsWaiting);
        await fresh.BeginAfreshAsync(Phrase);
        Assert.Equal((account, "marie", false), (fresh.Me.Id, fresh.Me.Handle, fresh.Me.IsWaiting));
        Assert.NotEqual(oldKey, fresh.Me.AccountKey);
        Assert.Single(await fresh.DevicesAsync());
        Assert.Equal(RecoveryState.Missing, fresh.Recovery);
        await fresh.SyncAsync();
        Assert.Empty(fresh.Conversations);
        foreach (Id stream in streams) Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => fresh.Core.Streams.EntriesAsync(stream, 0, 10, default)));
        await using KavalekClient late = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        Assert.Equal(ClientErrors.NoVault, await CodeAsync(() => late.RecoverAsync(key)));

        // A conversation opened anew comes into the same thread, as what it is: a changed key.
        Contact seen = await fresh.FindAsync("karim");
        Conversation anew = await fresh.DirectAsync(seen.Account);
        await anew.SendAsync("it is me, with a new key");
        await fresh.SyncAsync();
        await karim.SyncAsync();
        Assert.Equal(theirs.Id, anew.Id);
        Assert.Equal(Trust.Changed, karim.Contact(fresh.Me.Id)!.Trust);
        Assert.Contains(SystemKind.KeyChanged, await theirs.KindsAsync());
        Assert.DoesNotContain("for the old account only", await anew.TextsAsync());

        // The old device keeps what it has, says what happened, and is let in no more.
        await using KavalekClient dropped = await KavalekClient.UnlockAsync(Options(store), Phrase);
        KavalekException said = await Assert.ThrowsAsync<KavalekException>(() => dropped.SyncAsync());
        Assert.Equal(ErrorCodes.DeviceRemoved, said.Code);
        Assert.Contains("begun afresh", said.Message, StringComparison.Ordinal);
        Assert.NotEmpty(dropped.Conversations);
        Assert.Equal(ErrorCodes.DeviceRemoved, await CodeAsync(() => dropped.LogInAgainAsync(Phrase)));
    }
}
