using System.Text;
using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Mls;
using Kavalek.Protocol;
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
