using System.Buffers.Binary;
using System.Text;

namespace Kavalek.Client.Browser;

/// <summary>
/// A profile in IndexedDB (docs/browser.md): each batch is one transaction, with strict durability unless it is postponable, which first makes sure that no other tab
/// has become the writer meanwhile.
/// </summary>
public sealed class IndexedDbStore : IClientStore
{
    const byte Put = 0, Delete = 1, DeleteRange = 2;

    readonly int _database;
    bool _closed;

    IndexedDbStore(int database) => _database = database;

    /// <summary>Opens the database <paramref name="name"/>, made where it is missing, as its one writer.</summary>
    /// <exception cref="IOException">The browser gives no storage.</exception>
    public static async Task<IndexedDbStore> OpenAsync(string name) => new(BinaryPrimitives.ReadInt32LittleEndian(
        await Calls.RunAsync(call => IndexedDb.Open(call, name)).ConfigureAwait(false) ?? throw new IOException("no database")));

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default)
    {
        StoreKey.Check(key);
        RequireOpen(cancel);
        return await Calls.RunAsync(call => IndexedDb.Get(call, _database, key)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(range);
        RequireOpen(cancel);
        if (range.Limit <= 0 || string.CompareOrdinal(range.From, range.To) >= 0) return [];
        return Unpack(await Calls.RunAsync(call => IndexedDb.Scan(call, _database, range.From, range.To, range.Limit, range.Reverse)).ConfigureAwait(false) ?? []);
    }

    /// <inheritdoc/>
    public async ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        RequireOpen(cancel);
        foreach (StoreChange change in batch.Changes) StoreKey.Check(change);
        if (batch.IsEmpty) return;
        byte[] changes = Pack(batch);
        await Calls.RunAsync(call => IndexedDb.Apply(call, _database, changes, batch.IsPostponable)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (!_closed) IndexedDb.Close(_database);
        _closed = true;
        return ValueTask.CompletedTask;
    }

    void RequireOpen(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_closed, this);
    }

    static byte[] Pack(StoreBatch batch)
    {
        using MemoryStream bytes = new();
        foreach (StoreChange change in batch.Changes)
        {
            (byte kind, string key, byte[] value) = change switch
            {
                StorePut put => (Put, put.Key, put.Value),
                StoreDelete delete => (Delete, delete.Key, []),
                StoreDeleteRange range => (DeleteRange, range.From, Encoding.ASCII.GetBytes(range.To)),
                _ => throw new InvalidOperationException(change.GetType().Name),
            };
            bytes.WriteByte(kind);
            Write(bytes, Encoding.ASCII.GetBytes(key));
            Write(bytes, value);
        }
        return bytes.ToArray();
    }

    static void Write(MemoryStream bytes, ReadOnlySpan<byte> field)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, field.Length);
        bytes.Write(length);
        bytes.Write(field);
    }

    static List<StoreEntry> Unpack(byte[] packed)
    {
        List<StoreEntry> entries = [];
        for (int at = 0; at < packed.Length;)
        {
            string key = Encoding.ASCII.GetString(Field(packed, ref at));
            entries.Add(new StoreEntry(key, Field(packed, ref at).ToArray()));
        }
        return entries;
    }

    static ReadOnlySpan<byte> Field(byte[] packed, ref int at)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(packed.AsSpan(at));
        ReadOnlySpan<byte> field = packed.AsSpan(at + 4, length);
        at += 4 + length;
        return field;
    }
}
