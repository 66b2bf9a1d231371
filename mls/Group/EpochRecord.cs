namespace Kavalek.Mls;

/// <summary>The stored form of an epoch without its tree and message keys: some 2 kB, written once an epoch.</summary>
internal static class EpochRecord
{
    const byte Living = 1;
    const byte Ended = 2;

    public static byte[] Encode(EpochState epoch)
    {
        using TlsWriter writer = new(2048);
        writer.WriteUInt8(epoch.Ended is null ? Living : Ended);
        writer.WriteVector(epoch.Context.Encoded);
        writer.WriteUInt32(epoch.Tree.Size);
        writer.WriteUInt32(epoch.Own.Value);
        writer.WriteVector(epoch.SignatureKey.Span);
        writer.WriteVector(epoch.Path.LeafKey.Span);
        writer.WriteList([.. epoch.Path.NodeKeys], static (w, entry) =>
        {
            w.WriteUInt32(entry.Key);
            w.WriteVector(entry.Value.Span);
        });
        writer.WriteVector(epoch.InterimHash);
        epoch.Secrets.Write(writer);
        epoch.Ended?.Write(writer);
        return writer.ToArray();
    }

    /// <summary>The cipher suite of a stored epoch.</summary>
    public static ushort SuiteId(ReadOnlySpan<byte> stored)
    {
        TlsReader reader = new(stored);
        return ReadContext(ref reader).CipherSuite;
    }

    public static EpochState Decode(SuiteCrypto crypto, ReadOnlySpan<byte> stored, Func<uint, RatchetTree> tree)
    {
        TlsReader reader = new(stored);
        GroupContext context = ReadContext(ref reader);
        uint size = reader.ReadUInt32();
        LeafIndex own = new(reader.ReadUInt32());
        Secret signatureKey = Secret.Copy(reader.ReadVectorSpan());
        Secret leafKey = Secret.Copy(reader.ReadVectorSpan());
        Dictionary<uint, Secret> nodeKeys = [];
        foreach ((uint node, Secret key) in reader.ReadList(static (ref TlsReader r) => (r.ReadUInt32(), Secret.Copy(r.ReadVectorSpan())), ListLimits.Stored)) nodeKeys[node] = key;
        byte[] interim = reader.ReadVector();
        EpochSecrets secrets = EpochSecrets.Read(crypto, ref reader);
        ReInit? ended = stored[0] == Ended ? ReInit.Read(ref reader) : null;
        reader.End();
        return new(crypto, context, tree(size), own, new PrivatePath(leafKey, nodeKeys), signatureKey, secrets, interim) { Ended = ended };
    }

    static GroupContext ReadContext(ref TlsReader reader)
    {
        if (reader.ReadUInt8() is not (Living or Ended)) throw new MlsException(MlsError.InvalidState, "8", "version of a stored epoch");
        return TlsReader.ReadAll(reader.ReadVectorSpan(), GroupContext.Read);
    }
}
