using System.Net;
using System.Text;

namespace Kavalek.Messaging.Push;

/// <summary>
/// Which addresses the server may send to (K-57). A browser names its push service, so a person could name anything: only <c>https</c> to services on the
/// operator's list is taken, and each connection goes to a public address that this very name was resolved to.
/// </summary>
sealed class PushServices(MessagingOptions options)
{
    /// <summary>Characters of an endpoint.</summary>
    public const int EndpointCharacters = 1_024;

    /// <summary>Whether any service is allowed.</summary>
    public bool IsOn => options.PushServices.Count > 0 || options.PushLoopback is not null;

    /// <summary>The services that have one name, as addresses to try.</summary>
    public IEnumerable<Uri> Named =>
        options.PushServices.Where(service => !service.StartsWith('*')).Select(service => new Uri($"https://{service}/")).Concat(options.PushLoopback is { } loopback ? [loopback] : []);

    /// <summary>Reads an endpoint; null where the server will not send to it.</summary>
    public Uri? Read(string endpoint)
    {
        if (endpoint.Length is 0 or > EndpointCharacters || !Ascii.IsValid(endpoint) || endpoint.Any(c => c is <= ' ' or '\\' or '"' or '\x7f')
            || !Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || address.UserInfo.Length > 0 || address.Fragment.Length > 0)
        {
            return null;
        }
        if (IsLoopbackOfTests(address))
            return address;
        return address.Scheme == Uri.UriSchemeHttps && address.IsDefaultPort && address.HostNameType == UriHostNameType.Dns && options.PushServices.Any(service => Names(service, address.Host))
            ? address
            : null;
    }

    /// <summary>The addresses to connect to.</summary>
    /// <exception cref="NoPublicAddressException">The name has none, or one that is not of the internet: then the name is not to be trusted at all.</exception>
    public async Task<IPAddress[]> ResolveAsync(Uri address, CancellationToken cancel)
    {
        if (IsLoopbackOfTests(address))
            return [IPAddress.Loopback];
        IPAddress[] found = await options.PushResolver(address.Host, cancel);
        if (found.Length == 0 || !found.All(PublicAddress.Is))
            throw new NoPublicAddressException();
        return found;
    }

    // "push.example" is that host alone, "*.push.example" every host below it.
    static bool Names(string service, string host) =>
        service.StartsWith("*.", StringComparison.Ordinal)
            ? host.Length > service.Length - 1 && host.EndsWith(service[1..], StringComparison.OrdinalIgnoreCase)
            : host.Equals(service, StringComparison.OrdinalIgnoreCase);

    bool IsLoopbackOfTests(Uri address) =>
        options.PushLoopback is { } loopback && address.Scheme == loopback.Scheme && address.Authority == loopback.Authority && address.Host == "127.0.0.1";
}

/// <summary>A push service's name leads nowhere, or to an address that is not of the internet.</summary>
sealed class NoPublicAddressException() : IOException("the push service has no public address");
