namespace Kavalek.Client;

/// <summary>What a key may be: printable ASCII, so that every store orders keys alike, whether by bytes or by UTF-16.</summary>
static class StoreKey
{
    /// <summary>Returns <paramref name="key"/>.</summary>
    /// <exception cref="ArgumentException">It is empty, or not printable ASCII.</exception>
    public static string Check(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return key.AsSpan().ContainsAnyExceptInRange(' ', '~') ? throw new ArgumentException("a key is printable ASCII", nameof(key)) : key;
    }

    /// <summary>Checks the key of a change; the ends of a range are only compared.</summary>
    public static void Check(StoreChange change)
    {
        switch (change)
        {
            case StorePut put: Check(put.Key); break;
            case StoreDelete delete: Check(delete.Key); break;
        }
    }
}
