using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Who acts in the dashboard, as the database knows them at this moment.</summary>
/// <param name="Account">The account.</param>
/// <param name="Device">The device whose session it is.</param>
/// <param name="Session">The session.</param>
/// <param name="Rank">The account's rank now.</param>
/// <param name="Proven">When the password was typed last, seconds since 1970.</param>
internal sealed record Staff(Id Account, Id Device, Id Session, Rank Rank, long Proven)
{
    /// <summary>Seconds in which a typed password counts for what cannot be undone.</summary>
    public const int FreshSeconds = 300;

    /// <summary>Seconds after which it has to be typed again for anything.</summary>
    public const int SessionSeconds = 1_800;
}
