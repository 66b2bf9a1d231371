using Google.Protobuf;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>What changed keys, changed epochs and long absence do to conversations.</summary>
public static class ConversationKeyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task What_was_written_before_a_key_changed_is_never_encrypted_to_the_new_one(bool verified)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, _) = await DirectAsync(marie, karim);
        if (verified) await marie.VerifyAsync(karim.Me.Id, marie.Contact(karim.Me.Id)!.SafetyNumber.Digits);
        await hers.SendAsync("for karim's old key");

        // Somebody who has taken over his session opens a conversation under his name with a key of their own.
        (Id stream, MlsGroup theirs) = await ImpostorAsync(karim, marie.Me.Id);
        await marie.SyncAsync();
        Assert.Contains(SystemKind.KeyChanged, await hers.KindsAsync());
        Assert.Equal(verified ? Trust.VerifiedChanged : Trust.Changed, marie.Contact(karim.Me.Id)!.Trust);

        if (verified)
        {
            Assert.Equal(ClientErrors.KeyChanged, hers.CannotSend!.Code);
            Assert.Equal(ClientErrors.KeyChanged, await CodeAsync(() => hers.SendAsync("anything")));
            Assert.Equal(0, await OpenedAsync(karim, stream, theirs));
            await marie.AcceptKeyAsync(karim.Me.Id);
            await marie.SyncAsync();
        }
        Message held = await hers.MessageAsync("for karim's old key");
        Assert.Equal(MessageState.Failed, held.State);
        Assert.NotNull(held.Failure);
        Assert.Equal(0, await OpenedAsync(karim, stream, theirs));
        theirs.Dispose();
    }

    [Fact]
    public static async Task Keys_are_renewed_after_so_many_own_messages_and_after_so_many_days()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        RenewalSettings often = new() { AfterMessages = 10, WithinOfJoining = TimeSpan.FromDays(3) };
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock) with { Renewal = often });
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        clock.Advance(TimeSpan.FromDays(4));
        await SyncAsync(marie, karim);
        ulong joined = await EpochAsync(marie, hers.Id);

        for (int i = 0; i < 12; i++) await hers.SendAsync($"{i}");
        await SyncAsync(marie, karim);
        ulong written = await EpochAsync(marie, hers.Id);
        Assert.Equal(joined + 1, written);

        clock.Advance(TimeSpan.FromDays(6));
        await SyncAsync(marie, karim);
        Assert.Equal(written, await EpochAsync(marie, hers.Id));
        clock.Advance(TimeSpan.FromDays(2));
        await SyncAsync(marie, karim);
        Assert.Equal(written + 2, await EpochAsync(marie, hers.Id));
        await his.SendAsync("still here");
        await SyncAsync(karim, marie);
        Assert.Contains("still here", await hers.TextsAsync());
    }

    [Fact]
    public static async Task Who_was_away_until_a_commit_expired_says_so_calmly_and_is_brought_back()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock));
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(clock: clock));
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        await group[0].RenameAsync("While he was away");
        await group[0].SendAsync("expired");
        await marie.SyncAsync();
        clock.Advance(TimeSpan.FromDays(31));
        await group[0].SendAsync("not expired");
        await marie.SyncAsync();

        await karim.SyncAsync();
        Assert.Empty(await group[1].TextsAsync());
        Assert.Contains(SystemKind.MessagesMissing, await group[1].KindsAsync());
        Assert.Equal(ClientErrors.CannotSend, group[1].CannotSend!.Code);

        await group[0].RemoveAsync(karim.Me.Id);
        await group[0].AddAsync([karim.Me.Id]);
        await group[0].SendAsync("welcome back");
        await SyncAsync(marie, karim);
        await group[1].AcceptAsync();
        await group[1].SendAsync("I was away");
        await SyncAsync(karim, marie);
        Assert.Equal(["welcome back", "I was away"], await group[1].TextsAsync());
        Assert.Contains("I was away", await group[0].TextsAsync());
    }

    static async Task<ulong> EpochAsync(KavalekClient client, Id conversation)
    {
        await using RawMember member = await RawMember.OpenAsync(client, conversation);
        return member.Group.Epoch;
    }

    static async Task<(Id Stream, MlsGroup Group)> ImpostorAsync(KavalekClient session, Id victim)
    {
        ClientCore core = session.Core;
        using KeyPair accountKey = await core.Mls.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        KeyPair deviceKey = await core.Mls.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        DeviceCertificate certificate = await Certification.CertifyAsync(
            core.Mls.Crypto, accountKey, core.Identity.Instance, core.Identity.Account, core.Identity.Device, deviceKey.PublicKey, DateTimeOffset.UtcNow);
        MlsEnvironment mls = new(core.Mls.Crypto, new CertificateAuthentication(core.Mls.Crypto, core.Identity.Instance, core.Identity.Account, () => accountKey.PublicKey));
        using KeyPackageBundle own = await KeyPackageBundle.CreateAsync(mls, new KeyPackageRequest
        {
            Suite = ConversationSuite.Suite,
            Credential = Credential.Basic(certificate.Encode()),
            SignatureKey = deviceKey,
            Lifetime = Lifetime.Starting(DateTimeOffset.UtcNow, TimeSpan.FromDays(1)),
            Capabilities = ConversationSuite.Capabilities,
        });
        Id stream = Id.New();
        ConversationExtension extension = new() { Kind = ConversationKind.Direct, Created = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 10 };
        MlsGroup alone = await MlsGroup.CreateAsync(mls, stream.ToArray(), own, CommitPolicy.Write(extension));
        ClaimedDevice her = Assert.Single(await core.People.ClaimAsync(victim, default));
        (PendingCommit pending, MlsGroup next) = await alone.CommitAsync(new CommitRequest { Add = [her.KeyPackage] }, DateTimeOffset.UtcNow);
        await core.Streams.CreateAsync(stream, default);
        Wire.Change change = new() { Welcome = ByteString.CopyFrom(pending.Welcome!) };
        change.Add.Add(ByteString.CopyFrom(her.Certificate.Content.Device.ToArray()));
        Assert.IsType<AppendStored>(await core.Streams.AppendAsync(new Wire.Append
        {
            Stream = ByteString.CopyFrom(stream.ToArray()),
            Id = ByteString.CopyFrom(Id.New().ToArray()),
            Kind = Wire.Kind.Commit,
            Payload = ByteString.CopyFrom(pending.Message),
            Change = change,
        }, default));
        return (stream, pending.Apply(next, DateTimeOffset.UtcNow));
    }

    // How many texts of the stream open with the impostor's keys.
    static async Task<int> OpenedAsync(KavalekClient session, Id stream, MlsGroup group)
    {
        int opened = 0;
        foreach (Wire.Entry entry in (await session.Core.Streams.EntriesAsync(stream, 0, 500, default)).Entries)
            if (await group.ProcessAsync(entry.Payload.Memory, DateTimeOffset.UtcNow) is ProcessResult.ApplicationReceived received
                && ContentCodec.Decode(received.Content) is { BodyCase: Contents.Content.BodyOneofCase.Text }) opened++;
        return opened;
    }
}
