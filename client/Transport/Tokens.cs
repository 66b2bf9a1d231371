using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>An open session as it is stored.</summary>
/// <param name="Session">The tokens.</param>
/// <param name="Expires">When the access tokens expire, by this device's clock.</param>
sealed record StoredSession(Session Session, DateTimeOffset Expires);

/// <summary>
/// The session's tokens (docs/PROTOCOL.md §5.4). A refresh token works once, so a new one is stored before anything uses it, and there
/// is never more than one refresh under way.
/// </summary>
sealed class Tokens : IDisposable
{
    /// <summary>Where the session is stored.</summary>
    public const string Key = "session";

    static readonly TimeSpan Margin = TimeSpan.FromSeconds(120);
    // The server answers a repeated refresh for 60 seconds: lost answers are asked for again well within them.
    static readonly TimeSpan RepeatWithin = TimeSpan.FromSeconds(40);

    readonly SignInApi _api;
    readonly IClientStore _store;
    readonly TimeProvider _clock;
    readonly Action<KavalekException> _ended;
    readonly Func<KavalekException, Task<KavalekException>>? _explain;
    readonly SemaphoreSlim _turn = new(1, 1);
    StoredSession? _session;
    KavalekException? _none;

    public Tokens(SignInApi api, IClientStore store, TimeProvider clock, StoredSession? session, Action<KavalekException> ended,
        Func<KavalekException, Task<KavalekException>>? explain = null)
    {
        _api = api;
        _store = store;
        _clock = clock;
        _session = session;
        _ended = ended;
        _explain = explain;
    }

    /// <summary>Reads the stored session.</summary>
    public static async ValueTask<StoredSession?> LoadAsync(IClientStore store, CancellationToken cancel) =>
        await store.GetAsync(Key, cancel).ConfigureAwait(false) is { } bytes ? JsonSerializer.Deserialize(bytes, ClientJson.Default.StoredSession) : null;

    /// <summary>Whether there is a session.</summary>
    public bool IsOpen => Volatile.Read(ref _session) is not null;

    /// <summary>Stores a new session and uses it from now on.</summary>
    public async Task ReplaceAsync(Session session, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await StoreAsync(session).ConfigureAwait(false);
            _none = null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Forgets the session.</summary>
    public async Task ForgetAsync(CancellationToken cancel)
    {
        Volatile.Write(ref _session, null);
        await _store.ApplyAsync(new StoreBatch().Delete(Key), cancel).ConfigureAwait(false);
    }

    /// <summary>A token for <c>/api</c> and <c>/socket</c> that is good for two more minutes.</summary>
    public async Task<string> MessagingAsync(CancellationToken cancel)
    {
        Session session = await FreshAsync(cancel).ConfigureAwait(false);
        // The device may have been approved since.
        if (!session.Certified) session = await RefreshAsync(cancel).ConfigureAwait(false);
        return session.Certified
            ? session.MessagingToken
            : throw new KavalekException(ClientErrors.DeviceWaits, "This device waits to be let in: by one of your other devices, or with your recovery key. Log in again to go on.");
    }

    /// <summary>Makes an authenticated call; where the token is refused though it should be good, once more with a new one.</summary>
    public Task<T> WithAuthAsync<T>(Func<string, CancellationToken, Task<T>> call, CancellationToken cancel) =>
        WithAsync(async stop => (await FreshAsync(stop).ConfigureAwait(false)).AuthToken, call, cancel);

    /// <inheritdoc cref="WithAuthAsync"/>
    public Task<T> WithMessagingAsync<T>(Func<string, CancellationToken, Task<T>> call, CancellationToken cancel) => WithAsync(MessagingAsync, call, cancel);

    /// <summary>Gets new tokens now, whatever the old ones are worth.</summary>
    public async Task<Session> RefreshAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await RefreshInTurnAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Volatile.Write(ref _session, null);

    async Task<T> WithAsync<T>(Func<CancellationToken, Task<string>> tokenOf, Func<string, CancellationToken, Task<T>> call, CancellationToken cancel)
    {
        string token = await tokenOf(cancel).ConfigureAwait(false);
        try
        {
            return await call(token, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.Unauthenticated || (e.Code == ErrorCodes.Forbidden && _session is { Session.Certified: false }))
        {
            // Revoked, or this clock is wrong, or the token is older than the device's approval.
            await RenewAsync(token, cancel).ConfigureAwait(false);
            return await call(await tokenOf(cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        }
    }

    async Task<Session> FreshAsync(CancellationToken cancel)
    {
        if (Volatile.Read(ref _session) is { } session && IsFresh(session)) return session.Session;
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return _session is { } current && IsFresh(current) ? current.Session : await RefreshInTurnAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    async Task RenewAsync(string refused, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_session?.Session is not { } current || current.AuthToken == refused || current.MessagingToken == refused)
                await RefreshInTurnAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    async Task<Session> RefreshInTurnAsync(CancellationToken cancel)
    {
        Session old = (_session ?? throw await WhyNoneAsync().ConfigureAwait(false)).Session;
        long start = _clock.GetTimestamp();
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await StoreAsync(await _api.RefreshAsync(old.RefreshToken, cancel).ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e is { Code: ClientErrors.Offline, NothingChanged: false })
            {
                TimeSpan pause = TimeSpan.FromSeconds(1 << Math.Min(attempt, 4));
                if (_clock.GetElapsedTime(start) + pause > RepeatWithin) throw;
                await Task.Delay(pause, _clock, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code is ErrorCodes.SessionEnded or ErrorCodes.Unauthenticated)
            {
                await ForgetAsync(CancellationToken.None).ConfigureAwait(false);
                // It makes a difference to a person whether a device was logged out or removed.
                KavalekException why = _explain is null ? e : await _explain(e).ConfigureAwait(false);
                _ended(why);
                if (ReferenceEquals(why, e)) throw;
                throw why;
            }
        }
    }

    // The session ended for another reason, or the server could not say why: meanwhile the device may have been removed. It is asked once.
    async Task<KavalekException> WhyNoneAsync()
    {
        KavalekException ended = ServerErrors.For(ErrorCodes.SessionEnded);
        if (_explain is null || _none is not null) return _none ?? ended;
        _none = await _explain(ended).ConfigureAwait(false);
        if (!ReferenceEquals(_none, ended)) _ended(_none);
        return _none;
    }

    async Task<Session> StoreAsync(Session session)
    {
        StoredSession stored = new(session, _clock.GetUtcNow().AddSeconds(session.ExpiresIn));
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(stored, ClientJson.Default.StoredSession);
        // The old token is used up on the server: what came for it must not be lost to a cancelled call.
        await _store.ApplyAsync(new StoreBatch().Put(Key, bytes), CancellationToken.None).ConfigureAwait(false);
        Volatile.Write(ref _session, stored);
        return session;
    }

    bool IsFresh(StoredSession session) => session.Expires - Margin > _clock.GetUtcNow();
}
