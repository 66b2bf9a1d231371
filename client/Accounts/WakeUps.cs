namespace Kavalek.Client;

/// <summary>Where a browser can be woken while it is closed: what its push service gave it.</summary>
/// <param name="Endpoint">The address at the push service; at most 1,024 characters.</param>
/// <param name="Key">The browser's public key: an uncompressed point of P-256, 65 bytes.</param>
/// <param name="Secret">The browser's authentication secret: 16 bytes.</param>
public sealed record WakeUp(string Endpoint, byte[] Key, byte[] Secret);

/// <summary>How this device stands with wake-ups.</summary>
/// <param name="ServerKey">The key to subscribe at the push service with; <c>null</c> where the server's operator has switched push off.</param>
/// <param name="IsOn">Whether the server wakes this device.</param>
public sealed record WakeUpState(byte[]? ServerKey, bool IsOn);

/// <summary>
/// Lets the server wake this device by Web Push when something waits for it (docs/PROTOCOL.md §11). The message says nothing; of whom and what, neither the
/// server nor the push service knows.
/// </summary>
public sealed class WakeUps
{
    readonly PushApi _api;

    internal WakeUps(PushApi api) => _api = api;

    /// <summary>Asks the server how it stands.</summary>
    /// <exception cref="KavalekException">For instance <see cref="ClientErrors.Offline"/>.</exception>
    public async Task<WakeUpState> StateAsync(CancellationToken cancel = default)
    {
        Protocol.Wire.PushInfo info = await _api.InfoAsync(cancel).ConfigureAwait(false);
        return new WakeUpState(info.Key.IsEmpty ? null : info.Key.ToByteArray(), info.Subscribed);
    }

    /// <summary>Has this device woken there from now on, and nowhere else.</summary>
    /// <exception cref="KavalekException"><see cref="Protocol.ErrorCodes.Invalid"/>: the server does not send to that push service.</exception>
    public Task SetAsync(WakeUp wakeUp, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(wakeUp);
        return _api.PutAsync(wakeUp, cancel);
    }

    /// <summary>Has this device woken no more.</summary>
    public Task DropAsync(CancellationToken cancel = default) => _api.DropAsync(cancel);

    /// <summary>Has this device woken now, to see whether it works. Returns when the push service has taken it.</summary>
    /// <exception cref="KavalekException"><see cref="Protocol.ErrorCodes.NotFound"/>: subscribe anew; <see cref="Protocol.ErrorCodes.Unavailable"/>: the push service was not reached.</exception>
    public Task TestAsync(CancellationToken cancel = default) => _api.TestAsync(cancel);
}
