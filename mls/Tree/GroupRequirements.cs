namespace Kavalek.Mls;

/// <summary>What a group asks of every leaf: its required_capabilities (RFC 9420 §11.1) and the extensions it uses (§12.1.7). Each type once.</summary>
internal sealed record GroupRequirements(IReadOnlyList<ushort> Extensions, IReadOnlyList<ushort> Proposals, IReadOnlyList<ushort> Credentials)
{
    /// <summary>What the given extensions of a GroupContext ask.</summary>
    public static GroupRequirements Of(IReadOnlyList<Extension> groupExtensions)
    {
        IEnumerable<ushort> used = groupExtensions.Select(extension => extension.Type);
        RequiredCapabilities required = RequiredCapabilities.Of(groupExtensions) ?? new([], [], []);
        return new(
            [.. used.Concat(required.Extensions).Where(type => !Extension.IsDefault(type)).Distinct()],
            [.. required.Proposals.Where(type => !ProposalType.IsDefault(type)).Distinct()],
            [.. required.Credentials.Distinct()]);
    }

    /// <summary>Refuses a leaf that lacks something.</summary>
    public void Check(LeafNode leaf)
    {
        if (Missing(leaf.Capabilities) is { } kind) throw new MlsException(MlsError.UnsupportedCapability, "7.3", $"a leaf lacks a required {kind} type");
    }

    /// <summary>Whether a leaf of these capabilities lacks nothing.</summary>
    public bool AreMetBy(Capabilities can) => Missing(can) is null;

    string? Missing(Capabilities can) =>
        !Capabilities.HoldsAll(can.Extensions, Extensions) ? "extension"
        : !Capabilities.HoldsAll(can.Proposals, Proposals) ? "proposal"
        : !Capabilities.HoldsAll(can.Credentials, Credentials) ? "credential"
        : null;
}
