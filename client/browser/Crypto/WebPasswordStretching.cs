using Kavalek.Mls;

namespace Kavalek.Client.Browser;

/// <summary>PBKDF2 by the browser, on a thread of its own.</summary>
public sealed class WebPasswordStretching : IPasswordStretching
{
    WebPasswordStretching() { }

    /// <summary>The one instance.</summary>
    public static WebPasswordStretching Shared { get; } = new();

    /// <inheritdoc/>
    public async Task<Secret> StretchAsync(Secret password, ReadOnlyMemory<byte> salt, int iterations, int length)
    {
        ArgumentNullException.ThrowIfNull(password);
        return Secret.Own(await Calls.RunAsync(call => WebCrypto.Stretch(call, password.Span.ToArray(), salt.ToArray(), iterations, length)).ConfigureAwait(false)
            ?? throw new InvalidOperationException("the browser refused to derive a key"));
    }
}
