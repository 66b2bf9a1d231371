using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>
/// Writes the presentation language of RFC 9420 §2.1: big-endian integers and vectors behind a variable-length header.
/// Disposing zeroes the buffer, since secrets are encoded too.
/// </summary>
internal sealed class TlsWriter(int capacity = 256) : IDisposable
{
    byte[] _buffer = new byte[capacity];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written so far, valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <summary>A copy of what was written.</summary>
    public byte[] ToArray() => Written.ToArray();

    public void WriteUInt8(byte value) => Reserve(1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Reserve(2), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Reserve(4), value);

    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Reserve(8), value);

    /// <summary>Bytes as they are, without a header.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <summary>As many zero bytes.</summary>
    public void WriteZeros(int count) => Reserve(count).Clear();

    /// <summary><c>opaque value&lt;V&gt;</c> (§2.1.2).</summary>
    public void WriteVector(ReadOnlySpan<byte> bytes)
    {
        WriteLength(bytes.Length);
        WriteRaw(bytes);
    }

    /// <summary><c>T values&lt;V&gt;</c>: a header that counts bytes, then the items.</summary>
    public void WriteList<T>(IReadOnlyList<T> items, Action<TlsWriter, T> writeItem)
    {
        int start = BeginVector();
        for (int i = 0; i < items.Count; i++) writeItem(this, items[i]);
        EndVector(start);
    }

    /// <summary><c>optional&lt;T&gt;</c> (§2.1.1).</summary>
    public void WriteOptional<T>(T? value, Action<TlsWriter, T> writeValue) where T : class
    {
        WriteUInt8(value is null ? (byte)0 : (byte)1);
        if (value is not null) writeValue(this, value);
    }

    /// <summary>Opens a vector whose length is not known yet; close it with <see cref="EndVector"/>.</summary>
    public int BeginVector()
    {
        Reserve(1);
        return Length;
    }

    /// <summary>Closes the vector opened at <paramref name="start"/>, moving its content where the header needs more than a byte.</summary>
    public void EndVector(int start)
    {
        int length = Length - start;
        int extra = HeaderLength(length) - 1;
        if (extra > 0)
        {
            Reserve(extra);
            _buffer.AsSpan(start, length).CopyTo(_buffer.AsSpan(start + extra));
        }
        WriteHeader(_buffer.AsSpan(start - 1), length);
    }

    /// <summary>Zeroes the buffer.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_buffer);
        Length = 0;
    }

    /// <summary>Bytes of the header before a vector of <paramref name="length"/> bytes: 1, 2 or 4.</summary>
    public static int HeaderLength(int length) => length switch
    {
        < 0 => throw new ArgumentOutOfRangeException(nameof(length)),
        < 1 << 6 => 1,
        < 1 << 14 => 2,
        < 1 << 30 => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(length), "a vector holds less than 2^30 bytes (RFC 9420 §2.1.2)"),
    };

    void WriteLength(int length) => WriteHeader(Reserve(HeaderLength(length)), length);

    /// <summary>Writes the header of a vector of <paramref name="length"/> bytes and returns the header's own length.</summary>
    public static int WriteHeader(Span<byte> destination, int length)
    {
        int header = HeaderLength(length);
        switch (header)
        {
            case 1: destination[0] = (byte)length; break;
            case 2: BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(0x4000 | length)); break;
            default: BinaryPrimitives.WriteUInt32BigEndian(destination, 0x8000_0000u | (uint)length); break;
        }
        return header;
    }

    Span<byte> Reserve(int count)
    {
        if (Length + count > _buffer.Length)
        {
            byte[] larger = new byte[Math.Max(Length + count, _buffer.Length * 2)];
            Written.CopyTo(larger);
            CryptographicOperations.ZeroMemory(_buffer);
            _buffer = larger;
        }
        Length += count;
        return _buffer.AsSpan(Length - count, count);
    }
}
