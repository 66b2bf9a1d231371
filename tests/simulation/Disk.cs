using Kavalek.Client;

namespace Kavalek.Simulation.Tests;

/// <summary>When and how a store call or a request goes wrong.</summary>
public enum Fault
{
    /// <summary>Nothing goes wrong.</summary>
    None,
    /// <summary>The process ends before it takes effect.</summary>
    KillBefore,
    /// <summary>The process ends after it took effect.</summary>
    KillAfter,
    /// <summary>It fails without effect, and the process goes on.</summary>
    Fail,
}

/// <summary>What of a device outlives its processes: the disk, and the backups that were made of it.</summary>
sealed class Disk
{
    public MemoryClientStore Store { get; private set; } = new();

    /// <summary>A backup of it. A store in memory answers at once.</summary>
    public MemoryClientStore Copy() => CopyAsync().GetAwaiter().GetResult();

    async Task<MemoryClientStore> CopyAsync()
    {
        MemoryClientStore copy = new();
        StoreBatch all = new();
        foreach (StoreEntry entry in await Store.ScanAsync(new StoreRange(" ", "\u007f"))) all.Put(entry.Key, entry.Value);
        await copy.ApplyAsync(all);
        return copy;
    }

    public void Replace(MemoryClientStore copy) => Store = copy;
}

/// <summary>The disk as one process sees it. A process that was killed stands still in its next call for ever: no handler of it runs any more.</summary>
sealed class ProcessStore(Process process, MemoryClientStore disk) : IClientStore
{
    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel = default)
    {
        if (process.IsDead) await Process.Never;
        return await disk.GetAsync(key, cancel);
    }

    public async ValueTask<IReadOnlyList<StoreEntry>> ScanAsync(StoreRange range, CancellationToken cancel = default)
    {
        if (process.IsDead) await Process.Never;
        return await disk.ScanAsync(range, cancel);
    }

    public async ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
    {
        if (process.IsDead) await Process.Never;
        switch (process.Pass())
        {
            case Fault.KillBefore:
                await Process.Never;
                break;
            case Fault.Fail:
                throw new IOException("the disk is full");
            case Fault.KillAfter:
                await disk.ApplyAsync(batch, cancel);
                await Process.Never;
                break;
            default:
                await disk.ApplyAsync(batch, cancel);
                break;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
