using System.Buffers.Binary;
using Kavalek.Protocol.Auth;
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
        KnownDevices known = Read(stored);
        return new CertifiedDevices(DeviceList.Decode(known.DeviceList).Content.Number, [.. known.Certificates.Select(part => DeviceCertificate.Decode(part))]);
    }

    /// <summary>The same as it was signed, for a server that has forgotten it.</summary>
    public static KnownDevices Read(byte[] stored)
    {
        List<byte[]> parts = [];
        for (int at = 0; at < stored.Length;)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(stored.AsSpan(at));
            parts.Add(stored.AsSpan(at + 2, length).ToArray());
            at += 2 + length;
        }
        return new KnownDevices(parts[0], [.. parts.Skip(1)]);
    }
}
