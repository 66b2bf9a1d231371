using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kavalek.Cli.Web;

/// <summary>The web app of a release: every file with its hash, signed by whoever made the release (docs/deployment.md, "Releases").</summary>
/// <param name="Format">1.</param>
/// <param name="Version">The release's.</param>
/// <param name="Files">All of them.</param>
sealed record WebManifest(int Format, string Version, IReadOnlyList<WebManifestFile> Files)
{
    const int LargestManifest = 4 * 1024 * 1024, MostFiles = 10_000;

    /// <summary>Reads a manifest whose signature is good.</summary>
    /// <param name="path">The manifest.</param>
    /// <param name="signaturePath">Its signature: ECDSA over SHA-256, in DER, as <c>openssl dgst -sha256 -sign</c> writes it.</param>
    /// <param name="keyPath">The P-256 public key of the releases, in PEM.</param>
    /// <exception cref="CliException">A file is missing or not what it should be, or the signature is not good.</exception>
    public static WebManifest Read(string path, string signaturePath, string keyPath)
    {
        byte[] bytes = Load(path, LargestManifest, "manifest"), signature = Load(signaturePath, 1024, "signature");
        using ECDsa key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(keyPath));
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Usage, $"{keyPath} holds no public key in PEM.");
        }
        if (key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
            throw new CliException(ExitCode.Usage, $"{keyPath} holds a key of another curve than P-256.");
        if (!key.VerifyData(bytes, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
            throw new CliException(ExitCode.Differs, "The signature of the manifest is not good: it was changed, or another key signed it. Nothing was compared.");
        try
        {
            WebManifest? manifest = JsonSerializer.Deserialize(bytes, WebManifestJson.Default.WebManifest);
            if (manifest is { Format: 1, Files: { Count: > 0 and <= MostFiles } files } && files.All(f => f is { Path: ['/', ..], Sha256.Length: 64, Bytes: >= 0 and < int.MaxValue })) return manifest;
        }
        catch (JsonException)
        {
            // Said below.
        }
        throw new CliException(ExitCode.Error, "The manifest is signed, and of a kind that this kavalek does not know: use a newer one.");
    }

    static byte[] Load(string path, int largest, string what)
    {
        FileInfo file = new(path);
        if (!file.Exists) throw new CliException(ExitCode.Usage, $"There is no {what} at {path}.");
        return file.Length <= largest ? File.ReadAllBytes(path) : throw new CliException(ExitCode.Usage, $"{path} is too large for a {what}.");
    }
}

/// <summary>A file of the web app.</summary>
/// <param name="Path">Its address, for instance <c>/index.html</c>.</param>
/// <param name="Sha256">Lower-case hexadecimal digits.</param>
/// <param name="Bytes">Its length.</param>
sealed record WebManifestFile(string Path, string Sha256, long Bytes);

/// <summary>Reads it without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(WebManifest))]
sealed partial class WebManifestJson : JsonSerializerContext;
