namespace Kavalek.Mls;

/// <summary>Proposal types (RFC 9420 §17.4); numbers, not an enum, since GREASE and unknown types are legal in capabilities.</summary>
public static class ProposalType
{
    /// <summary>add (§12.1.1).</summary>
    public const ushort Add = 1;
    /// <summary>update (§12.1.2).</summary>
    public const ushort Update = 2;
    /// <summary>remove (§12.1.3).</summary>
    public const ushort Remove = 3;
    /// <summary>psk (§12.1.4).</summary>
    public const ushort Psk = 4;
    /// <summary>reinit (§12.1.5).</summary>
    public const ushort ReInit = 5;
    /// <summary>external_init (§12.1.6).</summary>
    public const ushort ExternalInit = 6;
    /// <summary>group_context_extensions (§12.1.7).</summary>
    public const ushort GroupContextExtensions = 7;

    /// <summary>Whether every client knows this type (§7.2).</summary>
    internal static bool IsDefault(ushort type) => type is >= Add and <= GroupContextExtensions;
}
