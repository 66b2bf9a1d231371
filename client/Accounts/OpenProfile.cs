using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>An unlocked profile: the sealed store, and what it is about. Disposing drops the keys and closes the store below.</summary>
sealed class OpenProfile : IAsyncDisposable
{
    readonly IClientStore _raw;
    readonly ICryptoProvider _crypto;
    readonly IPasswordStretching _stretching;
    readonly Secret _storeKey;
    readonly SealedStore _store;
    readonly SemaphoreSlim _turn = new(1, 1);

    OpenProfile(ClientOptions options, Secret storeKey, Profile data)
    {
        _raw = options.Store;
        _crypto = options.Crypto;
        _stretching = options.Stretching;
        _storeKey = storeKey;
        _store = new SealedStore(options.Store, options.Crypto, storeKey);
        Data = data;
    }

    /// <summary>What is put into it is encrypted.</summary>
    public IClientStore Store => _store;

    /// <summary>What the profile is about.</summary>
    public Profile Data { get; private set; }

    /// <summary>Makes a profile in an empty store; the wallet and <paramref name="first"/> are written together.</summary>
    public static async Task<OpenProfile> CreateAsync(ClientOptions options, string password, Profile data, StoreBatch first, CancellationToken cancel)
    {
        byte[] key = new byte[32];
        options.Crypto.Random(key);
        Secret storeKey = Secret.Own(key);
        Wallet wallet = await Wallet.WrapAsync(options.Crypto, options.Stretching, storeKey, password, options.WalletIterations, data.Server.ToString()).ConfigureAwait(false);
        OpenProfile profile = new(options, storeKey, data);
        // The wallet last: without it the rest is noise, and the profile counts as empty.
        await profile._store.ApplyAsync(first.Put(Profile.Key, data.Encode()), cancel).ConfigureAwait(false);
        await options.Store.ApplyAsync(new StoreBatch().Put(Wallet.Key, wallet.Encode()), cancel).ConfigureAwait(false);
        return profile;
    }

    /// <summary>Opens an existing profile and counts the opening.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.ProfileEmpty"/>, <see cref="ClientErrors.WrongPassword"/>, <see cref="ClientErrors.ProfileDamaged"/>.</exception>
    public static async Task<OpenProfile> UnlockAsync(ClientOptions options, string password, CancellationToken cancel)
    {
        byte[] bytes = await options.Store.GetAsync(Wallet.Key, cancel).ConfigureAwait(false)
            ?? throw new KavalekException(ClientErrors.ProfileEmpty, "There is no account in this profile yet. Sign up, or log in.");
        PasswordGuard guard = new(options.Store, options.Clock);
        await guard.RequireTurnAsync(cancel).ConfigureAwait(false);
        Secret storeKey = await OpenWalletAsync(options, bytes, password, guard, cancel).ConfigureAwait(false);
        SealedStore store = new(options.Store, options.Crypto, storeKey);
        byte[] data = await store.GetAsync(Profile.Key, cancel).ConfigureAwait(false)
            ?? throw new KavalekException(ClientErrors.ProfileDamaged, "This profile is incomplete. Restore it from a backup, or log in on a new profile.");
        await store.DisposeAsync().ConfigureAwait(false);
        OpenProfile profile = new(options, storeKey, Profile.Decode(data));
        await profile.SaveAsync(p => p with { Opened = p.Opened + 1 }, new StoreBatch(), cancel).ConfigureAwait(false);
        return profile;
    }

    /// <summary>Changes what the profile is about, together with other changes.</summary>
    public async Task SaveAsync(Func<Profile, Profile> change, StoreBatch with, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            Profile changed = change(Data);
            await _store.ApplyAsync(with.Put(Profile.Key, changed.Encode()), cancel).ConfigureAwait(false);
            Data = changed;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Wraps the store key under a second password, beside the one in force: whichever the server turns out to know, the profile opens.</summary>
    public async Task PreparePasswordAsync(string next, int iterations, CancellationToken cancel)
    {
        byte[] bytes = await _raw.GetAsync(Wallet.Key, cancel).ConfigureAwait(false) ?? throw new InvalidOperationException("no wallet");
        Wallet prepared = await Wallet.WrapAsync(_crypto, _stretching, _storeKey, next, iterations, Wallet.Decode(bytes).Server).ConfigureAwait(false);
        await _raw.ApplyAsync(new StoreBatch().Put(Wallet.NextKey, prepared.Encode()), cancel).ConfigureAwait(false);
    }

    /// <summary>The prepared password is the one from now on.</summary>
    public async Task TakePreparedPasswordAsync()
    {
        if (await _raw.GetAsync(Wallet.NextKey).ConfigureAwait(false) is { } prepared)
            await _raw.ApplyAsync(new StoreBatch().Put(Wallet.Key, prepared).Delete(Wallet.NextKey)).ConfigureAwait(false);
    }

    /// <summary>The password in force stays.</summary>
    public async Task DropPreparedPasswordAsync() => await _raw.ApplyAsync(new StoreBatch().Delete(Wallet.NextKey)).ConfigureAwait(false);

    /// <summary>The server knows this password: from now on it, and no other, opens the profile.</summary>
    public async Task AdoptPasswordAsync(string password, int iterations, CancellationToken cancel)
    {
        byte[] bytes = await _raw.GetAsync(Wallet.Key, cancel).ConfigureAwait(false) ?? throw new InvalidOperationException("no wallet");
        Wallet wallet = Wallet.Decode(bytes);
        try
        {
            using Secret opened = await wallet.OpenAsync(_crypto, _stretching, password).ConfigureAwait(false);
            await DropPreparedPasswordAsync().ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ClientErrors.WrongPassword)
        {
            Wallet changed = await Wallet.WrapAsync(_crypto, _stretching, _storeKey, password, iterations, wallet.Server).ConfigureAwait(false);
            await _raw.ApplyAsync(new StoreBatch().Put(Wallet.Key, changed.Encode()).Delete(Wallet.NextKey), cancel).ConfigureAwait(false);
        }
    }

    // A change of password that was cut off leaves two wallets, and either opens: which of them stays is decided by the next log-in, since
    // only the server knows whether the change came to be.
    static async Task<Secret> OpenWalletAsync(ClientOptions options, byte[] wallet, string password, PasswordGuard guard, CancellationToken cancel)
    {
        try
        {
            Secret opened;
            try
            {
                opened = await Wallet.Decode(wallet).OpenAsync(options.Crypto, options.Stretching, password).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code == ClientErrors.WrongPassword)
            {
                if (await options.Store.GetAsync(Wallet.NextKey, cancel).ConfigureAwait(false) is not { } next) throw;
                opened = await Wallet.Decode(next).OpenAsync(options.Crypto, options.Stretching, password).ConfigureAwait(false);
            }
            await guard.SucceededAsync().ConfigureAwait(false);
            return opened;
        }
        catch (KavalekException e) when (e.Code == ClientErrors.WrongPassword)
        {
            await guard.FailedAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Wraps the store key under another password.</summary>
    public async Task ChangePasswordAsync(string current, string next, int iterations, CancellationToken cancel)
    {
        byte[] bytes = await _raw.GetAsync(Wallet.Key, cancel).ConfigureAwait(false) ?? throw new InvalidOperationException("no wallet");
        Wallet wallet = Wallet.Decode(bytes);
        using Secret proof = await wallet.OpenAsync(_crypto, _stretching, current).ConfigureAwait(false);
        Wallet changed = await Wallet.WrapAsync(_crypto, _stretching, _storeKey, next, iterations, wallet.Server).ConfigureAwait(false);
        await _raw.ApplyAsync(new StoreBatch().Put(Wallet.Key, changed.Encode()), cancel).ConfigureAwait(false);
    }

    /// <summary>Removes everything, the wallet first of all: without it the rest cannot be opened. Whoever uses the store afterwards is told why.</summary>
    public Task WipeAsync(KavalekException why)
    {
        _store.Close(why);
        return WipeAsync();
    }

    /// <summary>Removes everything, the wallet first of all: without it the rest cannot be opened.</summary>
    public async Task WipeAsync()
    {
        await _raw.ApplyAsync(new StoreBatch().Delete(Wallet.Key).Delete(Wallet.NextKey)).ConfigureAwait(false);
        await _raw.ApplyAsync(new StoreBatch().DeleteRange(" ", "\u007f")).ConfigureAwait(false);
    }

    /// <summary>Drops the keys; the raw store stays open.</summary>
    public async ValueTask DropKeysAsync()
    {
        await _store.DisposeAsync().ConfigureAwait(false);
        _storeKey.Dispose();
    }

    /// <summary>Drops the keys and closes the raw store.</summary>
    public async ValueTask DisposeAsync()
    {
        await DropKeysAsync().ConfigureAwait(false);
        await _raw.DisposeAsync().ConfigureAwait(false);
    }
}
