using Google.Protobuf;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>A server that shows other keys, other devices and other key packages than people have.</summary>
[Collection(nameof(Cast))]
public sealed class IdentityTests(Cast cast)
{
    // K-30, K-26
    [Fact]
    public async Task Somebody_elses_key_package_under_a_known_name_is_used_for_nothing()
    {
        (KavalekClient marie, KavalekClient karim, KavalekClient zoe) = (cast.Marie, cast.Karim, cast.Zoe);
        await SyncAsync(karim, zoe);
        KavalekClient asker = await cast.PersonAsync();
        await using var _ = asker;
        Contact contact = await asker.FindAsync("karim");
        byte[] theirs = Assert.Single((await cast.Lea.Core.Auth.ClaimAsync(zoe.Me.Id, default)).KeyPackages).KeyPackage;
        byte[] hers = Assert.Single((await cast.Lea.Core.Auth.ClaimAsync(marie.Me.Id, default)).KeyPackages).KeyPackage;
        await asker.Core.People.AddAsync(contact.Account, default);
        string before = await asker.StateAsync("key-package/");
        foreach (ClaimedKeyPackage lie in (ClaimedKeyPackage[])[new(karim.Me.Device, theirs), new(zoe.Me.Device, theirs), new(Id.New(), theirs), new(karim.Me.Device, hers)])
            using (Claims(_ => [lie]))
            {
                Assert.Empty(await asker.Core.People.ClaimAsync(contact.Account, default));
                Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => asker.DirectAsync(contact.Account)));
            }
        Assert.Equal(before, await asker.StateAsync("key-package/"));
        // The honest one works; the key seen first is pinned, and marked as compared with nobody.
        Assert.Equal(2, (await asker.DirectAsync(contact.Account)).Members.Count);
        Assert.Equal(Trust.Unverified, asker.Contact(contact.Account)!.Trust);
        Assert.Equal(karim.Me.AccountKey, asker.Contact(contact.Account)!.AccountKey);
    }

    // K-30
    [Fact]
    public async Task What_a_contact_link_or_an_earlier_group_says_wins_over_the_server()
    {
        KavalekClient asker = await cast.PersonAsync(), person = await cast.PersonAsync();
        await using var _ = asker;
        await using var __ = person;
        await person.SyncAsync();
        FalseAccount mallory = await FalseAccount.CreateAsync(person.Me.Id, person.Me.Instance);
        // A link: the server's key is refused, nothing is pinned; without the lie the same link verifies at once.
        using (cast.Hostile.LieAboutAccounts((_, record) => record.Account == person.Me.Id ? mallory.Show(record) : record))
        {
            Assert.Equal(ClientErrors.SafetyNumberMismatch, await CodeAsync(() => asker.AddByLinkAsync(person.ContactLink)));
            Assert.Null(asker.Contact(person.Me.Id));
        }
        Assert.Equal(Trust.Verified, (await asker.AddByLinkAsync(person.ContactLink)).Trust);

        // A group: the key its tree shows stays pinned, the server's is a change that has to be accepted.
        Conversation[] group = await GroupAsync("Earlier", cast.Zoe, person, cast.Lea);
        Assert.Equal(person.Me.AccountKey, cast.Lea.Contact(person.Me.Id)!.AccountKey);
        using (cast.Hostile.LieAboutAccounts((_, record) => record.Account == person.Me.Id ? mallory.Show(record) : record))
        {
            Assert.Equal(ClientErrors.KeyChanged, await CodeAsync(() => cast.Lea.DirectAsync(person.Me.Id)));
            Assert.Equal(Trust.Changed, cast.Lea.Contact(person.Me.Id)!.Trust);
        }
        Assert.Equal(3, group[2].Members.Count);
    }

    // K-32
    [Fact]
    public async Task A_device_without_its_owners_signature_is_never_added_nor_shown_and_a_signed_one_is_announced()
    {
        KavalekClient asker = await cast.PersonAsync(), person = await cast.PersonAsync();
        await using var _ = asker;
        await using var __ = person;
        await person.SyncAsync();
        Contact contact = await asker.FindAsync(person.Me.Handle);
        FalseAccount ghost = await FalseAccount.CreateAsync(person.Me.Id, person.Me.Instance);
        // Listed beside the real one, by the server alone: with a certificate of another key, or with none that fits the list.
        foreach (Func<AccountRecord, AccountRecord> lie in (Func<AccountRecord, AccountRecord>[])[
            record => record with { Certificates = [.. record.Certificates, ghost.Certificate] },
            record => record with { Certificates = [ghost.Certificate] },
            record => record with { DeviceList = ghost.List },
            record => record with { DeviceList = ghost.List, Certificates = [ghost.Certificate] },
            record => record with { Certificates = [] }])
        {
            using (cast.Hostile.LieAboutAccounts((_, record) => record.Account == person.Me.Id ? lie(record) : record))
                Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => asker.DirectAsync(contact.Account)));
            Assert.Empty(asker.Conversations);
        }
        Conversation opened = (await DirectAsync(asker, person)).From;
        Assert.Equal(1, opened.Members.Single(m => !m.IsMe).Devices);

        // The member list is the tree's, whatever the server subscribes: a device it adds by itself reads ciphertext and is shown nowhere.
        await opened.SendAsync("for one device");
        await SyncAsync(asker, person);
        Assert.Equal(2, (await asker.GroupAsync(await asker.StreamAsync(opened))).MemberCount);

        // The allow twin: a device that its owner has certified comes in, and everybody is told.
        KavalekClient phone = await AddDeviceAsync(cast.Server, person, cast.Options());
        await using var ___ = phone;
        await SyncAsync(person, phone, asker);
        Assert.Equal(2, opened.Members.Single(m => !m.IsMe).Devices);
        Assert.Contains(SystemKind.DeviceAdded, await opened.KindsAsync());
    }

    // K-28
    [Fact]
    public async Task An_administrator_who_writes_a_device_or_a_key_into_the_database_gains_nothing()
    {
        KavalekClient asker = await cast.PersonAsync(), person = await cast.PersonAsync();
        await using var _ = asker;
        await using var __ = person;
        (Conversation opened, Conversation his) = await DirectAsync(asker, person);
        await opened.SendAsync("before");
        FalseAccount ghost = await FalseAccount.CreateAsync(person.Me.Id, person.Me.Instance);
        object?[] before = cast.Server.AuthTables.Rows($"SELECT account_key, device_list FROM account WHERE id = {Hex(person.Me.Id.ToArray())}").Single();
        // A device in force, by a certificate of the administrator's own making; then the list to it, and the account key.
        Execute("INSERT INTO device (id, account, device_key, certificate, added, last_seen) VALUES (x'00112233445566778899aabbccddeeff', @account, @key, @certificate, 1, 1)");
        foreach (string change in (string[])["", "UPDATE account SET device_list = @list WHERE id = @account", "UPDATE account SET account_key = @key WHERE id = @account"])
        {
            if (change.Length > 0) Execute(change);
            await opened.SendAsync($"after {change}");
            await asker.SyncAsync();
            // The person's own device is told at once, and takes nothing of it.
            Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => person.SyncAsync()));
            Assert.Equal(2, (await asker.GroupAsync(await asker.StreamAsync(opened))).MemberCount);
            Assert.Equal(1, opened.Members.Single(m => !m.IsMe).Devices);
            Assert.Equal(1, his.Members.Single(m => m.IsMe).Devices);
            Assert.DoesNotContain(SystemKind.DeviceAdded, await opened.KindsAsync());
        }
        // The allow twin: put back, a device that its owner lets in comes in.
        Execute("DELETE FROM device WHERE account = @account AND certificate = @certificate");
        Execute($"UPDATE account SET account_key = {Hex((byte[])before[0]!)}, device_list = {Hex((byte[])before[1]!)} WHERE id = @account");
        KavalekClient phone = await AddDeviceAsync(cast.Server, person, cast.Options());
        await using var ___ = phone;
        await SyncAsync(person, phone, asker);
        Assert.Equal(2, opened.Members.Single(m => !m.IsMe).Devices);
        Assert.Equal(4, (await his.TextsAsync()).Length);

        void Execute(string sql) => cast.Server.AuthTables.Execute(sql.Replace("@account", Hex(person.Me.Id.ToArray()), StringComparison.Ordinal)
            .Replace("@key", Hex(ghost.AccountKey), StringComparison.Ordinal).Replace("@certificate", Hex(ghost.Certificate), StringComparison.Ordinal).Replace("@list", Hex(ghost.List), StringComparison.Ordinal));

        static string Hex(byte[] bytes) => $"x'{Convert.ToHexString(bytes)}'";
    }

    // K-32
    [Fact]
    public async Task Whom_the_server_alone_counts_among_the_members_is_shown_nowhere_and_reads_nothing()
    {
        KavalekClient ghost = await cast.PersonAsync();
        await using var _ = ghost;
        await ghost.SyncAsync();
        Conversation[] group = await GroupAsync("Three", cast.Marie, cast.Karim, cast.Zoe);
        Id stream = await cast.Marie.StreamAsync(group[0]);
        // The server believes whoever says that a commit added somebody; this one adds nobody.
        await using RawMember evil = await RawMember.OpenAsync(cast.Zoe, group[0].Id);
        Wire.Change change = new() { Welcome = ByteString.CopyFromUtf8("no Welcome") };
        change.Add.Add(ByteString.CopyFrom(ghost.Me.Device.ToArray()));
        await evil.AppendAsync(Wire.Kind.Commit, [1, 2, 3], change);
        await SyncAsync(cast.Marie, cast.Karim);
        await group[0].SendAsync("for three people");
        await SyncAsync(cast.Marie, cast.Karim, ghost);
        await SyncAsync(cast.Marie, cast.Karim, ghost);

        Wire.EntryList delivered = await ghost.Core.Streams.EntriesAsync(stream, 0, 100, default);
        Assert.NotEmpty(delivered.Entries); // it does receive what the server gives it
        Assert.All(delivered.Entries, entry => Assert.True(entry.Payload.Span.IndexOf("for three people"u8) < 0));
        Assert.Empty(ghost.Conversations);
        foreach (Conversation seen in group[..2])
        {
            Assert.Equal(new[] { cast.Marie.Me.Id, cast.Karim.Me.Id, cast.Zoe.Me.Id }.ToHashSet(), seen.Members.Select(m => m.Contact.Account).ToHashSet());
            Assert.DoesNotContain(await seen.LinesAsync(), line => line.Accounts.Contains(ghost.Me.Id));
        }
        Assert.Equal(3, (await cast.Marie.GroupAsync(stream)).MemberCount);
        Assert.Equal(["for three people"], await group[1].TextsAsync());
    }

    // K-48
    [Theory]
    [InlineData("expired")]
    [InlineData("not yet valid")]
    [InlineData("valid for too long")]
    [InlineData("of a weaker suite")]
    [InlineData("without the conversation extension")]
    [InlineData("badly signed")]
    [InlineData("with one key for two purposes")]
    [InlineData("no key package at all")]
    public async Task A_bad_key_package_is_refused_before_it_is_used_and_nothing_weaker_takes_its_place(string flaw)
    {
        (KavalekClient zoe, KavalekClient asker) = (cast.Zoe, cast.Lea);
        Contact contact = await asker.FindAsync("zoe");
        byte[] bad = await FlawedAsync(zoe.Core, flaw);
        using (Claims(_ => [new ClaimedKeyPackage(zoe.Me.Device, bad)]))
        {
            Assert.Empty(await asker.Core.People.ClaimAsync(contact.Account, default));
            int conversations = asker.Conversations.Count;
            Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => asker.CreateGroupAsync("Never", [contact.Account])));
            Assert.Equal(conversations, asker.Conversations.Count);
        }
        byte[] good = await FlawedAsync(zoe.Core, "none");
        using (Claims(_ => [new ClaimedKeyPackage(zoe.Me.Device, good)]))
            Assert.Single(await asker.Core.People.ClaimAsync(contact.Account, default));
    }

    // K-51
    [Fact]
    public async Task A_key_package_that_the_server_hands_out_twice_opens_one_group_and_the_other_is_joined_by_a_new_add()
    {
        (KavalekClient marie, KavalekClient zoe) = (cast.Marie, cast.Zoe);
        KavalekClient victim = await cast.PersonAsync();
        await using var _ = victim;
        await victim.SyncAsync();
        ClaimedKeyPackage[]? handedOut = null;
        Conversation first, second;
        using (Claims(honest => handedOut ??= honest, victim.Me.Id))
        {
            first = await marie.CreateGroupAsync("First", [(await marie.FindAsync(victim.Me.Handle)).Account]);
            second = await zoe.CreateGroupAsync("Second", [(await zoe.FindAsync(victim.Me.Handle)).Account]);
        }
        await victim.SyncAsync();
        Assert.NotNull(victim.Conversation(first.Id));
        // Its keys went with the first use: the second Welcome opens nothing and leaves nothing behind but the request to be added.
        Assert.Null(victim.Conversation(second.Id));
        Assert.Null(await victim.Core.KeyPackages.FindAsync(KeyPackage.Decode(Assert.Single(handedOut!).KeyPackage).Ref(victim.Core.Mls)));
        await SyncAsync(zoe, victim);
        await victim.Conversation(second.Id)!.AcceptAsync();
        await second.SendAsync("now you are in");
        await SyncAsync(zoe, victim);
        Assert.Equal(["now you are in"], await victim.Conversation(second.Id)!.TextsAsync());
    }

    // K-51
    [Fact]
    public async Task A_connected_device_refills_before_half_of_its_key_packages_are_gone()
    {
        KavalekClient victim = await TestPeople.SignUpAsync(cast.Server, "full", cast.Options() with { KeyPackages = Limits.KeyPackages });
        await using var _ = victim;
        await victim.SyncAsync();
        for (int i = 0; i < 40; i++) Assert.Single((await cast.Lea.Core.Auth.ClaimAsync(victim.Me.Id, default)).KeyPackages);
        await victim.SyncAsync();
        Assert.Equal(60, (await victim.Core.Auth.KeyPackagesAsync(default)).Count);
        for (int i = 0; i < 10; i++) await cast.Lea.Core.Auth.ClaimAsync(victim.Me.Id, default);
        await victim.SyncAsync();
        Assert.Equal(new KeyPackageCount(Limits.KeyPackages, true, false), await victim.Core.Auth.KeyPackagesAsync(default));
    }

    // K-43
    [Fact]
    public async Task The_verified_mark_lives_here_alone_and_does_not_survive_another_key()
    {
        KavalekClient asker = await cast.PersonAsync(), person = await cast.PersonAsync(), third = await cast.PersonAsync();
        await using var _ = asker;
        await using var __ = person;
        await using var ___ = third;
        await SyncAsync(person, third);
        Contact contact = await asker.FindAsync(person.Me.Handle), other = await asker.FindAsync(third.Me.Handle);
        SafetyNumber number = contact.SafetyNumber;
        // Both sides read the same digits, of both ids and keys.
        Assert.Equal(number, (await person.FindAsync(asker.Me.Handle)).SafetyNumber);
        Assert.Equal(60, number.Digits.Length);
        // Part of it, another pair's, the digits of one side twice: none is a match.
        foreach (string wrong in (string[])[number.Digits[..59], number.Digits[..30], number.Digits[30..] + number.Digits[..30], number.Digits[..30] + number.Digits[..30],
            other.SafetyNumber.Digits, number.QrText[..^1], number.QrText[..40], other.SafetyNumber.QrText, ""])
            Assert.Equal(ClientErrors.SafetyNumberMismatch, await CodeAsync(() => asker.VerifyAsync(contact.Account, wrong)));
        Assert.Equal(Trust.Unverified, asker.Contact(contact.Account)!.Trust);
        Assert.Equal(Trust.Verified, (await asker.VerifyAsync(contact.Account, number.QrText)).Trust);

        // A server that says anything about verification says nothing: the mark moves by what a person compares only.
        FalseAccount mallory = await FalseAccount.CreateAsync(person.Me.Id, person.Me.Instance);
        using (cast.Hostile.LieAboutAccounts((_, record) => record.Account == person.Me.Id ? mallory.Show(record) : record))
            Assert.Equal(ClientErrors.KeyChanged, await CodeAsync(() => asker.Core.People.RefreshAsync(contact.Account, default)));
        Contact changed = asker.Contact(contact.Account)!;
        Assert.Equal(Trust.VerifiedChanged, changed.Trust);
        Assert.NotEqual(Trust.Unverified, changed.Trust);
        Assert.NotEqual(number, changed.SafetyNumber);
        Contact accepted = await asker.AcceptKeyAsync(contact.Account);
        Assert.Equal(Trust.Unverified, accepted.Trust);
    }

    IDisposable Claims(Func<ClaimedKeyPackage[], ClaimedKeyPackage[]> lie, Id? account = null) => cast.Hostile.LieInJson(
        "POST", $"auth/v1/accounts/{account?.ToString() ?? "*"}/key-packages/claim", AuthJson.Default.ClaimedKeyPackages, (_, honest) => new ClaimedKeyPackages(lie(honest.KeyPackages)));

    static async Task<byte[]> FlawedAsync(ClientCore core, string flaw)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        MlsEnvironment open = core.Mls with { Limits = core.Mls.Limits with { MaxLifetime = TimeSpan.FromDays(4_000) } };
        KeyPackageRequest request = new()
        {
            Suite = flaw == "of a weaker suite" ? CipherSuite.P256Aes128 : ConversationSuite.Suite,
            Credential = core.Identity.Credential,
            SignatureKey = core.Identity.DeviceKey,
            Lifetime = flaw switch
            {
                "expired" => Lifetime.Starting(now.AddDays(-100), TimeSpan.FromDays(90)),
                "not yet valid" => Lifetime.Starting(now.AddDays(2), TimeSpan.FromDays(60)),
                "valid for too long" => Lifetime.Starting(now, TimeSpan.FromDays(1_000)),
                _ => Lifetime.Starting(now, TimeSpan.FromDays(90)),
            },
            Capabilities = flaw == "without the conversation extension" ? Capabilities.For([ConversationSuite.Suite], [])
                : flaw == "of a weaker suite" ? Capabilities.For([CipherSuite.P256Aes128, ConversationSuite.Suite], [ConversationExtension.Type]) : ConversationSuite.Capabilities,
        };
        using KeyPackageBundle bundle = await KeyPackageBundle.CreateAsync(open, request);
        KeyPackage made = bundle.KeyPackage;
        byte[] encoded = made.Encode();
        switch (flaw)
        {
            case "badly signed":
                encoded[^1] ^= 1;
                return encoded;
            case "with one key for two purposes":
                {
                    SuiteCrypto crypto = new(ConversationSuite.Suite, core.Mls.Crypto);
                    KeyPackage same = new(made.Version, made.SuiteId, made.Leaf.EncryptionKey, made.Leaf, made.Extensions, []);
                    return same.Signed(await crypto.SignWithLabelAsync(core.Identity.DeviceKey.PrivateKey, "KeyPackageTBS", same.ToBeSigned())).Encode();
                }
            case "no key package at all": return [1, 2, 3];
            default: return encoded;
        }
    }

    /// <summary>An account id with keys that are not its owner's, complete and consistent in themselves.</summary>
    sealed record FalseAccount(byte[] AccountKey, byte[] Certificate, byte[] List)
    {
        public static async Task<FalseAccount> CreateAsync(Id account, Id instance)
        {
            ICryptoProvider crypto = NativeCryptoProvider.Shared;
            using KeyPair accountKey = await crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256), deviceKey = await crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
            DeviceCertificate certificate = await Certification.CertifyAsync(crypto, accountKey, instance, account, Id.New(), deviceKey.PublicKey, DateTimeOffset.UtcNow);
            DeviceList list = await Certification.ListAsync(crypto, accountKey, instance, account, 9, [certificate], DateTimeOffset.UtcNow);
            return new(accountKey.PublicKey, certificate.Encode(), list.Encode());
        }

        public AccountRecord Show(AccountRecord honest) => honest with { AccountKey = AccountKey, Certificates = [Certificate], DeviceList = List };
    }
}
