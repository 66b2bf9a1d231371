namespace Kavalek.Mls;

/// <summary>What says who a member is (RFC 9420 §5.3). The library compares it and hands it to the authentication service, and reads no more into it.</summary>
/// <param name="Type">The registered credential type; compare numbers, unknown ones are legal in capabilities.</param>
/// <param name="Content">The identity of a basic credential, the certificate list of an x509 one; no outer length.</param>
public sealed record Credential(ushort Type, byte[] Content)
{
    /// <summary>The credential type <c>basic</c>.</summary>
    public const ushort BasicType = 0x0001;

    /// <summary>The credential type <c>x509</c>.</summary>
    public const ushort X509Type = 0x0002;

    /// <summary>A basic credential: an identity that only the application can read.</summary>
    public static Credential Basic(byte[] identity) => new(BasicType, identity);

    /// <summary>Equality of the bytes.</summary>
    public bool Equals(Credential? other) => other is not null && Type == other.Type && Content.AsSpan().SequenceEqual(other.Content);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        hash.Add(Type);
        hash.AddBytes(Content);
        return hash.ToHashCode();
    }

    internal void Write(TlsWriter writer)
    {
        writer.WriteUInt16(Type);
        writer.WriteVector(Content);
    }

    // Both registered types are one vector. A type of another shape could not be skipped either, so it is read the same way.
    internal static Credential Read(ref TlsReader reader) => new(reader.ReadUInt16(), reader.ReadVector());
}
