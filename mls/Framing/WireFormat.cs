namespace Kavalek.Mls;

/// <summary>What an MLSMessage holds (RFC 9420 §6).</summary>
public enum WireFormat : ushort
{
    /// <summary>A signed message in clear.</summary>
    PublicMessage = 1,
    /// <summary>A signed and encrypted message.</summary>
    PrivateMessage = 2,
    /// <summary>What brings new members in.</summary>
    Welcome = 3,
    /// <summary>The public state of a group.</summary>
    GroupInfo = 4,
    /// <summary>What a client publishes to be added.</summary>
    KeyPackage = 5,
}

/// <summary>What a framed message is about (RFC 9420 §6).</summary>
public enum ContentType : byte
{
    /// <summary>The application's own bytes.</summary>
    Application = 1,
    /// <summary>A change proposed for the next epoch.</summary>
    Proposal = 2,
    /// <summary>The step to the next epoch.</summary>
    Commit = 3,
}
