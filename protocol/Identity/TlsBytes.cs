using System.Buffers.Binary;

namespace Kavalek.Protocol.Identity;

/// <summary>Writes what docs/PROTOCOL.md §3 signs: big-endian integers and the variable-length vectors of RFC 9420 §2.1.2.</summary>
internal sealed class TlsBytes
{
    readonly List<byte> _bytes = new(256);

    public TlsBytes UInt16(ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return Raw(bytes);
    }

    public TlsBytes UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Raw(bytes);
    }

    public TlsBytes UInt64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return Raw(bytes);
    }

    public TlsBytes Id(Id id)
    {
        Span<byte> bytes = stackalloc byte[Limits.IdLength];
        id.Write(bytes);
        return Raw(bytes);
    }

    public TlsBytes Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public TlsBytes Vector(ReadOnlySpan<byte> bytes)
    {
        Span<byte> header = stackalloc byte[4];
        return Raw(header[..TlsVarint.Write(header, bytes.Length)]).Raw(bytes);
    }

    public byte[] ToArray() => [.. _bytes];
}

/// <summary>Reads the same from bytes nobody vouches for; whatever is wrong with them is a <see cref="FormatException"/>.</summary>
internal ref struct TlsView(ReadOnlySpan<byte> data)
{
    ReadOnlySpan<byte> _rest = data;

    public readonly bool AtEnd => _rest.IsEmpty;

    public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Raw(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Raw(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Raw(8));

    public Id Id() => Protocol.Id.Read(Raw(Limits.IdLength));

    public ReadOnlySpan<byte> Raw(int count)
    {
        if (count > _rest.Length) throw new FormatException("cut short");
        ReadOnlySpan<byte> read = _rest[..count];
        _rest = _rest[count..];
        return read;
    }

    public ReadOnlySpan<byte> Vector()
    {
        int length = TlsVarint.Read(_rest, out int header);
        _rest = _rest[header..];
        return Raw(length);
    }

    public readonly void End()
    {
        if (!AtEnd) throw new FormatException("trailing bytes");
    }
}

/// <summary>The header of a vector (RFC 9420 §2.1.2): 1, 2 or 4 bytes, always the shortest.</summary>
internal static class TlsVarint
{
    /// <summary>Writes the header for <paramref name="length"/> and returns its own length.</summary>
    public static int Write(Span<byte> destination, int length)
    {
        switch (length)
        {
            case < 0 or >= 1 << 30: throw new ArgumentOutOfRangeException(nameof(length));
            case < 1 << 6: destination[0] = (byte)length; return 1;
            case < 1 << 14: BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(0x4000 | length)); return 2;
            default: BinaryPrimitives.WriteUInt32BigEndian(destination, 0x8000_0000u | (uint)length); return 4;
        }
    }

    /// <summary>Reads a header; one that is cut short, of eight bytes, or longer than needed is refused.</summary>
    /// <exception cref="FormatException">Any of these.</exception>
    public static int Read(ReadOnlySpan<byte> data, out int header)
    {
        if (data.IsEmpty) throw new FormatException("cut short");
        header = 1 << (data[0] >> 6);
        if (header == 8 || header > data.Length) throw new FormatException("vector header");
        int length = header switch
        {
            1 => data[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(data) & 0x3fff,
            _ => (int)(BinaryPrimitives.ReadUInt32BigEndian(data) & 0x3fff_ffff),
        };
        int shortest = length < 1 << 6 ? 1 : length < 1 << 14 ? 2 : 4;
        return header == shortest ? length : throw new FormatException("vector header not minimal");
    }
}
