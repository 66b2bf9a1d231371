using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>Makes the platform's key from the bytes on the wire; <c>null</c>, or a <see cref="CryptographicException"/>, where they are none.</summary>
delegate T? PublicKeyImport<out T>(ReadOnlySpan<byte> encoded) where T : class;

/// <summary>
/// Imported public keys by their bytes, at most <paramref name="capacity"/>. Two generations stand in for a usage list: a key
/// used since the last turnover survives the next one.
/// </summary>
sealed class PublicKeyCache<T>(int capacity) where T : class
{
    readonly Lock _turnover = new();
    Generation _young = new();
    Generation _old = new();

    /// <summary>The key for <paramref name="encoded"/>; <c>null</c> where it is not valid.</summary>
    public T? Get(ReadOnlySpan<byte> encoded, PublicKeyImport<T> import)
    {
        Generation young = Volatile.Read(ref _young);
        if (young.TryGet(encoded, out T? key)) return key;
        if (!Volatile.Read(ref _old).TryGet(encoded, out key))
        {
            try
            {
                key = import(encoded);
            }
            catch (CryptographicException)
            {
                return null;
            }
            if (key is null) return null;
        }
        if (young.Add(encoded, key) >= capacity / 2) TurnOver(young);
        return key;
    }

    /// <remarks>Keys dropped here are not disposed, since another thread may be using one: their finalizers free them.</remarks>
    void TurnOver(Generation full)
    {
        lock (_turnover)
        {
            if (!ReferenceEquals(_young, full)) return;
            Volatile.Write(ref _old, full);
            Volatile.Write(ref _young, new Generation());
        }
    }

    sealed class Generation
    {
        readonly ConcurrentDictionary<byte[], T> _keys = new(ByBytes.Instance);
        int _count;

        public bool TryGet(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out T? key) =>
            _keys.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(encoded, out key);

        /// <returns>How many keys there are now.</returns>
        public int Add(ReadOnlySpan<byte> encoded, T key) =>
            _keys.TryAdd(encoded.ToArray(), key) ? Interlocked.Increment(ref _count) : Volatile.Read(ref _count);
    }

    /// <remarks><see cref="HashCode"/> is seeded at random in each process, so that peers cannot choose keys that collide.</remarks>
    sealed class ByBytes : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly ByBytes Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            HashCode hash = new();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
