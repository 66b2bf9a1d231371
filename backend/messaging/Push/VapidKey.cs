using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Kavalek.Messaging.Push;

/// <summary>
/// The key by which push services know this server again (RFC 8292), in the file <c>keys/push.pem</c>. Without it every subscription is void; browsers
/// then subscribe anew when they are next opened, so a lost file is made again.
/// </summary>
sealed class VapidKey : IDisposable
{
    /// <summary>How long a signed statement is good; RFC 8292 allows a day.</summary>
    static readonly TimeSpan Validity = TimeSpan.FromHours(12);

    readonly ECDsa _key;
    readonly string _contact;
    readonly TimeProvider _clock;
    readonly ConcurrentDictionary<string, (string Header, DateTimeOffset Until)> _signed = new(StringComparer.Ordinal);

    /// <summary>Reads the key, or makes it.</summary>
    /// <exception cref="InvalidOperationException">The file holds something else.</exception>
    public VapidKey(MessagingOptions options, TimeProvider clock)
    {
        (_contact, _clock) = (options.PushContact, clock);
        string folder = Path.Combine(options.DataFolder, "keys");
        string path = Path.Combine(folder, "push.pem");
        if (!File.Exists(path))
            Make(folder, path);
        _key = ECDsa.Create();
        try
        {
            _key.ImportFromPem(File.ReadAllText(path));
            ECParameters parameters = _key.ExportParameters(includePrivateParameters: true);
            if (parameters.Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
                throw new CryptographicException("another curve");
            Public = PushEncryption.Point(parameters.Q);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"{path} holds no P-256 private key in PEM. Restore it from a backup, or delete it: a new one is made.", e);
        }
    }

    /// <summary>The public key, which browsers subscribe with: an uncompressed point.</summary>
    public byte[] Public { get; }

    /// <summary>The header <c>Authorization</c> for a push service.</summary>
    /// <param name="audience">The service's origin.</param>
    public string Header(string audience)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        if (_signed.TryGetValue(audience, out (string Header, DateTimeOffset Until) known) && now < known.Until)
            return known.Header;
        if (_signed.Count > 1_000)
            _signed.Clear();
        DateTimeOffset expires = now + Validity;
        // Both texts hold nothing that JSON would escape: an origin, and one that an option was checked to be.
        string text = $"{Encode("""{"typ":"JWT","alg":"ES256"}""")}.{Encode($$"""{"aud":"{{audience}}","exp":{{expires.ToUnixTimeSeconds()}},"sub":"{{_contact}}"}""")}";
        byte[] signature = _key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        string header = $"vapid t={text}.{WebEncoders.Base64UrlEncode(signature)}, k={WebEncoders.Base64UrlEncode(Public)}";
        _signed[audience] = (header, now + (Validity / 2));
        return header;
    }

    public void Dispose() => _key.Dispose();

    static string Encode(string json) => WebEncoders.Base64UrlEncode(Encoding.ASCII.GetBytes(json));

    // Whole or not at all, and 0600 from its first moment.
    static void Make(string folder, string path)
    {
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using ECDsa fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string unfinished = $"{path}.new";
        File.Delete(unfinished);
        using (FileStream file = new(unfinished, options))
        {
            file.Write(Encoding.ASCII.GetBytes(fresh.ExportPkcs8PrivateKeyPem() + "\n"));
            file.Flush(flushToDisk: true);
        }
        File.Move(unfinished, path, overwrite: true);
    }
}
