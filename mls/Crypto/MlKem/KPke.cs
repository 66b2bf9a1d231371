using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>K-PKE, the public-key encryption inside ML-KEM (FIPS 203 §5). On its own it withstands no active attacker.</summary>
static class KPke
{
    /// <summary>Â (algorithm 13, lines 3 to 7) from the public <paramref name="rho"/>: row by row, <see cref="MlKemParameters.MatrixSize"/> integers.</summary>
    public static void ExpandMatrix(MlKemParameters parameters, ReadOnlySpan<byte> rho, Span<int> matrix)
    {
        for (int row = 0; row < parameters.K; row++)
            for (int column = 0; column < parameters.K; column++)
                Polynomial.SampleUniform(rho, (byte)column, (byte)row, Element(parameters, matrix, row, column));
    }

    /// <summary>K-PKE.KeyGen (algorithm 13). Fills the encoded key, the secret vector ŝ and Â.</summary>
    public static void GenerateKey(
        MlKemParameters parameters, ReadOnlySpan<byte> d, Span<byte> encapsulationKey, Span<int> secret, Span<int> matrix)
    {
        Span<byte> seeds = stackalloc byte[64];
        Sha3.Hash512([.. d, (byte)parameters.K], seeds);
        Span<byte> rho = seeds[..32], sigma = seeds[32..];
        ExpandMatrix(parameters, rho, matrix);

        Span<int> error = stackalloc int[Polynomial.Size], sum = stackalloc int[Polynomial.Size];
        for (int i = 0; i < parameters.K; i++) SampleTransformed(sigma, (byte)i, At(secret, i));
        for (int row = 0; row < parameters.K; row++)
        {
            sum.Clear();
            for (int column = 0; column < parameters.K; column++)
                Ntt.MultiplyAdd(Element(parameters, matrix, row, column), At(secret, column), sum);
            Ntt.EndSumInDomain(sum);
            SampleTransformed(sigma, (byte)(parameters.K + row), error);
            Ntt.Add(sum, error);
            Ntt.Normalize(sum);
            Polynomial.Encode(sum, encapsulationKey[(row * Polynomial.EncodedLength)..]);
        }
        rho.CopyTo(encapsulationKey[(parameters.K * Polynomial.EncodedLength)..]);

        CryptographicOperations.ZeroMemory(seeds);
        error.Clear();
        sum.Clear();
    }

    /// <summary>K-PKE.Encrypt (algorithm 14) with the decoded key: its vector t̂ and its matrix Â.</summary>
    public static void Encrypt(
        MlKemParameters parameters, ReadOnlySpan<int> key, ReadOnlySpan<int> matrix, ReadOnlySpan<byte> message, ReadOnlySpan<byte> randomness, Span<byte> ciphertext)
    {
        int k = parameters.K;
        Span<int> y = stackalloc int[parameters.VectorSize], error = stackalloc int[Polynomial.Size], sum = stackalloc int[Polynomial.Size];
        for (int i = 0; i < k; i++) SampleTransformed(randomness, (byte)i, At(y, i));
        for (int row = 0; row < k; row++)
        {
            sum.Clear();
            // Transposed: the row of Âᵀ is the column of Â.
            for (int column = 0; column < k; column++) Ntt.MultiplyAdd(Element(parameters, matrix, column, row), At(y, column), sum);
            Ntt.EndSum(sum);
            Ntt.Inverse(sum);
            Sample(randomness, (byte)(k + row), error);
            Ntt.Add(sum, error);
            Ntt.Normalize(sum);
            Polynomial.Pack(sum, parameters.Du, ciphertext[(row * Polynomial.PackedLength(parameters.Du))..]);
        }
        sum.Clear();
        for (int i = 0; i < k; i++) Ntt.MultiplyAdd(At(key, i), At(y, i), sum);
        Ntt.EndSum(sum);
        Ntt.Inverse(sum);
        Sample(randomness, (byte)(2 * k), error);
        Ntt.Add(sum, error);
        Polynomial.AddMessage(message, sum);
        Ntt.Normalize(sum);
        Polynomial.Pack(sum, parameters.Dv, ciphertext[(k * Polynomial.PackedLength(parameters.Du))..]);

        y.Clear();
        error.Clear();
        sum.Clear();
    }

    /// <summary>K-PKE.Decrypt (algorithm 15) into the 32 bytes of <paramref name="message"/>.</summary>
    public static void Decrypt(MlKemParameters parameters, ReadOnlySpan<int> secret, ReadOnlySpan<byte> ciphertext, Span<byte> message)
    {
        int packed = Polynomial.PackedLength(parameters.Du);
        Span<int> u = stackalloc int[Polynomial.Size], sum = stackalloc int[Polynomial.Size];
        sum.Clear();
        for (int i = 0; i < parameters.K; i++)
        {
            Polynomial.Unpack(ciphertext.Slice(i * packed, packed), parameters.Du, u);
            Ntt.Forward(u);
            Ntt.MultiplyAdd(At(secret, i), u, sum);
        }
        Ntt.EndSum(sum);
        Ntt.Inverse(sum);
        Polynomial.Unpack(ciphertext[(parameters.K * packed)..], parameters.Dv, u);
        Ntt.Subtract(u, sum);
        Ntt.Normalize(u);
        Polynomial.Pack(u, 1, message);

        u.Clear();
        sum.Clear();
    }

    static void SampleTransformed(ReadOnlySpan<byte> seed, byte counter, Span<int> polynomial)
    {
        Sample(seed, counter, polynomial);
        Ntt.Forward(polynomial);
    }

    /// <summary>SamplePolyCBD(PRF(seed, counter)), the PRF being SHAKE256 (§4.1).</summary>
    static void Sample(ReadOnlySpan<byte> seed, byte counter, Span<int> polynomial)
    {
        Span<byte> input = stackalloc byte[33], random = stackalloc byte[Polynomial.BinomialLength];
        seed.CopyTo(input);
        input[32] = counter;
        Sha3.Shake256(input, random);
        Polynomial.SampleBinomial(random, polynomial);
        CryptographicOperations.ZeroMemory(input);
        CryptographicOperations.ZeroMemory(random);
    }

    static Span<int> At(Span<int> vector, int index) => vector.Slice(index * Polynomial.Size, Polynomial.Size);

    static ReadOnlySpan<int> At(ReadOnlySpan<int> vector, int index) => vector.Slice(index * Polynomial.Size, Polynomial.Size);

    static Span<int> Element(MlKemParameters parameters, Span<int> matrix, int row, int column) => At(matrix, row * parameters.K + column);

    static ReadOnlySpan<int> Element(MlKemParameters parameters, ReadOnlySpan<int> matrix, int row, int column) => At(matrix, row * parameters.K + column);
}
