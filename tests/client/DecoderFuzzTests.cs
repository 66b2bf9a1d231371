using System.Text;
using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;

namespace Kavalek.Client.Tests;

/// <summary>Any bytes into whatever the client reads from its disk, from other people and from the server: a value or the documented error.</summary>
public static class DecoderFuzzTests
{
    static readonly byte[][] Lengths = [[0x80, 0, 0, 1], [0xbf, 0xff, 0xff, 0xff], [0x40, 1], [0x7f, 0xff], [0xc0, 0, 0, 0], [0xff, 0xff], [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff]];

    // K-50
    [Fact]
    public static async Task Any_bytes_are_a_wallet_or_a_damaged_profile()
    {
        using Secret key = Secret.Zero(32);
        byte[] sample = (await Wallet.WrapAsync(NativeCryptoProvider.Shared, NativePasswordStretching.Shared, key, "korrekt pferd batterie", 1_000, "https://example.org/")).Encode();
        Survives<KavalekException>([sample], Lengths, bytes => Wallet.Decode(bytes), e => e.Code == ClientErrors.ProfileDamaged);
    }

    // K-50
    [Fact]
    public static async Task Any_bytes_in_a_sealed_store_are_what_was_put_there_or_a_damaged_profile()
    {
        MemoryClientStore inner = new();
        using Secret key = Secret.Zero(32);
        await using SealedStore store = new(inner, NativeCryptoProvider.Shared, key);
        await store.ApplyAsync(new StoreBatch().Put("profile", [1, 2, 3]));
        byte[] sample = (await inner.GetAsync("profile"))!;
        foreach (byte[] input in new Mutator(1, [sample], Lengths).Inputs(Mutator.Rounds(2_000)))
        {
            await inner.ApplyAsync(new StoreBatch().Put("profile", input));
            try
            {
                Assert.Equal([1, 2, 3], await store.GetAsync("profile"));
                Assert.Equal(sample, input);
            }
            catch (KavalekException e)
            {
                Assert.Equal(ClientErrors.ProfileDamaged, e.Code);
            }
        }
        await inner.ApplyAsync(new StoreBatch().Put("profile", sample));
        Assert.Equal([1, 2, 3], await store.GetAsync("profile"));
    }

    // K-50
    [Fact]
    public static void Any_bytes_are_a_content_or_nothing_at_all()
    {
        Content text = ContentCodec.New(Id.New(), DateTimeOffset.UnixEpoch);
        text.Text = new Text { Text_ = "bonjour", ReplyTo = ContentCodec.Ref(Id.New(), Id.New()) };
        Content profile = ContentCodec.New(Id.New(), DateTimeOffset.UnixEpoch);
        profile.Profile = new Contents.Profile { DisplayName = "Zoé" };
        Content receipt = ContentCodec.New(Id.New(), DateTimeOffset.UnixEpoch);
        receipt.Receipt = new Receipt { UpTo = ContentCodec.Ref(Id.New(), Id.New()) };
        Survives<InvalidOperationException>([text.ToByteArray(), profile.ToByteArray(), receipt.ToByteArray()], Mutator.Protobuf, bytes => ContentCodec.Decode(bytes), _ => false);
    }

    // K-50
    [Fact]
    public static void Any_bytes_are_a_conversation_extension_in_its_one_encoding_or_a_FormatException()
    {
        ConversationExtension extension = new()
        {
            Kind = ConversationKind.Group,
            Created = 1,
            Title = "La rédaction",
            Roles = new Dictionary<Id, Role> { [Id.New()] = Role.Owner, [Id.New()] = Role.Admin },
        };
        Survives<FormatException>([extension.Encode()], Lengths, bytes => Assert.Equal(bytes, ConversationExtension.Decode(bytes).Encode()), _ => true);
    }

    // K-50
    [Fact]
    public static void Any_bytes_are_a_frame_of_the_server_or_no_protobuf()
    {
        byte[] id = Id.New().ToArray();
        Protocol.Wire.ServerFrame[] frames =
        [
            new() { Ready = new() { Window = 1, HeartbeatSeconds = 60 } },
            new() { Deliver = new() { Entries = { new Protocol.Wire.Entry { Stream = ByteString.CopyFrom(id), Seq = 1, Kind = Protocol.Wire.Kind.Commit, Id = ByteString.CopyFrom(id), Payload = ByteString.CopyFrom(id) } } } },
            new() { Rejected = new() { Stream = ByteString.CopyFrom(id), Id = ByteString.CopyFrom(id), Code = "stale_epoch", Epoch = 7 } },
            new() { Closing = new() { Code = "replaced" } },
        ];
        Survives<InvalidOperationException>(
            [.. frames.Select(f => f.ToByteArray())], Mutator.Protobuf, bytes => UntrustedMessage.TryRead(Protocol.Wire.ServerFrame.Parser, bytes, out _), _ => false);
    }

    // K-50
    [Fact]
    public static void Any_text_is_a_contact_link_or_none()
    {
        byte[] sample = Encoding.UTF8.GetBytes($"https://chat.example/#contact={System.Buffers.Text.Base64Url.EncodeToString(new byte[48])}");
        byte[][] parts = [.. ((string[])["#contact=", "=", "://", "http://", "@", "%00", "é", "\u202e", "\ud7ff"]).Select(Encoding.UTF8.GetBytes)];
        Survives<KavalekException>([sample], parts, bytes => ContactLink.Parse(Encoding.UTF8.GetString(bytes)), _ => true);
    }

    // K-50
    [Fact]
    public static async Task Any_bytes_are_a_vault_in_its_one_encoding_or_refused()
    {
        using RecoveryKey recovery = RecoveryKey.Generate();
        using AccountSecrets secrets = new(Secret.Zero(AccountSecrets.KeyBytes), Secret.Zero(HistoryKeys.FewestBytes));
        byte[] sample = (await Vault.SealAsync(NativeCryptoProvider.Shared, recovery, Id.New(), Id.New(), 1, secrets)).Encode();
        Survives<KavalekException>([sample], Lengths, bytes => Assert.Equal(bytes, Vault.Decode(bytes).Encode()), e => e.Code == ClientErrors.VaultRefused);
    }

    // K-50
    [Fact]
    public static void Any_bytes_are_the_secrets_of_an_account_in_their_one_encoding_or_nothing()
    {
        using AccountSecrets secrets = new(Secret.Zero(AccountSecrets.KeyBytes), Secret.Zero(HistoryKeys.FewestBytes));
        using Secret encoded = secrets.Encode();
        Survives<InvalidOperationException>([encoded.Span.ToArray()], Lengths, bytes =>
        {
            using Secret input = Secret.Copy(bytes);
            using AccountSecrets? read = AccountSecrets.Decode(input);
            using Secret? again = read?.Encode();
            if (again is not null) Assert.Equal(bytes, again.Span.ToArray());
        }, _ => false);
    }

    // K-50
    [Fact]
    public static async Task Any_bytes_are_a_claim_of_where_a_device_stands_or_none()
    {
        using KeyPair key = await NativeCryptoProvider.Shared.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        using OwnIdentity own = new() { Instance = Id.New(), Account = Id.New(), Device = Id.New(), DeviceKey = key };
        byte[] sample = await EpochClaim.SignAsync(NativeCryptoProvider.Shared, own, Id.New(), new Standing(1, 2, new byte[32], Id.New()), null);
        Assert.NotNull(EpochClaim.Read(sample));
        Survives<InvalidOperationException>([sample], Lengths, bytes => EpochClaim.Read(bytes), _ => false);
    }

    // K-50
    [Fact]
    public static void Any_bytes_are_a_request_to_return_or_none()
    {
        byte[] sample = new ReturnRequest(new byte[300], 7, new byte[70]).Encode();
        Assert.NotNull(ReturnRequest.TryDecode(sample));
        Survives<InvalidOperationException>([sample], Lengths, bytes =>
        {
            if (ReturnRequest.TryDecode(bytes) is { } read) Assert.Equal(bytes, read.Encode());
        }, _ => false);
    }

    // K-50
    [Fact]
    public static void Any_bytes_that_a_member_passes_on_are_texts_that_can_be_shown_or_nothing()
    {
        ByteString id = ByteString.CopyFrom(Id.New().ToArray());
        Archived.ArchiveBatch batch = new() { Ids = { id }, Conversations = { new Archived.ArchivedConversation { Id = id, Kind = (uint)ConversationKind.Group, Title = "La rédaction" } } };
        batch.Texts.Add(new Archived.ArchivedText { Id = id, Sent = 1, Text = "bonjour" });
        byte[] bytes = batch.ToByteArray();
        byte[] sample = [0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes, .. new byte[50]];
        Assert.Equal("bonjour", Assert.Single(Assert.Single(new BatchReader(Sharing.Unpad(sample)!).Conversations(default, lines: true)).Newest).Text.Text);
        Survives<InvalidOperationException>([sample], Mutator.Protobuf, input =>
        {
            if (Sharing.Unpad(input) is { } read) Assert.All(new BatchReader(read).Conversations(default, lines: true).SelectMany(c => c.Newest), row => Assert.True(row.System is not null || ContentCodec.IsText(row.Text.Text)));
        }, _ => false);
    }

    // K-50
    [Fact]
    public static void Any_text_is_a_recovery_key_or_says_what_is_wrong_with_it()
    {
        using RecoveryKey key = RecoveryKey.Generate();
        byte[][] samples = [.. Enum.GetValues<RecoveryLanguage>().Select(language => Encoding.UTF8.GetBytes(string.Join(' ', key.Words(language))))];
        byte[][] parts = [.. ((string[])[" ", "\n", "zoo", "abandon ", "é", "\u0301", "\u3000", "\ud7ff", "-"]).Select(Encoding.UTF8.GetBytes)];
        Survives<KavalekException>(samples, parts, bytes => RecoveryKey.Parse(Encoding.UTF8.GetString(bytes)).Dispose(), e => e.Code == ClientErrors.WrongRecoveryKey);
    }

    static void Survives<TRefusal>(byte[][] samples, byte[][] fragments, Action<byte[]> decode, Func<TRefusal, bool> isRefusal) where TRefusal : Exception
    {
        foreach (byte[] sample in samples) decode(sample);
        foreach (byte[] input in new Mutator(samples.Length, samples, fragments).Inputs(Mutator.Rounds(5_000)))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                decode(input);
            }
            catch (TRefusal e) when (isRefusal(e))
            {
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{e.GetType().Name} for {Convert.ToHexString(input)}\n{e}");
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 65_536 + (128L * input.Length), $"took {allocated:N0} bytes for {Convert.ToHexString(input)}");
        }
    }
}
