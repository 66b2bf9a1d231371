using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Kavalek.Protocol;

/// <summary>A random 128-bit id of an account, device, stream or entry; written as 32 lower-case hexadecimal digits.</summary>
/// <param name="High">The first eight bytes, big-endian.</param>
/// <param name="Low">The last eight bytes, big-endian.</param>
public readonly record struct Id(ulong High, ulong Low)
{
    /// <summary>A fresh id from the platform's secure generator.</summary>
    public static Id New()
    {
        Span<byte> bytes = stackalloc byte[Limits.IdLength];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    /// <summary>Reads 16 bytes.</summary>
    /// <exception cref="FormatException">Not 16 bytes.</exception>
    public static Id Read(ReadOnlySpan<byte> bytes) => TryRead(bytes, out Id id) ? id : throw new FormatException("an id has 16 bytes");

    /// <summary>Reads 16 bytes; false where there are more or fewer.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Id id)
    {
        id = default;
        if (bytes.Length != Limits.IdLength)
        {
            return false;
        }
        id = new Id(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes), System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
        return true;
    }

    /// <summary>Reads 32 lower-case hexadecimal digits; any other text is refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Id id)
    {
        id = default;
        Span<byte> bytes = stackalloc byte[Limits.IdLength];
        return text is { Length: 2 * Limits.IdLength }
            && !text.AsSpan().ContainsAnyInRange('A', 'F')
            && Convert.FromHexString(text, bytes, out _, out int written) == System.Buffers.OperationStatus.Done
            && written == Limits.IdLength
            && TryRead(bytes, out id);
    }

    /// <summary>Reads 32 lower-case hexadecimal digits.</summary>
    /// <exception cref="FormatException">Any other text.</exception>
    public static Id Parse(string text) => TryParse(text, out Id id) ? id : throw new FormatException("an id has 32 lower-case hexadecimal digits");

    /// <summary>The 16 bytes.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Limits.IdLength];
        Write(bytes);
        return bytes;
    }

    /// <summary>Writes the 16 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>The 32 digits.</summary>
    public override string ToString() => $"{High:x16}{Low:x16}";
}
