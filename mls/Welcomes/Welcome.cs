namespace Kavalek.Mls;

/// <summary>What each new member is told in secret (RFC 9420 §12.4.3.1).</summary>
internal sealed record GroupSecrets(Secret JoinerSecret, Secret? PathSecret, IReadOnlyList<PreSharedKeyId> Psks) : IDisposable
{
    public Secret Encode()
    {
        using TlsWriter writer = new();
        writer.WriteVector(JoinerSecret.Span);
        writer.WriteOptional(PathSecret, static (w, secret) => w.WriteVector(secret.Span));
        writer.WriteList(Psks, static (w, psk) => psk.Write(w));
        return Secret.Own(writer.ToArray());
    }

    public static GroupSecrets Read(ref TlsReader reader)
    {
        ReadOnlySpan<byte> joiner = reader.ReadVectorSpan();
        Secret? path = reader.ReadOptional(static (ref TlsReader r) => Secret.Copy(r.ReadVectorSpan()));
        try
        {
            List<PreSharedKeyId> psks = reader.ReadList(PreSharedKeyId.Read, ListLimits.Leaves);
            return new(Secret.Copy(joiner), path, psks);
        }
        catch (MlsException)
        {
            path?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        JoinerSecret.Dispose();
        PathSecret?.Dispose();
    }
}

/// <summary>GroupSecrets sealed to one key package (RFC 9420 §12.4.3.1).</summary>
internal sealed record EncryptedGroupSecrets(byte[] NewMember, HpkeCiphertext Secrets)
{
    public static void Write(TlsWriter writer, EncryptedGroupSecrets item)
    {
        writer.WriteVector(item.NewMember);
        UpdatePathNode.WriteCiphertext(writer, item.Secrets);
    }

    public static EncryptedGroupSecrets Read(ref TlsReader reader) => new(reader.ReadVector(), UpdatePathNode.ReadCiphertext(ref reader));
}

/// <summary>What brings new members in (RFC 9420 §12.4.3.1).</summary>
internal sealed record Welcome(ushort CipherSuite, IReadOnlyList<EncryptedGroupSecrets> Secrets, byte[] EncryptedGroupInfo)
{
    /// <summary>As an MLSMessage.</summary>
    public byte[] Encode()
    {
        using TlsWriter writer = new(EncryptedGroupInfo.Length + Secrets.Count * 320 + 64);
        MlsMessage.WriteHeader(writer, WireFormat.Welcome);
        writer.WriteUInt16(CipherSuite);
        writer.WriteList(Secrets, EncryptedGroupSecrets.Write);
        writer.WriteVector(EncryptedGroupInfo);
        return writer.ToArray();
    }

    /// <summary>Reads a whole MLSMessage.</summary>
    public static Welcome Decode(ReadOnlySpan<byte> message)
    {
        TlsReader reader = new(message);
        MlsMessage.ReadHeader(ref reader, WireFormat.Welcome);
        Welcome welcome = new(reader.ReadUInt16(), reader.ReadList(EncryptedGroupSecrets.Read, ListLimits.Leaves), reader.ReadVector());
        reader.End();
        return welcome;
    }

    /// <summary>Seals the secrets of an epoch to everybody a commit adds.</summary>
    public static async ValueTask<Welcome> CreateAsync(
        SuiteCrypto crypto, GroupInfo info, Secret joiner, Secret pskSecret, IReadOnlyList<PreSharedKeyId> psks,
        IReadOnlyList<(KeyPackage KeyPackage, Secret? PathSecret)> newMembers)
    {
        byte[] encryptedInfo;
        using (TlsWriter writer = new(4096))
        {
            info.Write(writer);
            using Secret welcomeSecret = EpochSecrets.DeriveWelcome(crypto, joiner, pskSecret);
            using Secret key = crypto.ExpandWithLabel(welcomeSecret, "key", [], crypto.Suite.KeyLength);
            using Secret nonce = crypto.ExpandWithLabel(welcomeSecret, "nonce", [], Mls.CipherSuite.NonceLength);
            encryptedInfo = await crypto.Provider.SealAsync(crypto.Suite.Aead, key, nonce.Memory, ReadOnlyMemory<byte>.Empty, writer.ToArray()).ConfigureAwait(false);
        }

        HpkeInfo context = crypto.EncryptContext("Welcome", encryptedInfo);
        EncryptedGroupSecrets[] secrets = new EncryptedGroupSecrets[newMembers.Count];
        await Parallelism.ForEachAsync([.. Enumerable.Range(0, newMembers.Count)], async i =>
        {
            (KeyPackage keyPackage, Secret? pathSecret) = newMembers[i];
            using Secret plaintext = new GroupSecrets(joiner, pathSecret, psks).Encode();
            HpkeCiphertext? ciphertext = await crypto.EncryptWithLabelAsync(keyPackage.InitKey, context, plaintext.Memory).ConfigureAwait(false);
            secrets[i] = new(crypto.KeyPackageRef(keyPackage.EncodeBare()),
                ciphertext ?? throw new MlsException(MlsError.InvalidKeyPackage, "12.4.3.1", "the init key is no valid public key"));
        }).ConfigureAwait(false);
        return new(crypto.Suite.Id, secrets, encryptedInfo);
    }

    /// <summary>Opens the GroupInfo; <c>null</c> where the secrets are not the right ones.</summary>
    public async ValueTask<GroupInfo?> OpenAsync(SuiteCrypto crypto, Secret joiner, Secret pskSecret)
    {
        using Secret welcomeSecret = EpochSecrets.DeriveWelcome(crypto, joiner, pskSecret);
        using Secret key = crypto.ExpandWithLabel(welcomeSecret, "key", [], crypto.Suite.KeyLength);
        using Secret nonce = crypto.ExpandWithLabel(welcomeSecret, "nonce", [], Mls.CipherSuite.NonceLength);
        byte[]? info = await crypto.Provider.OpenAsync(crypto.Suite.Aead, key, nonce.Memory, ReadOnlyMemory<byte>.Empty, EncryptedGroupInfo).ConfigureAwait(false);
        return info is null ? null : TlsReader.ReadAll(info, GroupInfo.Read);
    }
}
