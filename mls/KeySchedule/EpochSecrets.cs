namespace Kavalek.Mls;

/// <summary>The secrets of one epoch (RFC 9420 §8, table 4), each KDF.Nh bytes. Disposing them zeroes them.</summary>
public sealed class EpochSecrets : IDisposable
{
    readonly SuiteCrypto _crypto;
    Secret? _encryption;

    EpochSecrets(SuiteCrypto crypto, Secret? encryption, Func<string, Secret> secret)
    {
        _crypto = crypto;
        _encryption = encryption;
        SenderData = secret("sender data");
        Exporter = secret("exporter");
        External = secret("external");
        Confirmation = secret("confirm");
        Membership = secret("membership");
        Resumption = secret("resumption");
        EpochAuthenticator = secret("authentication");
        Init = secret("init");
    }

    /// <summary><c>sender_data_secret</c>: hides who sent a PrivateMessage (§6.3.2).</summary>
    public Secret SenderData { get; }

    /// <summary><c>exporter_secret</c>; use <see cref="Export"/>.</summary>
    public Secret Exporter { get; }

    /// <summary><c>external_secret</c>; use <see cref="ExternalKeyPairAsync"/>.</summary>
    public Secret External { get; }

    /// <summary><c>confirmation_key</c>.</summary>
    public Secret Confirmation { get; }

    /// <summary><c>membership_key</c>: authenticates PublicMessages (§6.2).</summary>
    public Secret Membership { get; }

    /// <summary><c>resumption_psk</c> (§8.6).</summary>
    public Secret Resumption { get; }

    /// <summary><c>epoch_authenticator</c> (§8.7): equal between two members exactly when they are in the same epoch of the same history.</summary>
    public Secret EpochAuthenticator { get; }

    /// <summary><c>init_secret</c> of the next epoch.</summary>
    public Secret Init { get; }

    /// <summary><c>joiner_secret</c>: what a Welcome carries (§12.4.3.1).</summary>
    public static Secret DeriveJoiner(SuiteCrypto crypto, Secret initSecret, Secret commitSecret, ReadOnlySpan<byte> groupContext)
    {
        using Secret afterCommit = crypto.Extract(salt: initSecret, ikm: commitSecret);
        return crypto.ExpandWithLabel(afterCommit, "joiner", groupContext, crypto.HashLength);
    }

    /// <summary><c>welcome_secret</c>: protects the GroupInfo inside a Welcome (§12.4.3.1).</summary>
    public static Secret DeriveWelcome(SuiteCrypto crypto, Secret joinerSecret, Secret pskSecret)
    {
        using Secret afterPsk = crypto.Extract(salt: joinerSecret, ikm: pskSecret);
        return crypto.DeriveSecret(afterPsk, "welcome");
    }

    /// <summary>The epoch that starts from a joiner secret, at the committer as at the joiner.</summary>
    /// <param name="crypto">The group's suite.</param>
    /// <param name="joinerSecret">From <see cref="DeriveJoiner"/> or a Welcome.</param>
    /// <param name="pskSecret">From <see cref="PskSecret"/>; zeros where there are no PSKs.</param>
    /// <param name="groupContext">The encoded GroupContext of that epoch.</param>
    public static EpochSecrets FromJoiner(SuiteCrypto crypto, Secret joinerSecret, Secret pskSecret, ReadOnlySpan<byte> groupContext)
    {
        using Secret afterPsk = crypto.Extract(salt: joinerSecret, ikm: pskSecret);
        using Secret epoch = crypto.ExpandWithLabel(afterPsk, "epoch", groupContext, crypto.HashLength);
        return FromEpochSecret(crypto, epoch);
    }

    /// <summary>The epoch of an <c>epoch_secret</c>: a new group draws a random one (§11).</summary>
    public static EpochSecrets FromEpochSecret(SuiteCrypto crypto, Secret epochSecret) =>
        new(crypto, crypto.DeriveSecret(epochSecret, "encryption"), label => crypto.DeriveSecret(epochSecret, label));

    /// <summary>Starts the epoch's secret tree, which takes over <c>encryption_secret</c> and deletes it (§9.2); once an epoch.</summary>
    /// <param name="leafCount">Leaves of the ratchet tree, blank ones included: a power of two.</param>
    /// <exception cref="InvalidOperationException">The tree was started before: its stored records are the only way back.</exception>
    public SecretTree StartSecretTree(uint leafCount)
    {
        Secret encryption = Interlocked.Exchange(ref _encryption, null) ?? throw new InvalidOperationException("the secret tree of this epoch was started");
        return SecretTree.Start(_crypto, encryption, leafCount);
    }

    /// <summary>MLS-Exporter (§8.5).</summary>
    /// <param name="label">Names the use.</param>
    /// <param name="context">Binds the use to a context; hashed.</param>
    /// <param name="length">Bytes wanted, at most 255 hash lengths.</param>
    public Secret Export(string label, ReadOnlySpan<byte> context, int length)
    {
        using Secret derived = _crypto.DeriveSecret(Exporter, label);
        return _crypto.ExpandWithLabel(derived, "exported", _crypto.Hash(context), length);
    }

    /// <summary>The key pair whose public half is <c>external_pub</c> (§8).</summary>
    public ValueTask<KeyPair> ExternalKeyPairAsync() => _crypto.DeriveKeyPairAsync(External);

    /// <summary>The <c>confirmation_tag</c> over a confirmed transcript hash (§6.1).</summary>
    public byte[] ConfirmationTag(ReadOnlySpan<byte> confirmedTranscriptHash) => _crypto.Mac(Confirmation, confirmedTranscriptHash);

    /// <summary>Whether <paramref name="tag"/> is this epoch's over <paramref name="confirmedTranscriptHash"/>.</summary>
    public bool VerifyConfirmationTag(ReadOnlySpan<byte> confirmedTranscriptHash, ReadOnlySpan<byte> tag) =>
        _crypto.VerifyMac(Confirmation, confirmedTranscriptHash, tag);

    /// <summary>Writes all but <c>encryption_secret</c>, which lives on in the records of the secret tree.</summary>
    internal void Write(TlsWriter writer)
    {
        foreach (Secret secret in All) writer.WriteVector(secret.Span);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static EpochSecrets Read(SuiteCrypto crypto, ref TlsReader reader)
    {
        List<Secret> read = [];
        for (int i = 0; i < StoredSecrets; i++)
        {
            ReadOnlySpan<byte> bytes = reader.ReadVectorSpan();
            if (bytes.Length != crypto.HashLength) throw new MlsException(MlsError.InvalidState, "8", "a stored secret has the wrong length");
            read.Add(Secret.Copy(bytes));
        }
        int next = 0;
        return new EpochSecrets(crypto, null, _ => read[next++]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Secret secret in All) secret.Dispose();
        Interlocked.Exchange(ref _encryption, null)?.Dispose();
    }

    const int StoredSecrets = 8;

    /// <summary>In the order in which the constructor asks for them.</summary>
    Secret[] All => [SenderData, Exporter, External, Confirmation, Membership, Resumption, EpochAuthenticator, Init];
}
