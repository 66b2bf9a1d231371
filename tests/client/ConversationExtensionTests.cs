using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Kavalek.Protocol;

namespace Kavalek.Client.Tests;

public static class ConversationExtensionTests
{
    [Fact]
    public static void What_is_written_is_read()
    {
        ConversationExtension extension = Group("الجريدة 🗞️ rédaction");
        ConversationExtension read = ConversationExtension.Decode(extension.Encode());
        Assert.Equal(extension.Title, read.Title);
        Assert.Equal(extension.Created, read.Created);
        Assert.Equal(extension.Kind, read.Kind);
        Assert.Equal(extension.Roles.OrderBy(r => r.Key.ToString()), read.Roles.OrderBy(r => r.Key.ToString()));
        Assert.Equal(extension.Encode(), read.Encode());
    }

    [Fact]
    public static void Any_bytes_are_an_extension_in_its_one_encoding_or_a_FormatException() => Prop.ForAll<byte[]>(bytes =>
    {
        try
        {
            Assert.Equal(bytes, ConversationExtension.Decode(bytes).Encode());
        }
        catch (FormatException)
        {
            // Refused.
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public static void Every_changed_byte_is_another_extension_or_refused()
    {
        byte[] good = Group("Rédaction").Encode();
        for (int at = 0; at < good.Length; at++)
            for (int bit = 1; bit < 256; bit <<= 1)
            {
                byte[] bad = [.. good];
                bad[at] ^= (byte)bit;
                try
                {
                    Assert.Equal(bad, ConversationExtension.Decode(bad).Encode());
                }
                catch (FormatException)
                {
                    // Refused.
                }
            }
        for (int length = 0; length < good.Length; length++) Assert.Throws<FormatException>(() => ConversationExtension.Decode(good.AsSpan(0, length)));
        Assert.Throws<FormatException>(() => ConversationExtension.Decode([.. good, 0]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("two\nlines")]
    [InlineData("\u001b[31m")]
    public static void A_title_that_says_nothing_or_commands_a_terminal_is_none(string title) => Assert.False(ConversationExtension.IsTitle(title));

    [Fact]
    public static void A_title_has_at_most_256_bytes_of_unicode()
    {
        Assert.True(ConversationExtension.IsTitle(new string('a', 256)));
        Assert.False(ConversationExtension.IsTitle(new string('a', 257)));
        Assert.False(ConversationExtension.IsTitle(new string('é', 129)));
        Assert.False(ConversationExtension.IsTitle("\ud800"));
    }

    [Fact]
    public static void A_title_that_is_not_utf_8_is_refused()
    {
        byte[] bytes = Group("abc").Encode();
        int at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes("abc"));
        bytes[at] = 0xff;
        Assert.Throws<FormatException>(() => ConversationExtension.Decode(bytes));
    }

    static ConversationExtension Group(string title) => new()
    {
        Kind = ConversationKind.Group,
        Created = 1_763_000_000,
        Title = title,
        Roles = new Dictionary<Id, Role> { [Id.New()] = Role.Owner, [Id.New()] = Role.Admin, [Id.New()] = Role.Admin },
    };
}
