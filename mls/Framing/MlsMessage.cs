namespace Kavalek.Mls;

/// <summary>
/// What anyone sees of an MLSMessage without keys (RFC 9420 §6): enough for a server to put it into the right queue. Only a member
/// can tell whether it is genuine.
/// </summary>
/// <param name="WireFormat">What it holds.</param>
/// <param name="GroupId">The group; <c>null</c> for a Welcome or a key package.</param>
/// <param name="Epoch">The epoch; 0 for a Welcome or a key package.</param>
/// <param name="ContentType">What a framed message is about; <c>null</c> for the others.</param>
public sealed record MlsMessage(WireFormat WireFormat, byte[]? GroupId, ulong Epoch, ContentType? ContentType)
{
    /// <summary>Reads the outside of a message. Only what is named here was looked at; the rest may still be malformed.</summary>
    /// <exception cref="MlsException"><see cref="MlsError.Malformed"/> or <see cref="MlsError.UnsupportedVersion"/>.</exception>
    public static MlsMessage Peek(ReadOnlySpan<byte> message)
    {
        TlsReader reader = new(message);
        WireFormat format = ReadHeader(ref reader);
        switch (format)
        {
            case WireFormat.PrivateMessage:
                return new(format, reader.ReadVector(), reader.ReadUInt64(), FramedContent.ReadContentType(ref reader));
            case WireFormat.PublicMessage:
                byte[] groupId = reader.ReadVector();
                ulong epoch = reader.ReadUInt64();
                Sender.Read(ref reader);
                reader.ReadVectorSpan();
                return new(format, groupId, epoch, FramedContent.ReadContentType(ref reader));
            case WireFormat.GroupInfo:
                GroupContext context = GroupContext.Read(ref reader);
                return new(format, context.GroupId, context.Epoch, null);
            default:
                return new(format, null, 0, null);
        }
    }

    /// <summary>Reads version and wire format.</summary>
    internal static WireFormat ReadHeader(ref TlsReader reader)
    {
        if (reader.ReadUInt16() != KeyPackage.Mls10) throw new MlsException(MlsError.UnsupportedVersion, "6", "protocol version");
        WireFormat format = (WireFormat)reader.ReadUInt16();
        return format is >= WireFormat.PublicMessage and <= WireFormat.KeyPackage ? format : throw TlsReader.Malformed("wire format");
    }

    /// <summary>Reads version and wire format, which must be <paramref name="expected"/>.</summary>
    internal static void ReadHeader(ref TlsReader reader, WireFormat expected)
    {
        if (ReadHeader(ref reader) != expected) throw new MlsException(MlsError.UnexpectedMessage, "6", $"not a {expected}");
    }

    internal static void WriteHeader(TlsWriter writer, WireFormat format)
    {
        writer.WriteUInt16(KeyPackage.Mls10);
        writer.WriteUInt16((ushort)format);
    }
}
