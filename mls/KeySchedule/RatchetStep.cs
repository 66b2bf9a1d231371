namespace Kavalek.Mls;

/// <summary>
/// The use of one message key: the key, the secret tree that no longer holds it, and what a store must write to get there.
/// The order is: use the key, store <see cref="Changes"/>, then <see cref="Accept"/>, then release what the key protected.
/// </summary>
/// <remarks>
/// <see cref="Next"/> shares most of its secrets with the tree it came from. One of the two goes on: after
/// <see cref="Accept"/> it is <see cref="Next"/>, and disposing a step not accepted leaves the old tree as it was.
/// </remarks>
public sealed class RatchetStep : IDisposable
{
    readonly SecretTree _before;
    readonly int _keyLength;
    readonly Secret _keyAndNonce;
    bool _settled;

    internal RatchetStep(SecretTree before, SecretTree next, uint generation, Secret keyAndNonce, int keyLength)
    {
        _before = before;
        _keyLength = keyLength;
        _keyAndNonce = keyAndNonce;
        Next = next;
        Generation = generation;
        Key = Secret.Copy(keyAndNonce.Span[..keyLength]);
    }

    /// <summary>The generation whose key this is.</summary>
    public uint Generation { get; }

    /// <summary>The AEAD key; zeroed with the step.</summary>
    public Secret Key { get; }

    /// <summary>The tree after the use.</summary>
    public SecretTree Next { get; }

    /// <summary>
    /// Records to write and to delete, together: some 100 bytes, and some 600 more at the first use of a leaf among 1,000. The
    /// caller disposes their values.
    /// </summary>
    public IEnumerable<SecretTreeRecord> Changes => Next.ChangesSince(_before);

    /// <summary>The AEAD nonce, its first four bytes mixed with the message's reuse guard (RFC 9420 §6.3.1).</summary>
    public byte[] Nonce(ReadOnlySpan<byte> reuseGuard)
    {
        byte[] nonce = _keyAndNonce.Span[_keyLength..].ToArray();
        for (int i = 0; i < ReuseGuardLength; i++) nonce[i] ^= reuseGuard[i];
        return nonce;
    }

    /// <summary>Bytes of a reuse guard.</summary>
    public const int ReuseGuardLength = 4;

    /// <summary>Makes the use final: zeroes what only the old tree held. That tree must not be used or disposed any more.</summary>
    public void Accept()
    {
        if (_settled) return;
        _settled = true;
        _before.DisposeExcept(Next);
    }

    /// <summary>
    /// Hands over <see cref="Next"/> while the old tree stays usable. Whoever then drops one of the two zeroes what the other does
    /// not hold: <see cref="SecretTree.DisposeExcept"/>.
    /// </summary>
    internal SecretTree Keep()
    {
        _settled = true;
        return Next;
    }

    /// <summary>Zeroes the key and, where the step was neither accepted nor kept, what only <see cref="Next"/> holds.</summary>
    public void Dispose()
    {
        Key.Dispose();
        _keyAndNonce.Dispose();
        if (_settled) return;
        _settled = true;
        Next.DisposeExcept(_before);
    }
}
