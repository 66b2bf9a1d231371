using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>
/// The memory that bodies and answers of calls take, of all accounts together: who sends much and never ends, or asks for much and does not take it, is
/// given no more of it (docs/PROTOCOL.md §9). An account has at most half of it, or one call; the last quarter is for what is small, so that messages get
/// through where large ones have to wait.
/// </summary>
sealed class BodyMemory(MessagingOptions options, TimeProvider clock)
{
    /// <summary>Bytes that each call has without asking.</summary>
    public const int Free = 4 * 1024;

    /// <summary>Bytes up to which a call may have of the last quarter.</summary>
    public const int Small = 128 * 1024;

    const int MostWaiting = 4_096;
    const int MostWaitingOfOne = 32;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly Lock _gate = new();
    readonly Dictionary<Id, long> _accounts = [];
    readonly LinkedList<Waiter> _waiting = [];
    long _taken;

    /// <summary>Bytes that are taken.</summary>
    public long Taken
    {
        get
        {
            lock (_gate)
                return _taken;
        }
    }

    /// <summary>Takes nothing yet: a body grows as it comes.</summary>
    public Lease Begin(Id account) => new(this, account);

    /// <summary>Takes so many bytes, at once or when others gave them back; null where that does not happen soon.</summary>
    public async Task<Lease?> TakeAsync(Id account, long bytes, CancellationToken cancel)
    {
        Lease lease = new(this, account);
        Waiter waiter = new(lease, bytes);
        lock (_gate)
        {
            if (TryTake(lease, bytes))
                return lease;
            if (_waiting.Count >= MostWaiting || _waiting.Count(other => other.Lease.Account == account) >= MostWaitingOfOne)
                return null;
            _waiting.AddLast(waiter);
        }
        try
        {
            await waiter.Granted.Task.WaitAsync(Patience, clock, cancel);
            return lease;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            lock (_gate)
                _waiting.Remove(waiter);
            lease.Dispose(); // It may have been granted just now.
            if (e is OperationCanceledException)
                throw;
            return null;
        }
    }

    bool TryTake(Lease lease, long bytes)
    {
        long more = bytes - lease.Bytes;
        long all = bytes <= Small ? options.BodyMemoryBytes : options.BodyMemoryBytes / 4 * 3;
        long own = _accounts.GetValueOrDefault(lease.Account);
        if (_taken + more > all || (own + more > options.BodyMemoryBytes / 2 && own > lease.Bytes))
            return false;
        Count(lease, bytes);
        return true;
    }

    void Count(Lease lease, long bytes)
    {
        long own = _accounts.GetValueOrDefault(lease.Account) + bytes - lease.Bytes;
        _taken += bytes - lease.Bytes;
        lease.Bytes = bytes;
        if (own > 0)
            _accounts[lease.Account] = own;
        else
            _accounts.Remove(lease.Account);
    }

    void Grant()
    {
        for (LinkedListNode<Waiter>? at = _waiting.First, next; at is not null; at = next)
        {
            next = at.Next;
            if (!TryTake(at.Value.Lease, at.Value.Bytes))
                continue;
            _waiting.Remove(at);
            at.Value.Granted.TrySetResult();
        }
    }

    sealed class Waiter(Lease lease, long bytes)
    {
        public Lease Lease => lease;
        public long Bytes => bytes;
        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What one call has of it, until its answer is out.</summary>
    public sealed class Lease(BodyMemory memory, Id account) : IDisposable
    {
        public Id Account => account;

        public long Bytes { get; set; }

        /// <summary>Takes more, so that it has so many bytes in all; false if there are not.</summary>
        public bool TryGrow(long bytes)
        {
            lock (memory._gate)
                return bytes <= Bytes || memory.TryTake(this, bytes);
        }

        /// <summary>Gives back what is above so many bytes.</summary>
        public void Shrink(long bytes)
        {
            lock (memory._gate)
            {
                if (bytes >= Bytes)
                    return;
                memory.Count(this, bytes);
                memory.Grant();
            }
        }

        public void Dispose() => Shrink(0);
    }
}
