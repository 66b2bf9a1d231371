namespace Kavalek.Mls;

/// <summary>Public keys by their bytes: what must occur once is checked in a set, never pair by pair.</summary>
internal sealed class KeySet
{
    readonly HashSet<byte[]> _keys = new(ByContent.Instance);

    /// <summary>False where the key is in the set already.</summary>
    public bool Add(byte[] key) => _keys.Add(key);

    public bool Contains(byte[] key) => _keys.Contains(key);

    sealed class ByContent : IEqualityComparer<byte[]>
    {
        public static ByContent Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        // HashCode is seeded anew in each process: a member cannot choose keys that collide.
        public int GetHashCode(byte[] key)
        {
            HashCode hash = new();
            hash.AddBytes(key);
            return hash.ToHashCode();
        }
    }
}
