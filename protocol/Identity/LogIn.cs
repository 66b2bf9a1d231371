using System.Text;

namespace Kavalek.Protocol.Identity;

/// <summary>What a device signs to log in, so that a stolen password alone opens nothing (docs/PROTOCOL.md §5.2).</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Email">The normalised address (<see cref="EmailAddress"/>).</param>
/// <param name="Device">The device's id.</param>
/// <param name="DeviceKey">The device's public key: uncompressed P-256 point, 65 bytes.</param>
/// <param name="Challenge">From pre-login.</param>
/// <param name="AuthSecretHash">SHA-256 of the auth secret, 32 bytes.</param>
public sealed record LogIn(Id Instance, string Email, Id Device, byte[] DeviceKey, byte[] Challenge, byte[] AuthSecretHash)
{
    /// <summary>What the device key signs.</summary>
    public byte[] SignedBytes() => SignContent.Encode(SignContent.LogIn, new TlsBytes()
        .Id(Instance).Vector(Encoding.UTF8.GetBytes(Email)).Id(Device).Vector(DeviceKey).Vector(Challenge).Raw(AuthSecretHash).ToArray());
}
