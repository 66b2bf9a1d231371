using System.Security.Cryptography;

namespace Kavalek.Mls;

/// <summary>
/// Key material. It zeroes itself when disposed, compares in constant time, and prints only its length.
/// It is never a <c>byte[]</c> in a signature, so that a secret cannot pass for a public value.
/// </summary>
public sealed class Secret : IDisposable, IEquatable<Secret>
{
    readonly byte[] _bytes;
    IDisposable? _imported;
    bool _disposed;

    Secret(byte[] bytes) => _bytes = bytes;

    /// <summary>Takes ownership of <paramref name="bytes"/>: the caller must not keep or change the array.</summary>
    public static Secret Own(byte[] bytes) => new(bytes);

    /// <summary>A copy of <paramref name="bytes"/>.</summary>
    public static Secret Copy(ReadOnlySpan<byte> bytes) => new(bytes.ToArray());

    /// <summary>A secret of <paramref name="length"/> zero bytes, as RFC 9420 §8 uses for an absent PSK or commit secret.</summary>
    public static Secret Zero(int length) => new(new byte[length]);

    /// <summary>Length in bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>The bytes, valid until this secret is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The secret was disposed: its zeros must never serve as a key.</exception>
    public ReadOnlySpan<byte> Span => Alive;

    /// <summary>The bytes, valid until this secret is disposed; for calls that cross an await.</summary>
    /// <exception cref="ObjectDisposedException">The secret was disposed.</exception>
    public ReadOnlyMemory<byte> Memory => Alive;

    /// <summary>An independent copy with a life of its own.</summary>
    public Secret Clone() => Copy(Alive);

    /// <summary>Zeroes the bytes, and frees what a provider imported from them.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_bytes);
        Interlocked.Exchange(ref _imported, null)?.Dispose();
    }

    /// <summary>
    /// The platform's key for these bytes, imported at first use and freed together with them: importing costs as much as
    /// using, and a cache beside the secret would outlive it.
    /// </summary>
    /// <returns>The key; <c>null</c> where <paramref name="import"/> gives <c>null</c> (the bytes are no valid key).</returns>
    internal T? Imported<T>(Func<Secret, T?> import) where T : class, IDisposable
    {
        if (Volatile.Read(ref _imported) is T cached) return cached;
        T? key = import(this);
        return key is null ? null : AttachFirst(key);
    }

    /// <summary>The platform's key, where these bytes were imported before.</summary>
    internal T? AlreadyImported<T>() where T : class, IDisposable => Volatile.Read(ref _imported) as T;

    /// <summary>Gives this secret a platform key that was made together with it. A second kind of key for the same bytes replaces the first.</summary>
    internal void Attach(IDisposable key)
    {
        // The one replaced is left to its finalizer: another thread may be using it.
        Interlocked.Exchange(ref _imported, key);
        if (_disposed) key.Dispose();
    }

    /// <summary>As <see cref="Attach"/>; but where another thread was first with a key of this kind, that one stays and is returned, and this one is disposed.</summary>
    internal T AttachFirst<T>(T key) where T : class, IDisposable
    {
        for (IDisposable? before = Volatile.Read(ref _imported); ;)
        {
            if (before is T first)
            {
                key.Dispose();
                return first;
            }
            IDisposable? seen = Interlocked.CompareExchange(ref _imported, key, before);
            if (ReferenceEquals(seen, before)) break;
            before = seen;
        }
        if (_disposed) key.Dispose();
        return key;
    }

    byte[] Alive
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    /// <summary>Equality in time that depends on the lengths only.</summary>
    public bool Equals(Secret? other) => other is not null && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <summary>The length: a hash of the bytes would leak them.</summary>
    public override int GetHashCode() => _bytes.Length;

    /// <summary>The length only.</summary>
    public override string ToString() => $"Secret[{_bytes.Length}]";
}
