using Kavalek.Protocol.Auth;

namespace Kavalek.Auth;

/// <summary>Who may register.</summary>
public enum RegistrationPolicy
{
    /// <summary>Whoever has an invite.</summary>
    Invite,

    /// <summary>Everybody.</summary>
    Open,
}

/// <summary>So many in a window of time.</summary>
/// <param name="Count">Calls.</param>
/// <param name="Seconds">Length of the window.</param>
public readonly record struct Rate(int Count, int Seconds);

/// <summary>The settings of the authentication service.</summary>
public sealed record AuthOptions
{
    /// <summary>
    /// The file in the data folder that holds the number and hash of the newest policy that was in force here. No part of a backup: what is restored on purpose may be older.
    /// </summary>
    public const string SeenPolicyFile = "policy-seen";

    /// <summary>Folder of the database and of <c>keys/</c>.</summary>
    public required string DataFolder { get; init; }

    /// <summary>How to connect to PostgreSQL; <c>null</c> for a SQLite file in the data folder.</summary>
    public string? Postgres { get; init; }

    /// <summary>What the owner calls the instance; 1 to 64 characters.</summary>
    public string Name { get; init; } = "Kavalek";

    /// <summary>Who may register; by invite only, unless said otherwise.</summary>
    public RegistrationPolicy Registration { get; init; } = RegistrationPolicy.Invite;

    /// <summary>Seconds that a message may be set to live, at least; 0 for none. Clients keep to it.</summary>
    public int TimerFloor { get; init; }

    /// <summary>Seconds after which every message ends at the latest; 0 for none. Clients keep to it.</summary>
    public int TimerCeiling { get; init; }

    /// <summary>Bytes of the largest file that may be attached, as the delivery service is set to take it; 256 MiB.</summary>
    public long AttachmentBytes { get; init; } = 256L << 20;

    /// <summary>Bytes that the attachments of one account may take, likewise; 4 GiB.</summary>
    public long AttachmentQuota { get; init; } = 4L << 30;

    /// <summary>The way to a mail server; <c>null</c> where there is none.</summary>
    public MailOptions? Mail { get; init; }

    /// <summary>What only the host knows; asked each time somebody looks.</summary>
    public Func<InstanceFacts> Facts { get; init; } = static () => new InstanceFacts("");

    /// <summary>The backups that this host makes; <c>null</c> where it makes none.</summary>
    public BackupControl? Backups { get; init; }

    /// <summary>The base-2 logarithm of bcrypt's rounds: 10 to 12, 10 by default (about 50 ms).</summary>
    public int BcryptCost { get; init; } = 10;

    /// <summary>Password checks that may wait for a processor; more are turned away. 64 by default.</summary>
    public int PasswordQueue { get; init; } = 64;

    /// <summary>Multiplies every rate of docs/PROTOCOL.md §9; 1 by default.</summary>
    public int RateFactor { get; init; } = 1;

    internal Rate LogInsOfAccount => Times(new(10, 300));
    internal Rate LogInsOfAddress => Times(new(30, 300));
    internal Rate LogInsOverall => Times(new(600, 300));
    internal Rate PreloginsOfAddress => Times(new(30, 300));
    internal Rate RegistrationsOfAddress => Times(new(30, 300));
    internal Rate RefreshesOfSession => Times(new(20, 300));
    internal Rate RefreshesOfAddress => Times(new(60, 300));
    internal Rate LookUpsOfAccount => Times(new(60, 600));
    internal Rate VaultsOfAccount => Times(new(10, 3600));
    internal Rate ReportsOfAccount => Times(new(10, 86_400));
    internal Rate ChangesOfSession => Times(new(60, 600));
    internal Rate LinksOfAccount => Times(new(20, 600));
    internal Rate ClaimsOfAccount => Times(new(300, 3600));
    internal Rate PublicationsOfDevice => Times(new(60, 3600));
    internal Rate BackupsOverall => Times(new(6, 3600));
    internal Rate ClaimsOfPair => Times(new(30, 3600));

    /// <summary>What new accounts derive their secrets with.</summary>
    internal static KdfParameters Kdf { get; } = new(KdfParameters.Pbkdf2, Protocol.Limits.KdfDefault);

    /// <summary>Refuses settings that make no sense or are weak.</summary>
    /// <exception cref="InvalidOperationException">Which, and what is allowed.</exception>
    internal void Validate()
    {
        if (BcryptCost is < 10 or > 12) throw new InvalidOperationException("The bcrypt cost is 10, 11 or 12.");
        if (Name.Length is < 1 or > 64 || Name.Any(char.IsControl)) throw new InvalidOperationException("The instance's name has 1 to 64 characters.");
        if (TimerFloor is not 0 and (< Protocol.Limits.ShortestLife or > Protocol.Limits.LongestLife)
            || TimerCeiling is not 0 and (< Protocol.Limits.ShortestLife or > Protocol.Limits.LongestLife))
            throw new InvalidOperationException("A message lives between 5 seconds and 4 years.");
        if (TimerCeiling != 0 && TimerFloor > TimerCeiling) throw new InvalidOperationException("The floor of timers is above their ceiling.");
        if (PasswordQueue is < 1 or > 4096) throw new InvalidOperationException("The password queue holds 1 to 4,096.");
        if (RateFactor is < 1 or > 100_000) throw new InvalidOperationException("The rate factor is 1 to 100,000.");
    }

    Rate Times(Rate rate) => rate with { Count = rate.Count * RateFactor };
}
