using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>An unlocked profile: the sealed store, and what it is about. Disposing drops the keys and closes the store below.</summary>
sealed class OpenProfile : IAsyncDisposable
{
    readonly IClientStore _raw;
    readonly ICryptoProvider _crypto;
    readonly Secret _storeKey;
    readonly SealedStore _store;
    readonly SemaphoreSlim _turn = new(1, 1);

    OpenProfile(ClientOptions options, Secret storeKey, Profile data)
    {
        _raw = options.Store;
        _crypto = options.Crypto;
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
        Wallet wallet = await Wallet.WrapAsync(options.Crypto, storeKey, password, options.WalletIterations, data.Server.ToString()).ConfigureAwait(false);
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
        Secret storeKey = await Wallet.Decode(bytes).OpenAsync(options.Crypto, password).ConfigureAwait(false);
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

    /// <summary>Wraps the store key under another password.</summary>
    public async Task ChangePasswordAsync(string current, string next, int iterations, CancellationToken cancel)
    {
        byte[] bytes = await _raw.GetAsync(Wallet.Key, cancel).ConfigureAwait(false) ?? throw new InvalidOperationException("no wallet");
        Wallet wallet = Wallet.Decode(bytes);
        using Secret proof = await wallet.OpenAsync(_crypto, current).ConfigureAwait(false);
        Wallet changed = await Wallet.WrapAsync(_crypto, _storeKey, next, iterations, wallet.Server).ConfigureAwait(false);
        await _raw.ApplyAsync(new StoreBatch().Put(Wallet.Key, changed.Encode()), cancel).ConfigureAwait(false);
    }

    /// <summary>Removes everything, the wallet first of all: without it the rest cannot be opened.</summary>
    public async Task WipeAsync()
    {
        await _raw.ApplyAsync(new StoreBatch().Delete(Wallet.Key)).ConfigureAwait(false);
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
