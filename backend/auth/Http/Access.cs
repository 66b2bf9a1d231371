using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Who may make a call (docs/PROTOCOL.md §5).</summary>
internal enum Access
{
    /// <summary>– Anyone.</summary>
    Anyone,

    /// <summary>W: a logged-in device, certified or waiting to be.</summary>
    LoggedIn,

    /// <summary>D: a certified device.</summary>
    Certified,

    /// <summary>O: a certified device of the instance's owner.</summary>
    Owner,

    /// <summary>m: whoever opened the dashboard, of any rank.</summary>
    Moderator,

    /// <summary>a: an admin or owner in the dashboard.</summary>
    Admin,

    /// <summary>o: an owner in the dashboard.</summary>
    Chief,
}

/// <summary>The device that makes a call, as the database knows it at this moment.</summary>
/// <param name="Account">Its account.</param>
/// <param name="Device">The device.</param>
/// <param name="Session">The session.</param>
/// <param name="Certified">Whether the account certified it.</param>
/// <param name="IsOwner">Whether the account is the instance's owner.</param>
internal sealed record Caller(Id Account, Id Device, Id Session, bool Certified, bool IsOwner);
