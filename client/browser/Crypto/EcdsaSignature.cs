namespace Kavalek.Client.Browser;

/// <summary>An ECDSA signature as MLS carries it (DER, RFC 9420 §5.1.2) and as WebCrypto does: two integers of fixed length.</summary>
static class EcdsaSignature
{
    const byte Sequence = 0x30, Integer = 0x02;

    /// <summary>The DER form.</summary>
    public static byte[] ToDer(ReadOnlySpan<byte> raw)
    {
        byte[] r = Encode(raw[..(raw.Length / 2)]), s = Encode(raw[(raw.Length / 2)..]);
        int length = r.Length + s.Length;
        return length < 0x80 ? [Sequence, (byte)length, .. r, .. s] : [Sequence, 0x81, (byte)length, .. r, .. s];
    }

    /// <summary>The fixed form, each integer of <paramref name="size"/> bytes; <c>null</c> for anything but the one DER encoding of two such integers.</summary>
    public static byte[]? FromDer(ReadOnlySpan<byte> der, int size)
    {
        byte[] raw = new byte[2 * size];
        if (!TryHeader(ref der, Sequence, out int length) || length != der.Length) return null;
        return TryInteger(ref der, raw.AsSpan(0, size)) && TryInteger(ref der, raw.AsSpan(size)) && der.IsEmpty ? raw : null;
    }

    static byte[] Encode(ReadOnlySpan<byte> integer)
    {
        int zeros = integer.IndexOfAnyExcept((byte)0);
        ReadOnlySpan<byte> digits = zeros < 0 ? integer[^1..] : integer[zeros..];
        return digits[0] < 0x80 ? [Integer, (byte)digits.Length, .. digits] : [Integer, (byte)(digits.Length + 1), 0, .. digits];
    }

    static bool TryInteger(ref ReadOnlySpan<byte> der, Span<byte> destination)
    {
        if (!TryHeader(ref der, Integer, out int length) || length is 0 || length > der.Length) return false;
        ReadOnlySpan<byte> digits = der[..length];
        der = der[length..];
        // Negative, or a zero too many.
        if (digits[0] >= 0x80 || (digits.Length > 1 && digits[0] == 0 && digits[1] < 0x80)) return false;
        if (digits[0] == 0) digits = digits[1..];
        if (digits.Length > destination.Length) return false;
        digits.CopyTo(destination[^digits.Length..]);
        return true;
    }

    static bool TryHeader(ref ReadOnlySpan<byte> der, byte tag, out int length)
    {
        length = 0;
        if (der.Length < 2 || der[0] != tag) return false;
        length = der[1];
        der = der[2..];
        if (length < 0x80) return true;
        // Two integers of P-521 are 139 bytes at most: one byte of length is all there is.
        if (length != 0x81 || der.IsEmpty || der[0] < 0x80) return false;
        length = der[0];
        der = der[1..];
        return true;
    }
}
