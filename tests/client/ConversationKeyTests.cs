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

/// <summary>What changed keys, changed epochs and long absence do to conversations.</summary>
public static class ConversationKeyTests
{
    // K-31
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task What_was_written_before_a_key_changed_is_never_encrypted_to_the_new_one(bool verified)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        byte[]? shown = null;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
            shown is not null && path.EndsWith($"accounts/{karim.Me.Id}", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(JsonSerializer.Deserialize(body, AuthJson.Default.AccountRecord)! with { AccountKey = shown }, AuthJson.Default.AccountRecord)
                : body)));
        (Conversation hers, _) = await DirectAsync(marie, karim);
        if (verified) await marie.VerifyAsync(karim.Me.Id, marie.Contact(karim.Me.Id)!.SafetyNumber.Digits);
        await hers.SendAsync("for karim's old key");

        // Somebody who has taken over his session, and the directory, opens a conversation under his name with a key of their own.
        (Id stream, MlsGroup theirs, shown) = await ImpostorAsync(karim, karim.Me.Id, marie.Me.Id);
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task Nobody_can_pass_for_somebody_else_without_the_server(bool known) // K-30
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient mallory = await SignUpAsync(server, "mallory");
        Conversation? hers = known ? (await DirectAsync(marie, karim)).From : null;
        await SyncAsync(marie, mallory);

        // From an honest account, with a certificate that she has signed herself for his.
        (Id stream, MlsGroup theirs, _) = await ImpostorAsync(mallory, karim.Me.Id, marie.Me.Id);
        await SyncAsync(marie, mallory);
        Assert.Equal(known ? Trust.Unverified : null, marie.Contact(karim.Me.Id)?.Trust);
        Assert.Equal(hers is null ? [] : [hers], marie.Conversations);
        hers ??= (await DirectAsync(marie, karim)).From;
        Assert.DoesNotContain(SystemKind.KeyChanged, await hers.KindsAsync());
        await hers.SendAsync("for karim");
        await SyncAsync(marie, karim);
        Assert.Contains("for karim", await karim.Conversation(hers.Id)!.TextsAsync());
        Assert.Equal(0, await OpenedAsync(mallory, stream, theirs));
        theirs.Dispose();
    }

    [Fact]
    public static async Task A_welcome_of_last_resort_takes_nobody_back_to_the_epoch_it_was_for() // K-39, K-41
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        Wire.Entry? notice = null;
        byte[]? welcome = null;
        bool repeat = false;
        byte[]? Bend(HttpRequestMessage request, byte[] body)
        {
            string path = request.RequestUri!.ToString();
            if (path.EndsWith("auth/v1/key-packages", StringComparison.Ordinal) && request.Method == HttpMethod.Get)
                return JsonSerializer.SerializeToUtf8Bytes(new KeyPackageCount(Limits.KeyPackages, false, false), AuthJson.Default.KeyPackageCount);
            if (path.Contains("/welcomes/", StringComparison.Ordinal)) return repeat ? welcome : welcome = body;
            if (path.Contains("/entries?", StringComparison.Ordinal) && !repeat)
            {
                notice ??= Wire.EntryList.Parser.ParseFrom(body).Entries.FirstOrDefault(entry => entry.Kind == Wire.Kind.Welcome);
                return null;
            }
            if (!repeat || notice is null || !path.Contains(Id.Read(notice.Stream.Span).ToString(), StringComparison.Ordinal)) return null;
            if (path.EndsWith("/ack", StringComparison.Ordinal)) return [];
            ulong after = ulong.Parse(path.Split("after=")[1].Split('&')[0], System.Globalization.CultureInfo.InvariantCulture);
            Wire.EntryList page = new() { Head = Math.Max(after, notice.Seq + 10) };
            if (after < page.Head) page.Entries.Add(new Wire.Entry(notice) { Seq = page.Head });
            return page.ToByteArray();
        }
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(transport: address => new Bends(new HttpTransport(address), Bend)));
        Conversation[] group = await GroupAsync("Duo", marie, karim);
        Assert.NotNull(welcome);
        await group[0].RemoveAsync(karim.Me.Id);
        await SyncAsync(marie, karim);
        Assert.Equal(ConversationState.Removed, group[1].State);

        repeat = true;
        await karim.SyncAsync();
        Assert.Equal(ConversationState.Removed, group[1].State);
        Assert.Single(await group[1].KindsAsync(), SystemKind.Joined);
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

        // Nobody has to do anything: he asks, and whoever is there lets him in again.
        clock.Advance(TimeSpan.FromMinutes(1));
        await SyncAsync(karim, marie, karim);
        await group[0].SendAsync("welcome back");
        await SyncAsync(marie, karim);
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

    // A direct conversation with a victim, out of a session, under the name of an account by a key that is not its own.
    static async Task<(Id Stream, MlsGroup Group, byte[] AccountKey)> ImpostorAsync(KavalekClient session, Id account, Id victim)
    {
        ClientCore core = session.Core;
        using KeyPair accountKey = await core.Mls.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        KeyPair deviceKey = await core.Mls.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        DeviceCertificate certificate = await Certification.CertifyAsync(
            core.Mls.Crypto, accountKey, core.Identity.Instance, account, core.Identity.Device, deviceKey.PublicKey, DateTimeOffset.UtcNow);
        MlsEnvironment mls = new(core.Mls.Crypto, new CertificateAuthentication(core.Mls.Crypto, core.Identity.Instance));
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
        return (stream, pending.Apply(next, DateTimeOffset.UtcNow), accountKey.PublicKey);
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
