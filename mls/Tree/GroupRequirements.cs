namespace Kavalek.Mls;

/// <summary>What a group asks of every leaf: its required_capabilities (RFC 9420 §11.1) and the extensions it uses (§12.1.7).</summary>
internal sealed record GroupRequirements(IReadOnlyList<ushort> Extensions, IReadOnlyList<ushort> Proposals, IReadOnlyList<ushort> Credentials)
{
    /// <summary>What the given extensions of a GroupContext ask.</summary>
    public static GroupRequirements Of(IReadOnlyList<Extension> groupExtensions)
    {
        ushort[] used = [.. groupExtensions.Select(extension => extension.Type)];
        return RequiredCapabilities.Of(groupExtensions) is { } required
            ? new([.. used, .. required.Extensions], required.Proposals, required.Credentials)
            : new(used, [], []);
    }

    /// <summary>Refuses a leaf that lacks something.</summary>
    public void Check(LeafNode leaf)
    {
        Capabilities can = leaf.Capabilities;
        foreach (ushort type in Extensions) if (!can.SupportsExtension(type)) throw Missing("extension");
        foreach (ushort type in Proposals) if (!can.SupportsProposal(type)) throw Missing("proposal");
        foreach (ushort type in Credentials) if (!can.Credentials.Contains(type)) throw Missing("credential");
    }

    static MlsException Missing(string kind) => new(MlsError.UnsupportedCapability, "7.3", $"a leaf lacks a required {kind} type");
}
