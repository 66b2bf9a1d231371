using System.Security.Cryptography;

namespace Kavalek.Protocol.Identity;

/// <summary>What an instance signs of its policy (docs/PROTOCOL.md §5.12).</summary>
public static class PolicyStatement
{
    /// <summary>The signed bytes: label <c>kavalek/v1/policy</c> over <c>instance ‖ SHA-256(policy)</c>.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="policy">The policy as JSON, byte for byte.</param>
    public static byte[] SignedBytes(Id instance, ReadOnlySpan<byte> policy) =>
        SignContent.Encode("kavalek/v1/policy", [.. instance.ToArray(), .. SHA256.HashData(policy)]);
}
