using System.Buffers.Binary;

namespace Kavalek.Protocol.Identity;

/// <summary>What the instance signs of its audit log (docs/PROTOCOL.md §5.13): the end that it has with each record.</summary>
public static class AuditStatement
{
    /// <summary>The signed bytes: label <c>kavalek/v1/audit-head</c> over <c>instance ‖ uint64 number ‖ hash</c>.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="number">The record's number, 1 or more.</param>
    /// <param name="hash">The record's hash, 32 bytes.</param>
    public static byte[] SignedBytes(Id instance, long number, ReadOnlySpan<byte> hash)
    {
        Span<byte> ordinal = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(ordinal, number);
        return SignContent.Encode("kavalek/v1/audit-head", [.. instance.ToArray(), .. ordinal, .. hash]);
    }
}
