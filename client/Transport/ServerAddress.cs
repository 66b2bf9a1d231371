using System.Net;

namespace Kavalek.Client;

/// <summary>Which addresses a client talks to (docs/PROTOCOL.md §2): https everywhere, plain http only on this computer.</summary>
public static class ServerAddress
{
    /// <summary>The origin of <paramref name="server"/>.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.InsecureAddress"/>: plain http, another scheme, or more than an origin.</exception>
    public static Uri Check(Uri server)
    {
        ArgumentNullException.ThrowIfNull(server);
        if (!server.IsAbsoluteUri || server.Host.Length == 0) throw Refuse("is not the address of a server; it looks like https://chat.example.org");
        if (server.UserInfo.Length > 0 || server.Query.Length > 0 || server.Fragment.Length > 0 || server.AbsolutePath is not ("/" or ""))
            throw Refuse("has more in it than a server's address; it looks like https://chat.example.org");
        bool secure = server.Scheme == Uri.UriSchemeHttps, onThisComputer = server.Scheme == Uri.UriSchemeHttp && IsLoopback(server);
        if (!secure && !onThisComputer) throw Refuse("is not encrypted. Use https://; plain http works only with a server on this computer");
        return new Uri(server.GetLeftPart(UriPartial.Authority) + "/");

        KavalekException Refuse(string why) => new(ClientErrors.InsecureAddress, $"{server} {why}.");
    }

    // Uri.IsLoopback also takes the computer's own name and "loopback": names that something else may answer for.
    static bool IsLoopback(Uri server) =>
        server.IdnHost.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (server.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 && IPAddress.IsLoopback(IPAddress.Parse(server.IdnHost)));
}
