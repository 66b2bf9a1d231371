using System.Text.Json;
using Google.Protobuf;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>A device that somebody else may have: it goes, and the account key that it knows with it (docs/PROTOCOL.md §5.8).</summary>
public static class LostDeviceTests
{
    // K-31
    [Fact]
    public static async Task A_lost_device_goes_with_the_account_key_the_others_follow_everywhere_and_contacts_see_it()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        using RecoveryKey words = RecoveryKey.Generate();
        await first.SetRecoveryKeyAsync(words);
        await using KavalekClient second = await AddDeviceAsync(server, first);
        MemoryClientStore lostStore = new();
        await using KavalekClient lost = await AddDeviceAsync(server, first, Options(lostStore));
        (Conversation direct, Conversation theirs) = await DirectAsync(first, karim);
        Conversation[] group = await GroupAsync("Plans", first, karim);
        await SyncAsync(second, lost);
        await direct.SendAsync("before");
        await karim.VerifyAsync(first.Me.Id, first.Contact(karim.Me.Id)!.SafetyNumber.Digits);
        await SyncAsync(first, karim, second, lost);
        Assert.Null(theirs.CannotSend);
        byte[] old = first.Me.AccountKey;

        OffboardingReceipt receipt = await first.RemoveLostDeviceAsync(lost.Me.Device);
        Assert.Equal(new[] { direct.Id, group[0].Id }.ToHashSet(), receipt.Conversations.Where(c => c.Epoch > 0).Select(c => c.Conversation).ToHashSet());
        Assert.NotEqual(old, first.Me.AccountKey);
        Assert.Equal(RecoveryState.Missing, first.Recovery);

        // Whoever had compared decides first; what they wrote to the old key goes to nobody by itself.
        await karim.SyncAsync();
        Assert.Contains(SystemKind.KeyChanged, await theirs.KindsAsync());
        Assert.Contains(SystemKind.KeyChanged, await group[1].KindsAsync());
        Assert.Equal(ClientErrors.KeyChanged, theirs.CannotSend?.Code);
        Assert.Equal(first.Me.AccountKey, karim.Contact(first.Me.Id)!.AccountKey);
        await karim.AcceptKeyAsync(first.Me.Id);
        await theirs.SendAsync("to the new key");
        await SyncAsync(karim, first);

        // The device that stays comes by itself, with what was said meanwhile.
        await second.SyncAsync();
        Assert.Equal(first.Me.AccountKey, second.Me.AccountKey);
        await SyncAsync(first, second, karim);
        await first.SaveHistoryAsync();
        await second.RestoreHistoryAsync();
        foreach (Conversation conversation in (Conversation[])[direct, group[0]])
        {
            Assert.Equal(2, conversation.Members.Single(m => m.IsMe).Devices);
            await second.Conversation(conversation.Id)!.SendAsync("from the second");
        }
        await SyncAsync(second, karim, first);
        Assert.Equal(["before", "to the new key", "from the second"], await second.Conversation(direct.Id)!.TextsAsync());
        Assert.Equal(["before", "to the new key", "from the second"], await theirs.TextsAsync());
        Assert.Contains("from the second", await group[1].TextsAsync());
        Assert.DoesNotContain(SystemKind.Left, await second.Conversation(group[0].Id)!.KindsAsync());

        // The lost one wipes itself, and neither old words nor the old key open anything.
        Assert.Equal(ErrorCodes.DeviceRemoved, await CodeAsync(() => lost.SyncAsync()));
        Assert.Equal([], await lostStore.ScanAsync(new StoreRange(" ", "~~")));
        await using KavalekClient another = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        Assert.Equal(ClientErrors.NoVault, await CodeAsync(() => another.RecoverAsync(words)));
        using RecoveryKey next = RecoveryKey.Generate();
        await first.SetRecoveryKeyAsync(next);
        Assert.Equal(ClientErrors.WrongRecoveryKey, await CodeAsync(() => another.RecoverAsync(words)));
        await another.RecoverAsync(next);
        Assert.Equal(first.Me.AccountKey, another.Me.AccountKey);
    }

    // K-39, K-42
    [Fact]
    public static async Task What_is_archived_after_a_loss_does_not_open_under_the_keys_of_before_and_nothing_that_is_sealed_with_them_is_believed()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        await using KavalekClient second = await AddDeviceAsync(server, first), lost = await AddDeviceAsync(server, first);
        (Conversation direct, Conversation theirs) = await DirectAsync(first, karim);
        await SyncAsync(second, lost, first);
        await direct.SendAsync("before");
        await SyncAsync(first, karim, second);
        await first.SaveHistoryAsync();
        using Secret stolen = lost.Core.Identity.HistoryKey!.Clone();
        Assert.Equal(["before"], await HistoryTests.ArchivedAsync(first, stolen));

        await first.RemoveLostDeviceAsync(lost.Me.Device);
        await karim.SyncAsync();
        await theirs.SendAsync("after");
        await SyncAsync(karim, first, second, first, second);
        await first.SaveHistoryAsync();
        await second.Conversation(direct.Id)!.SendAsync("from the second");
        await SyncAsync(second, karim, first);
        await second.SaveHistoryAsync();
        Assert.Equal((1U, 2), (HistoryKeys.Generation(second.Core.Identity.HistoryKey!), HistoryKeys.Count(second.Core.Identity.HistoryKey!)));
        Assert.Equal(["before", "after", "from the second"], await HistoryTests.ArchivedAsync(first));
        Assert.Equal(["before"], await HistoryTests.ArchivedAsync(first, stolen));
        Assert.Null((await first.HistoryAsync()).Problem);
        Assert.Null((await second.HistoryAsync()).Problem);
        using RecoveryKey words = RecoveryKey.Generate();
        await first.SetRecoveryKeyAsync(words);

        // The allow twin: a new device reads what is from before and from after.
        await using KavalekClient recovered = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        await recovered.RecoverAsync(words);
        await recovered.RestoreHistoryAsync();
        Assert.Equal(["before", "after", "from the second"], await recovered.Conversation(direct.Id)!.TextsAsync());
        Assert.Null((await recovered.HistoryAsync()).Problem);

        // A server that has the lost device on its side puts something on top, under the key of before.
        await ForgeAsync(first, direct.Id, stolen, karim);
        await using KavalekClient newest = await AddDeviceAsync(server, first);
        foreach (KavalekClient device in (KavalekClient[])[second, recovered, newest])
        {
            await device.RestoreHistoryAsync();
            Assert.Equal(["before", "after", "from the second"], await device.Conversation(direct.Id)!.TextsAsync());
            Assert.NotNull((await device.HistoryAsync()).Problem);
        }
        // And shows a state that says the archive is off.
        ClientCore core = first.Core;
        SegmentSeal forging = new(core.Mls.Crypto, first.Me.Instance, first.Me.Id, () => stolen);
        Wire.ArchiveInfo info = await core.Archive.InfoAsync(default);
        await core.Archive.PutAsync(new Wire.PutArchive { Version = info.Version, State = ByteString.CopyFrom(await forging.SealAsync(new ArchiveState(99, null))), Archive = ByteString.Empty }, default);
        await first.SaveHistoryAsync();
        Assert.True((await first.HistoryAsync()).IsOn);
        await first.RestoreHistoryAsync();
        Assert.Equal(["after", "before", "from the second"], (await HistoryTests.ArchivedAsync(first)).Order(StringComparer.Ordinal));
        Assert.Empty(await HistoryTests.ArchivedAsync(first, stolen));
    }

    // K-39
    [Fact]
    public static async Task Of_what_came_into_the_archive_before_the_new_key_only_what_was_followed_is_believed_and_what_was_honest_is_put_there_anew()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        await using KavalekClient second = await AddDeviceAsync(server, first), lost = await AddDeviceAsync(server, first);
        (Conversation direct, Conversation theirs) = await DirectAsync(first, karim);
        await SyncAsync(second, lost, first);
        await direct.SendAsync("before");
        await SyncAsync(first, karim, second);
        await first.SaveHistoryAsync();
        await second.RestoreHistoryAsync();
        using Secret stolen = lost.Core.Identity.HistoryKey!.Clone();

        // What the device that stays writes, and the one that removes has not looked at.
        await theirs.SendAsync("meanwhile");
        await SyncAsync(karim, second);
        await second.SaveHistoryAsync();
        await ForgeAsync(first, direct.Id, stolen, karim);
        await first.RemoveLostDeviceAsync(lost.Me.Device);

        await SyncAsync(first, karim, first);
        await first.SaveHistoryAsync();
        Assert.Equal(["before", "meanwhile"], await direct.TextsAsync());
        await SyncAsync(second, first);
        await second.SaveHistoryAsync();
        await second.RestoreHistoryAsync();
        Assert.Equal(1U, HistoryKeys.Generation(second.Core.Identity.HistoryKey!));
        using RecoveryKey words = RecoveryKey.Generate();
        await first.SetRecoveryKeyAsync(words);
        await using KavalekClient let = await AddDeviceAsync(server, first);
        await using KavalekClient recovered = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        await recovered.RecoverAsync(words);
        foreach (KavalekClient device in (KavalekClient[])[first, second, let, recovered])
        {
            await device.RestoreHistoryAsync();
            Assert.Equal(["before", "meanwhile"], await device.Conversation(direct.Id)!.TextsAsync());
            Assert.Null((await device.HistoryAsync()).Problem);
        }
    }

    // A text in somebody's name on top of the archive, under a key that is known to whoever has the lost device; the server takes it.
    static async Task ForgeAsync(KavalekClient of, Id conversation, Secret key, KavalekClient from)
    {
        ClientCore core = of.Core;
        SegmentSeal forging = new(core.Mls.Crypto, of.Me.Instance, of.Me.Id, () => key), present = new(core.Mls.Crypto, of.Me.Instance, of.Me.Id, () => core.Identity.HistoryKey!);
        Wire.ArchiveInfo info = await core.Archive.InfoAsync(default);
        Id archive = Id.Read(info.Archive.Span);
        LookedAt top = (await Chain.LookAsync(present, archive, Assert.Single((await core.Archive.BelowAsync(archive, info.Head + 1, 1, default)).Segments)))!;
        BatchWriter forged = new(null, 50_000);
        forged.TryAdd(of.Machinery.Thread(conversation)!, new Records.MessageRow
        {
            Id = Step.Bytes(Id.New()),
            Account = Step.Bytes(from.Me.Id),
            Device = Step.Bytes(from.Me.Device),
            Sent = 1_800_000_000_000,
            Text = new() { Text = "forged" },
        });
        SegmentHeader header = new(archive, info.Head + 1, top.Link, 0, []);
        await core.Archive.AppendAsync(new Wire.ArchiveSegment
        {
            Archive = info.Archive,
            Number = header.Number,
            Previous = ByteString.CopyFrom(top.Link),
            Sealed = ByteString.CopyFrom(await forging.SealAsync(header, forged.Batch)),
        }, default);
    }

    // K-31
    [Fact]
    public static async Task A_list_that_has_somebody_else_under_the_id_of_a_device_that_stays_gets_neither_new_keys_nor_belief()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient first = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient second = await AddDeviceAsync(server, first), lost = await AddDeviceAsync(server, first);
        await first.SyncAsync();
        (_, KeyPair stolen) = lost.Core.Identity.Certified();
        (DeviceCertificate intruder, KeyPair intruderKey) = await GhostAsync(first, stolen, second.Me.Device);
        DeviceCertificate[] others = [.. first.Core.Devices.Known.Certificates.Where(c => c.Content.Device != second.Me.Device)];
        DeviceList list = await Certification.ListAsync(
            NativeCryptoProvider.Shared, stolen, first.Me.Instance, first.Me.Id, first.Core.Devices.Known.ListNumber + 1, [.. others, intruder], DateTimeOffset.UtcNow);
        using KeyPackageBundle bundle = await BundleAsync(first, intruder, intruderKey);
        byte[] account = JsonSerializer.SerializeToUtf8Bytes(new AccountRecord(
            first.Me.Id, "marie", stolen.PublicKey, list.Encode(), [.. others.Append(intruder).Select(c => c.Encode())]), AuthJson.Default.AccountRecord);
        byte[] claimed = JsonSerializer.SerializeToUtf8Bytes(new ClaimedKeyPackages([new(second.Me.Device, bundle.KeyPackage.Encode())]), AuthJson.Default.ClaimedKeyPackages);
        byte[] devices = JsonSerializer.SerializeToUtf8Bytes(new DeviceRecords(
            [.. others.Append(intruder).Select(c => new DeviceRecord(c.Content.Device, c.Content.DeviceKey, 0, 0, null, c.Encode()))], list.Encode()), AuthJson.Default.DeviceRecords);
        byte[] before = first.Me.AccountKey;
        await first.LockAsync();

        string lies = "";
        first = await KavalekClient.UnlockAsync(Options(store, transport: address => new Bends(new HttpTransport(address), (request, _) =>
            request.RequestUri!.ToString() is var path && lies == "list" && path.EndsWith("/v1/devices", StringComparison.Ordinal) ? devices
            : lies == "claim" && path.EndsWith($"/accounts/{first.Me.Id}", StringComparison.Ordinal) ? account
            : lies == "claim" && path.EndsWith("/key-packages/claim", StringComparison.Ordinal) ? claimed : null)), Phrase);
        await using (first)
        {
            lies = "claim";
            Assert.Equal(ClientErrors.DeviceNotReady, await CodeAsync(() => first.RemoveLostDeviceAsync(lost.Me.Device)));
            lies = "list";
            Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => first.DevicesAsync()));
            lies = "";
            Assert.Equal(before, first.Me.AccountKey);
            Assert.Equal(3, (await first.DevicesAsync()).Count);

            // The allow twin: with the truth it goes through.
            await first.RemoveLostDeviceAsync(lost.Me.Device);
            await second.SyncAsync();
            Assert.NotEqual(before, first.Me.AccountKey);
            Assert.Equal(first.Me.AccountKey, second.Me.AccountKey);
        }
    }

    // K-39, K-42
    [Fact]
    public static async Task What_is_noted_of_conversations_after_a_loss_goes_under_the_new_key_at_once_and_nothing_under_the_keys_of_before_is_believed()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient second = await AddDeviceAsync(server, first), lost = await AddDeviceAsync(server, first);
        Conversation group = await first.CreateGroupAsync("One", []);
        await group.PinAsync(true);
        await SyncAsync(first, second, lost, first);
        Assert.NotNull(second.Conversation(group.Id)!.PinnedAt);
        using Secret stolen = lost.Core.Identity.HistoryKey!.Clone();
        SegmentSeal forging = new(first.Core.Mls.Crypto, first.Me.Instance, first.Me.Id, () => stolen);
        Assert.NotNull(await OpenAsync(forging));

        await first.RemoveLostDeviceAsync(lost.Me.Device);
        Assert.Null(await OpenAsync(forging));
        // A device that cannot read them looks whether the keys have changed, instead of putting its own in their place.
        ulong version = (await first.Core.Archive.NotesAsync(default)).Version;
        await second.Machinery.Notes.SyncAsync(default);
        Assert.Equal(first.Me.AccountKey, second.Me.AccountKey);
        Assert.Equal(version, (await first.Core.Archive.NotesAsync(default)).Version);

        Noted.Notes forged = new();
        forged.Conversations.Add(new Noted.ConversationNote { Conversation = Step.Bytes(group.Id), Pinned = false, PinnedAt = 1UL << 62, MutedUntil = AccountNotes.Always, MutedAt = 1UL << 62 });
        forged.Devices.Add(new Noted.DeviceNote { Device = Step.Bytes(second.Me.Device), Name = "mine now", At = 1UL << 62 });
        async Task ForgeAsync()
        {
            ulong next = (await first.Core.Archive.NotesAsync(default)).Version + 1;
            await first.Core.Archive.PutNotesAsync(new Wire.ArchiveNotes { Version = next, Sealed = ByteString.CopyFrom(await forging.SealNotesAsync(next, forged.ToByteArray())) }, default);
            Assert.NotNull(await OpenAsync(forging));
        }
        await ForgeAsync();
        await using KavalekClient newest = await AddDeviceAsync(server, first);
        foreach (KavalekClient device in (KavalekClient[])[newest, second, first])
        {
            await ForgeAsync();
            await device.Machinery.Notes.SyncAsync(default);
            await first.Machinery.Notes.SyncAsync(default);
            await device.SyncAsync();
            Assert.Null(await OpenAsync(forging));
            Assert.Equal((true, null), (device.Conversation(group.Id)!.PinnedAt is not null, device.Conversation(group.Id)!.MutedUntil));
            Assert.DoesNotContain(await device.DevicesAsync(), d => d.Name == "mine now");
        }
        // The allow twin: what a device in force says, under the present key, holds everywhere.
        await newest.Conversation(group.Id)!.PinAsync(false);
        await SyncAsync(newest, second, first);
        Assert.Null(second.Conversation(group.Id)!.PinnedAt);

        async Task<Opened<Noted.Notes>?> OpenAsync(SegmentSeal seal)
        {
            Wire.ArchiveNotes shown = await first.Core.Archive.NotesAsync(default);
            return await seal.OpenNotesAsync(shown.Version, shown.Sealed.Memory);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public static async Task Cut_off_the_change_is_made_whole_or_not_at_all(bool before)
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient first = await SignUpAsync(server, "marie", Options(store));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient lost = await AddDeviceAsync(server, first);
        (Conversation direct, Conversation theirs) = await DirectAsync(first, karim);
        byte[] old = first.Me.AccountKey;
        await first.LockAsync();

        first = await KavalekClient.UnlockAsync(Options(store, transport: address => new LosesAnswers(new HttpTransport(address), "/auth/v1/account/key", before)), Phrase);
        await Assert.ThrowsAsync<KavalekException>(() => first.RemoveLostDeviceAsync(lost.Me.Device));
        await first.LockAsync();
        first = await KavalekClient.UnlockAsync(Options(store), Phrase);
        await first.SyncAsync();
        Assert.Equal(before, old.AsSpan().SequenceEqual(first.Me.AccountKey));
        if (before) await first.RemoveLostDeviceAsync(lost.Me.Device);
        await SyncAsync(first, karim, first);
        Assert.NotEqual(old, first.Me.AccountKey);
        Assert.Equal(first.Me.AccountKey, karim.Contact(first.Me.Id)!.AccountKey);
        Assert.Equal(1, theirs.Members.Single(m => !m.IsMe).Devices);
        await first.Conversation(direct.Id)!.SendAsync("still here");
        await SyncAsync(first, karim);
        Assert.Contains("still here", await theirs.TextsAsync());
        await first.DisposeAsync();
    }

    // K-22
    [Fact]
    public static async Task Whoever_has_the_lost_device_and_its_account_key_certifies_nothing_that_anybody_takes()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient eve = await SignUpAsync(server, "eve");
        await using KavalekClient lost = await AddDeviceAsync(server, first);
        Conversation[] group = await GroupAsync("Plans", first, karim, eve);
        await SyncAsync(lost, first, karim, eve);
        (_, KeyPair held) = lost.Core.Identity.Certified();
        using KeyPair stolen = new(held.PrivateKey.Clone(), held.PublicKey);
        Id marie = first.Me.Id;

        // As long as the key holds, a member can bring in what it certifies, and her devices throw it out.
        await AddGhostAsync(eve, first, group[0].Id, stolen);
        await karim.SyncAsync();
        Assert.Equal(3, group[1].Members.Single(m => m.Contact.Account == marie).Devices);
        await SyncAsync(first, karim, eve);
        Assert.Equal(2, group[1].Members.Single(m => m.Contact.Account == marie).Devices);

        await first.RemoveLostDeviceAsync(lost.Me.Device);
        await SyncAsync(karim, eve, first);
        Assert.Equal(1, group[1].Members.Single(m => m.Contact.Account == marie).Devices);
        await AddGhostAsync(eve, first, group[0].Id, stolen);
        await SyncAsync(karim, first);
        foreach (Conversation conversation in group[..2]) Assert.Equal(1, conversation.Members.Single(m => m.Contact.Account == marie).Devices);

        // Nor does the server take one by it, from whomever it comes.
        (DeviceCertificate certificate, _) = await GhostAsync(first, stolen);
        DeviceList list = await Certification.ListAsync(NativeCryptoProvider.Shared, stolen, first.Me.Instance, marie, 99, [certificate], DateTimeOffset.UtcNow);
        await CodeAsync(() => lost.Core.Auth.CertifyAsync(certificate.Content.Device, new CertifyRequest(certificate.Encode(), list.Encode(), []), default));
        Assert.Single(await first.DevicesAsync());
        await group[0].SendAsync("among ourselves");
        await SyncAsync(first, karim);
        Assert.Contains("among ourselves", await group[1].TextsAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public static async Task A_device_follows_a_change_by_a_device_in_force_and_none_by_a_removed_one_whatever_the_server_shows(bool byRemoved)
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        KavalekClient second = await AddDeviceAsync(server, first, Options(store));
        await using KavalekClient lost = await AddDeviceAsync(server, first);
        ClientCore signer = (byRemoved ? lost : first).Core;
        (DeviceCertificate certificate, _) = signer.Identity.Certified();
        await first.RemoveDeviceAsync(lost.Me.Device);
        await second.SyncAsync();

        // All that the account key and a device key can sign, with a grant that opens.
        (_, KeyPair old) = first.Core.Identity.Certified();
        using KeyPair next = await NativeCryptoProvider.Shared.GenerateSignatureKeyPairAsync(Ecdsa);
        DeviceCertificate mine = await Certification.CertifyAsync(
            NativeCryptoProvider.Shared, next, second.Me.Instance, second.Me.Id, second.Me.Device, second.Core.Identity.DeviceKey.PublicKey, DateTimeOffset.UtcNow);
        ulong number = second.Core.Devices.Known.ListNumber + 2;
        DeviceList list = await Certification.ListAsync(NativeCryptoProvider.Shared, next, second.Me.Instance, second.Me.Id, number, [mine], DateTimeOffset.UtcNow);
        KeyChangeContent content = new(second.Me.Instance, second.Me.Id, old.PublicKey, next.PublicKey, number, certificate.Encode());
        KeyChange change = new(content, await SignAsync(old, content.SignedBytes()), await SignAsync(signer.Identity.DeviceKey, content.SignedBytes()));
        using AccountSecrets held = first.Core.Identity.Secrets();
        using AccountSecrets secrets = held with { AccountKey = next.PrivateKey.Clone() };
        KeyPackage keyPackage = (await first.Core.People.ClaimAsync(second.Me.Id, default)).Single(d => d.Certificate.Content.Device == second.Me.Device).KeyPackage;
        byte[] grant = await first.Core.NewKey.SealAsync(second.Me.Device, next.PublicKey, keyPackage, secrets);
        byte[] devices = JsonSerializer.SerializeToUtf8Bytes(
            new DeviceRecords([new DeviceRecord(second.Me.Device, mine.Content.DeviceKey, 0, 0, null, mine.Encode())], list.Encode()), AuthJson.Default.DeviceRecords);
        byte[] self = JsonSerializer.SerializeToUtf8Bytes(
            new OwnDevice(list.Encode(), next.PublicKey, "marie", mine.Encode(), grant, [change.Encode()]), AuthJson.Default.OwnDevice);

        byte[] before = second.Me.AccountKey;
        await second.LockAsync();
        second = await KavalekClient.UnlockAsync(Options(store, transport: address => new Bends(new HttpTransport(address), (request, _) =>
            request.RequestUri!.ToString() switch
            {
                string path when path.EndsWith("/devices", StringComparison.Ordinal) => devices,
                string path when path.EndsWith("/devices/self", StringComparison.Ordinal) => self,
                _ => null,
            })), Phrase);
        await using (second)
        {
            if (byRemoved) Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => second.DevicesAsync()));
            else Assert.Single(await second.DevicesAsync());
            Assert.Equal(byRemoved ? before : next.PublicKey, second.Me.AccountKey);
        }
    }

    const SignatureAlgorithm Ecdsa = SignatureAlgorithm.EcdsaP256Sha256;

    static async Task<byte[]> SignAsync(KeyPair key, byte[] bytes) => await NativeCryptoProvider.Shared.SignAsync(Ecdsa, key.PrivateKey, bytes);

    // A device of the attacker's, certified by the account's key.
    static async Task<(DeviceCertificate Certificate, KeyPair DeviceKey)> GhostAsync(KavalekClient of, KeyPair accountKey, Id? device = null)
    {
        KeyPair deviceKey = await NativeCryptoProvider.Shared.GenerateSignatureKeyPairAsync(Ecdsa);
        return (await Certification.CertifyAsync(
            NativeCryptoProvider.Shared, accountKey, of.Me.Instance, of.Me.Id, device ?? Id.New(), deviceKey.PublicKey, DateTimeOffset.UtcNow), deviceKey);
    }

    static async Task<KeyPackageBundle> BundleAsync(KavalekClient maker, DeviceCertificate certificate, KeyPair deviceKey) =>
        await KeyPackageBundle.CreateAsync(maker.Core.Mls, new KeyPackageRequest
        {
            Suite = ConversationSuite.Suite,
            Credential = Credential.Basic(certificate.Encode()),
            SignatureKey = deviceKey,
            Lifetime = Lifetime.Starting(DateTimeOffset.UtcNow, TimeSpan.FromDays(1)),
            Capabilities = ConversationSuite.Capabilities,
        });

    // An accomplice in the group commits it in, with no word to the server, as the server knows no such device.
    static async Task AddGhostAsync(KavalekClient accomplice, KavalekClient of, Id conversation, KeyPair accountKey)
    {
        (DeviceCertificate certificate, KeyPair deviceKey) = await GhostAsync(of, accountKey);
        await using RawMember member = await RawMember.OpenAsync(accomplice, conversation, authentication: new Believes());
        using KeyPackageBundle bundle = await BundleAsync(accomplice, certificate, deviceKey);
        await member.CommitAsync(new CommitRequest { Add = [bundle.KeyPackage] }, tellServer: false);
    }

    sealed class Believes : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => true;
    }
}
