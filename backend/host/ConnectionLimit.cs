using System.Collections.Concurrent;
using System.Net;
using Kavalek.Protocol;
using Microsoft.AspNetCore.Connections;

namespace Kavalek.Host;

/// <summary>
/// Bounds the connections of one source, whatever they do: half-open handshakes and idle sockets of one machine leave room for everybody else
/// (docs/PROTOCOL.md §9). A trusted proxy is not counted: it is many sources, and counts them itself.
/// </summary>
internal sealed class ConnectionLimit(int perSource, IReadOnlyList<System.Net.IPNetwork> exempt)
{
    /// <summary>Connections of one source.</summary>
    public const int PerSource = 1_000;

    readonly ConcurrentDictionary<IPAddress, int> _open = new();

    /// <summary>Stands before a connection's first byte is read; one too many is cut without a word.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => async connection =>
    {
        IPAddress? address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        if (address is null || exempt.Any(network => network.Contains(address)))
        {
            await next(connection);
            return;
        }
        IPAddress source = SourceNetwork.Of(address);
        if (_open.AddOrUpdate(source, 1, (_, count) => count + 1) > perSource)
        {
            Leave(source);
            connection.Abort();
            return;
        }
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(source);
        }
    };

    void Leave(IPAddress source)
    {
        if (_open.AddOrUpdate(source, 0, (_, count) => count - 1) == 0) _open.TryRemove(new KeyValuePair<IPAddress, int>(source, 0));
    }
}
