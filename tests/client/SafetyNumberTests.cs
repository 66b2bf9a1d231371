using FsCheck;
using FsCheck.Fluent;
using Kavalek.Protocol;

namespace Kavalek.Client.Tests;

public static class SafetyNumberTests
{
    // Each case hashes 20,800 times: a few dozen are plenty.
    static readonly Config Few = Config.QuickThrowOnFailure.WithMaxTest(30);

    [Fact]
    public static void Both_sides_see_the_same_number() => Prop.ForAll<ulong, ulong, byte>((a, b, salt) =>
    {
        (Id, byte[]) one = (new Id(a, 1), Key(salt)), other = (new Id(b, 2), Key((byte)(salt ^ 1)));
        Assert.Equal(Number(one, other), Number(other, one));
    }).Check(Few);

    [Fact]
    public static void Another_key_or_account_or_instance_gives_another_number() => Prop.ForAll<ulong, byte>((a, salt) =>
    {
        (Id Account, byte[] Key) one = (new Id(a, 1), Key(salt)), other = (new Id(a, 2), Key((byte)(salt ^ 0x80)));
        byte[] changed = [.. other.Key];
        changed[1 + salt % 64] ^= 1;
        SafetyNumber honest = Number(one, other);
        SafetyNumber[] others =
        [
            Number(one, (other.Account, changed)),
            Number(one, (new Id(a, 3), other.Key)),
            SafetyNumber.Of(new Id(9, 9), one, other),
        ];
        Assert.All(others, o =>
        {
            Assert.NotEqual(honest.Digits, o.Digits);
            Assert.NotEqual(honest.QrText, o.QrText);
            Assert.False(honest.Matches(o.Digits));
            Assert.False(honest.Matches(o.QrText));
        });
    }).Check(Few);

    [Fact]
    public static void It_has_sixty_digits_in_twelve_groups_and_a_code_with_all_of_both_fingerprints()
    {
        SafetyNumber number = Number((new Id(1, 1), Key(1)), (new Id(2, 2), Key(2)));
        Assert.Equal(60, number.Digits.Length);
        Assert.All(number.Digits, digit => Assert.True(char.IsAsciiDigit(digit)));
        Assert.Equal(12, number.Groups.Count);
        Assert.StartsWith("kavalek:v1:", number.QrText, StringComparison.Ordinal);
        byte[] scanned = System.Buffers.Text.Base64Url.DecodeFromChars(number.QrText.AsSpan("kavalek:v1:".Length));
        Assert.Equal([0, 1, .. new Id(1, 1).ToArray(), .. new Id(2, 2).ToArray(), .. SafetyNumber.Fingerprint(Instance, new Id(1, 1), Key(1)),
            .. SafetyNumber.Fingerprint(Instance, new Id(2, 2), Key(2))], scanned);
    }

    [Fact]
    public static void Half_of_it_or_one_wrong_digit_does_not_match()
    {
        SafetyNumber number = Number((new Id(1, 1), Key(1)), (new Id(2, 2), Key(2)));
        Assert.True(number.Matches(string.Join(' ', number.Groups)));
        Assert.True(number.Matches(number.QrText));
        Assert.False(number.Matches(number.Digits[..30]));
        Assert.False(number.Matches(number.Digits[30..]));
        Assert.False(number.Matches(""));
        for (int i = 0; i < 60; i++)
        {
            char[] digits = number.Digits.ToCharArray();
            digits[i] = digits[i] == '9' ? '0' : (char)(digits[i] + 1);
            Assert.False(number.Matches(new string(digits)));
        }
        for (int i = 0; i < number.QrText.Length; i++) Assert.False(number.Matches(number.QrText[..i]));
    }

    static readonly Id Instance = new(7, 7);

    static SafetyNumber Number((Id, byte[]) one, (Id, byte[]) other) => SafetyNumber.Of(Instance, one, other);

    static byte[] Key(byte seed) => [4, .. Enumerable.Range(0, 64).Select(i => (byte)((i * 7 + seed) & 255))];
}
