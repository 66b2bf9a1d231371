using System.Security.Cryptography;
using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client.Tests;

public static class PasswordSecretTests
{
    [Theory]
    [InlineData(KdfParameters.Pbkdf2, 1, 16, 0)]
    [InlineData(KdfParameters.Pbkdf2, 0, 16, 0)]
    [InlineData(KdfParameters.Pbkdf2, -1, 16, 0)]
    [InlineData(KdfParameters.Pbkdf2, Limits.KdfFloor - 1, 16, 0)]
    [InlineData(KdfParameters.Pbkdf2, Limits.KdfCeiling + 1, 16, 0)]
    [InlineData(KdfParameters.Pbkdf2, int.MaxValue, 16, 0)]
    [InlineData(KdfParameters.Pbkdf2, 1_000_000, 0, 0)]
    [InlineData(KdfParameters.Pbkdf2, 1_000_000, 15, 0)]
    [InlineData(KdfParameters.Pbkdf2, 1_000_000, 17, 0)]
    [InlineData(KdfParameters.Pbkdf2, 999_999, 16, 1_000_000)]
    [InlineData("pbkdf2-hmac-sha1", 1_000_000, 16, 0)]
    [InlineData("PBKDF2-HMAC-SHA256", 1_000_000, 16, 0)]
    [InlineData("none", 1_000_000, 16, 0)]
    [InlineData("", 1_000_000, 16, 0)]
    public static void A_weaker_or_foreign_derivation_is_refused(string algorithm, int iterations, int saltBytes, int before) => // K-05
        Assert.Equal(ClientErrors.KdfRefused, Assert.Throws<KavalekException>(
            () => PasswordSecret.Check(new KdfParameters(algorithm, iterations), new byte[saltBytes], before)).Code);

    [Theory]
    [InlineData(Limits.KdfFloor, 0)]
    [InlineData(Limits.KdfCeiling, 1_000_000)]
    [InlineData(1_000_000, 1_000_000)]
    public static void What_is_strong_enough_is_taken(int iterations, int before) =>
        PasswordSecret.Check(new KdfParameters(KdfParameters.Pbkdf2, iterations), new byte[16], before);

    [Fact]
    public static async Task It_is_what_the_protocol_says()
    {
        using Secret password = Password.Normalize("ten letters");
        Id instance = new(1, 2);
        byte[] salt = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        using Secret derived = await PasswordSecret.DeriveAsync(NativePasswordStretching.Shared, password, instance, "a@b", salt, 1000);

        byte[] mixed = SHA256.HashData([.. "kavalek/v1/salt"u8, .. instance.ToArray(), 0, 3, .. "a@b"u8, .. salt]);
        byte[] stretched = Rfc2898DeriveBytes.Pbkdf2("ten letters"u8, mixed, 1000, HashAlgorithmName.SHA256, 32);
        byte[] expected = HKDF.Expand(HashAlgorithmName.SHA256, stretched, 32, [.. "kavalek/v1/auth"u8, .. instance.ToArray()]);
        Assert.Equal(expected, derived.Span.ToArray());
    }

    [Fact]
    public static async Task Instance_address_and_salt_each_change_it()
    {
        using Secret password = Password.Normalize("ten letters");
        HashSet<string> all = [];
        foreach ((Id Instance, string Email, byte Salt) variant in ((Id, string, byte)[])[(new(1, 1), "a@b", 0), (new(1, 2), "a@b", 0), (new(1, 1), "a@c", 0), (new(1, 1), "a@b", 1)])
        {
            using Secret secret = await PasswordSecret.DeriveAsync(NativePasswordStretching.Shared, password, variant.Instance, variant.Email, [variant.Salt, .. new byte[15]], 10);
            Assert.True(all.Add(Convert.ToHexString(secret.Span)));
        }
    }

    [Fact]
    public static async Task The_native_derivation_gives_the_published_values()
    {
        // RFC 7914 §11.
        Assert.Equal(
            "55AC046E56E3089FEC1691C22544B605F94185216DDE0465E68B9D57C20DACBC49CA9CCCF179B645991664B39D77EF317C71B845B1E30BD509112041D3A19783",
            await StretchAsync("passwd", "salt", 1));
        Assert.Equal(
            "4DDCD8F60B98BE21830CEE5EF22701F9641A4418D04C0414AEFF08876B34AB56A1D425A1225833549ADB841B51C9B3176A272BDEBBA1D078478F62B397F33C8D",
            await StretchAsync("Password", "NaCl", 80_000));

        static async Task<string> StretchAsync(string password, string salt, int iterations)
        {
            using Secret typed = Secret.Own(Encoding.UTF8.GetBytes(password));
            using Secret stretched = await NativePasswordStretching.Shared.StretchAsync(typed, Encoding.UTF8.GetBytes(salt), iterations, 64);
            return Convert.ToHexString(stretched.Span);
        }
    }

    [Theory]
    [InlineData("too short")]
    [InlineData("e\u0301e\u0301e\u0301e\u0301e\u0301")]
    public static void What_is_no_password_is_refused(string password) =>
        Assert.Equal(ClientErrors.UnsuitablePassword, Assert.Throws<KavalekException>(() => Password.Normalize(password)).Code);

    [Fact]
    public static void What_is_no_text_is_no_password() => What_is_no_password_is_refused("half a surrogate pair: \ud800");
}
