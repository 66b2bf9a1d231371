using System.Buffers.Binary;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// What a client draws by lot: ids and pauses. It comes from the same provider as its keys, so a platform needs one source of randomness, and
/// a run on a provider with a seed can be repeated.
/// </summary>
static class Chance
{
    /// <summary>A fresh id of 128 random bits.</summary>
    public static Id NewId(this ICryptoProvider crypto)
    {
        Span<byte> bytes = stackalloc byte[Limits.IdLength];
        crypto.Random(bytes);
        return Id.Read(bytes);
    }

    /// <summary>A number from <paramref name="from"/> on and below <paramref name="to"/>; good for pauses, not for keys: it is even to one part in 2^32 only.</summary>
    public static int Between(this ICryptoProvider crypto, int from, int to)
    {
        Span<byte> bytes = stackalloc byte[8];
        crypto.Random(bytes);
        return from + (int)(BinaryPrimitives.ReadUInt64BigEndian(bytes) % (ulong)(to - from));
    }
}
