using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>
/// A person's account on this device: everything a client does but drawing. Members are safe for concurrent use. What the
/// person can act on is thrown as <see cref="KavalekException"/>.
/// </summary>
public sealed class KavalekClient : IAsyncDisposable
{
    readonly ClientOptions _options;
    readonly ClientCore _core;
    readonly Upkeep _upkeep;
    readonly SemaphoreSlim _turn = new(1, 1);
    readonly Lock _ending = new();
    readonly ITimer _idle;
    ConversationEngine? _engine;
    HistoryArchive? _history;
    CancellationTokenSource? _running;
    Task _run = Task.CompletedTask;
    Task? _closing;
    bool _disposed;
    volatile bool _touched;

    KavalekClient(ClientOptions options, ClientCore core)
    {
        _options = options;
        _core = core;
        _upkeep = new Upkeep(core, () => Volatile.Read(ref _engine));
        // Removed and wiped: nothing is left to work with, and the keys are to leave memory, too.
        core.Wiped = () => _ = Task.Run(() => CloseAsync(keepStore: false).AsTask());
        core.Policy.Changed = Rest;
        _idle = core.Clock.CreateTimer(_ => _ = Task.Run(LockWhenIdleAsync), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // ---- Beginning and end ----

    /// <summary>What <paramref name="store"/> holds, without a password.</summary>
    public static async ValueTask<ProfileInfo> InspectAsync(IClientStore store, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.GetAsync(Wallet.Key, cancel).ConfigureAwait(false) is { } wallet
            ? new ProfileInfo(ProfileState.Locked, Uri.TryCreate(Wallet.Decode(wallet).Server, UriKind.Absolute, out Uri? server) ? server : null)
            : new ProfileInfo(ProfileState.Empty, null);
    }

    /// <summary>Makes an account with this as its first device, and logs it in.</summary>
    /// <exception cref="KavalekException">It says whether anything was made.</exception>
    public static async Task<KavalekClient> SignUpAsync(ClientOptions options, SignUp request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(request);
        KavalekClient client = await OpenAsync(options, await SignIn.SignUpAsync(options, request, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        // The account is made, whatever becomes of this: others can write to it once a connection has published its key packages.
        await client._upkeep.TryOnceAsync(cancel).ConfigureAwait(false);
        return client;
    }

    /// <summary>
    /// Logs in. With an existing profile of that account, resumes it. With an empty one, adds this as a new device that waits: until another
    /// device lets it in (<see cref="JoinLinkAsync"/>), or for the recovery key (<see cref="RecoverAsync"/>), or to begin afresh (<see cref="BeginAfreshAsync"/>).
    /// </summary>
    /// <exception cref="KavalekException">For instance <see cref="ErrorCodes.WrongCredentials"/>, <see cref="ClientErrors.OtherAccount"/>, <see cref="ClientErrors.KdfRefused"/>.</exception>
    public static async Task<KavalekClient> LogInAsync(ClientOptions options, Uri server, string email, string password, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if ((await InspectAsync(options.Store, cancel).ConfigureAwait(false)).State == ProfileState.Empty)
            return await OpenAsync(options, await SignIn.AddDeviceAsync(options, server, email, password, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);

        KavalekClient client = await UnlockAsync(options, password, cancel).ConfigureAwait(false);
        try
        {
            if (client.Me.Server != ServerAddress.Check(server) || client.Me.Email != SignIn.NormalizeEmail(email))
                throw new KavalekException(ClientErrors.OtherAccount,
                    $"This profile belongs to {client.Me.Email} on {client.Me.Server.Host}. Choose another profile for another account.");
            await client.LogInAgainAsync(password, cancel).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.CloseAsync(keepStore: true).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens an existing profile; works offline.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongPassword"/>, <see cref="ClientErrors.TooManyAttempts"/>, <see cref="ClientErrors.ProfileEmpty"/>, <see cref="ClientErrors.ProfileDamaged"/>.</exception>
    public static async Task<KavalekClient> UnlockAsync(ClientOptions options, string password, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return await OpenAsync(options, await OpenProfile.UnlockAsync(options, password, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Opens a new session after <see cref="SessionEnded"/>, for this same device. Where the account's password was changed elsewhere, the new one is asked
    /// for here, and opens this device from then on.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.WrongCredentials"/>; <see cref="ErrorCodes.DeviceRemoved"/>.</exception>
    public async Task LogInAgainAsync(string password, CancellationToken cancel = default)
    {
        Session session;
        try
        {
            session = await SignIn.LogInAsync(_options, _core.SignIn, _core.Profile, password, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.DeviceRemoved)
        {
            KavalekException why = await _core.Removal.ExplainAsync(e).ConfigureAwait(false);
            _core.Events.Publish(new SessionEnded(why));
            throw why;
        }
        await _core.Tokens.ReplaceAsync(session, cancel).ConfigureAwait(false);
        await _core.Profile.AdoptPasswordAsync(password, _options.WalletIterations, cancel).ConfigureAwait(false);
        if (_core.Profile.Data.Phase == ProfilePhase.SigningUp)
            await _core.Profile.SaveAsync(data => data with { Phase = ProfilePhase.Active }, new StoreBatch(), cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Drops all keys and closes; memory that held them, or anything that was read, is given back to the system. Let go of the client and of what it gave when calling this: what is still held stays. What was
    /// sent is safe; what is queued goes out after the next unlock.
    /// </summary>
    public Task LockAsync() => CollectedAsync(DisposeAsync().AsTask());

    // What was copied on the way (a password that was typed, texts, bytes a store gave) is garbage now, and collecting it takes the pages away. Not on the stack of what has just ended,
    // which would keep all of it for as long.
    static async Task CollectedAsync(Task closed)
    {
        await closed.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        // The pages where objects come next keep what was there until something does, so something does.
        for (int round = 0; round < 3; round++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            byte[][] young = Zeros();
            GC.Collect(0, GCCollectionMode.Forced, blocking: true, compacting: true);
            byte[][] older = Zeros();
            GC.KeepAlive(young);
            GC.KeepAlive(older);
        }

        static byte[][] Zeros() => [.. Enumerable.Range(0, 64).Select(_ => new byte[16_384])];
    }

    /// <summary>After how long without <see cref="Touch"/> the client locks itself: as its person chose, or sooner where the instance's policy says so; <c>null</c> for never.</summary>
    public TimeSpan? AutoLock
    {
        get
        {
            TimeSpan? own = _core.Profile.Data.AutoLockSeconds is > 0 and int seconds ? TimeSpan.FromSeconds(seconds) : null;
            return _core.Policy.LockAfter is { } latest && (own is null || own > latest) ? latest : own;
        }
    }

    /// <summary>Sets after how long the client locks itself, at least half a minute and at most a day; <c>null</c> for never.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Invalid"/>; <see cref="ClientErrors.NotAllowed"/>: the instance's policy locks sooner.</exception>
    public async Task SetAutoLockAsync(TimeSpan? idle, CancellationToken cancel = default)
    {
        if (_core.Policy.LockAfter is { } latest && (idle is null || idle > latest))
            throw new KavalekException(ClientErrors.NotAllowed, $"On this server devices lock after {latest} without use at the latest. Nothing changed.");
        if (idle is { } time && (time < TimeSpan.FromSeconds(30) || time > TimeSpan.FromDays(1)))
            throw new KavalekException(ErrorCodes.Invalid, "The time after which it locks is between half a minute and a day. Nothing was changed.");
        await _core.Profile.SaveAsync(data => data with { AutoLockSeconds = (int)(idle?.TotalSeconds ?? 0) }, new StoreBatch(), cancel).ConfigureAwait(false);
        Touch();
    }

    /// <summary>Somebody is there: the time until the client locks itself begins anew. Before the first call it does not run.</summary>
    public void Touch()
    {
        _touched = true;
        Rest();
    }

    // Also when the policy asks for another time meanwhile: it counts from then.
    void Rest()
    {
        if (_touched && !_disposed) _idle.Change(AutoLock ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends the session and closes.</summary>
    /// <param name="removeDevice">Also removes this device from the account and wipes the store: everything on this device is lost, and with the account's last device the account.</param>
    /// <param name="cancel">Stops waiting for the server.</param>
    /// <exception cref="KavalekException">The server could not be told; nothing was wiped, and the client is still open.</exception>
    public async Task LogOutAsync(bool removeDevice, CancellationToken cancel = default)
    {
        // What only this device has goes into the archive before the device goes.
        if (!_core.Identity.IsWaiting) await TryArchiveAsync(cancel).ConfigureAwait(false);
        try
        {
            // An account's last device stays on the list: with an empty list, nobody could ever certify one again.
            if (removeDevice && !_core.Identity.IsWaiting && _core.Devices.Known.Certificates.Count > 1)
                await _core.Devices.RemoveAsync(_core.Identity.Device, cancel).ConfigureAwait(false);
            else
                await _core.Auth.EndSessionAsync(cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.SessionEnded or ErrorCodes.Unauthenticated)
        {
            // It is over already.
        }
        await StopAsync().ConfigureAwait(false);
        await _core.Tokens.ForgetAsync(CancellationToken.None).ConfigureAwait(false);
        if (removeDevice) await _core.Profile.WipeAsync().ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Changes the password of the account and of this device. All other sessions end: those devices keep what they have, and log in again with the new
    /// password.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.WrongCredentials"/>: <paramref name="current"/> is not the password. <see cref="ClientErrors.UnsuitablePassword"/>.</exception>
    public Task ChangePasswordAsync(string current, string next, CancellationToken cancel = default) => _core.Account.ChangePasswordAsync(current, next, cancel);

    /// <summary>
    /// Deletes the account for good: it leaves its conversations as far as the server can be reached, everything at the server goes, and then everything here.
    /// </summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.WrongCredentials"/>, <see cref="ErrorCodes.LastOwner"/>; then nothing was left or deleted.</exception>
    public async Task DeleteAccountAsync(string password, CancellationToken cancel = default)
    {
        _core.Identity.Certified();
        // Whether the password is right, and the account may go, is known before anything is begun that cannot be taken back; and where not, the session is what it was.
        await _core.Account.DeleteAsync(password, check: true, cancel).ConfigureAwait(false);
        await StopAsync().ConfigureAwait(false);
        await Engine.LeaveAllAsync(cancel).ConfigureAwait(false);
        await _core.Account.DeleteAsync(password, check: false, cancel).ConfigureAwait(false);
        await _core.Profile.WipeAsync().ConfigureAwait(false);
        await LockAsync().ConfigureAwait(false);
    }

    /// <summary>Changes what opens this device's wallet; the password of the account stays.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongPassword"/>, <see cref="ClientErrors.UnsuitablePassword"/>.</exception>
    public Task ChangeWalletPasswordAsync(string current, string next, CancellationToken cancel = default) =>
        _core.Profile.ChangePasswordAsync(current, next, _options.WalletIterations, cancel);

    /// <inheritdoc cref="LockAsync"/>
    public ValueTask DisposeAsync() => CloseAsync(keepStore: false);

    // ---- The own account ----

    /// <summary>The own account.</summary>
    public Account Me
    {
        get
        {
            Profile data = _core.Profile.Data;
            return new Account(data.Account, data.Handle, data.DisplayName, data.Email, data.Server, data.Instance,
                _core.Identity.PublicAccountKey, data.Device, _core.Identity.IsWaiting);
        }
    }

    /// <summary>Sets what others see in conversations; it goes out encrypted, with the next sync.</summary>
    public async Task SetDisplayNameAsync(string name, CancellationToken cancel = default)
    {
        string trimmed = DisplayNames.Normalize(name);
        await _core.Profile.SaveAsync(data => data with { DisplayName = trimmed }, new StoreBatch(), cancel).ConfigureAwait(false);
        if (_engine is { } engine) await engine.ProfileChangedAsync(cancel).ConfigureAwait(false);
    }

    // ---- Connection ----

    /// <summary>Connects and stays connected, syncing and raising events, until <see cref="StopAsync"/>. Returns at once.</summary>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_running is not null) return;
            ConversationEngine engine = Engine;
            _running = new CancellationTokenSource();
            _run = Task.WhenAll(engine.RunAsync(_running.Token), _upkeep.RunAsync(_running.Token), _history!.RunAsync(_running.Token));
            _core.Link.Start();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Disconnects.</summary>
    public async Task StopAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_running is null) return;
            await _core.Link.StopAsync().ConfigureAwait(false);
            await _running.CancelAsync().ConfigureAwait(false);
            try
            {
                await _run.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }
            catch (Exception e)
            {
                // What it ended with long ago keeps nobody from stopping.
                Report(e);
            }
            _running.Dispose();
            _running = null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>How it is connected.</summary>
    public ConnectionState Connection => _core.Link.State;

    /// <summary>
    /// One complete catch-up: what the server holds for this device is processed and the outbox sent when it returns, and the archive has what came of it, since nobody may be there
    /// to write it later.
    /// </summary>
    public async Task SyncAsync(CancellationToken cancel = default)
    {
        ConversationEngine engine = Engine;
        await engine.SyncAsync(cancel).ConfigureAwait(false);
        await _upkeep.OnceAsync(cancel).ConfigureAwait(false);
        await TryArchiveAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>All events from this call on, for as long as they are read.</summary>
    public IAsyncEnumerable<ClientEvent> Events(CancellationToken cancel = default) => _core.Events.Subscribe(cancel);

    // ---- People ----

    /// <summary>The people a conversation was opened with or accepted from, by name.</summary>
    public IReadOnlyList<Contact> Contacts => _core.People.Contacts;

    /// <summary>A person this device knows, if only from a group; <c>null</c> where it does not.</summary>
    public Contact? Contact(Id account) => _core.People.Find(account);

    /// <summary>Looks a handle up, exact match, and pins its key if it is new.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.NotFound"/>, <see cref="ClientErrors.KeyChanged"/>, <see cref="ClientErrors.DeviceListRefused"/>.</exception>
    public Task<Contact> FindAsync(string handle, CancellationToken cancel = default) => _core.People.FindAsync(handle, cancel);

    /// <summary>Marks a person as verified if <paramref name="compared"/>, digits or scanned text, is their safety number.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.SafetyNumberMismatch"/>.</exception>
    public Task<Contact> VerifyAsync(Id account, string compared, CancellationToken cancel = default) =>
        ChangedAsync(_core.People.VerifyAsync(account, compared, cancel), cancel);

    /// <summary>Accepts the changed key of a person; they are unverified then.</summary>
    public Task<Contact> AcceptKeyAsync(Id account, CancellationToken cancel = default) => ChangedAsync(_core.People.AcceptKeyAsync(account, cancel), cancel);

    /// <summary>The own contact link: whoever adds by it has verified.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.DeviceWaits"/>.</exception>
    public string ContactLink => Client.ContactLink.Of(Me.Server, Me.Id, _core.Identity.Certified().AccountKey.PublicKey).ToString();

    /// <summary>Adds a person by their contact link, verified.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.InvalidLink"/>, <see cref="ClientErrors.SafetyNumberMismatch"/>.</exception>
    public Task<Contact> AddByLinkAsync(string link, CancellationToken cancel = default) =>
        ChangedAsync(_core.People.AddAsync(Client.ContactLink.Parse(link), cancel), cancel);

    /// <summary>Blocks or unblocks a person.</summary>
    public Task<Contact> BlockAsync(Id account, bool blocked, CancellationToken cancel = default) =>
        ChangedAsync(_core.People.BlockAsync(account, blocked, cancel), cancel);

    // ---- Devices ----

    /// <summary>The account's devices.</summary>
    public async Task<IReadOnlyList<Device>> DevicesAsync(CancellationToken cancel = default)
    {
        IReadOnlyList<Device> devices = await _core.Devices.ListAsync(cancel).ConfigureAwait(false);
        return _engine is not { } engine ? devices : [.. devices.Select(device => device with { Name = engine.Notes.NameOf(device.Id) })];
    }

    /// <summary>What this device calls itself to the account's others; <c>null</c> where it does not.</summary>
    public string? DeviceName => _core.Profile.Data.DeviceName;

    /// <summary>Names this device, for the account's devices alone. A device that waits to be let in says its name once it is.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Invalid"/>: empty, too long, or with control characters.</exception>
    public async Task SetDeviceNameAsync(string name, CancellationToken cancel = default)
    {
        string trimmed = DisplayNames.Normalize(name);
        await _core.Profile.SaveAsync(data => data with { DeviceName = trimmed }, new StoreBatch(), cancel).ConfigureAwait(false);
        if (_engine is { } engine) await engine.Notes.NameAsync(trimmed).ConfigureAwait(false);
    }

    /// <summary>Begins to let a new device in, which has logged in and waits; it lasts a minute.</summary>
    public Task<DeviceLink> LinkDeviceAsync(CancellationToken cancel = default)
    {
        ConversationEngine engine = Engine;
        return DeviceLink.StartAsync(_core.Devices, _core.Identity, _options.Crypto, _core.Auth, _core.Clock, engine.OwnDevicesChangedAsync, cancel);
    }

    /// <summary>On the new device: joins the link whose code, typed or scanned, another device shows. Next comes <see cref="MatchingCodeAsync"/>.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongLinkCode"/>, <see cref="ClientErrors.LinkExpired"/>.</exception>
    public Task JoinLinkAsync(string code, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(code);
        return _core.Joining.JoinAsync(code, cancel);
    }

    /// <summary>On the new device: waits for the other one, and gives what both screens must show alike.</summary>
    public Task<string> MatchingCodeAsync(CancellationToken cancel = default) => _core.Joining.MatchingCodeAsync(cancel);

    /// <summary>On the new device: the person has compared, and the codes match. Next comes <see cref="WaitForApprovalAsync"/>.</summary>
    public Task ConfirmMatchAsync(CancellationToken cancel = default) => _core.Joining.ConfirmAsync(cancel);

    /// <summary>On a waiting device: whether it came in meanwhile, by a link that was confirmed or a recovery that was cut off.</summary>
    public async Task<bool> TryComeInAsync(CancellationToken cancel = default)
    {
        if (!_core.Identity.IsWaiting) return true;
        if (!await _core.Joining.TryFinishAsync(cancel).ConfigureAwait(false)) return false;
        await ComeInAsync(cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Completes when the device of the confirmed link has let this one in.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.LinkExpired"/>: it did not, within the minute.</exception>
    public async Task WaitForApprovalAsync(CancellationToken cancel = default)
    {
        await _core.Joining.WaitAsync(cancel).ConfigureAwait(false);
        await ComeInAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>On a new device that has logged in: opens the vault with the recovery key, and is in.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongRecoveryKey"/>, <see cref="ClientErrors.NoVault"/>, <see cref="ClientErrors.VaultRefused"/>.</exception>
    public async Task RecoverAsync(RecoveryKey recoveryKey, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(recoveryKey);
        await _core.Joining.RecoverAsync(recoveryKey, cancel).ConfigureAwait(false);
        await ComeInAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// On a new device that has logged in, with neither another device nor the recovery key: a new account key under the same handle. All other devices
    /// are dropped, old conversations stay closed, what was archived is gone, and all contacts see a changed key.
    /// </summary>
    public async Task BeginAfreshAsync(string password, CancellationToken cancel = default)
    {
        await _core.Account.BeginAfreshAsync(password, cancel).ConfigureAwait(false);
        await ComeInAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Whether the account has a recovery key, as far as this device knows.</summary>
    public RecoveryState Recovery => _core.Vault.State;

    /// <summary>
    /// Makes <paramref name="recoveryKey"/> the account's: until this returns the old one holds, and from then on only the new one. Show it, and have it
    /// written down, before.
    /// </summary>
    public Task SetRecoveryKeyAsync(RecoveryKey recoveryKey, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(recoveryKey);
        _core.Identity.Certified();
        return _core.Vault.ReplaceAsync(recoveryKey, cancel);
    }

    /// <summary>Removes a device: its session ends, it wipes itself at its next contact, and every conversation gets new keys. To remove this one, log out.</summary>
    /// <returns>What to file: the conversations it was in, each with the epoch from which on it reads nothing.</returns>
    public async Task<OffboardingReceipt> RemoveDeviceAsync(Id device, CancellationToken cancel = default)
    {
        if (device == Me.Device) throw new KavalekException(ErrorCodes.Invalid, "This is the device you are using. To remove it, log out and remove it with that.");
        ConversationEngine engine = Engine;
        IReadOnlyList<Conversation> held = engine.Holding(device);
        await _core.Devices.RemoveAsync(device, cancel).ConfigureAwait(false);
        await engine.OwnDevicesChangedAsync(cancel).ConfigureAwait(false);
        return await engine.ReceiptAsync(device, held, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Removes a device that somebody else may have, and replaces the keys that it knows: nobody takes a device any more that the old account key certifies, and what is
    /// archived from then on opens under a new history key.
    /// All contacts see a changed key, and the account has no recovery key until a new one is made (<see cref="SetRecoveryKeyAsync"/>).
    /// </summary>
    /// <returns>As <see cref="RemoveDeviceAsync"/>.</returns>
    public async Task<OffboardingReceipt> RemoveLostDeviceAsync(Id device, CancellationToken cancel = default)
    {
        if (device == Me.Device) throw new KavalekException(ErrorCodes.Invalid, "This is the device you are using. Remove it from another one, if it is lost. Nothing was changed.");
        ConversationEngine engine = Engine;
        IReadOnlyList<Conversation> held = engine.Holding(device);
        await _core.NewKey.ReplaceAsync(device, cancel).ConfigureAwait(false);
        try
        {
            // Notes and archive go over to the new key at once, not with the next change or message.
            await engine.Notes.SyncAsync(cancel).ConfigureAwait(false);
            await History.SyncAsync(all: true, cancel).ConfigureAwait(false);
        }
        catch (KavalekException)
        {
            // Then with the next connection, from this device or another.
        }
        await _core.KeyPackages.RefillAsync(cancel).ConfigureAwait(false);
        await engine.OwnDevicesChangedAsync(cancel).ConfigureAwait(false);
        return await engine.ReceiptAsync(device, held, cancel).ConfigureAwait(false);
    }

    /// <summary>How this device is woken while it is not connected; for browsers.</summary>
    public WakeUps WakeUps => _core.WakeUps;

    // ---- History ----

    /// <summary>How the account's archive of what was read and sent stands (docs/PROTOCOL.md §10).</summary>
    public Task<HistoryStatus> HistoryAsync(CancellationToken cancel = default) => History.StatusAsync(cancel);

    /// <summary>Reads the archive to its end; goes on where it stopped. A connected client does so by itself, and reports by <see cref="HistoryChanged"/>.</summary>
    public Task RestoreHistoryAsync(CancellationToken cancel = default) => History.FillAsync(cancel);

    /// <summary>Writes what waits for the archive now, instead of in some minutes.</summary>
    public Task SaveHistoryAsync(CancellationToken cancel = default) => History.SyncAsync(all: true, cancel);

    /// <summary>Switches the archive on, or off for all devices of the account: off deletes it on the server. What the devices have stays.</summary>
    public Task SetHistoryAsync(bool on, CancellationToken cancel = default) => History.SetAsync(on, cancel);

    HistoryArchive History
    {
        get
        {
            _ = Engine;
            return _history!;
        }
    }

    // It can wait, and what waits is marked: nothing else fails for it.
    async Task TryArchiveAsync(CancellationToken cancel)
    {
        try
        {
            if (_history is { } history) await history.SyncAsync(all: true, cancel).ConfigureAwait(false);
        }
        catch (KavalekException)
        {
            // The next time.
        }
    }

    // ---- Running the instance ----

    /// <summary>What the instance asks of its clients, as this device saw it last and keeps to; <c>null</c> before the first connection.</summary>
    public InstancePolicy? Policy => _core.Policy.Current;

    /// <summary>Opens the dashboard, for an account with a rank.</summary>
    /// <param name="password">The password, once more.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="KavalekException"><see cref="Kavalek.Protocol.ErrorCodes.Forbidden"/>: there is no rank. <see cref="Kavalek.Protocol.ErrorCodes.WrongCredentials"/>.</exception>
    public Task<Dashboard> OpenDashboardAsync(string password, CancellationToken cancel = default) => Dashboard.OpenAsync(_core, password, cancel);

    /// <summary>Those to whom a report would go now, checked; show them before <see cref="Client.Conversation.ReportAsync"/>.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.ServerMisbehaves"/>: the server names somebody whom its audit log does not.</exception>
    public Task<Moderators> ModeratorsAsync(CancellationToken cancel = default) => Moderators.FindAsync(_core, cancel);

    /// <summary>
    /// What those who run the instance did: for every member to read, and checked against what this device saw of it before. A device looks by itself, too, once a day
    /// (<see cref="AuditLogBroken"/>); what it found then is in the next answer.
    /// </summary>
    /// <param name="limit">At most so many records, the newest.</param>
    /// <param name="cancel">Stops it.</param>
    public Task<AuditTrail> AuditAsync(int limit = 100, CancellationToken cancel = default) => _core.Audit.ReadAsync(limit, cancel);

    // ---- The instance's owner ----

    /// <summary>Makes an invite; for the instance's owner.</summary>
    public async Task<Invite> CreateInviteAsync(int uses, TimeSpan validity, CancellationToken cancel = default)
    {
        CreatedInvite created = await _core.Auth.CreateInviteAsync(new CreateInvite(uses, (long)validity.TotalSeconds), cancel).ConfigureAwait(false);
        return new Invite(created.Invite, $"{Me.Server}#invite={created.Secret}", uses, DateTimeOffset.FromUnixTimeSeconds(created.Expires));
    }

    /// <summary>The invites there are; for the instance's owner.</summary>
    public async Task<IReadOnlyList<InviteInfo>> InvitesAsync(CancellationToken cancel = default) =>
        [.. (await _core.Auth.InvitesAsync(cancel).ConfigureAwait(false)).Select(i => new InviteInfo(i.Invite, i.UsesLeft, DateTimeOffset.FromUnixTimeSeconds(i.Expires)))];

    /// <summary>Revokes an invite; for the instance's owner.</summary>
    public Task RevokeInviteAsync(Id invite, CancellationToken cancel = default) => _core.Auth.RevokeInviteAsync(invite, cancel);

    // ---- Conversations ----

    /// <summary>All conversations, newest activity first.</summary>
    public IReadOnlyList<Conversation> Conversations => Engine.All;

    /// <summary>A conversation by its id.</summary>
    public Conversation? Conversation(Id id) => Engine.Find(id);

    /// <summary>Finds messages of this device by their words; it works offline.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Invalid"/>: <see cref="SearchQuery.After"/> is none.</exception>
    public Task<SearchPage> SearchAsync(SearchQuery query, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Engine.Searching.FindAsync(query, cancel);
    }

    /// <summary>The direct conversation with a person: opened if there is none.</summary>
    public Task<Conversation> DirectAsync(Id account, CancellationToken cancel = default) => Setback.ToldAsync(Engine.DirectAsync(account, cancel));

    /// <summary>Makes a group with these people; the own account is its owner.</summary>
    public Task<Conversation> CreateGroupAsync(string title, IReadOnlyList<Id> accounts, CancellationToken cancel = default) =>
        Setback.ToldAsync(Engine.CreateGroupAsync(title, accounts, cancel));

    /// <summary>What others may know of what reached this device, and was read on it.</summary>
    public ReceiptChoice Receipts => Engine.ReceiptChoice;

    /// <summary>
    /// Chooses what others may know: that a message reached this device, and that it was read. Both are off at first. Own devices hear of what was read in the same way only.
    /// </summary>
    public Task SetReceiptsAsync(bool delivered, bool read, CancellationToken cancel = default) => Engine.SetReceiptsAsync(delivered, read, cancel);

    /// <summary>How long messages live in conversations that are begun here; <c>null</c> where they stay.</summary>
    public TimeSpan? DefaultTimer => Engine.DefaultTimer is > 0 and uint seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Sets the own default for conversations begun from now on; <see cref="TimeSpan.Zero"/>: messages stay.</summary>
    /// <exception cref="KavalekException">The instance does not allow it.</exception>
    public Task SetDefaultTimerAsync(TimeSpan life, CancellationToken cancel = default) => Engine.SetDefaultTimerAsync(life, cancel);

    /// <summary>What the client is made of, for tests.</summary>
    internal ClientCore Core => _core;

    /// <summary>What it does while it is started, for tests: it never fails.</summary>
    internal Task Running => Volatile.Read(ref _run);

    /// <summary>What moves the conversations, likewise.</summary>
    internal ConversationEngine Machinery => Engine;

    /// <summary>Its conversations, for tests; <c>null</c> while the device waits to be approved.</summary>
    internal ConversationEngine? Talk => Volatile.Read(ref _engine);

    static async Task<KavalekClient> OpenAsync(ClientOptions options, OpenProfile profile, CancellationToken cancel)
    {
        KavalekClient client = new(options, await ClientCore.OpenAsync(options, profile, cancel).ConfigureAwait(false));
        try
        {
            await client.OpenEngineAsync(cancel).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.CloseAsync(keepStore: true).ConfigureAwait(false);
            throw;
        }
    }

    ConversationEngine Engine
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _core.Identity.Certified();
            return _engine ?? throw new InvalidOperationException("a certified device has conversations");
        }
    }

    async Task ComeInAsync(CancellationToken cancel)
    {
        await OpenEngineAsync(cancel).ConfigureAwait(false);
        await _upkeep.TryOnceAsync(cancel).ConfigureAwait(false);
    }

    async Task LockWhenIdleAsync()
    {
        _core.Events.Publish(new Locked());
        await LockAsync().ConfigureAwait(false);
    }

    async Task OpenEngineAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_engine is not null || _core.Identity.IsWaiting) return;
            _engine = await ConversationEngine.OpenAsync(_core, cancel).ConfigureAwait(false);
            if (_core.Profile.Data.DeviceName is { } name) await _engine.Notes.NameAsync(name).ConfigureAwait(false);
            _history = await HistoryArchive.OpenAsync(_core, _engine, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    async Task<Contact> ChangedAsync(Task<Contact> change, CancellationToken cancel)
    {
        Contact contact = await change.ConfigureAwait(false);
        if (_engine is { } engine) await engine.ContactChangedAsync(contact, cancel).ConfigureAwait(false);
        return contact;
    }

    async ValueTask CloseAsync(bool keepStore)
    {
        Task closing;
        lock (_ending) closing = _closing ??= CloseOnceAsync(keepStore);
        await closing.ConfigureAwait(false);
    }

    // Whatever a part ends with, the keys go.
    async Task CloseOnceAsync(bool keepStore)
    {
        await TryAsync(_core.HangUpAsync).ConfigureAwait(false);
        await TryAsync(() => _idle.DisposeAsync().AsTask()).ConfigureAwait(false);
        await TryAsync(StopAsync).ConfigureAwait(false);
        _disposed = true;
        if (_history is { } history) await TryAsync(() => history.DisposeAsync().AsTask()).ConfigureAwait(false);
        if (_engine is { } engine) await TryAsync(() => engine.DisposeAsync().AsTask()).ConfigureAwait(false);
        await _core.CloseAsync(keepStore).ConfigureAwait(false);
        _turn.Dispose();
    }

    async Task TryAsync(Func<Task> part)
    {
        try
        {
            await part().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Report(e);
        }
    }

    void Report(Exception e) => _core.Events.Publish(new Notice(Setback.InWords(e).Message));
}
