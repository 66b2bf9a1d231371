using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Protocol;

namespace Kavalek.Client.Tests;

public static class ContentCodecTests
{
    [Fact]
    public static void Any_bytes_are_a_content_or_nothing() => Prop.ForAll<byte[]>(bytes => { ContentCodec.Decode(bytes); }).QuickCheckThrowOnFailure();

    [Fact]
    public static void A_text_has_between_one_byte_and_65536()
    {
        Assert.True(ContentCodec.IsText(new string('a', 65_536)));
        Assert.False(ContentCodec.IsText(new string('a', 65_537)));
        Assert.False(ContentCodec.IsText(new string('é', 32_769)));
        Assert.False(ContentCodec.IsText(""));
        Assert.False(ContentCodec.IsText("\udc00"));
    }

    [Fact]
    public static void The_largest_text_fits_the_largest_size()
    {
        Content content = Text(new string('a', 65_536));
        content.Text.ReplyTo = ContentCodec.Ref(Id.New(), Id.New());
        content.Number = ulong.MaxValue;
        Assert.True(content.CalculateSize() + ContentCodec.Padding(content.CalculateSize()) <= 98_304);
    }

    [Fact]
    public static void Padding_leaves_ten_sizes()
    {
        HashSet<int> sizes = [];
        for (int length = 0; length <= 98_304; length++) sizes.Add(length + ContentCodec.Padding(length));
        Assert.Equal([256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 98_304], sizes.Order());
        Assert.Throws<ArgumentOutOfRangeException>(() => ContentCodec.Padding(98_305));
    }

    [Fact]
    public static void A_content_without_an_id_or_with_half_a_reference_is_nothing()
    {
        Assert.NotNull(ContentCodec.Decode(Text("a").ToByteArray()));
        Content nameless = Text("a");
        nameless.Id = ByteString.CopyFrom([1, 2, 3]);
        Assert.Null(ContentCodec.Decode(nameless.ToByteArray()));
        Content half = Text("a");
        half.Text.ReplyTo = new() { Account = ByteString.CopyFrom(Id.New().ToArray()) };
        Assert.Null(ContentCodec.Decode(half.ToByteArray()));
        Content empty = Text("");
        Assert.Null(ContentCodec.Decode(empty.ToByteArray()));
    }

    [Fact]
    public static void A_body_of_the_future_is_read_as_none()
    {
        Content future = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        byte[] bytes = [.. future.ToByteArray(), 0xfa, 0x06, 0x01, 0x41]; // field 111, one byte
        Assert.Equal(Content.BodyOneofCase.None, ContentCodec.Decode(bytes)!.BodyCase);
    }

    static Content Text(string text)
    {
        Content content = ContentCodec.New(Id.New(), DateTimeOffset.UtcNow);
        content.Text = new() { Text_ = text };
        return content;
    }
}
