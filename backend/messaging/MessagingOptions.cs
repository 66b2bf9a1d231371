using System.Net;
using Kavalek.Protocol;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Messaging;

/// <summary>What the delivery service needs to know. The rates are those of docs/PROTOCOL.md §9.</summary>
public sealed record MessagingOptions
{
    /// <summary>The folder of <c>messaging.db</c>; made with mode 0700 if it is not there.</summary>
    public required string DataFolder { get; init; }

    /// <summary>How to connect to PostgreSQL, which nodes may share; null for a SQLite file in the folder.</summary>
    public string? Postgres { get; init; }

    /// <summary>This instance's id: the issuer of access tokens. Asked when a token is checked.</summary>
    public required Func<Id> Instance { get; init; }

    /// <summary>The key that verifies access tokens with this <c>kid</c>; null if there is none. The authentication service's JWKS.</summary>
    public required Func<string, SecurityKey?> TokenKey { get; init; }

    /// <summary>What the instance's policy asks at the start, which news change; null where an authentication service in this process says so as it starts.</summary>
    public PolicyChanged? Policy { get; init; }

    /// <summary>Origins whose pages may open a socket, each exactly as a browser sends it; none by default.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Appends a device may make a second, on average.</summary>
    public int AppendsPerSecond { get; init; } = 200;

    /// <summary>Appends a device may make at once.</summary>
    public int AppendBurst { get; init; } = 2_000;

    /// <summary>Bytes of entries and Welcomes that a device may have stored a second, on average, an account twice as many; 8 KiB.</summary>
    public long DeviceBytesPerSecond { get; init; } = 8 << 10;

    /// <summary>Bytes of entries and Welcomes that a device may have stored at once, an account twice as many; 256 MiB.</summary>
    public long DeviceByteBurst { get; init; } = 256L << 20;

    /// <summary>Streams a device may make in an hour, on average.</summary>
    public int StreamsPerHour { get; init; } = 120;

    /// <summary>Streams a device may make at once.</summary>
    public int StreamBurst { get; init; } = 300;

    /// <summary>Streams a device may be subscribed to and still make another one.</summary>
    public int DeviceStreams { get; init; } = 10_000;

    /// <summary>Frames of any kind a socket may send a second, on average; more close it.</summary>
    public int FramesPerSecond { get; init; } = 1_000;

    /// <summary>Frames of any kind a socket may send at once.</summary>
    public int FrameBurst { get; init; } = 8_000;

    /// <summary>Ephemerals of a socket that are relayed a second, on average; more are dropped.</summary>
    public int EphemeralsPerSecond { get; init; } = 10;

    /// <summary>Ephemerals of a socket that are relayed at once.</summary>
    public int EphemeralBurst { get; init; } = 40;

    /// <summary>Sockets of one device, those that are closing included.</summary>
    public int SocketsPerDevice { get; init; } = 4;

    /// <summary>Sockets of one address that have not authenticated yet.</summary>
    public int NewSocketsPerAddress { get; init; } = 64;

    /// <summary>Bytes that an account's archive may take; 1 GiB.</summary>
    public long ArchiveBytes { get; init; } = 1L << 30;

    /// <summary>
    /// Hosts of push services that devices may be woken through, a leading <c>*.</c> for every host below; none switches push off. By default those of
    /// the browsers that there are.
    /// </summary>
    public IReadOnlyList<string> PushServices { get; init; } = KnownPushServices;

    /// <summary>The push services of Chrome and its kin, Firefox, Safari and Edge.</summary>
    public static IReadOnlyList<string> KnownPushServices { get; } =
        ["fcm.googleapis.com", "jmt17.google.com", "updates.push.services.mozilla.com", "*.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com"];

    /// <summary>Whom a push service may turn to (RFC 8292 §2.1): an address of this instance.</summary>
    public string PushContact { get; init; } = "https://localhost";

    /// <summary>An origin on 127.0.0.1 that counts as a push service; for tests, and never set otherwise.</summary>
    public Uri? PushLoopback { get; init; }

    /// <summary>How names of push services become addresses; the system's way by default.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> PushResolver { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Bytes of one attachment; 256 MiB.</summary>
    public long AttachmentBytes { get; init; } = 256L << 20;

    /// <summary>Bytes that an account's attachments may take together; 4 GiB.</summary>
    public long AttachmentAccountBytes { get; init; } = 4L << 30;

    /// <summary>Bytes of attachments that an account may declare in a day; 2 GiB.</summary>
    public long AttachmentDayBytes { get; init; } = 2L << 30;

    /// <summary>Bytes of attachments that an account may have declared and not finished; one alone may have more. 512 MiB.</summary>
    public long AttachmentUnfinishedBytes { get; init; } = 512L << 20;

    /// <summary>Attachments that an account may have there.</summary>
    public int AttachmentAccountFiles { get; init; } = 20_000;

    /// <summary>Bytes that all attachments may take; 32 GiB.</summary>
    public long AttachmentTotalBytes { get; init; } = 32L << 30;

    /// <summary>Bytes of the disk that attachments, entries and archives leave free for all else; 256 MiB.</summary>
    public long DiskReserveBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of memory that bodies and answers of calls may take together: a quarter of what there is, 48 to 256 MiB.</summary>
    public long BodyMemoryBytes { get; init; } = Math.Clamp(Memory / 4, 48L << 20, 256L << 20);

    /// <summary>Bytes that may wait for the database: an eighth of the memory that there is, 24 to 256 MiB.</summary>
    public long QueueBytes { get; init; } = Math.Clamp(Memory / 8, 24L << 20, 256L << 20);

    /// <summary>Seconds between two searches for what has expired.</summary>
    public int ExpirySeconds { get; init; } = 60;

    /// <summary>How long acknowledgements are collected before they are written together; 50 ms by default. With zero each is written at once.</summary>
    public TimeSpan AcksWait { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Streams the writer keeps in memory.</summary>
    public int CachedStreams { get; init; } = 20_000;

    // What the process may have: of its container, or of the machine.
    static long Memory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
}
