namespace Kavalek.Mls;

/// <summary>What a client can do (RFC 9420 §7.2). Values that every client must know are never listed.</summary>
/// <param name="Versions">Protocol versions; mls10 is 1.</param>
/// <param name="CipherSuites">Cipher suites.</param>
/// <param name="Extensions">Extension types beyond the default ones.</param>
/// <param name="Proposals">Proposal types beyond the default ones.</param>
/// <param name="Credentials">Credential types.</param>
public sealed record Capabilities(
    IReadOnlyList<ushort> Versions,
    IReadOnlyList<ushort> CipherSuites,
    IReadOnlyList<ushort> Extensions,
    IReadOnlyList<ushort> Proposals,
    IReadOnlyList<ushort> Credentials)
{
    /// <summary>mls10, <paramref name="suites"/>, basic credentials, the last-resort extension, and a GREASE value in each list.</summary>
    public static Capabilities For(params ReadOnlySpan<CipherSuite> suites) => For(suites, []);

    /// <summary>As <see cref="For(ReadOnlySpan{CipherSuite})"/>, with extension and proposal types of the application's own.</summary>
    public static Capabilities For(ReadOnlySpan<CipherSuite> suites, ReadOnlySpan<ushort> extensions, ReadOnlySpan<ushort> proposals = default)
    {
        List<ushort> ids = [];
        foreach (CipherSuite suite in suites) ids.Add(suite.Id);
        ushort grease = Extension.RandomGrease();
        return new(
            [KeyPackage.Mls10], [.. ids, grease], [Extension.LastResort, .. extensions, grease], [.. proposals, grease], [Credential.BasicType, grease]);
    }

    /// <summary>A GREASE value among the extensions, which a leaf or key package of these capabilities may carry; <c>null</c> where there is none.</summary>
    internal Extension? GreaseExtension()
    {
        foreach (ushort type in Extensions) if (Extension.IsGrease(type)) return new(type, []);
        return null;
    }

    /// <summary>
    /// Whether a list holds all that is needed. A member writes lists of any length, and a group needs what its members wrote: many are
    /// looked up in a set, never list against list.
    /// </summary>
    internal static bool HoldsAll(IReadOnlyList<ushort> list, IReadOnlyCollection<ushort> needed)
    {
        const int Few = 8;
        if (needed.Count <= Few) return needed.All(list.Contains);
        HashSet<ushort> held = [.. list];
        return needed.All(held.Contains);
    }

    internal bool SupportsProposal(ushort type) => ProposalType.IsDefault(type) || Proposals.Contains(type);

    internal void Write(TlsWriter writer)
    {
        WriteValues(writer, Versions);
        WriteValues(writer, CipherSuites);
        WriteValues(writer, Extensions);
        WriteValues(writer, Proposals);
        WriteValues(writer, Credentials);
    }

    internal static Capabilities Read(ref TlsReader reader) =>
        new(ReadValues(ref reader), ReadValues(ref reader), ReadValues(ref reader), ReadValues(ref reader), ReadValues(ref reader));

    internal static void WriteValues(TlsWriter writer, IReadOnlyList<ushort> values) => writer.WriteList(values, static (w, value) => w.WriteUInt16(value));

    internal static ushort[] ReadValues(ref TlsReader reader)
    {
        TlsReader values = new(reader.ReadVectorSpan());
        if (values.Remaining % 2 != 0) throw TlsReader.Malformed("odd length of a list of 16-bit values");
        ushort[] list = new ushort[values.Remaining / 2];
        for (int i = 0; i < list.Length; i++) list[i] = values.ReadUInt16();
        return list;
    }
}

/// <summary>When a key package may be used (RFC 9420 §7.2), in whole seconds.</summary>
/// <param name="NotBefore">Usable from.</param>
/// <param name="NotAfter">Usable until.</param>
public sealed record Lifetime(DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>From an hour before <paramref name="now"/>, because clocks differ, for <paramref name="duration"/>.</summary>
    public static Lifetime Starting(DateTimeOffset now, TimeSpan duration) => new(now - TimeSpan.FromHours(1), now + duration);

    // A peer may write any 64 bits: what lies outside the range of dates is clamped to it, which no comparison can tell.
    static readonly ulong MaxSeconds = (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    internal ulong NotBeforeSeconds { get; init; } = (ulong)Math.Max(0, NotBefore.ToUnixTimeSeconds());

    internal ulong NotAfterSeconds { get; init; } = (ulong)Math.Max(0, NotAfter.ToUnixTimeSeconds());

    internal void Write(TlsWriter writer)
    {
        writer.WriteUInt64(NotBeforeSeconds);
        writer.WriteUInt64(NotAfterSeconds);
    }

    internal static Lifetime Read(ref TlsReader reader)
    {
        ulong from = reader.ReadUInt64(), to = reader.ReadUInt64();
        return new(Date(from), Date(to)) { NotBeforeSeconds = from, NotAfterSeconds = to };
    }

    static DateTimeOffset Date(ulong seconds) => DateTimeOffset.FromUnixTimeSeconds((long)Math.Min(seconds, MaxSeconds));
}
