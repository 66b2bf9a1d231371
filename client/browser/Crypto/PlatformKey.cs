using Kavalek.Mls;

namespace Kavalek.Client.Browser;

/// <summary>A private key that the browser holds, not extractable, under a number; it goes with its <see cref="Secret"/>.</summary>
sealed class PlatformKey : IDisposable
{
    static int s_last;

    readonly int _curve;
    bool _given;

    PlatformKey(int curve) => _curve = curve;

    /// <summary>The number.</summary>
    public int Handle { get; } = Interlocked.Increment(ref s_last);

    /// <summary>The public key that goes with it, once it is known.</summary>
    public byte[]? PublicKey { get; set; }

    /// <summary>The browser's key for <paramref name="secret"/>.</summary>
    public static PlatformKey Of(Secret secret, int curve)
    {
        if (secret.AlreadyImported<PlatformKey>() is { } known && known._curve == curve) return known;
        PlatformKey key = new(curve);
        secret.Attach(key);
        return key;
    }

    /// <summary>The private key's bytes the first time, for the browser to keep; <c>null</c> from then on.</summary>
    public byte[]? Give(Secret secret)
    {
        if (_given) return null;
        _given = true;
        return secret.Span.ToArray();
    }

    /// <summary>The browser forgets it.</summary>
    public void Dispose()
    {
        if (_given) WebCrypto.Release(Handle);
    }
}
