using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>Suites as the vectors number them.</summary>
static class Suites
{
    static readonly NativeCryptoProvider Provider = new();

    /// <summary>The native provider as it is on this system, and as it is on one without OpenSSL 3.</summary>
    public static IReadOnlyList<NativeCryptoProvider> Providers { get; } = !OperatingSystem.IsBrowser() && LibCrypto.IsAvailable ? [Provider, new(openSsl: false)] : [Provider];

    /// <summary>The suites on NIST curves, which every provider has.</summary>
    public static IReadOnlyList<CipherSuite> Nist { get; } = [CipherSuite.P256Aes128, CipherSuite.P521Aes256, CipherSuite.P384Aes256];

    /// <summary>How many of the seven suites of RFC 9420 the platform has: each has the same number of cases in a vector file.</summary>
    public static int InVectors { get; } = CipherSuite.Known.Count(suite => suite.Id <= 7 && Provider.Supports(suite));

    public static SuiteCrypto P256 { get; } = new(CipherSuite.P256Aes128, Provider);

    /// <summary>The suite of a vector, good for hashes, MACs and key derivation at least.</summary>
    public static SuiteCrypto HashesOf(JsonElement vector) => SuiteCrypto.HashOnly(CipherSuite.Find(vector.GetProperty("cipher_suite").GetUInt16())!, Provider);

    /// <summary>The suite of a vector where the platform has all of it.</summary>
    public static SuiteCrypto? Of(JsonElement vector) =>
        CipherSuite.Find(vector.GetProperty("cipher_suite").GetUInt16()) is { } suite && Provider.Supports(suite) ? new(suite, Provider) : null;

    /// <summary>The vectors drop the leading zero of some P-521 private keys.</summary>
    public static Secret PrivateKey(this SuiteCrypto crypto, byte[] key)
    {
        byte[] padded = new byte[Math.Max(key.Length, crypto.Suite.Kem.PrivateKeyLength)];
        key.CopyTo(padded, padded.Length - key.Length);
        return Secret.Own(padded);
    }
}
