namespace Kavalek.Mls;

/// <summary>An extension of a leaf, key package, group context or group info (RFC 9420 §13).</summary>
/// <param name="Type">The registered type; numbers, not an enum, since GREASE and unknown types are legal.</param>
/// <param name="Data">The encoded content.</param>
public sealed record Extension(ushort Type, byte[] Data)
{
    /// <summary>application_id (§5.3.3).</summary>
    public const ushort ApplicationId = 0x0001;
    /// <summary>ratchet_tree (§12.4.3.3).</summary>
    public const ushort RatchetTree = 0x0002;
    /// <summary>required_capabilities (§11.1).</summary>
    public const ushort RequiredCapabilities = 0x0003;
    /// <summary>external_pub (§12.4.3.2).</summary>
    public const ushort ExternalPub = 0x0004;
    /// <summary>external_senders (§12.1.8.1).</summary>
    public const ushort ExternalSenders = 0x0005;
    /// <summary>last_resort_key_package: this key package may be used more than once.</summary>
    public const ushort LastResort = 0x000A;

    /// <summary>Equality of the bytes.</summary>
    public bool Equals(Extension? other) => other is not null && Type == other.Type && Data.AsSpan().SequenceEqual(other.Data);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        hash.Add(Type);
        hash.AddBytes(Data);
        return hash.ToHashCode();
    }

    /// <summary>Whether every client knows this type, so that capabilities need not list it (§7.2).</summary>
    internal static bool IsDefault(ushort type) => type is >= ApplicationId and <= ExternalSenders;

    /// <summary>
    /// A value that nobody will ever assign: sent in capabilities and extensions, it finds peers early that choke on the unknown (§13.5).
    /// </summary>
    internal static ushort RandomGrease() => (ushort)(0x0a0a + 0x1010 * System.Security.Cryptography.RandomNumberGenerator.GetInt32(15));

    /// <summary>Whether the value is one of those reserved to keep implementations tolerant (§13.5).</summary>
    internal static bool IsGrease(ushort value) => (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff) && value != 0xfafa;

    internal static void Write(TlsWriter writer, Extension extension)
    {
        writer.WriteUInt16(extension.Type);
        writer.WriteVector(extension.Data);
    }

    internal static Extension Read(ref TlsReader reader) => new(reader.ReadUInt16(), reader.ReadVector());

    internal static void WriteList(TlsWriter writer, IReadOnlyList<Extension> extensions) => writer.WriteList(extensions, Write);

    /// <summary>Reads a list, in which no type may occur twice (§13).</summary>
    internal static IReadOnlyList<Extension> ReadList(ref TlsReader reader)
    {
        List<Extension> list = reader.ReadList(Read, ListLimits.Extensions);
        RefuseRepeated(list);
        return list;
    }

    internal static void RefuseRepeated(IReadOnlyList<Extension> list)
    {
        if (list.Count < 2) return;
        // Nobody would read it.
        if (list.Count > ListLimits.Extensions) throw new MlsException(MlsError.LimitExceeded, "13", "more extensions than are read");
        HashSet<ushort> types = [];
        foreach (Extension extension in list)
            if (!types.Add(extension.Type)) throw new MlsException(MlsError.InvalidExtension, "13", "an extension type occurs twice");
    }
}

/// <summary>Look-up in extension lists.</summary>
public static class ExtensionList
{
    /// <summary>The content of the extension of <paramref name="type"/>, or <c>null</c>.</summary>
    public static byte[]? Find(this IReadOnlyList<Extension> extensions, ushort type)
    {
        ArgumentNullException.ThrowIfNull(extensions);
        for (int i = 0; i < extensions.Count; i++) if (extensions[i].Type == type) return extensions[i].Data;
        return null;
    }

    internal static bool SameAs(this IReadOnlyList<Extension> one, IReadOnlyList<Extension> other) => one.SequenceEqual(other);
}
