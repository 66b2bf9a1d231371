namespace Kavalek.Mls;

/// <summary>Where the pre-shared keys of a commit or a Welcome come from (RFC 9420 §8.4).</summary>
/// <param name="External">The application's.</param>
/// <param name="Groups">Other groups, for their resumption PSKs.</param>
/// <param name="Own">The group whose commit it is.</param>
internal sealed record PskSources(ExternalPskLookup? External, GroupLookup? Groups, MlsGroup? Own)
{
    /// <summary>The key; <c>null</c> where nobody has it.</summary>
    public Secret? Find(PreSharedKeyId id) =>
        id.IsExternal ? External?.Invoke(id.ExternalId) : Group(id.GroupId!)?.ResumptionSecret(id.Epoch);

    /// <summary>The group that a resumption PSK is of.</summary>
    public MlsGroup? Group(byte[] groupId) =>
        Own is not null && Own.GroupId.AsSpan().SequenceEqual(groupId) ? Own
        : Groups?.Invoke(groupId) is { } found && found.GroupId.AsSpan().SequenceEqual(groupId) ? found : null;

    /// <summary>psk_secret of all of them, in order.</summary>
    /// <param name="crypto">The suite.</param>
    /// <param name="ids">Their names.</param>
    /// <param name="section">The section under which a missing one is refused.</param>
    public Secret Combine(SuiteCrypto crypto, IReadOnlyList<PreSharedKeyId> ids, string section) => PskSecret.Combine(crypto, [.. ids.Select(id =>
        (id.Encode(), Find(id) ?? throw new MlsException(MlsError.UnknownPsk, section, "a pre-shared key is not known")))]);
}
