using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>
/// The sponge of FIPS 202 in managed code, for platforms whose cryptography has no SHA-3 (browsers). No branch and no index
/// depends on the data.
/// </summary>
static class Keccak
{
    /// <summary>Domain separation of SHA3-224 to SHA3-512 (FIPS 202 §6.1), with the first bit of the padding.</summary>
    public const byte HashSuffix = 0x06;

    /// <summary>Domain separation of SHAKE128 and SHAKE256 (FIPS 202 §6.2), with the first bit of the padding.</summary>
    public const byte XofSuffix = 0x1F;

    const int Lanes = 25;

    /// <summary>Absorbs <paramref name="input"/> at <paramref name="rate"/> bytes a block and fills <paramref name="output"/>.</summary>
    public static void Sponge(int rate, byte suffix, ReadOnlySpan<byte> input, Span<byte> output)
    {
        Span<ulong> state = stackalloc ulong[Lanes];
        Span<byte> block = stackalloc byte[rate];
        state.Clear();
        for (; input.Length >= rate; input = input[rate..])
        {
            Absorb(state, input[..rate]);
            Permute(state);
        }
        block.Clear();
        input.CopyTo(block);
        block[input.Length] = suffix;
        block[rate - 1] |= 0x80;
        Absorb(state, block);
        Permute(state);
        while (true)
        {
            for (int lane = 0; lane < rate / 8; lane++) BinaryPrimitives.WriteUInt64LittleEndian(block[(8 * lane)..], state[lane]);
            int length = Math.Min(rate, output.Length);
            block[..length].CopyTo(output);
            output = output[length..];
            if (output.IsEmpty) break;
            Permute(state);
        }
        CryptographicOperations.ZeroMemory(block);
        state.Clear();
    }

    static void Absorb(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        for (int lane = 0; lane < block.Length / 8; lane++) state[lane] ^= BinaryPrimitives.ReadUInt64LittleEndian(block[(8 * lane)..]);
    }

    /// <summary>Keccak-p[1600, 24] (FIPS 202 §3.3). The lane at column x and row y is <c>state[x + 5y]</c>.</summary>
    internal static void Permute(Span<ulong> state)
    {
        Span<ulong> moved = stackalloc ulong[Lanes];
        foreach (ulong constant in RoundConstants)
        {
            // θ: each lane takes the parity of the column before it and of the one after it, turned by one.
            ulong c0 = state[0] ^ state[5] ^ state[10] ^ state[15] ^ state[20];
            ulong c1 = state[1] ^ state[6] ^ state[11] ^ state[16] ^ state[21];
            ulong c2 = state[2] ^ state[7] ^ state[12] ^ state[17] ^ state[22];
            ulong c3 = state[3] ^ state[8] ^ state[13] ^ state[18] ^ state[23];
            ulong c4 = state[4] ^ state[9] ^ state[14] ^ state[19] ^ state[24];
            ulong d0 = c4 ^ BitOperations.RotateLeft(c1, 1);
            ulong d1 = c0 ^ BitOperations.RotateLeft(c2, 1);
            ulong d2 = c1 ^ BitOperations.RotateLeft(c3, 1);
            ulong d3 = c2 ^ BitOperations.RotateLeft(c4, 1);
            ulong d4 = c3 ^ BitOperations.RotateLeft(c0, 1);

            // ρ and π: the lane at (x, y) turns by its offset (FIPS 202 table 2) and goes to (y, 2x + 3y).
            moved[0] = state[0] ^ d0;
            moved[10] = BitOperations.RotateLeft(state[1] ^ d1, 1);
            moved[20] = BitOperations.RotateLeft(state[2] ^ d2, 62);
            moved[5] = BitOperations.RotateLeft(state[3] ^ d3, 28);
            moved[15] = BitOperations.RotateLeft(state[4] ^ d4, 27);
            moved[16] = BitOperations.RotateLeft(state[5] ^ d0, 36);
            moved[1] = BitOperations.RotateLeft(state[6] ^ d1, 44);
            moved[11] = BitOperations.RotateLeft(state[7] ^ d2, 6);
            moved[21] = BitOperations.RotateLeft(state[8] ^ d3, 55);
            moved[6] = BitOperations.RotateLeft(state[9] ^ d4, 20);
            moved[7] = BitOperations.RotateLeft(state[10] ^ d0, 3);
            moved[17] = BitOperations.RotateLeft(state[11] ^ d1, 10);
            moved[2] = BitOperations.RotateLeft(state[12] ^ d2, 43);
            moved[12] = BitOperations.RotateLeft(state[13] ^ d3, 25);
            moved[22] = BitOperations.RotateLeft(state[14] ^ d4, 39);
            moved[23] = BitOperations.RotateLeft(state[15] ^ d0, 41);
            moved[8] = BitOperations.RotateLeft(state[16] ^ d1, 45);
            moved[18] = BitOperations.RotateLeft(state[17] ^ d2, 15);
            moved[3] = BitOperations.RotateLeft(state[18] ^ d3, 21);
            moved[13] = BitOperations.RotateLeft(state[19] ^ d4, 8);
            moved[14] = BitOperations.RotateLeft(state[20] ^ d0, 18);
            moved[24] = BitOperations.RotateLeft(state[21] ^ d1, 2);
            moved[9] = BitOperations.RotateLeft(state[22] ^ d2, 61);
            moved[19] = BitOperations.RotateLeft(state[23] ^ d3, 56);
            moved[4] = BitOperations.RotateLeft(state[24] ^ d4, 14);

            // χ: a row is mixed with its two next columns. ι: the round's constant.
            for (int row = 0; row < Lanes; row += 5)
            {
                ulong m0 = moved[row], m1 = moved[row + 1], m2 = moved[row + 2], m3 = moved[row + 3], m4 = moved[row + 4];
                state[row] = m0 ^ (~m1 & m2);
                state[row + 1] = m1 ^ (~m2 & m3);
                state[row + 2] = m2 ^ (~m3 & m4);
                state[row + 3] = m3 ^ (~m4 & m0);
                state[row + 4] = m4 ^ (~m0 & m1);
            }
            state[0] ^= constant;
        }
        moved.Clear();
    }

    /// <summary>FIPS 202 §3.2.5.</summary>
    static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B, 0x0000000080000001,
        0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
        0x000000000000800A, 0x800000008000000A, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];
}
