using System.Net;

namespace Kavalek.Protocol;

/// <summary>Whom a limit for a source counts: an IPv4 address, or of IPv6 the network that one customer gets (/64).</summary>
public static class SourceNetwork
{
    const int CustomerBytes = 8;

    /// <summary>The address itself, or the first of its network. What names no address is all one source.</summary>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null) return IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        byte[] bytes = address.GetAddressBytes();
        if (bytes.Length != 16) return address;
        bytes.AsSpan(CustomerBytes).Clear();
        return new IPAddress(bytes);
    }
}
