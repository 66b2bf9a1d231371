namespace Kavalek.Mls;

/// <summary>Somebody outside the group whose proposals its members accept (RFC 9420 §12.1.8.1).</summary>
/// <param name="SignatureKey">The public key of what it signs.</param>
/// <param name="Credential">Who it is; the authentication service is asked about it like about a member.</param>
public sealed record ExternalSender(byte[] SignatureKey, Credential Credential)
{
    /// <summary>The external_senders extension of a GroupContext; a sender is known by its place in it.</summary>
    public static Extension ToExtension(IReadOnlyList<ExternalSender> senders)
    {
        ArgumentNullException.ThrowIfNull(senders);
        using TlsWriter writer = new();
        writer.WriteList(senders, static (w, sender) =>
        {
            w.WriteVector(sender.SignatureKey);
            sender.Credential.Write(w);
        });
        return new(Extension.ExternalSenders, writer.ToArray());
    }

    /// <summary>The senders that a GroupContext's extensions name; none where there is no such extension.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.InvalidExtension"/>: it does not decode.</exception>
    public static IReadOnlyList<ExternalSender> Of(IReadOnlyList<Extension> groupExtensions)
    {
        if (groupExtensions.Find(Extension.ExternalSenders) is not { } encoded) return [];
        try
        {
            return TlsReader.ReadAll(encoded, static (ref TlsReader reader) =>
                reader.ReadList(static (ref TlsReader r) => new ExternalSender(r.ReadVector(), Credential.Read(ref r)), ListLimits.ExternalSenders));
        }
        catch (MlsException)
        {
            throw new MlsException(MlsError.InvalidExtension, "12.1.8.1", "external_senders does not decode");
        }
    }

    /// <summary>Whether a GroupContext may have these extensions: external senders are allowed, and each is who it says (§5.3.1).</summary>
    internal static async ValueTask ValidateAsync(IReadOnlyList<Extension> groupExtensions, MlsEnvironment environment, byte[] groupId)
    {
        if (groupExtensions.Find(Extension.ExternalSenders) is null) return;
        MlsRules.Require(environment.Rules.ExternalSenders, "12.1.8.1", "external senders");
        foreach (ExternalSender sender in Of(groupExtensions))
            if (!await environment.Authentication.ValidateAsync(new(sender.Credential, sender.SignatureKey, groupId)).ConfigureAwait(false))
                throw new MlsException(MlsError.InvalidCredential, "5.3.1", "an external sender refused by the authentication service");
    }
}
