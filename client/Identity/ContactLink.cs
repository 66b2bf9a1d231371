using System.Buffers.Text;
using System.Security.Cryptography;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>A link that carries who somebody is and a fingerprint of their key, so that adding by it verifies (docs/PROTOCOL.md §3.4).</summary>
sealed record ContactLink(Uri Server, Id Account, byte[] KeyHash)
{
    const string Fragment = "#contact=";
    const int Bytes = Limits.IdLength + 32;

    /// <summary>The link of an account.</summary>
    public static ContactLink Of(Uri server, Id account, byte[] accountKey) => new(server, account, SHA256.HashData(accountKey));

    /// <summary>Whether <paramref name="accountKey"/> is the key it names.</summary>
    public bool Names(byte[] accountKey) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(accountKey), KeyHash);

    /// <summary>Reads a link.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.InvalidLink"/>, <see cref="ClientErrors.InsecureAddress"/>.</exception>
    public static ContactLink Parse(string link)
    {
        ArgumentNullException.ThrowIfNull(link);
        if (!Uri.TryCreate(link.Trim(), UriKind.Absolute, out Uri? uri) || !uri.Fragment.StartsWith(Fragment, StringComparison.Ordinal)) throw Invalid();
        byte[] bytes;
        try
        {
            bytes = Base64Url.DecodeFromChars(uri.Fragment.AsSpan(Fragment.Length));
        }
        catch (FormatException)
        {
            throw Invalid();
        }
        if (bytes.Length != Bytes) throw Invalid();
        return new ContactLink(ServerAddress.Check(new Uri(uri.GetLeftPart(UriPartial.Query))), Id.Read(bytes.AsSpan(0, Limits.IdLength)), bytes[Limits.IdLength..]);
    }

    /// <summary>The link as text.</summary>
    public override string ToString() => $"{Server}{Fragment}{Base64Url.EncodeToString([.. Account.ToArray(), .. KeyHash])}";

    static KavalekException Invalid() => new(ClientErrors.InvalidLink, "This is not a Kavalek contact link; it looks like https://chat.example.org/#contact=… Copy all of it.");
}
