namespace Kavalek.Mls;

/// <summary>What all members of an epoch agree on (RFC 9420 §8.1).</summary>
internal sealed record GroupContext(
    ushort CipherSuite, byte[] GroupId, ulong Epoch, byte[] TreeHash, byte[] ConfirmedTranscriptHash, IReadOnlyList<Extension> Extensions)
{
    byte[]? _encoded;

    /// <summary>The number of the epoch that a commit in this one begins. Whoever founds a group can have it begin at any number, the last one too.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.LimitExceeded"/>: there is none after the last.</exception>
    public ulong NextEpoch => Epoch < ulong.MaxValue ? Epoch + 1 : throw new MlsException(MlsError.LimitExceeded, "8.1", "the last epoch there can be");

    /// <summary>The encoding, made once: every signature and derivation of the epoch covers it. Not to be changed.</summary>
    public byte[] Encoded => _encoded ??= Encode();

    // Without this a 'with' would carry the encoding of the original along.
    GroupContext(GroupContext original)
    {
        CipherSuite = original.CipherSuite;
        GroupId = original.GroupId;
        Epoch = original.Epoch;
        TreeHash = original.TreeHash;
        ConfirmedTranscriptHash = original.ConfirmedTranscriptHash;
        Extensions = original.Extensions;
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt16(KeyPackage.Mls10);
        writer.WriteUInt16(CipherSuite);
        writer.WriteVector(GroupId);
        writer.WriteUInt64(Epoch);
        writer.WriteVector(TreeHash);
        writer.WriteVector(ConfirmedTranscriptHash);
        Extension.WriteList(writer, Extensions);
    }

    public static GroupContext Read(ref TlsReader reader)
    {
        if (reader.ReadUInt16() != KeyPackage.Mls10) throw new MlsException(MlsError.UnsupportedVersion, "8.1", "protocol version");
        return new(reader.ReadUInt16(), reader.ReadVector(), reader.ReadUInt64(), reader.ReadVector(), reader.ReadVector(), Extension.ReadList(ref reader));
    }

    byte[] Encode()
    {
        using TlsWriter writer = new();
        Write(writer);
        return writer.ToArray();
    }
}
