using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Protocol.Identity;

/// <summary>What holds the audit log together: each record's hash covers the one before (docs/PROTOCOL.md §5.13).</summary>
public static class AuditChain
{
    /// <summary>The hash before the first record.</summary>
    public static byte[] Start(Id instance) => SHA256.HashData([.. "kavalek/v1/audit"u8, .. instance.ToArray()]);

    /// <summary>SHA-256 over the hash before and a record.</summary>
    /// <param name="previous">The hash of the record before, 32 bytes.</param>
    /// <param name="number">The record's number, from 1.</param>
    /// <param name="at">Seconds since 1970.</param>
    /// <param name="actor">Who.</param>
    /// <param name="act">What.</param>
    /// <param name="subject">To whom; all zero where it was nobody.</param>
    /// <param name="detail">More of it.</param>
    public static byte[] Next(byte[] previous, long number, long at, Id actor, string act, Id subject, string detail)
    {
        ArgumentNullException.ThrowIfNull(previous);
        byte[] actBytes = Encoding.UTF8.GetBytes(act), detailBytes = Encoding.UTF8.GetBytes(detail);
        byte[] record = new byte[previous.Length + 8 + 8 + (2 * Limits.IdLength) + 2 + actBytes.Length + 2 + detailBytes.Length];
        Span<byte> rest = record;
        Put(ref rest, previous);
        BinaryPrimitives.WriteInt64BigEndian(rest, number);
        BinaryPrimitives.WriteInt64BigEndian(rest[8..], at);
        rest = rest[16..];
        Put(ref rest, actor.ToArray());
        Put(ref rest, subject.ToArray());
        foreach (byte[] text in (byte[][])[actBytes, detailBytes])
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, checked((ushort)text.Length));
            rest = rest[2..];
            Put(ref rest, text);
        }
        return SHA256.HashData(record);
    }

    static void Put(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }
}
