using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;
using static Kavalek.Client.Tests.TestConversations;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>A member with real keys that breaks the rules: the others keep their epoch, and the conversation goes on.</summary>
[Collection(nameof(Cast))]
public sealed class EvilMemberTests(Cast cast)
{
    KavalekClient Marie => cast.Marie;
    KavalekClient Karim => cast.Karim;
    KavalekClient Zoe => cast.Zoe;

    // K-23
    [Theory]
    [InlineData("rename")]
    [InlineData("make itself owner")]
    [InlineData("take the owner's role")]
    [InlineData("remove somebody")]
    [InlineData("remove the last owner")]
    [InlineData("add somebody")]
    [InlineData("drop the extension")]
    [InlineData("mix in a key of an earlier epoch")]
    [InlineData("begin the group anew")]
    [InlineData("empty, under a wrong kind")]
    public async Task What_a_member_may_not_commit_the_others_refuse_and_go_on(string what)
    {
        Conversation[] group = await GroupAsync("Trio", Marie, Karim, Zoe);
        Id stream = await Marie.StreamAsync(group[0]);
        await using RawMember evil = await RawMember.OpenAsync(Zoe, group[0].Id);
        ConversationExtension agreed = CommitPolicy.Read(evil.Group.Extensions);
        string marieHad = Snapshot(await Marie.GroupAsync(stream)), karimHad = Snapshot(await Karim.GroupAsync(stream));
        switch (what)
        {
            case "rename": await evil.CommitAsync(new CommitRequest { Extensions = CommitPolicy.Write(agreed.WithTitle("Mine")) }); break;
            case "make itself owner": await evil.CommitAsync(new CommitRequest { Extensions = CommitPolicy.Write(agreed.WithRole(Zoe.Me.Id, Role.Owner)) }); break;
            case "take the owner's role": await evil.CommitAsync(new CommitRequest { Extensions = CommitPolicy.Write(agreed.WithRole(Zoe.Me.Id, Role.Owner).WithRole(Marie.Me.Id, Role.Member)) }); break;
            // The server is not told, as it would believe it: what members hold counts.
            case "remove somebody": await evil.CommitAsync(new CommitRequest { Remove = evil.Leaves(Karim.Me.Id) }, tellServer: false); break;
            case "remove the last owner": await evil.CommitAsync(new CommitRequest { Remove = evil.Leaves(Marie.Me.Id), Extensions = CommitPolicy.Write(agreed.WithRole(Zoe.Me.Id, Role.Owner).Without([Marie.Me.Id])) }, tellServer: false); break;
            case "add somebody": await evil.CommitAsync(new CommitRequest { Add = [.. (await Zoe.Core.People.ClaimAsync((await Zoe.FindAsync("lea")).Account, default)).Select(d => d.KeyPackage)] }); break;
            case "drop the extension": await evil.CommitAsync(new CommitRequest { Extensions = [evil.Group.Extensions[0]] }); break;
            case "mix in a key of an earlier epoch": await evil.CommitAsync(new CommitRequest { ResumptionPsks = [new ResumptionPsk(evil.Group.GroupId, evil.Group.Epoch)] }); break;
            case "begin the group anew": await evil.CommitAsync(new CommitRequest { ReInit = new ReInit(Id.New().ToArray(), evil.Group.Suite.Id, evil.Group.Extensions) }); break;
            default:
                {
                    (PendingCommit pending, _) = await evil.Group.CommitAsync(new CommitRequest(), DateTimeOffset.UtcNow);
                    await evil.AppendAsync(Wire.Kind.Application, pending.Message, null);
                    break;
                }
        }
        await SyncAsync(Marie, Karim);
        // Keys, tree, roles and title, bit for bit.
        Assert.Equal(marieHad, Snapshot(await Marie.GroupAsync(stream)));
        Assert.Equal(karimHad, Snapshot(await Karim.GroupAsync(stream)));
        foreach (Conversation seen in group[..2])
        {
            Assert.Equal("Trio", seen.Title);
            Assert.Equal(3, seen.Members.Count);
            Assert.Null(seen.CannotSend);
        }

        await group[1].SendAsync("as before");
        await SyncAsync(Karim, Marie);
        Assert.Equal(["as before"], await group[0].TextsAsync());
        // The allow twin: who has the right does the same.
        await group[0].RenameAsync("Ours");
        await group[0].RemoveAsync(Zoe.Me.Id);
        await group[0].SendAsync("without her");
        await SyncAsync(Marie, Karim);
        Assert.Equal(["as before", "without her"], await group[1].TextsAsync());
        Assert.Equal(2, group[1].Members.Count);
        Assert.Equal("Ours", group[1].Title);
    }

    [Fact]
    public async Task Who_joins_after_a_refused_commit_can_write()
    {
        Conversation[] group = await GroupAsync("Trio", Marie, Karim, Zoe);
        await using RawMember evil = await RawMember.OpenAsync(Zoe, group[0].Id);
        await evil.CommitAsync(new CommitRequest { Extensions = CommitPolicy.Write(CommitPolicy.Read(evil.Group.Extensions).WithTitle("Mine")) });
        await SyncAsync(Marie, Karim);

        // The stream has counted one commit more than the group: the newcomer learns that from the server's answer.
        await cast.Lea.SyncAsync();
        await group[0].AddAsync([(await Marie.FindAsync("lea")).Account]);
        await cast.Lea.SyncAsync();
        Conversation hers = cast.Lea.Conversation(group[0].Id)!;
        await hers.AcceptAsync();
        await hers.SendAsync("hello");
        await SyncAsync(cast.Lea, Marie, Karim);
        Assert.Equal(["hello"], await group[1].TextsAsync());
    }

    [Fact]
    public async Task Proposals_other_than_to_leave_are_ignored_with_the_commits_that_name_them()
    {
        Conversation[] group = await GroupAsync("Trio", Marie, Karim, Zoe);
        await using RawMember evil = await RawMember.OpenAsync(Zoe, group[0].Id);
        await evil.ProposeAsync(g => g.ProposeRemoveAsync(evil.Leaves(Karim.Me.Id)[0]));
        await evil.ProposeAsync(g => g.ProposeExtensionsAsync(CommitPolicy.Write(CommitPolicy.Read(g.Extensions).WithTitle("Mine"))));
        await evil.ProposeAsync(g => g.ProposeUpdateAsync());
        await SyncAsync(Marie, Karim);
        Assert.All(group[0].Members, m => Assert.Equal(PendingChange.None, m.Pending));
        await group[1].SendAsync("nothing to commit");
        await SyncAsync(Karim, Marie);
        Assert.Equal(["nothing to commit"], await group[0].TextsAsync());

        await evil.CommitAsync(new CommitRequest(), tellServer: false);
        await SyncAsync(Marie, Karim);
        await group[0].SendAsync("still three");
        await SyncAsync(Marie, Karim);
        Assert.Equal(["nothing to commit", "still three"], await group[1].TextsAsync());
        Assert.Equal(3, group[1].Members.Count);
    }

    [Fact]
    public async Task The_last_owner_who_proposes_to_leave_stops_nothing()
    {
        Conversation[] group = await GroupAsync("Trio", Marie, Karim, Zoe);
        await using RawMember evil = await RawMember.OpenAsync(Marie, group[0].Id);
        await evil.ProposeAsync(g => g.ProposeRemoveAsync(g.OwnIndex));
        await group[1].SendAsync("we go on");
        await SyncAsync(Karim, Zoe);
        Assert.Equal(["we go on"], await group[2].TextsAsync());
    }

    // K-45
    [Fact]
    public async Task An_invented_epoch_stops_nobody()
    {
        Conversation[] group = await GroupAsync("Trio", Marie, Karim, Zoe);
        Id stream = await Marie.StreamAsync(group[0]);
        await using RawMember evil = await RawMember.OpenAsync(Zoe, group[0].Id);
        byte[] later = (await evil.Group.ProtectAsync(new byte[] { 1 })).Message;
        // version, wire format, group id with its length; then the epoch, which nothing authenticates for who has not its keys.
        later[2 + 2 + 1 + Limits.IdLength]++;
        ulong head = (await Marie.RowAsync(stream)).NextSeq;
        for (int i = 0; i < 5; i++) await evil.AppendAsync(Wire.Kind.Application, later, null);
        await SyncAsync(Marie, Karim);
        await SyncAsync(Marie, Karim);
        Assert.All(group[..2], seen => Assert.Null(seen.CannotSend));
        // However much rubbish there is, one of them says once where they are.
        Assert.Equal(head + 5 + 1, (await Marie.RowAsync(stream)).NextSeq);
        await group[1].SendAsync("we go on");
        await SyncAsync(Karim, Marie);
        Assert.Equal(["we go on"], await group[0].TextsAsync());
        Assert.DoesNotContain(SystemKind.Apart, await group[0].KindsAsync());
    }

    // K-45
    [Fact]
    public async Task Who_says_falsely_that_it_stands_elsewhere_names_itself_and_the_others_go_on_without_it()
    {
        Conversation[] group = await GroupAsync("Trio", Marie, Karim, Zoe);
        Id stream = await Marie.StreamAsync(group[0]);
        await using RawMember evil = await RawMember.OpenAsync(Zoe, group[0].Id);
        Standing invented = new(evil.Row.Epoch, evil.Group.Epoch, new byte[32], default);
        byte[] claim = await EpochClaim.SignAsync(Zoe.Core.Mls.Crypto, Zoe.Core.Identity, stream, invented, null);

        // Neither somebody else's signature nor another stream's claim says anything.
        byte[] forged = [.. claim];
        forged[^1] ^= 1;
        await evil.AppendAsync(Wire.Kind.Application, forged, null);
        await evil.AppendAsync(Wire.Kind.Application, await EpochClaim.SignAsync(Zoe.Core.Mls.Crypto, Zoe.Core.Identity, Id.New(), invented, null), null);
        await SyncAsync(Marie, Karim);
        Assert.All(group[..2], seen => Assert.Null(seen.CannotSend));

        await evil.AppendAsync(Wire.Kind.Application, claim, null);
        await SyncAsync(Marie, Karim);
        foreach (Conversation seen in group[..2])
        {
            Assert.Equal(ClientErrors.Apart, seen.CannotSend?.Code);
            Assert.Equal([Zoe.Me.Id], seen.Apart.Select(who => who.Account));
        }
        // Marie goes on, Karim throws her out of mind by the removal that Marie makes then.
        await group[0].GoOnAsync();
        Assert.Null(group[0].CannotSend);
        await evil.AppendAsync(Wire.Kind.Application, claim, null);
        await SyncAsync(Marie, Karim);
        Assert.Null(group[0].CannotSend);
        await group[0].RemoveAsync(Zoe.Me.Id);
        await SyncAsync(Marie, Karim);
        Assert.Null(group[1].CannotSend);
        await group[1].SendAsync("two of us");
        await SyncAsync(Karim, Marie);
        Assert.Equal(["two of us"], await group[0].TextsAsync());
    }

    // K-31
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_admin_who_brings_in_a_false_device_of_somebody_changes_nothing_but_that_group(bool verified)
    {
        KavalekClient victim = await cast.PersonAsync(), reader = await cast.PersonAsync();
        await using var _ = victim;
        await using var __ = reader;
        (Conversation direct, Conversation his) = await DirectAsync(reader, victim);
        if (verified) await reader.VerifyAsync(victim.Me.Id, reader.Contact(victim.Me.Id)!.SafetyNumber.Digits);
        Trust before = reader.Contact(victim.Me.Id)!.Trust;
        Conversation[] group = await GroupAsync("Trio", Zoe, reader, Karim);
        await using RawMember evil = await RawMember.OpenAsync(Zoe, group[0].Id);

        // Real keys of an admin, and a certificate of her own making for an account that is not hers.
        using KeyPackageBundle impostor = await ImpostorAsync(Zoe, victim.Me.Id);
        await evil.CommitAsync(new CommitRequest { Add = [impostor.KeyPackage] });
        await SyncAsync(reader, Karim);

        // Nothing changes about the person anywhere else.
        Assert.Equal(before, reader.Contact(victim.Me.Id)!.Trust);
        Assert.Equal(victim.Me.AccountKey, reader.Contact(victim.Me.Id)!.AccountKey);
        Assert.Null(direct.CannotSend);
        await direct.SendAsync("as before");
        await SyncAsync(reader, victim);
        Assert.Equal(["as before"], await his.TextsAsync());
        Assert.DoesNotContain(SystemKind.KeyChanged, await direct.KindsAsync());

        // In the group it is seen, and stops what would be said to somebody verified.
        Contact shown = group[1].Members.Single(m => m.Contact.Account == victim.Me.Id).Contact;
        Assert.Equal(verified ? Trust.VerifiedChanged : Trust.Changed, shown.Trust);
        Assert.NotEqual(victim.Me.AccountKey, shown.AccountKey);
        Assert.Contains(SystemKind.KeyChanged, await group[1].KindsAsync());
        Assert.Equal(verified ? ClientErrors.KeyChanged : null, group[1].CannotSend?.Code);
        // To Karim, who does not know the victim, the impostor is a stranger by that key.
        Assert.Null(group[2].CannotSend);
    }

    // K-46
    [Theory]
    [InlineData("another account")]
    [InlineData("another device")]
    [InlineData("another signature key")]
    public async Task A_leaf_is_never_given_to_somebody_else(string what)
    {
        Conversation[] group = await GroupAsync("Trio", Marie, Karim, Zoe);
        Id stream = await Marie.StreamAsync(group[0]);
        string before = Snapshot(await Marie.GroupAsync(stream));
        ClientCore core = Zoe.Core;
        ICryptoProvider crypto = core.Mls.Crypto;
        await using RawMember evil = await RawMember.OpenAsync(Zoe, group[0].Id, authentication: new Anybody());
        using KeyPair fresh = await crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        DeviceCertificateContent own = core.Identity.Certificate!.Content;
        DeviceCertificate certificate = await Certification.CertifyAsync(crypto, core.Identity.AccountKey!, own.Instance,
            what == "another account" ? Karim.Me.Id : own.Account, what == "another device" ? Id.New() : own.Device,
            what == "another signature key" ? own.DeviceKey : core.Identity.DeviceKey.PublicKey, DateTimeOffset.UtcNow);
        await evil.CommitAsync(new CommitRequest
        {
            ForcePath = true,
            OwnLeaf = new LeafChange { Credential = Credential.Basic(certificate.Encode()), SignatureKey = what == "another signature key" ? fresh : null },
        });
        await SyncAsync(Marie, Karim);
        Assert.Equal(before, Snapshot(await Marie.GroupAsync(stream)));
        Assert.Null(group[0].CannotSend);
        await group[1].SendAsync("nobody was exchanged");
        await SyncAsync(Karim, Marie);
        Assert.Equal(["nobody was exchanged"], await group[0].TextsAsync());

        // The allow twin: a newer certificate of the same device by the same key.
        Conversation[] other = await GroupAsync("Twin", Marie, Karim, Zoe);
        Id twin = await Marie.StreamAsync(other[0]);
        await using RawMember honest = await RawMember.OpenAsync(Zoe, other[0].Id);
        ulong epoch = (await Marie.GroupAsync(twin)).Epoch;
        DeviceCertificate newer = await Certification.CertifyAsync(crypto, core.Identity.AccountKey!, own.Instance, own.Account, own.Device, own.DeviceKey, DateTimeOffset.UtcNow.AddDays(1));
        await honest.CommitAsync(new CommitRequest { ForcePath = true, OwnLeaf = new LeafChange { Credential = Credential.Basic(newer.Encode()) } });
        await SyncAsync(Marie, Karim);
        Assert.Equal(epoch + 1, (await Marie.GroupAsync(twin)).Epoch);
    }

    // K-46, K-31
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_leaf_that_goes_over_to_another_account_key_is_shown_and_nothing_is_said_to_who_was_verified(bool verified)
    {
        KavalekClient reader = await cast.PersonAsync(), person = await cast.PersonAsync();
        await using var _ = reader;
        await using var __ = person;
        (Conversation hers, Conversation theirs) = await DirectAsync(reader, person);
        if (verified) await reader.VerifyAsync(person.Me.Id, reader.Contact(person.Me.Id)!.SafetyNumber.Digits);
        ClientCore core = person.Core;
        await using RawMember evil = await RawMember.OpenAsync(person, theirs.Id, authentication: new Anybody());
        using KeyPair otherKey = await core.Mls.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        DeviceCertificateContent own = core.Identity.Certificate!.Content;
        DeviceCertificate certificate = await Certification.CertifyAsync(core.Mls.Crypto, otherKey, own.Instance, own.Account, own.Device, own.DeviceKey, DateTimeOffset.UtcNow.AddDays(1));
        await evil.CommitAsync(new CommitRequest { ForcePath = true, OwnLeaf = new LeafChange { Credential = Credential.Basic(certificate.Encode()) } });
        await reader.SyncAsync();
        // The directory does not say so: in this conversation it is seen, and nowhere else does the person become another.
        Assert.Contains(SystemKind.KeyChanged, await hers.KindsAsync());
        Assert.Equal(verified ? ClientErrors.KeyChanged : null, hers.CannotSend?.Code);
        Assert.Equal(verified ? Trust.VerifiedChanged : Trust.Changed, hers.Members.Single(m => !m.IsMe).Contact.Trust);
        Assert.Equal(person.Me.AccountKey, reader.Contact(person.Me.Id)!.AccountKey);
    }

    // K-34, K-52
    [Fact]
    public async Task A_content_said_twice_or_garbage_shows_once_or_not_at_all_and_nobody_speaks_for_another()
    {
        Conversation[] group = await GroupAsync("Duo", Marie, Karim, Zoe);
        (Conversation hers, Conversation his) = (group[0], group[1]);
        await hers.SendAsync("hers");
        await SyncAsync(Marie, Karim, Zoe);
        MessageId taken = (await his.MessageAsync("hers")).Id;
        Assert.Equal([Karim.Me.Id, Zoe.Me.Id], (await hers.MessageAsync("hers")).DeliveredTo.OrderBy(id => id != Karim.Me.Id));

        await using RawMember evil = await RawMember.OpenAsync(Karim, his.Id);
        Content twice = Text("once");
        await evil.SayAsync(twice);
        await evil.SayAsync(twice);
        await evil.SayAsync([1, 2, 3]);
        // Her id under his name is another message, and hers stays what it was.
        Content stolen = Text("his");
        stolen.Id = ByteString.CopyFrom(taken.Content.ToArray());
        await evil.SayAsync(stolen);
        // He has read it; that says nothing of Zoe. What nobody sent has been read by nobody.
        Content read = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        read.Receipt = new() { Kind = Receipt.Types.Kind.Read, UpTo = ContentCodec.Ref(taken.Account, taken.Content) };
        await evil.SayAsync(read);
        Content invented = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        invented.Receipt = new() { Kind = Receipt.Types.Kind.Read, UpTo = ContentCodec.Ref(Marie.Me.Id, Id.New()) };
        await evil.SayAsync(invented);
        await evil.AppendAsync(Wire.Kind.Application, [1, 2, 3], null);
        await evil.AppendAsync(Wire.Kind.Commit, [1, 2, 3], null);
        await Marie.SyncAsync();
        Assert.Equal(["hers", "once", "his"], await hers.TextsAsync());
        Message seen = await hers.MessageAsync("hers");
        Assert.Equal([Karim.Me.Id], seen.ReadBy);
        Assert.Equal(MessageState.Delivered, seen.State);
        Assert.Equal(Karim.Me.Id, (await hers.MessageAsync("his")).Sender);
        await hers.SendAsync("and on");
        await Marie.SyncAsync();
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("and on")).State);
    }

    // K-50, K-52
    [Fact]
    public async Task Numbers_at_their_limits_stop_nobody()
    {
        Conversation[] group = await GroupAsync("Limits", Marie, Karim);
        await using RawMember evil = await RawMember.OpenAsync(Karim, group[1].Id);
        ulong number = 2_000;
        foreach (uint timer in (uint[])[uint.MaxValue, 1_000_000, 0])
            foreach (ulong huge in (ulong[])[ulong.MaxValue, ulong.MaxValue - 1, long.MaxValue, 253_402_300_800_000, 0])
            {
                Content content = Text($"{huge} {timer}");
                (content.Sent, content.Timed, content.Previous, content.Timer, content.Number) = (huge, huge, huge, timer, ++number);
                await evil.SayAsync(content.ToByteArray());
                Content offer = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
                (offer.Sent, offer.Number) = (huge, ++number);
                offer.Offer = new HistoryOffer { Since = Math.Max(1, huge), Accounts = { ByteString.CopyFrom(Marie.Me.Id.ToArray()) } };
                await evil.SayAsync(offer.ToByteArray());
            }
        Content last = Text("the last of all");
        last.Number = ulong.MaxValue;
        await evil.SayAsync(last.ToByteArray());
        await evil.SayAsync(Text("and one more").ToByteArray());
        await Marie.SyncAsync();
        // All but the one that ended in 1970.
        Assert.Equal(16, (await group[0].TextsAsync()).Length);
        Assert.All(await group[0].MessagesAsync(100), message => Assert.InRange(message.SentAt, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue));
        await group[0].SendAsync("as before");
        await Marie.SyncAsync();
        Assert.Equal(MessageState.Sent, (await group[0].MessageAsync("as before")).State);
    }

    // K-36
    [Fact]
    public async Task A_message_that_the_server_keeps_back_is_noticed_with_the_next_also_over_the_end_of_an_epoch()
    {
        Conversation[] group = await GroupAsync("Duo", Marie, Karim);
        await using RawMember member = await RawMember.OpenAsync(Karim, group[1].Id);
        await member.SayAsync(Text("one"));
        // Said, and dropped on the way.
        await member.SkipAsync();
        await member.CommitAsync(new CommitRequest { ForcePath = true });
        await member.SayAsync(Text("three"));
        await Marie.SyncAsync();
        Assert.Equal(["one", "three"], await group[0].TextsAsync());
        Assert.Equal("1", (await group[0].LinesAsync()).Last(l => l.Kind == SystemKind.MessagesMissing).Text);
    }

    [Fact]
    public async Task Nobody_puts_words_above_an_answer_by_a_number_that_was_not_missing_and_each_that_was_is_counted_once()
    {
        Conversation[] group = await GroupAsync("Backdated", Marie, Karim);
        await using RawMember evil = await RawMember.OpenAsync(Karim, group[1].Id);
        ulong number = evil.Row.Number;
        await SayAsync("I owe you nothing", number += 4);
        await Marie.SyncAsync();
        await group[0].SendAsync("agreed");
        await Marie.SyncAsync();
        Assert.Equal("3", Missing(await group[0].LinesAsync()));

        // Numbers that were said, one by him and one by what he said before this test, and none at all.
        await SayAsync("I owe you a lot", number);
        await SayAsync("really", number - 4);
        await SayAsync("indeed", 0);
        await Marie.SyncAsync();
        Assert.Equal(["I owe you nothing", "agreed", "I owe you a lot", "really", "indeed"], await group[0].TextsAsync());
        Assert.Equal("3", Missing(await group[0].LinesAsync()));

        // The allow twin: what a line said is missing stands at its place when it comes, once.
        await SayAsync("two of three", number - 2);
        await SayAsync("two of three, again", number - 2);
        await Marie.SyncAsync();
        Assert.Equal(["two of three", "I owe you nothing", "agreed", "I owe you a lot", "really", "indeed", "two of three, again"], await group[0].TextsAsync());
        Assert.Equal("2", Missing(await group[0].LinesAsync()));
        await SayAsync("three of three", number - 1);
        await SayAsync("one of three", number - 3);
        await SayAsync("one of three, again", number - 3);
        await Marie.SyncAsync();
        Assert.Equal(["one of three", "two of three", "three of three", "I owe you nothing", "agreed", "I owe you a lot", "really", "indeed", "two of three, again", "one of three, again"], await group[0].TextsAsync());
        Assert.DoesNotContain(SystemKind.MessagesMissing, await group[0].KindsAsync());

        Task SayAsync(string words, ulong under)
        {
            Content content = Text(words);
            content.Number = under;
            return evil.SayAsync(content.ToByteArray());
        }

        static string? Missing(IEnumerable<SystemBody> lines) => Assert.Single(lines, line => line.Kind == SystemKind.MessagesMissing).Text;
    }

    static Content Text(string text)
    {
        Content content = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        content.Text = new() { Text_ = text };
        return content;
    }

    /// <summary>The group's records, bit for bit.</summary>
    internal static string Snapshot(MlsGroup group) => string.Join('\n', group.Changes(null).Select(record => $"{record.Key} {Convert.ToHexString(record.Value!)}"));

    static async Task<KeyPackageBundle> ImpostorAsync(KavalekClient session, Id account)
    {
        ClientCore core = session.Core;
        ICryptoProvider crypto = core.Mls.Crypto;
        KeyPair accountKey = await crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256), deviceKey = await crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        DeviceCertificate certificate = await Certification.CertifyAsync(crypto, accountKey, core.Identity.Instance, account, Id.New(), deviceKey.PublicKey, DateTimeOffset.UtcNow);
        return await KeyPackageBundle.CreateAsync(new MlsEnvironment(crypto, new Anybody()), new KeyPackageRequest
        {
            Suite = ConversationSuite.Suite,
            Credential = Credential.Basic(certificate.Encode()),
            SignatureKey = deviceKey,
            Lifetime = Lifetime.Starting(DateTimeOffset.UtcNow, TimeSpan.FromDays(1)),
            Capabilities = ConversationSuite.Capabilities,
        });
    }

    /// <summary>An authentication service that believes everything: what the evil member's own library is told.</summary>
    internal sealed class Anybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => true;
    }
}
