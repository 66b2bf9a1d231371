namespace Kavalek.Mls;

/// <summary>
/// What a group asks of every member beyond what every client can do (RFC 9420 §11.1), as an extension of its GroupContext. A leaf
/// that lacks something cannot be added, join or stay.
/// </summary>
/// <param name="Extensions">Extension types.</param>
/// <param name="Proposals">Proposal types.</param>
/// <param name="Credentials">Credential types.</param>
public sealed record RequiredCapabilities(IReadOnlyList<ushort> Extensions, IReadOnlyList<ushort> Proposals, IReadOnlyList<ushort> Credentials)
{
    /// <summary>The required_capabilities extension.</summary>
    public Extension ToExtension()
    {
        using TlsWriter writer = new();
        Capabilities.WriteValues(writer, Extensions);
        Capabilities.WriteValues(writer, Proposals);
        Capabilities.WriteValues(writer, Credentials);
        return new(Extension.RequiredCapabilities, writer.ToArray());
    }

    /// <summary>What a GroupContext's extensions require; <c>null</c> where they have no such extension.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidExtension"/>: it does not decode.</exception>
    public static RequiredCapabilities? Of(IReadOnlyList<Extension> groupExtensions)
    {
        if (groupExtensions.Find(Extension.RequiredCapabilities) is not { } encoded) return null;
        try
        {
            return TlsReader.ReadAll(encoded, static (ref TlsReader reader) => new RequiredCapabilities(
                Capabilities.ReadValues(ref reader), Capabilities.ReadValues(ref reader), Capabilities.ReadValues(ref reader)));
        }
        catch (MlsException)
        {
            throw new MlsException(MlsError.InvalidExtension, "11.1", "required_capabilities does not decode");
        }
    }
}
