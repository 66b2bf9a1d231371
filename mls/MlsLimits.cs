namespace Kavalek.Mls;

/// <summary>Hard limits on what a peer can make this client hold or compute. The defaults are meant to be left alone.</summary>
public sealed record MlsLimits
{
    /// <summary>The defaults.</summary>
    public static MlsLimits Default { get; } = new();

    /// <summary>Largest message that is decoded, in bytes. A post-quantum commit for 1,000 members is some 3 MB.</summary>
    public int MaxMessageSize { get; init; } = 8 * 1024 * 1024;

    /// <summary>Most leaves of a ratchet tree, blank ones included. Of no message are lists of more than 16,384 entries read.</summary>
    public int MaxLeaves { get; init; } = 4096;

    /// <summary>Most proposals kept for one epoch, and most in one commit: 16,384 at the very most.</summary>
    public int MaxProposals { get; init; } = 4096;

    /// <summary>Most bytes of proposals kept for one epoch: 16 MiB, room for some 4,000 post-quantum clients to add.</summary>
    public int MaxProposalsSize { get; init; } = 16 * 1024 * 1024;

    /// <summary>Longest lifetime of a key package (RFC 9420 §7.2): 400 days.</summary>
    public TimeSpan MaxLifetime { get; init; } = TimeSpan.FromDays(400);

    /// <summary>Clock difference forgiven at both ends of a lifetime: one hour.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromHours(1);
}
