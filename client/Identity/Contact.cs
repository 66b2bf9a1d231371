using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>How far the key of a person is known to be theirs.</summary>
public enum Trust
{
    /// <summary>The first key seen, as the server gave it; not compared yet.</summary>
    Unverified,
    /// <summary>Compared by safety number or contact link.</summary>
    Verified,
    /// <summary>Another key than the first one seen, not accepted yet; the first was never compared.</summary>
    Changed,
    /// <summary>Another key than the verified one, not accepted yet. Nothing is sent until it is.</summary>
    VerifiedChanged,
}

/// <summary>A person, as this device knows them now.</summary>
public sealed record Contact
{
    readonly Func<SafetyNumber> _safetyNumber;

    internal Contact(Id account, string handle, byte[] accountKey, Func<SafetyNumber> safetyNumber)
    {
        Account = account;
        Handle = handle;
        AccountKey = accountKey;
        _safetyNumber = safetyNumber;
    }

    /// <summary>The account's id.</summary>
    public Id Account { get; }

    /// <summary>Without the @; empty for somebody seen only in a conversation, until the directory is asked.</summary>
    public string Handle { get; }

    /// <summary>The public account key in question, 65 bytes: a changed one until it is accepted.</summary>
    public byte[] AccountKey { get; }

    /// <summary>What they call themselves; no fact.</summary>
    public string? DisplayName { get; internal init; }

    /// <summary>How far their key is known to be theirs.</summary>
    public Trust Trust { get; internal init; }

    /// <summary>Whether their messages and requests are dropped.</summary>
    public bool IsBlocked { get; internal init; }

    /// <summary>Whether a conversation with them was opened or accepted; strangers in a group are known, but not in the list.</summary>
    public bool IsAdded { get; internal init; }

    /// <summary>The display name, or the handle where there is none.</summary>
    public string Name => DisplayName ?? (Handle.Length > 0 ? $"@{Handle}" : Account.ToString()[..8]);

    /// <summary>What both people compare; of the changed key, where it changed. Takes some milliseconds the first time.</summary>
    public SafetyNumber SafetyNumber => field ??= _safetyNumber();
}
