using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>The device that joined a link, before it is let in.</summary>
/// <param name="Device">Its id.</param>
/// <param name="MatchingCode">What both screens must show alike: six digits in two groups.</param>
public sealed record LinkedDevice(Id Device, string MatchingCode);

/// <summary>
/// Lets one new device in, within a minute (docs/PROTOCOL.md §5.3). Show <see cref="Code"/>, wait for the device, have the person compare the matching
/// code on both screens, and only then grant. Disposing ends it.
/// </summary>
public sealed class DeviceLink : IAsyncDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    readonly OwnDevices _devices;
    readonly OwnIdentity _own;
    readonly AuthApi _api;
    readonly TimeProvider _clock;
    readonly Func<CancellationToken, Task> _granted;
    readonly Id _link;
    readonly byte[] _nonce;
    readonly byte[] _commitment;
    readonly long _start;
    (DeviceRecord Record, LinkTranscript Transcript)? _joined;
    bool _over;

    internal DeviceLink(OwnDevices devices, OwnIdentity own, AuthApi api, TimeProvider clock, Func<CancellationToken, Task> granted, StartedLink link, byte[] nonce, byte[] commitment)
    {
        (_devices, _own, _api, _clock, _granted, _nonce, _commitment) = (devices, own, api, clock, granted, nonce, commitment);
        _link = link.Link;
        _start = clock.GetTimestamp();
        Expires = clock.GetUtcNow().AddSeconds(Limits.LinkSeconds);
    }

    /// <summary>What to type into the new device: eight letters and digits in two groups.</summary>
    public string Code => LinkTranscript.CodeOf(_commitment);

    /// <summary>What a QR code for the new device carries.</summary>
    public string QrText => LinkTranscript.QrOf(_commitment);

    /// <summary>Until when the device has to be let in.</summary>
    public DateTimeOffset Expires { get; }

    /// <summary>Begins one.</summary>
    internal static async Task<DeviceLink> StartAsync(
        OwnDevices devices, OwnIdentity own, ICryptoProvider crypto, AuthApi api, TimeProvider clock, Func<CancellationToken, Task> granted, CancellationToken cancel)
    {
        byte[] nonce = new byte[LinkTranscript.HashBytes];
        crypto.Random(nonce);
        byte[] commitment = LinkTranscript.Commit(own.Instance, own.Account, own.Certified().AccountKey.PublicKey, nonce);
        StartedLink link = await api.StartLinkAsync(new StartLink(commitment), cancel).ConfigureAwait(false);
        return new DeviceLink(devices, own, api, clock, granted, link, nonce, commitment);
    }

    /// <summary>Waits until a device has joined; it is not let in yet.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.LinkExpired"/>.</exception>
    public async Task<LinkedDevice> WaitAsync(CancellationToken cancel = default)
    {
        while (_joined is null)
        {
            RequireTime();
            LinkState state = await AskAsync(() => _api.LinkAsync(_link, cancel)).ConfigureAwait(false);
            if (state.Device is not { GrantKey: { } grantKey } device || state.Nonce is not { } nonce)
            {
                await Task.Delay(Pause, _clock, cancel).ConfigureAwait(false);
                continue;
            }
            // From here on nothing of the other side can change any more: now the own nonce may be known.
            LinkTranscript transcript = LinkTranscript.Of(
                _commitment, _own.Certified().AccountKey.PublicKey, _nonce, device.Device, device.DeviceKey, grantKey, nonce);
            await AskAsync(async () =>
            {
                await _api.RevealLinkAsync(_link, new LinkNonce(_nonce), cancel).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
            _joined = (device, transcript);
        }
        return new LinkedDevice(_joined.Value.Record.Device, _joined.Value.Transcript.MatchingCode);
    }

    /// <summary>
    /// Lets the device in, once the person has compared the matching codes: it can then do everything this one can, and gets the account key and the
    /// history key. All devices and contacts see it.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.LinkExpired"/>: more than a minute passed, or it was used.</exception>
    public async Task<Device> GrantAsync(CancellationToken cancel = default)
    {
        RequireTime();
        if (_joined is not { } joined) throw new InvalidOperationException("nobody joined yet");
        _over = true;
        Device approved = await _devices.AdmitAsync(joined.Record, joined.Transcript, cancel).ConfigureAwait(false);
        await _granted(cancel).ConfigureAwait(false);
        return approved;
    }

    /// <summary>Ends the link; a device that was not let in stays outside.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_over) return;
        _over = true;
        try
        {
            await _api.EndLinkAsync(_link, CancellationToken.None).ConfigureAwait(false);
        }
        catch (KavalekException)
        {
            // It ends by itself within the minute.
        }
    }

    void RequireTime()
    {
        if (_over || _clock.GetElapsedTime(_start) >= TimeSpan.FromSeconds(Limits.LinkSeconds)) throw Expired();
    }

    static async Task<T> AskAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            throw Expired();
        }
    }

    internal static KavalekException Expired() => new(ClientErrors.LinkExpired,
        "The code is over: it lasts a minute and lets in one device, once. Nothing was granted; begin again on the device you have.");
}
