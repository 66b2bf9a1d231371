using System.Text;

namespace Kavalek.Protocol.Identity;

/// <summary>What an account or device key signs outside MLS: label and content, so that no signature serves twice (docs/PROTOCOL.md §3.1).</summary>
public static class SignContent
{
    /// <summary>The account key's label over a <see cref="DeviceCertificateContent"/>.</summary>
    public const string Device = "kavalek/v1/device";

    /// <summary>The account key's label over a <see cref="DeviceListContent"/>.</summary>
    public const string DeviceList = "kavalek/v1/device-list";

    /// <summary>The device key's label over a <see cref="LogIn"/>.</summary>
    public const string LogIn = "kavalek/v1/log-in";

    /// <summary>The device key's label over what a <see cref="ReturnRequest"/> says.</summary>
    public const string Return = "kavalek/v1/return";

    /// <summary>The old account key's and a device key's label over a <see cref="Identity.KeyChangeContent"/>.</summary>
    public const string KeyChange = "kavalek/v1/key-change";

    /// <summary>The account key's label over a <see cref="VaultStatement"/>.</summary>
    public const string Vault = "kavalek/v1/vault";

    /// <summary>The device key's label over a <see cref="RemovalQuestion"/>.</summary>
    public const string Removal = "kavalek/v1/removal";

    /// <summary>The account key's label over a <see cref="ReportKeyStatement"/>.</summary>
    public const string ReportKey = "kavalek/v1/report-key";

    /// <summary>The bytes to sign and to verify.</summary>
    public static byte[] Encode(string label, ReadOnlySpan<byte> content) =>
        new TlsBytes().Vector(Encoding.UTF8.GetBytes(label)).Vector(content).ToArray();

    /// <summary>Bytes of an uncompressed P-256 point.</summary>
    public const int KeyBytes = 65;

    /// <summary>Bytes of a DER-encoded P-256 signature, at most.</summary>
    public const int SignatureBytes = 72;

    internal static byte[] ReadKey(ref TlsView view)
    {
        ReadOnlySpan<byte> key = view.Vector();
        return IsKey(key) ? key.ToArray() : throw new FormatException("not an uncompressed P-256 point");
    }

    internal static byte[] ReadSignature(ref TlsView view)
    {
        ReadOnlySpan<byte> signature = view.Vector();
        return signature.Length is > 0 and <= SignatureBytes ? signature.ToArray() : throw new FormatException("signature length");
    }

    /// <summary>Whether the bytes have the shape of an uncompressed P-256 point; not whether it is on the curve.</summary>
    public static bool IsKey(ReadOnlySpan<byte> key) => key.Length == KeyBytes && key[0] == 4;
}
