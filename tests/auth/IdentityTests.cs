using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth.Tests;

/// <summary>The structures of PROTOCOL §3 as bytes.</summary>
public sealed class IdentityTests
{
    static readonly byte[] Key = [4, .. Enumerable.Range(0, 64).Select(i => (byte)i)];
    static readonly Id One = Id.Parse("000102030405060708090a0b0c0d0e0f"), Two = Id.Parse("101112131415161718191a1b1c1d1e1f");
    static readonly DeviceCertificate Certificate = new(new DeviceCertificateContent(One, Two, Key, One, Key, 7), [0x30, 1, 2]);
    static readonly DeviceList List = new(new DeviceListContent(One, Two, Key, 3, 7, [Hash(2), Hash(1)]), [0x30, 1, 2]);

    static byte[] Hash(byte value) => [.. Enumerable.Repeat(value, 32)];

    [Fact]
    public void A_certificate_is_written_as_the_protocol_says()
    {
        string key = "4041" + Convert.ToHexStringLower(Key);
        string expected = "0001" + One + Two + key + One + key + "0000000000000007";
        Assert.Equal(expected, Convert.ToHexStringLower(Certificate.Content.Encode()));
        Assert.Equal(expected + "03300102", Convert.ToHexStringLower(Certificate.Encode()));
        Assert.Equal(
            "11" + Convert.ToHexStringLower("kavalek/v1/device"u8.ToArray()) + "40c0" + expected,
            Convert.ToHexStringLower(Certificate.Content.SignedBytes()));
    }

    [Fact]
    public void Reading_what_was_written_gives_the_same_bytes()
    {
        Assert.Equal(Certificate.Encode(), DeviceCertificate.Decode(Certificate.Encode()).Encode());
        Assert.Equal(List.Encode(), DeviceList.Decode(List.Encode()).Encode());
        Assert.Equal([Hash(1), Hash(2)], DeviceList.Decode(List.Encode()).Content.Devices);
    }

    [Fact]
    public void Any_other_bytes_are_a_FormatException() // K-50
    {
        Random random = new(1);
        foreach ((byte[] good, Action<byte[]> read) in new (byte[], Action<byte[]>)[]
        {
            (Certificate.Encode(), b => DeviceCertificate.Decode(b)), (List.Encode(), b => DeviceList.Decode(b)),
        })
        {
            for (int length = 0; length < good.Length; length++) Assert.Throws<FormatException>(() => read(good[..length]));
            Assert.Throws<FormatException>(() => read([.. good, 0]));
            for (int i = 0; i < 50_000; i++)
            {
                byte[] bytes = [.. good];
                for (int n = random.Next(1, 4); n > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                try
                {
                    read(bytes);
                }
                catch (FormatException)
                {
                    // The one error there is.
                }
            }
        }
    }

    [Theory]
    [InlineData("400330010200")] // vector header of two bytes where one is enough
    [InlineData("80000003300102")] // of four
    [InlineData("c000000000000003300102")] // of eight
    [InlineData("00")] // no signature
    [InlineData("7fff")] // longer than what there is
    public void A_signature_vector_that_is_not_minimal_or_not_there_is_refused(string signature) =>
        Assert.Throws<FormatException>(() => DeviceCertificate.Decode([.. Certificate.Content.Encode(), .. Convert.FromHexString(signature)]));

    [Fact]
    public void A_list_that_is_unsorted_repeats_or_is_too_long_is_refused()
    {
        byte[] With(params byte[][] hashes)
        {
            byte[] head = List.Content.Encode()[..(2 + 16 + 16 + 67 + 16)];
            byte[] all = [.. hashes.SelectMany(h => h)];
            return [.. head, (byte)(0x40 | all.Length >> 8), (byte)(all.Length & 0xff), .. all, 3, 0x30, 1, 2];
        }

        Assert.Equal(2, DeviceList.Decode(With(Hash(1), Hash(2))).Content.Devices.Count);
        Assert.Throws<FormatException>(() => DeviceList.Decode(With(Hash(2), Hash(1))));
        Assert.Throws<FormatException>(() => DeviceList.Decode(With(Hash(1), Hash(1))));
        Assert.Throws<FormatException>(() => DeviceList.Decode(With(Hash(1), Hash(2)[..31])));
        Assert.Throws<FormatException>(() => DeviceList.Decode(With([.. Enumerable.Range(0, 21).Select(i => Hash((byte)i))])));
    }

    [Theory]
    [InlineData("  Marie@Example.ORG ", "marie@example.org")]
    [InlineData("a@b", "a@b")]
    [InlineData("", null)]
    [InlineData("@b", null)]
    [InlineData("a@", null)]
    [InlineData("a b@c", null)]
    [InlineData("a\u0000@c", null)]
    [InlineData(null, null)]
    [InlineData("T\u0308@b", "\u1e97@b")] // one character in lower case only
    [InlineData("first.last+list%x!y/z@sub.example.org", "first.last+list%x!y/z@sub.example.org")]
    [InlineData("jos\u00e9@ex\u00e4mple.org", "jos\u00e9@ex\u00e4mple.org")]
    [InlineData("a@b@c", null)]
    [InlineData("Marie <marie@example.org>", null)]
    [InlineData("<marie@example.org>", null)]
    [InlineData("marie@example.org,jean@example.org", null)]
    [InlineData("marie@example.org;jean@example.org", null)]
    [InlineData("marie@example.org\u037ejean", null)] // NFC makes a semicolon of it
    [InlineData("a:b@c", null)]
    [InlineData("\"a\"@c", null)]
    [InlineData("a(b)@c", null)]
    [InlineData("a@[127.0.0.1]", null)]
    [InlineData("a\\@c", null)]
    [InlineData("a\u0085b@c", null)]
    [InlineData("a\u200bb@c", null)]
    [InlineData("a\ufeff@c", null)]
    [InlineData("a\ud800@c", null)]
    [InlineData("a@.c", null)]
    [InlineData("a@b..c", null)]
    [InlineData("a@b.", null)]
    public void An_address_has_one_spelling(string? typed, string? email)
    {
        Assert.Equal(email is not null, EmailAddress.TryNormalize(typed, out string? normalized));
        Assert.Equal(email, normalized);
        if (email is not null) Assert.True(EmailAddress.IsNormalized(email));
    }
}
