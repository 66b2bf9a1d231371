namespace Kavalek.Mls;

/// <summary>
/// What ML-KEM does to a polynomial beside the transform (FIPS 203 §4.2): sampling, and packing into bytes. A polynomial is 256
/// integers, the 128 even coefficients before the 128 odd ones (see <see cref="Ntt"/>).
/// </summary>
/// <remarks>But for <see cref="SampleUniform"/> and <see cref="TryDecode"/>, whose input is public, no branch and no index depends on a value.</remarks>
static class Polynomial
{
    /// <summary>The modulus.</summary>
    public const int Q = 3329;

    /// <summary>Coefficients.</summary>
    public const int Size = 256;

    /// <summary>Bytes of a polynomial at 12 bits a coefficient.</summary>
    public const int EncodedLength = 384;

    /// <summary>Bytes of randomness that <see cref="SampleBinomial"/> takes: 64η.</summary>
    public const int BinomialLength = 128;

    const int Half = Ntt.Half;

    /// <summary>Bytes of a polynomial at <paramref name="bits"/> a coefficient.</summary>
    public static int PackedLength(int bits) => Size / 8 * bits;

    /// <summary>SampleNTT (algorithm 7): uniform in the transform's domain, from the public <paramref name="seed"/> and two indices.</summary>
    public static void SampleUniform(ReadOnlySpan<byte> seed, byte column, byte row, Span<int> polynomial)
    {
        const int Block = 168;
        // Three blocks of SHAKE128 are enough 99 times in 100, four practically always.
        Span<byte> stream = stackalloc byte[4 * Block];
        Span<byte> input = [.. seed, column, row];
        if (Accept(input, stream[..(3 * Block)], polynomial) || Accept(input, stream, polynomial)) return;
        for (int blocks = 5; ; blocks++)
            if (Accept(input, new byte[blocks * Block], polynomial)) return;
    }

    /// <summary>SamplePolyCBD for η = 2 (algorithm 8): each coefficient is the difference of two sums of two bits.</summary>
    public static void SampleBinomial(ReadOnlySpan<byte> random, Span<int> polynomial)
    {
        Span<int> even = polynomial[..Half], odd = polynomial.Slice(Half, Half);
        random = random[..Half];
        for (int i = 0; i < random.Length; i++)
        {
            int bits = random[i];
            // Sums of neighbouring bits, in four fields of two bits.
            int sums = (bits & 0x55) + ((bits >> 1) & 0x55);
            even[i] = (sums & 3) - ((sums >> 2) & 3);
            odd[i] = ((sums >> 4) & 3) - (sums >> 6);
        }
    }

    /// <summary>ByteEncode₁₂ (algorithm 5) of coefficients in 0 … q - 1.</summary>
    public static void Encode(ReadOnlySpan<int> polynomial, Span<byte> bytes)
    {
        ReadOnlySpan<int> even = polynomial[..Half], odd = polynomial.Slice(Half, Half);
        unchecked
        {
            for (int i = 0; i < even.Length; i++)
            {
                int a = even[i], b = odd[i];
                bytes[3 * i] = (byte)a;
                bytes[3 * i + 1] = (byte)((a >> 8) | (b << 4));
                bytes[3 * i + 2] = (byte)(b >> 4);
            }
        }
    }

    /// <summary>ByteDecode₁₂ (algorithm 6) without the reduction: coefficients below 4,096.</summary>
    public static void Decode(ReadOnlySpan<byte> bytes, Span<int> polynomial)
    {
        Span<int> even = polynomial[..Half], odd = polynomial.Slice(Half, Half);
        for (int i = 0; i < even.Length; i++)
        {
            int a = bytes[3 * i], b = bytes[3 * i + 1], c = bytes[3 * i + 2];
            even[i] = a | ((b & 15) << 8);
            odd[i] = (b >> 4) | (c << 4);
        }
    }

    /// <summary>The modulus check of a public polynomial (FIPS 203 §7.2); <c>false</c> where a coefficient is q or more.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, Span<int> polynomial)
    {
        Decode(bytes, polynomial);
        return !polynomial[..Size].ContainsAnyExceptInRange(0, Q - 1);
    }

    /// <summary>Compress and ByteEncode (§4.2.1) of coefficients in 0 … q - 1 to <paramref name="bits"/> each, at most 11.</summary>
    public static void Pack(ReadOnlySpan<int> polynomial, int bits, Span<byte> bytes)
    {
        ReadOnlySpan<int> even = polynomial[..Half], odd = polynomial.Slice(Half, Half);
        uint mask = (1u << bits) - 1;
        uint pending = 0;
        int filled = 0, at = 0;
        unchecked
        {
            for (int i = 0; i < even.Length; i++)
            {
                pending |= Compress((uint)even[i], bits, mask) << filled;
                for (filled += bits; filled >= 8; filled -= 8, pending >>= 8) bytes[at++] = (byte)pending;
                pending |= Compress((uint)odd[i], bits, mask) << filled;
                for (filled += bits; filled >= 8; filled -= 8, pending >>= 8) bytes[at++] = (byte)pending;
            }
        }
    }

    /// <summary>ByteDecode and Decompress (§4.2.1) from <paramref name="bits"/> each: coefficients in 0 … q.</summary>
    public static void Unpack(ReadOnlySpan<byte> bytes, int bits, Span<int> polynomial)
    {
        Span<int> even = polynomial[..Half], odd = polynomial.Slice(Half, Half);
        int mask = (1 << bits) - 1, half = 1 << (bits - 1), pending = 0, filled = 0, at = 0;
        for (int i = 0; i < even.Length; i++)
        {
            for (; filled < bits; filled += 8) pending |= bytes[at++] << filled;
            even[i] = ((pending & mask) * Q + half) >> bits;
            pending >>= bits;
            filled -= bits;
            for (; filled < bits; filled += 8) pending |= bytes[at++] << filled;
            odd[i] = ((pending & mask) * Q + half) >> bits;
            pending >>= bits;
            filled -= bits;
        }
    }

    /// <summary>Adds q/2, rounded up, for each bit of a 32-byte message that is set: Decompress₁(ByteDecode₁(m)).</summary>
    public static void AddMessage(ReadOnlySpan<byte> message, Span<int> polynomial)
    {
        Span<int> even = polynomial[..Half], odd = polynomial.Slice(Half, Half);
        for (int i = 0; i < even.Length; i++)
        {
            int bits = message[i / 4] >> (2 * (i & 3));
            even[i] += -(bits & 1) & ((Q + 1) / 2);
            odd[i] += -((bits >> 1) & 1) & ((Q + 1) / 2);
        }
    }

    /// <summary>Compress_d: the nearest multiple of q/2^d. A division would take time that depends on the secret.</summary>
    internal static uint Compress(uint coefficient, int bits, uint mask)
    {
        // 2⁴⁰/q rounded up: exact for every numerator below 2²³.
        const ulong Reciprocal = (1UL << 40) / Q + 1;
        return unchecked((uint)(((coefficient << bits) + Q / 2) * Reciprocal >> 40) & mask);
    }

    static bool Accept(ReadOnlySpan<byte> input, Span<byte> stream, Span<int> polynomial)
    {
        Sha3.Shake128(input, stream);
        int count = 0;
        for (int at = 0; at < stream.Length && count < Size; at += 3)
        {
            int first = stream[at] | ((stream[at + 1] & 15) << 8), second = (stream[at + 1] >> 4) | (stream[at + 2] << 4);
            if (first < Q) polynomial[(count & 1) * Half + count++ / 2] = first;
            if (second < Q && count < Size) polynomial[(count & 1) * Half + count++ / 2] = second;
        }
        return count == Size;
    }
}
