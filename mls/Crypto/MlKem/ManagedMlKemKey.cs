using System.Buffers;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>
/// ML-KEM (FIPS 203) in managed code: an expanded decapsulation key, and encapsulation. Disposing zeroes the
/// secrets. Immutable until then, and safe for concurrent use.
/// </summary>
/// <remarks>
/// Constant-time in structure: no branch and no index depends on a secret, the comparison and the choice of implicit rejection go
/// by masks. What the just-in-time compiler makes of it is not proven; platforms with an ML-KEM of their own use that
/// (<see cref="MlKem"/>).
/// </remarks>
sealed class ManagedMlKemKey : IDisposable
{
    readonly MlKemParameters _parameters;
    readonly byte[] _encapsulationKey;
    readonly int[] _secret;
    readonly int[] _key;
    readonly int[] _matrix;
    // H(ek) (algorithm 16) and the value behind implicit rejection.
    readonly byte[] _hash = new byte[32];
    readonly byte[] _z;

    ManagedMlKemKey(MlKemParameters parameters, ReadOnlySpan<byte> z)
    {
        _parameters = parameters;
        _encapsulationKey = new byte[parameters.EncapsulationKeyLength];
        _secret = new int[parameters.VectorSize];
        _key = new int[parameters.VectorSize];
        _matrix = new int[parameters.MatrixSize];
        _z = z.ToArray();
    }

    /// <summary>The encapsulation key as FIPS 203 encodes it.</summary>
    public ReadOnlySpan<byte> EncapsulationKey => _encapsulationKey;

    /// <summary>ML-KEM.KeyGen_internal (algorithm 16) from d ‖ z.</summary>
    public static ManagedMlKemKey FromSeed(MlKemParameters parameters, ReadOnlySpan<byte> seed)
    {
        if (seed.Length != MlKemParameters.SeedLength) throw new ArgumentException("not 64 bytes", nameof(seed));
        ManagedMlKemKey key = new(parameters, seed[32..]);
        KPke.GenerateKey(parameters, seed[..32], key._encapsulationKey, key._secret, key._matrix);
        for (int i = 0; i < parameters.K; i++)
            Polynomial.Decode(key._encapsulationKey.AsSpan(i * Polynomial.EncodedLength), key._key.AsSpan(i * Polynomial.Size, Polynomial.Size));
        Sha3.Hash256(key._encapsulationKey, key._hash);
        return key;
    }

    /// <summary>A key in the expanded form; <c>null</c> where it fails the checks of FIPS 203 §7.3: its length, and the hash inside it.</summary>
    public static ManagedMlKemKey? FromExpanded(MlKemParameters parameters, ReadOnlySpan<byte> expanded)
    {
        if (expanded.Length != parameters.ExpandedKeyLength) return null;
        int secretLength = parameters.K * Polynomial.EncodedLength;
        ManagedMlKemKey key = new(parameters, expanded[^32..]);
        expanded.Slice(secretLength, parameters.EncapsulationKeyLength).CopyTo(key._encapsulationKey);
        Sha3.Hash256(key._encapsulationKey, key._hash);
        if (!CryptographicOperations.FixedTimeEquals(key._hash, expanded[^64..^32]) || !TryDecode(parameters, key._encapsulationKey, key._key, key._matrix))
        {
            key.Dispose();
            return null;
        }
        for (int i = 0; i < parameters.K; i++)
            Polynomial.Decode(expanded[(i * Polynomial.EncodedLength)..], key._secret.AsSpan(i * Polynomial.Size, Polynomial.Size));
        return key;
    }

    /// <summary>
    /// ML-KEM.Encaps_internal (algorithm 17) with the randomness <paramref name="m"/>; <c>false</c> where the key has a wrong
    /// length or fails the modulus check of §7.2.
    /// </summary>
    public static bool TryEncapsulate(
        MlKemParameters parameters, ReadOnlySpan<byte> encapsulationKey, ReadOnlySpan<byte> m, Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        if (encapsulationKey.Length != parameters.EncapsulationKeyLength) return false;
        int[] pooled = ArrayPool<int>.Shared.Rent(parameters.VectorSize + parameters.MatrixSize);
        try
        {
            Span<int> key = pooled.AsSpan(0, parameters.VectorSize), matrix = pooled.AsSpan(parameters.VectorSize, parameters.MatrixSize);
            if (!TryDecode(parameters, encapsulationKey, key, matrix)) return false;
            Span<byte> hash = stackalloc byte[32], derived = stackalloc byte[64];
            Sha3.Hash256(encapsulationKey, hash);
            Derive(m, hash, derived);
            KPke.Encrypt(parameters, key, matrix, m, derived[32..], ciphertext);
            derived[..32].CopyTo(sharedSecret);
            CryptographicOperations.ZeroMemory(derived);
            return true;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(pooled);
        }
    }

    /// <summary>
    /// ML-KEM.Decaps_internal (algorithm 18); <c>false</c> where the ciphertext has a wrong length. Any other ciphertext gives a
    /// secret, a pseudorandom one where it was not made for this key.
    /// </summary>
    public bool TryDecapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        if (ciphertext.Length != _parameters.CiphertextLength) return false;
        Span<byte> message = stackalloc byte[32], derived = stackalloc byte[64], rejected = stackalloc byte[32];
        Span<byte> again = stackalloc byte[_parameters.CiphertextLength], rejectionInput = stackalloc byte[32 + _parameters.CiphertextLength];
        KPke.Decrypt(_parameters, _secret, ciphertext, message);
        Derive(message, _hash, derived);
        _z.CopyTo(rejectionInput);
        ciphertext.CopyTo(rejectionInput[32..]);
        Sha3.Shake256(rejectionInput, rejected);
        KPke.Encrypt(_parameters, _key, _matrix, message, derived[32..], again);

        // All ones where the ciphertexts differ. Both secrets are read in full either way.
        int difference = 0;
        for (int i = 0; i < again.Length; i++) difference |= again[i] ^ ciphertext[i];
        int mask = -difference >> 31;
        for (int i = 0; i < MlKemParameters.SecretLength; i++) sharedSecret[i] = (byte)((derived[i] & ~mask) | (rejected[i] & mask));

        CryptographicOperations.ZeroMemory(message);
        CryptographicOperations.ZeroMemory(derived);
        CryptographicOperations.ZeroMemory(rejected);
        CryptographicOperations.ZeroMemory(rejectionInput);
        CryptographicOperations.ZeroMemory(again);
        return true;
    }

    /// <summary>Zeroes ŝ and z.</summary>
    public void Dispose()
    {
        Array.Clear(_secret);
        CryptographicOperations.ZeroMemory(_z);
    }

    /// <summary>G (§4.1): the shared secret, then the randomness of the encryption.</summary>
    static void Derive(ReadOnlySpan<byte> message, ReadOnlySpan<byte> hash, Span<byte> derived)
    {
        Span<byte> input = stackalloc byte[64];
        message.CopyTo(input);
        hash.CopyTo(input[32..]);
        Sha3.Hash512(input, derived);
        CryptographicOperations.ZeroMemory(input);
    }

    static bool TryDecode(MlKemParameters parameters, ReadOnlySpan<byte> encapsulationKey, Span<int> key, Span<int> matrix)
    {
        for (int i = 0; i < parameters.K; i++)
            if (!Polynomial.TryDecode(encapsulationKey[(i * Polynomial.EncodedLength)..], key.Slice(i * Polynomial.Size, Polynomial.Size))) return false;
        KPke.ExpandMatrix(parameters, encapsulationKey[^32..], matrix);
        return true;
    }
}
