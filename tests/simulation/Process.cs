using Kavalek.Client;
using Kavalek.Client.Tests;

namespace Kavalek.Simulation.Tests;

/// <summary>One run of the program on a device, from its start to its end or its sudden death.</summary>
sealed class Process(World world, Device device, MemoryClientStore disk)
{
    /// <summary>What nothing ever comes of.</summary>
    public static Task Never { get; } = new TaskCompletionSource().Task;

    long _passed;
    long _faultAt = long.MaxValue;
    Fault _fault;

    public Device Device => device;

    /// <summary>The shipped client; null while it starts.</summary>
    public KavalekClient? Client
    {
        get;
        set
        {
            if (value is not null && field is null) _ = ListenAsync(value);
            field = value;
        }
    }

    /// <summary>What it said of itself that only a defect makes it say.</summary>
    public string? Mistake { get; private set; }

    /// <summary>The lines it showed that are no messages.</summary>
    public List<string> Notices { get; } = [];

    async Task ListenAsync(KavalekClient client)
    {
        await foreach (ClientEvent item in client.Events())
            if (item is Notice notice)
            {
                Notices.Add(notice.Text);
                if (notice.Text.Contains("mistake", StringComparison.Ordinal)) Mistake = notice.Text;
            }
    }

    public bool IsDead { get; private set; }

    /// <summary>How many writes, requests and frames it has made.</summary>
    public long Passed => _passed;

    /// <summary>Its timers stop with it.</summary>
    public TimeProvider Clock => field ??= new ProcessClock(this, world.Clock);

    public ClientOptions Options() => new()
    {
        Store = new ProcessStore(this, disk),
        Transport = _ => new ProcessTransport(world.Network, this),
        Crypto = device.Crypto,
        Clock = Clock,
        Stretching = QuickStretching.Shared,
        KeyPackages = 20,
    };

    /// <summary>Lets its <paramref name="count"/>th write, request or frame from now go wrong.</summary>
    public void FailAt(long count, Fault fault) => (_faultAt, _fault, FaultFrom) = (_passed + count, fault, _passed);

    /// <summary>How many it had made when that was arranged.</summary>
    public long FaultFrom { get; private set; }

    /// <summary>Ends it now: it stands still wherever it is, and the next process knows only what is on the disk.</summary>
    public void Kill()
    {
        if (IsDead) return;
        IsDead = true;
        world.Network.Dies(this);
    }

    /// <summary>One write, request or frame is about to be made; says what becomes of it.</summary>
    public Fault Pass()
    {
        if (++_passed != _faultAt) return Fault.None;
        if (_fault is Fault.KillBefore or Fault.KillAfter) Kill();
        return _fault;
    }

    sealed class ProcessClock(Process process, TimeProvider clock) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => clock.CreateTimer(passed =>
        {
            if (!process.IsDead) callback(passed);
        }, state, dueTime, period);
    }
}
