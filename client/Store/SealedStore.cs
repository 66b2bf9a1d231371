using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>
/// Encrypts what goes into a store (<c>docs/STORE.md</c>): values with AES-256-GCM under a key of their own, bound to their key's name
/// and padded; ids in key names replaced by keyed hashes. Disposing drops the keys; the store below stays open.
/// </summary>
/// <remarks>Order and ranges hold among keys that share their ids; across different ids the order is none that means anything.</remarks>
sealed class SealedStore : IClientStore
{
    const byte Version = 1;
    const int SaltBytes = 16;
    const int PadTo = 64;
    const int IdDigits = 32;
    const int MostNames = 20_000;
    const int AtOnce = 64;

    static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    readonly IClientStore _inner;
    readonly ICryptoProvider _crypto;
    readonly Secret _recordKey;
    readonly Secret _nameKey;
    readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);
    volatile KavalekException? _closed;

    /// <summary>Seals <paramref name="inner"/> with a random key of 32 bytes, which stays the caller's.</summary>
    public SealedStore(IClientStore inner, ICryptoProvider crypto, Secret storeKey)
    {
        _inner = inner;
        _crypto = crypto;
        _recordKey = Derive("kavalek/v1/store/records", storeKey);
        _nameKey = Derive("kavalek/v1/store/names", storeKey);
    }

    /// <summary>From now on nothing is read or written any more: whoever tries is told why.</summary>
    public void Close(KavalekException why) => _closed = why;

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default)
    {
        RequireOpen();
        string name = Name(StoreKey.Check(key));
        return await _inner.GetAsync(name, cancel).ConfigureAwait(false) is { } record ? (await OpenAsync(name, record).ConfigureAwait(false)).Value : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(range);
        RequireOpen();
        IReadOnlyList<StoreEntry> found = await _inner.ScanAsync(range with { From = Name(range.From), To = Name(range.To) }, cancel).ConfigureAwait(false);
        return await AllAsync(found, entry => OpenAsync(entry.Key, entry.Value)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        RequireOpen();
        foreach (StoreChange change in batch.Changes) StoreKey.Check(change);
        StoreBatch sealedBatch = new() { IsPostponable = batch.IsPostponable };
        foreach (StoreChange change in await AllAsync(batch.Changes, SealAsync).ConfigureAwait(false)) sealedBatch.Add(change);
        RequireOpen();
        await _inner.ApplyAsync(sealedBatch, cancel).ConfigureAwait(false);
    }

    // In a browser each is sealed or opened beside .NET's one thread: several at once take as long as one.
    static async Task<TTo[]> AllAsync<TFrom, TTo>(IReadOnlyList<TFrom> all, Func<TFrom, ValueTask<TTo>> work)
    {
        TTo[] done = new TTo[all.Count];
        for (int from = 0; from < done.Length; from += AtOnce)
            (await Task.WhenAll(all.Skip(from).Take(AtOnce).Select(one => work(one).AsTask())).ConfigureAwait(false)).CopyTo(done, from);
        return done;
    }

    async ValueTask<StoreChange> SealAsync(StoreChange change) => change switch
    {
        StorePut put => new StorePut(Name(put.Key), await SealAsync(Name(put.Key), put.Key, put.Value).ConfigureAwait(false)),
        StoreDelete delete => new StoreDelete(Name(delete.Key)),
        StoreDeleteRange range => new StoreDeleteRange(Name(range.From), Name(range.To)),
        _ => throw new InvalidOperationException(change.GetType().Name),
    };

    void RequireOpen()
    {
        if (_closed is { } why) throw new KavalekException(why.Code, why.Message, why.NothingChanged, why);
    }

    /// <summary>Zeroes the keys.</summary>
    public ValueTask DisposeAsync()
    {
        _recordKey.Dispose();
        _nameKey.Dispose();
        _names.Clear();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// The name on the disk: in each part between slashes, leading 32 hexadecimal digits (an id) become a keyed hash, so that a
    /// thief of the file learns neither contacts nor conversations. Whatever follows stays, and with it the order.
    /// </summary>
    string Name(string key)
    {
        // Most ids are used for a while and then no more.
        if (_names.Count > MostNames) _names.Clear();
        StringBuilder name = new(key.Length);
        foreach (Range part in key.AsSpan().Split('/'))
        {
            if (part.Start.Value > 0) name.Append('/');
            ReadOnlySpan<char> text = key.AsSpan()[part];
            bool isId = text.Length >= IdDigits && !text[..IdDigits].ContainsAnyExcept(HexDigits);
            if (isId) name.Append(_names.GetOrAdd(text[..IdDigits].ToString(), Hash)).Append(text[IdDigits..]);
            else name.Append(text);
        }
        return name.ToString();
    }

    string Hash(string id)
    {
        Span<byte> mac = stackalloc byte[32];
        _crypto.Hmac(HashAlgorithm.Sha256, _nameKey.Span, Encoding.ASCII.GetBytes(id), mac);
        return Convert.ToHexStringLower(mac[..16]);
    }

    async ValueTask<byte[]> SealAsync(string name, string key, byte[] value)
    {
        int length = 4 + key.Length + 4 + value.Length;
        byte[] plaintext = new byte[(length + PadTo - 1) / PadTo * PadTo];
        BinaryPrimitives.WriteInt32BigEndian(plaintext, key.Length);
        Encoding.ASCII.GetBytes(key, plaintext.AsSpan(4));
        BinaryPrimitives.WriteInt32BigEndian(plaintext.AsSpan(4 + key.Length), value.Length);
        value.CopyTo(plaintext.AsSpan(8 + key.Length));

        byte[] salt = new byte[SaltBytes];
        _crypto.Random(salt);
        (Secret recordKey, byte[] nonce) = RecordKey(salt);
        using (recordKey)
        {
            byte[] ciphertext = await _crypto.SealAsync(AeadAlgorithm.Aes256Gcm, recordKey, nonce, Bound(name), plaintext).ConfigureAwait(false);
            return [Version, .. salt, .. ciphertext];
        }
    }

    async ValueTask<StoreEntry> OpenAsync(string name, byte[] record)
    {
        if (record.Length < 1 + SaltBytes || record[0] != Version) throw Damaged();
        (Secret recordKey, byte[] nonce) = RecordKey(record.AsSpan(1, SaltBytes));
        using (recordKey)
        {
            byte[] plaintext = await _crypto.OpenAsync(AeadAlgorithm.Aes256Gcm, recordKey, nonce, Bound(name), record.AsMemory(1 + SaltBytes)).ConfigureAwait(false) ?? throw Damaged();
            int keyLength = BinaryPrimitives.ReadInt32BigEndian(plaintext);
            int valueLength = BinaryPrimitives.ReadInt32BigEndian(plaintext.AsSpan(4 + keyLength));
            return new StoreEntry(Encoding.ASCII.GetString(plaintext, 4, keyLength), plaintext.AsSpan(8 + keyLength, valueLength).ToArray());
        }
    }

    /// <summary>
    /// A key and nonce for one write, from a random salt of 128 bits: random 96-bit nonces under one key would have to stop
    /// long before 2^32 writes, and a profile lives for years.
    /// </summary>
    (Secret Key, byte[] Nonce) RecordKey(ReadOnlySpan<byte> salt)
    {
        byte[] key = new byte[32], nonce = new byte[12];
        Span<byte> both = stackalloc byte[44];
        _crypto.HkdfExpand(HashAlgorithm.Sha256, _recordKey.Span, salt, both);
        both[..32].CopyTo(key);
        both[32..].CopyTo(nonce);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(both);
        return (Secret.Own(key), nonce);
    }

    Secret Derive(string label, Secret storeKey)
    {
        byte[] key = new byte[32];
        _crypto.HkdfExpand(HashAlgorithm.Sha256, storeKey.Span, Encoding.ASCII.GetBytes(label), key);
        return Secret.Own(key);
    }

    static byte[] Bound(string name) => [.. "kavalek/v1/store/"u8, .. Encoding.ASCII.GetBytes(name)];

    static KavalekException Damaged() => new(ClientErrors.ProfileDamaged,
        "Something in this profile was changed or damaged outside Kavalek. Restore it from a backup, or log in on a new profile.");
}
