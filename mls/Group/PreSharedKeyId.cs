namespace Kavalek.Mls;

/// <summary>What a resumption PSK is for (RFC 9420 §8.4).</summary>
internal enum ResumptionUsage : byte
{
    Application = 1,
    ReInit = 2,
    Branch = 3,
}

/// <summary>Names a pre-shared key and the nonce of this use (RFC 9420 §8.4).</summary>
/// <param name="ExternalId">The application's name for it; <c>null</c> for a resumption PSK.</param>
/// <param name="Usage">What a resumption PSK is for.</param>
/// <param name="GroupId">The group a resumption PSK is from; <c>null</c> for an external one.</param>
/// <param name="Epoch">The epoch a resumption PSK is from.</param>
/// <param name="Nonce">Fresh at each use; KDF.Nh bytes.</param>
internal sealed record PreSharedKeyId(byte[]? ExternalId, ResumptionUsage Usage, byte[]? GroupId, ulong Epoch, byte[] Nonce)
{
    const byte ExternalType = 1;
    const byte ResumptionType = 2;

    public static PreSharedKeyId External(byte[] id, byte[] nonce) => new(id, default, null, 0, nonce);

    public static PreSharedKeyId Resumption(ResumptionUsage usage, byte[] groupId, ulong epoch, byte[] nonce) => new(null, usage, groupId, epoch, nonce);

    public bool IsExternal => ExternalId is not null;

    public void Write(TlsWriter writer)
    {
        if (ExternalId is not null)
        {
            writer.WriteUInt8(ExternalType);
            writer.WriteVector(ExternalId);
        }
        else
        {
            writer.WriteUInt8(ResumptionType);
            writer.WriteUInt8((byte)Usage);
            writer.WriteVector(GroupId);
            writer.WriteUInt64(Epoch);
        }
        writer.WriteVector(Nonce);
    }

    public static PreSharedKeyId Read(ref TlsReader reader)
    {
        switch (reader.ReadUInt8())
        {
            case ExternalType:
                return External(reader.ReadVector(), reader.ReadVector());
            case ResumptionType:
                ResumptionUsage usage = (ResumptionUsage)reader.ReadUInt8();
                if (usage is < ResumptionUsage.Application or > ResumptionUsage.Branch) throw TlsReader.Malformed("PSK usage");
                return Resumption(usage, reader.ReadVector(), reader.ReadUInt64(), reader.ReadVector());
            default:
                throw TlsReader.Malformed("PSK type");
        }
    }

    public byte[] Encode()
    {
        using TlsWriter writer = new();
        Write(writer);
        return writer.ToArray();
    }
}
