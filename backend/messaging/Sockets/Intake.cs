using Kavalek.Messaging.Storage;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Sockets;

/// <summary>What devices may leave on the disk, over sockets and REST together (docs/PROTOCOL.md §9).</summary>
sealed class Intake(MessagingOptions options, DiskRoom disk, TimeProvider clock)
{
    readonly Buckets _devices = new(options.DeviceBytesPerSecond, options.DeviceByteBurst, clock);
    readonly Buckets _accounts = new(2.0 * options.DeviceBytesPerSecond, 2 * options.DeviceByteBurst, clock);
    readonly Buckets _streams = new((double)options.StreamsPerHour / 3_600, options.StreamBurst, clock);
    readonly Buckets _acknowledgements = new(options.AppendsPerSecond, options.AppendBurst, clock);

    /// <summary>Counts bytes of an entry; null, or why it is not taken.</summary>
    public string? TryTake(Id account, Id device, long bytes)
    {
        if (!_devices.TryTake(device, bytes))
            return ErrorCodes.RateLimited;
        if (!_accounts.TryTake(account, bytes))
        {
            _devices.GiveBack(device, bytes);
            return ErrorCodes.RateLimited;
        }
        if (disk.TryTake(bytes))
            return null;
        GiveBack(account, device, bytes);
        return ErrorCodes.Unavailable;
    }

    /// <summary>What was counted was not stored.</summary>
    public void GiveBack(Id account, Id device, long bytes)
    {
        _devices.GiveBack(device, bytes);
        _accounts.GiveBack(account, bytes);
    }

    /// <summary>Counts a stream that a device makes; false if it is too fast.</summary>
    public bool TryTakeStream(Id device) => _streams.TryTake(device);

    /// <summary>Counts an acknowledgement over REST, which is stored before it is answered; false if the device is too fast.</summary>
    public bool TryTakeAcknowledgement(Id device) => _acknowledgements.TryTake(device);

    /// <summary>Forgets who counts nothing.</summary>
    public void Forget()
    {
        foreach (Buckets counted in (Buckets[])[_devices, _accounts, _streams, _acknowledgements])
            counted.Forget();
    }
}
