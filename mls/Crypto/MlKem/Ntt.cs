using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Kavalek.Mls;

/// <summary>
/// The number-theoretic transform of ML-KEM (FIPS 203 §4.3) on a polynomial whose 128 even coefficients stand before its 128 odd
/// ones. The transform treats the two halves alike and never mixes them, so each is a whole 128-point transform and every step,
/// the multiplication of pairs too, runs on four coefficients at once.
/// </summary>
/// <remarks>
/// Coefficients are signed and reduced lazily. Montgomery's reduction takes anything below q·2¹⁵ = 109 million in size and gives
/// less than q; the comments count in q. Arithmetic only: no branch and no index depends on a coefficient.
/// </remarks>
static class Ntt
{
    public const int Half = 128;

    const int Q = Polynomial.Q;
    /// <summary>1/q mod 2¹⁶, signed.</summary>
    const int QInverse = -3327;
    /// <summary>2¹⁶ mod q, signed: 1 in Montgomery's form.</summary>
    const int One = -1044;
    /// <summary>2³² mod q: multiplying by it enters Montgomery's form.</summary>
    const int IntoMontgomery = 1353;
    /// <summary>2³²/128 mod q: ends the inverse transform and cancels the 2⁻¹⁶ that a multiplication of pairs leaves.</summary>
    const int InverseScale = 1441;

    // ζ = 17 to the power of the bit-reversed index, in Montgomery's form.
    static readonly int[] Zetas = Table(index => Power(Reverse(index)));
    // The γ of each pair (FIPS 203 algorithm 11).
    static readonly int[] Gammas = Table(index => Power(2 * Reverse(index) + 1));
    // For the layers that pair neighbours inside a vector: the factor of each lane, negative where the difference goes.
    static readonly int[] Forward2 = Table(lane => Signed(Power(Reverse(32 + lane / 4)), (lane & 2) != 0));
    static readonly int[] Forward1 = Table(lane => Signed(Power(Reverse(64 + lane / 2)), (lane & 1) != 0));
    static readonly int[] Inverse1 = Table(lane => (lane & 1) != 0 ? -Power(Reverse(127 - lane / 2)) : One);
    static readonly int[] Inverse2 = Table(lane => (lane & 2) != 0 ? -Power(Reverse(63 - lane / 4)) : One);

    /// <summary>Algorithm 9, in place: from at most q in size to at most q/2.</summary>
    public static void Forward(Span<int> polynomial)
    {
        ForwardHalf(ref polynomial[0]);
        ForwardHalf(ref polynomial[Half]);
        Reduce(polynomial);
    }

    /// <summary>Algorithm 10, in place, times 2¹⁶: from less than q in size to less than q.</summary>
    public static void Inverse(Span<int> polynomial)
    {
        InverseHalf(ref polynomial[0]);
        InverseHalf(ref polynomial[Half]);
    }

    /// <summary>
    /// Adds the product of <paramref name="a"/> (below 4,096) and <paramref name="b"/> (at most q/2 in size) to <paramref name="sum"/>
    /// (algorithms 11 and 12), unreduced: eight products fit.
    /// </summary>
    public static void MultiplyAdd(ReadOnlySpan<int> a, ReadOnlySpan<int> b, Span<int> sum)
    {
        ref int x = ref MemoryMarshal.GetReference(a[..Polynomial.Size]);
        ref int y = ref MemoryMarshal.GetReference(b[..Polynomial.Size]);
        ref int z = ref MemoryMarshal.GetReference(sum[..Polynomial.Size]);
        ref int gammas = ref MemoryMarshal.GetArrayDataReference(Gammas);
        for (nuint even = 0, odd = Half; even < Half; even += 4, odd += 4)
        {
            Vector128<int> x0 = Vector128.LoadUnsafe(ref x, even), x1 = Vector128.LoadUnsafe(ref x, odd);
            Vector128<int> y0 = Vector128.LoadUnsafe(ref y, even), y1 = Vector128.LoadUnsafe(ref y, odd);
            Vector128<int> cross = Montgomery(x1 * y1) * Vector128.LoadUnsafe(ref gammas, even);
            (Vector128.LoadUnsafe(ref z, even) + x0 * y0 + cross).StoreUnsafe(ref z, even);
            (Vector128.LoadUnsafe(ref z, odd) + x0 * y1 + x1 * y0).StoreUnsafe(ref z, odd);
        }
    }

    /// <summary>Ends a sum of products before <see cref="Inverse"/>: less than q in size, times 2⁻¹⁶.</summary>
    public static void EndSum(Span<int> sum)
    {
        ref int x = ref MemoryMarshal.GetReference(sum[..Polynomial.Size]);
        for (nuint i = 0; i < Polynomial.Size; i += 4) Montgomery(Vector128.LoadUnsafe(ref x, i)).StoreUnsafe(ref x, i);
    }

    /// <summary>Ends a sum of products that stays in the transform's domain: less than q in size, with nothing left over.</summary>
    public static void EndSumInDomain(Span<int> sum)
    {
        ref int x = ref MemoryMarshal.GetReference(sum[..Polynomial.Size]);
        for (nuint i = 0; i < Polynomial.Size; i += 4)
            Montgomery(Montgomery(Vector128.LoadUnsafe(ref x, i)) * IntoMontgomery).StoreUnsafe(ref x, i);
    }

    /// <summary>Brings coefficients of less than 2¹⁶ in size to at most q/2.</summary>
    public static void Reduce(Span<int> polynomial)
    {
        ref int x = ref MemoryMarshal.GetReference(polynomial[..Polynomial.Size]);
        for (nuint i = 0; i < Polynomial.Size; i += 4) Barrett(Vector128.LoadUnsafe(ref x, i)).StoreUnsafe(ref x, i);
    }

    /// <summary>Brings coefficients of less than 2¹⁶ in size to 0 … q - 1.</summary>
    public static void Normalize(Span<int> polynomial)
    {
        ref int x = ref MemoryMarshal.GetReference(polynomial[..Polynomial.Size]);
        for (nuint i = 0; i < Polynomial.Size; i += 4)
        {
            Vector128<int> reduced = Barrett(Vector128.LoadUnsafe(ref x, i));
            (reduced + ((reduced >> 31) & Vector128.Create(Q))).StoreUnsafe(ref x, i);
        }
    }

    public static void Add(Span<int> polynomial, ReadOnlySpan<int> other)
    {
        ref int x = ref MemoryMarshal.GetReference(polynomial[..Polynomial.Size]);
        ref int y = ref MemoryMarshal.GetReference(other[..Polynomial.Size]);
        for (nuint i = 0; i < Polynomial.Size; i += 4) (Vector128.LoadUnsafe(ref x, i) + Vector128.LoadUnsafe(ref y, i)).StoreUnsafe(ref x, i);
    }

    public static void Subtract(Span<int> polynomial, ReadOnlySpan<int> other)
    {
        ref int x = ref MemoryMarshal.GetReference(polynomial[..Polynomial.Size]);
        ref int y = ref MemoryMarshal.GetReference(other[..Polynomial.Size]);
        for (nuint i = 0; i < Polynomial.Size; i += 4) (Vector128.LoadUnsafe(ref x, i) - Vector128.LoadUnsafe(ref y, i)).StoreUnsafe(ref x, i);
    }

    static void ForwardHalf(ref int half)
    {
        ref int zetas = ref MemoryMarshal.GetArrayDataReference(Zetas);
        nuint index = 1;
        // Each layer adds less than q: from 1 q to 6 q here, to 8 q below.
        for (nuint length = 64; length >= 4; length /= 2)
        {
            for (nuint start = 0; start < Half; start += 2 * length, index++)
            {
                Vector128<int> zeta = Vector128.Create(Unsafe.Add(ref zetas, index));
                for (nuint low = start; low < start + length; low += 4)
                {
                    Vector128<int> a = Vector128.LoadUnsafe(ref half, low);
                    Vector128<int> b = Montgomery(Vector128.LoadUnsafe(ref half, low + length) * zeta);
                    (a + b).StoreUnsafe(ref half, low);
                    (a - b).StoreUnsafe(ref half, low + length);
                }
            }
        }
        ref int forward2 = ref MemoryMarshal.GetArrayDataReference(Forward2);
        ref int forward1 = ref MemoryMarshal.GetArrayDataReference(Forward1);
        for (nuint i = 0; i < Half; i += 4)
        {
            Vector128<int> v = Vector128.LoadUnsafe(ref half, i);
            Vector128<int> b = Vector128.Shuffle(v, Vector128.Create(2, 3, 2, 3)) * Vector128.LoadUnsafe(ref forward2, i);
            v = Vector128.Shuffle(v, Vector128.Create(0, 1, 0, 1)) + Montgomery(b);
            b = Vector128.Shuffle(v, Vector128.Create(1, 1, 3, 3)) * Vector128.LoadUnsafe(ref forward1, i);
            v = Vector128.Shuffle(v, Vector128.Create(0, 0, 2, 2)) + Montgomery(b);
            v.StoreUnsafe(ref half, i);
        }
    }

    static void InverseHalf(ref int half)
    {
        ref int inverse1 = ref MemoryMarshal.GetArrayDataReference(Inverse1);
        ref int inverse2 = ref MemoryMarshal.GetArrayDataReference(Inverse2);
        Vector128<int> odd = Vector128.Create(0, -1, 0, -1), upper = Vector128.Create(0, 0, -1, -1);
        for (nuint i = 0; i < Half; i += 4)
        {
            // (v ^ -1) - -1 is -v: the lower partner gets the sum, the upper one the difference.
            Vector128<int> v = Vector128.LoadUnsafe(ref half, i);
            v = Vector128.Shuffle(v, Vector128.Create(1, 0, 3, 2)) + ((v ^ odd) - odd);
            v = Montgomery(v * Vector128.LoadUnsafe(ref inverse1, i));
            v = Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)) + ((v ^ upper) - upper);
            v = Montgomery(v * Vector128.LoadUnsafe(ref inverse2, i));
            v.StoreUnsafe(ref half, i);
        }
        ref int zetas = ref MemoryMarshal.GetArrayDataReference(Zetas);
        nuint index = 31;
        for (nuint length = 4; length <= 64; length *= 2)
        {
            for (nuint start = 0; start < Half; start += 2 * length, index--)
            {
                Vector128<int> zeta = Vector128.Create(Unsafe.Add(ref zetas, index));
                for (nuint low = start; low < start + length; low += 4)
                {
                    Vector128<int> a = Vector128.LoadUnsafe(ref half, low);
                    Vector128<int> b = Vector128.LoadUnsafe(ref half, low + length);
                    (a + b).StoreUnsafe(ref half, low);
                    Montgomery((b - a) * zeta).StoreUnsafe(ref half, low + length);
                }
            }
            // A sum doubles each time: brought back once, it is never above 8 q where it is multiplied.
            if (length == 16)
                for (nuint i = 0; i < Half; i += 4) Barrett(Vector128.LoadUnsafe(ref half, i)).StoreUnsafe(ref half, i);
        }
        for (nuint i = 0; i < Half; i += 4) Montgomery(Vector128.LoadUnsafe(ref half, i) * InverseScale).StoreUnsafe(ref half, i);
    }

    /// <summary>a·2⁻¹⁶ mod q for |a| &lt; q·2¹⁵; less than q in size.</summary>
    static Vector128<int> Montgomery(Vector128<int> a)
    {
        Vector128<int> t = ((a * QInverse) << 16) >> 16;
        return (a - t * Q) >> 16;
    }

    /// <summary>a mod q for |a| &lt; 2¹⁶, centred: 20,159 is 2²⁶/q rounded.</summary>
    static Vector128<int> Barrett(Vector128<int> a)
    {
        Vector128<int> quotient = (a * 20159 + Vector128.Create(1 << 25)) >> 26;
        return a - quotient * Q;
    }

    static int[] Table(Func<int, int> value) => [.. Enumerable.Range(0, Half).Select(value)];

    static int Signed(int value, bool negative) => negative ? -value : value;

    /// <summary>The seven bits of an index, turned round.</summary>
    static int Reverse(int index)
    {
        int reversed = 0;
        for (int bit = 0; bit < 7; bit++) reversed |= ((index >> bit) & 1) << (6 - bit);
        return reversed;
    }

    /// <summary>17 to the power of <paramref name="exponent"/>, times 2¹⁶, centred.</summary>
    static int Power(int exponent)
    {
        int value = 65536 % Q;
        for (int i = 0; i < exponent; i++) value = value * 17 % Q;
        return value > Q / 2 ? value - Q : value;
    }
}
