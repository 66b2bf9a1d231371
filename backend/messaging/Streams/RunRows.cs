using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>
/// Runs as rows of PostgreSQL, column by column. A row larger than a page (8 KiB) would be cut into pieces of 2 kB, each a row with a place in an index of their own: several times
/// the work of rows that fit. So a run of many entries is stored as several, each of which is one, too.
/// </summary>
sealed class RunRows
{
    /// <summary>Bytes of ids and entries in one row; with its other columns and header it still fits a page.</summary>
    public const int MostBytes = 8_000;

    public List<long> Streams { get; } = [];
    public List<long> Firsts { get; } = [];
    public List<long> Lasts { get; } = [];
    public List<long> Epochs { get; } = [];
    public List<long> Expiries { get; } = [];
    public List<byte[]> Ids { get; } = [];
    public List<byte[]> Entries { get; } = [];
    public List<byte[]?> Payloads { get; } = [];

    /// <summary>Adds the rows of a run that was encoded.</summary>
    public void Add(long stream, PendingRun run)
    {
        Id[] ids = run.Ids();
        int from = 0, done = 0;
        for (int at = 0, i = 0; i < ids.Length; i++)
        {
            at += EntryCodec.FirstSize(run.Encoded.AsSpan(at));
            bool isLast = i == ids.Length - 1;
            // The next one would be too many.
            if (isLast || at + EntryCodec.FirstSize(run.Encoded.AsSpan(at)) - from + ((i + 2 - done) * Limits.IdLength) > MostBytes)
            {
                Add(stream, run, ids, done, i + 1, from == 0 && isLast ? run.Encoded : run.Encoded[from..at]);
                (from, done) = (at, i + 1);
            }
        }
    }

    void Add(long stream, PendingRun run, Id[] ids, int from, int to, byte[] entries)
    {
        Streams.Add(stream);
        Firsts.Add(checked((long)run.First + from));
        Lasts.Add(checked((long)run.First + to - 1));
        Epochs.Add(checked((long)run.EpochAfter));
        Expiries.Add(run.Expires);
        Ids.Add(StreamStore.WriteIds(ids.AsSpan(from, to - from)));
        Entries.Add(entries);
        Payloads.Add(run.Detached);
    }
}
