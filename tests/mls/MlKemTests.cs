using System.Security.Cryptography;
using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>ML-KEM (FIPS 203): the managed implementation by every Wycheproof file, and against the platform's where there is one.</summary>
public static class MlKemTests
{
    static readonly MlKemParameters Parameters768 = MlKemParameters.Of(MlKemParameterSet.MlKem768);

    [Fact]
    public static void Keys_from_seeds_are_those_of_Wycheproof()
    {
        int tests = 0;
        foreach ((_, JsonElement test) in Vectors.Wycheproof("mlkem_768_keygen_seed_test"))
        {
            using ManagedMlKemKey key = ManagedMlKemKey.FromSeed(Parameters768, test.Hex("seed"));
            Assert.Equal(test.Hex("ek"), key.EncapsulationKey.ToArray());
            // The expanded form ends with ek, its hash and z; what comes before must decapsulate alike.
            using ManagedMlKemKey? expanded = ManagedMlKemKey.FromExpanded(Parameters768, test.Hex("dk"));
            Assert.NotNull(expanded);
            Assert.Equal(Encapsulate(key, expanded), Decapsulate(key));
            tests++;
        }
        Assert.Equal(100, tests);

        static byte[] Encapsulate(ManagedMlKemKey key, ManagedMlKemKey holder)
        {
            byte[] ciphertext = new byte[Parameters768.CiphertextLength], sent = new byte[32], received = new byte[32];
            Assert.True(ManagedMlKemKey.TryEncapsulate(Parameters768, key.EncapsulationKey, new byte[32], ciphertext, sent));
            Assert.True(holder.TryDecapsulate(ciphertext, received));
            Assert.Equal(sent, received);
            return received;
        }

        static byte[] Decapsulate(ManagedMlKemKey key) => Encapsulate(key, key);
    }

    [Fact]
    public static void Decapsulations_are_those_of_Wycheproof()
    {
        int tests = 0;
        foreach ((_, JsonElement test) in Vectors.Wycheproof("mlkem_768_test"))
        {
            tests++;
            byte[] seed = test.Hex("seed"), shared = new byte[32];
            if (seed.Length != MlKemParameters.SeedLength)
            {
                Assert.Equal("invalid", test.Text("result"));
                Assert.Throws<ArgumentException>(() => ManagedMlKemKey.FromSeed(Parameters768, seed));
                continue;
            }
            using ManagedMlKemKey key = ManagedMlKemKey.FromSeed(Parameters768, seed);
            bool valid = key.TryDecapsulate(test.Hex("c"), shared);
            Assert.Equal(test.Text("result") == "valid", valid);
            if (!valid) continue;
            Assert.Equal(test.Hex("ek"), key.EncapsulationKey.ToArray());
            Assert.Equal(test.Hex("K"), shared);
        }
        Assert.Equal(193, tests);
    }

    [Fact]
    public static void Encapsulations_are_those_of_Wycheproof_and_keys_that_overflow_the_modulus_are_refused()
    {
        int tests = 0;
        foreach ((_, JsonElement test) in Vectors.Wycheproof("mlkem_768_encaps_test"))
        {
            tests++;
            byte[] ciphertext = new byte[Parameters768.CiphertextLength], shared = new byte[32];
            bool valid = ManagedMlKemKey.TryEncapsulate(Parameters768, test.Hex("ek"), test.Hex("m"), ciphertext, shared);
            Assert.Equal(test.Text("result") == "valid", valid);
            if (!valid) continue;
            Assert.Equal(test.Hex("c"), ciphertext);
            Assert.Equal(test.Hex("K"), shared);
        }
        Assert.Equal(265, tests);
    }

    [Fact]
    public static void Expanded_keys_are_accepted_and_refused_as_Wycheproof_says()
    {
        int tests = 0;
        foreach ((_, JsonElement test) in Vectors.Wycheproof("mlkem_768_semi_expanded_decaps_test"))
        {
            tests++;
            byte[] shared = new byte[32];
            using ManagedMlKemKey? key = ManagedMlKemKey.FromExpanded(Parameters768, test.Hex("dk"));
            bool valid = key is not null && key.TryDecapsulate(test.Hex("c"), shared);
            Assert.Equal(test.Text("result") == "valid", valid);
            if (valid) Assert.Equal(test.Hex("K"), shared);
        }
        Assert.Equal(9, tests);
    }

    [Theory]
    [InlineData(MlKemParameterSet.MlKem768)]
    [InlineData(MlKemParameterSet.MlKem1024)]
    public static void Both_sides_get_the_same_secret_and_a_changed_ciphertext_another_one_that_is_stable(MlKemParameterSet set)
    {
        MlKemParameters parameters = MlKemParameters.Of(set);
        for (int round = 0; round < 50; round++)
        {
            using Secret seed = MlKem.GenerateSeed();
            byte[] publicKey = MlKem.PublicKey(set, seed)!;
            Assert.Equal(parameters.EncapsulationKeyLength, publicKey.Length);
            using Encapsulation made = MlKem.Encapsulate(set, publicKey)!;
            using Secret opened = MlKem.Decapsulate(set, seed, made.Ciphertext)!;
            Assert.Equal(made.SharedSecret, opened);

            byte[] changed = [.. made.Ciphertext];
            changed[RandomNumberGenerator.GetInt32(changed.Length)] ^= (byte)(1 << RandomNumberGenerator.GetInt32(8));
            using Secret rejected = MlKem.Decapsulate(set, seed, changed)!;
            using Secret again = MlKem.Decapsulate(set, seed, changed)!;
            Assert.NotEqual(made.SharedSecret, rejected);
            Assert.Equal(rejected, again);
        }
    }

    /// <remarks>On a platform that has ML-KEM (OpenSSL 3.5) the two sides are two implementations.</remarks>
    [Theory]
    [InlineData(MlKemParameterSet.MlKem768)]
    [InlineData(MlKemParameterSet.MlKem1024)]
    public static void The_managed_implementation_agrees_with_the_one_in_use(MlKemParameterSet set)
    {
        MlKemParameters parameters = MlKemParameters.Of(set);
        for (int round = 0; round < 100; round++)
        {
            using Secret seed = MlKem.GenerateSeed();
            using ManagedMlKemKey managed = ManagedMlKemKey.FromSeed(parameters, seed.Span);
            Assert.Equal(MlKem.PublicKey(set, seed), managed.EncapsulationKey.ToArray());

            byte[] ciphertext = new byte[parameters.CiphertextLength], sent = new byte[32], received = new byte[32];
            using Encapsulation made = MlKem.Encapsulate(set, managed.EncapsulationKey)!;
            Assert.True(managed.TryDecapsulate(made.Ciphertext, received));
            Assert.Equal(made.SharedSecret.Span.ToArray(), received);

            Assert.True(ManagedMlKemKey.TryEncapsulate(parameters, managed.EncapsulationKey, RandomNumberGenerator.GetBytes(32), ciphertext, sent));
            using Secret opened = MlKem.Decapsulate(set, seed, ciphertext)!;
            Assert.Equal(sent, opened.Span.ToArray());

            RandomNumberGenerator.Fill(ciphertext);
            Assert.True(managed.TryDecapsulate(ciphertext, received));
            using Secret rejected = MlKem.Decapsulate(set, seed, ciphertext)!;
            Assert.Equal(received, rejected.Span.ToArray());
        }
    }

    [Theory]
    [InlineData(MlKemParameterSet.MlKem768)]
    [InlineData(MlKemParameterSet.MlKem1024)]
    public static void Keys_seeds_and_ciphertexts_of_another_length_are_refused(MlKemParameterSet set)
    {
        using Secret seed = MlKem.GenerateSeed();
        byte[] publicKey = MlKem.PublicKey(set, seed)!;
        Assert.Null(MlKem.Encapsulate(set, publicKey.AsSpan(1)));
        Assert.Null(MlKem.Encapsulate(set, [.. publicKey, 0]));
        Assert.Null(MlKem.Encapsulate(set, []));
        using Encapsulation made = MlKem.Encapsulate(set, publicKey)!;
        Assert.Null(MlKem.Decapsulate(set, seed, made.Ciphertext.AsSpan(1)));
        Assert.Null(MlKem.Decapsulate(set, seed, [.. made.Ciphertext, 0]));
        using Secret brief = Secret.Copy(seed.Span[1..]);
        Assert.Null(MlKem.PublicKey(set, brief));
        Assert.Null(MlKem.Decapsulate(set, brief, made.Ciphertext));
    }

    [Fact]
    public static void Compression_rounds_to_the_nearest_for_every_coefficient()
    {
        foreach (int bits in (ReadOnlySpan<int>)[1, 4, 5, 10, 11])
            for (uint coefficient = 0; coefficient < Polynomial.Q; coefficient++)
            {
                uint mask = (1u << bits) - 1;
                Assert.Equal(((coefficient << bits) + Polynomial.Q / 2) / Polynomial.Q & mask, Polynomial.Compress(coefficient, bits, mask));
            }
    }

    [Fact]
    public static void The_transform_multiplies_as_the_ring_does()
    {
        Random random = new(203);
        for (int round = 0; round < 20; round++)
        {
            // Extreme coefficients in the first rounds: the bounds of the lazy reductions must hold.
            int[] a = Draw(random, round), b = Draw(random, round / 2), expected = new int[Polynomial.Size];
            for (int i = 0; i < Polynomial.Size; i++)
                for (int j = 0; j < Polynomial.Size; j++)
                {
                    // X²⁵⁶ = -1.
                    int at = (i + j) % Polynomial.Size, sign = i + j < Polynomial.Size ? 1 : Polynomial.Q - 1;
                    expected[at] = (int)((expected[at] + (long)a[i] * b[j] * sign) % Polynomial.Q);
                }
            int[] x = Arrange(a), y = Arrange(b), product = new int[Polynomial.Size];
            Ntt.Forward(x);
            Ntt.Forward(y);
            Ntt.MultiplyAdd(x, y, product);
            Ntt.EndSum(product);
            Ntt.Inverse(product);
            Ntt.Normalize(product);
            Assert.Equal(Arrange(expected), product);
        }

        static int[] Draw(Random random, int round) =>
            [.. Enumerable.Range(0, Polynomial.Size).Select(i => round switch { 0 => 0, 1 => Polynomial.Q - 1, 2 => i & 1, _ => random.Next(Polynomial.Q) })];

        static int[] Arrange(int[] natural) => [.. natural.Where((_, i) => i % 2 == 0), .. natural.Where((_, i) => i % 2 == 1)];
    }

    [Fact]
    public static void The_managed_sponge_gives_what_the_SHA_3_in_use_gives()
    {
        Assert.Equal("A7FFC6F8BF1ED76651C14756A061D662F580FF4DE43B49FA82D80A4B80F8434A", Convert.ToHexString(Managed(136, Keccak.HashSuffix, [], 32)));
        foreach (int length in (ReadOnlySpan<int>)[0, 1, 33, 71, 72, 73, 135, 136, 137, 167, 168, 169, 1184, 5000])
        {
            byte[] input = RandomNumberGenerator.GetBytes(length), hash256 = new byte[32], hash512 = new byte[64], shake128 = new byte[700], shake256 = new byte[272];
            Sha3.Hash256(input, hash256);
            Sha3.Hash512(input, hash512);
            Sha3.Shake128(input, shake128);
            Sha3.Shake256(input, shake256);
            Assert.Equal(hash256, Managed(136, Keccak.HashSuffix, input, 32));
            Assert.Equal(hash512, Managed(72, Keccak.HashSuffix, input, 64));
            Assert.Equal(shake128, Managed(168, Keccak.XofSuffix, input, 700));
            Assert.Equal(shake256, Managed(136, Keccak.XofSuffix, input, 272));
        }

        static byte[] Managed(int rate, byte suffix, byte[] input, int length)
        {
            byte[] output = new byte[length];
            Keccak.Sponge(rate, suffix, input, output);
            return output;
        }
    }
}
