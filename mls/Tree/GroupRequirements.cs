namespace Kavalek.Mls;

/// <summary>What a group asks of every leaf: its required_capabilities (RFC 9420 §11.1) and the extensions it uses (§12.1.7).</summary>
internal sealed record GroupRequirements(IReadOnlyList<ushort> Extensions, IReadOnlyList<ushort> Proposals, IReadOnlyList<ushort> Credentials)
{
    /// <summary>What the given extensions of a GroupContext ask.</summary>
    public static GroupRequirements Of(IReadOnlyList<Extension> groupExtensions)
    {
        ushort[] used = [.. groupExtensions.Select(extension => extension.Type)];
        if (groupExtensions.Find(Extension.RequiredCapabilities) is not { } required) return new(used, [], []);
        try
        {
            TlsReader reader = new(required);
            ushort[] extensions = Capabilities.ReadValues(ref reader);
            ushort[] proposals = Capabilities.ReadValues(ref reader);
            ushort[] credentials = Capabilities.ReadValues(ref reader);
            reader.End();
            return new([.. used, .. extensions], proposals, credentials);
        }
        catch (MlsException)
        {
            throw new MlsException(MlsError.InvalidExtension, "11.1", "required_capabilities does not decode");
        }
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
