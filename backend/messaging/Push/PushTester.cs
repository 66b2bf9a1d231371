using Kavalek.Protocol.Auth;

namespace Kavalek.Messaging.Push;

/// <summary>Tries, when somebody who runs the instance asks, whether the push services are reached from here. It sends no message and is of nobody.</summary>
sealed class PushTester(PushServices services, PushSender sender, TimeProvider clock)
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    readonly Lock _gate = new();
    DateTimeOffset _last = DateTimeOffset.MinValue;

    /// <summary>Each service with what came of it; <c>null</c> where it was tried a moment ago.</summary>
    public async Task<PushTest?> TryAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            if (now - _last < Pause) return null;
            _last = now;
        }
        return new PushTest(await Task.WhenAll(services.Named.Select(async address => new PushServiceTest(address.Host, await sender.ReachAsync(address, cancel)))));
    }
}
