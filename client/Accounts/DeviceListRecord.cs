using System.Buffers.Binary;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>A verified device list with its certificates, as it is stored: each of them behind its length.</summary>
static class DeviceListRecord
{
    public static byte[] Encode(DeviceList list, IReadOnlyList<DeviceCertificate> certificates)
    {
        List<byte> bytes = [];
        foreach (byte[] part in certificates.Select(c => c.Encode()).Prepend(list.Encode()))
        {
            byte[] length = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)part.Length);
            bytes.AddRange(length);
            bytes.AddRange(part);
        }
        return [.. bytes];
    }

    public static CertifiedDevices Decode(byte[] stored)
    {
        List<byte[]> parts = [];
        for (int at = 0; at < stored.Length;)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(stored.AsSpan(at));
            parts.Add(stored.AsSpan(at + 2, length).ToArray());
            at += 2 + length;
        }
        return new CertifiedDevices(DeviceList.Decode(parts[0]).Content.Number, [.. parts.Skip(1).Select(part => DeviceCertificate.Decode(part))]);
    }
}
