using System.Text.Json;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Where a pinned key came from.</summary>
enum PinSource
{
    /// <summary>The server's directory.</summary>
    Server,
    /// <summary>A contact link, or a compared safety number.</summary>
    Person,
    /// <summary>A certificate seen in a conversation.</summary>
    Conversation,
    /// <summary>Another own device, by the archive.</summary>
    Archive,
}

/// <summary>What is kept of a person (docs/PROTOCOL.md §3.4); stored sealed, where no server can touch it.</summary>
/// <param name="Account">Who.</param>
/// <param name="Handle">Without the @; empty until the directory was asked.</param>
/// <param name="Key">The pinned account key, 65 bytes.</param>
/// <param name="Source">Where it came from.</param>
sealed record Pin(Id Account, string Handle, byte[] Key, PinSource Source)
{
    /// <summary>Whether the pinned key was compared.</summary>
    public bool IsVerified { get; init; }

    /// <summary>A different key, seen later and not accepted.</summary>
    public byte[]? ChangedKey { get; init; }

    /// <summary>The highest number of a device list by the pinned key that was seen.</summary>
    public ulong ListNumber { get; init; }

    /// <summary>What they call themselves.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Whether they are blocked.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>Whether they are on the list of contacts.</summary>
    public bool IsAdded { get; init; }

    /// <summary>All pins stand under this.</summary>
    public const string Prefix = "pin/";

    /// <summary>Where the pin of an account is stored.</summary>
    public static string KeyOf(Id account) => $"{Prefix}{account}";

    /// <summary>The record's bytes.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ClientJson.Default.Pin);

    /// <summary>Reads the record.</summary>
    public static Pin Decode(byte[] bytes) => JsonSerializer.Deserialize(bytes, ClientJson.Default.Pin) ?? throw new InvalidOperationException("empty pin");

    /// <summary>Whether this is the pinned key.</summary>
    public bool Has(byte[] key) => Key.AsSpan().SequenceEqual(key);

    /// <summary>How far the key is known to be theirs.</summary>
    public Trust Trust => (IsVerified, ChangedKey) switch
    {
        (false, null) => Trust.Unverified,
        (true, null) => Trust.Verified,
        (false, _) => Trust.Changed,
        (true, _) => Trust.VerifiedChanged,
    };
}
