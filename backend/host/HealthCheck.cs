using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Kavalek.Host;

/// <summary>Asks the server on this machine whether it lives, for containers and service managers.</summary>
internal static class HealthCheck
{
    /// <summary>0 where every role of the options answers, else 1.</summary>
    public static async Task<int> RunAsync(ServerOptions options)
    {
        // A plain address of a server that ends TLS itself only leads to the other one.
        BindingAddress address = BindingAddress.Parse(options.UrlList.First(url => options.TlsName is null || url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)));
        // Its certificate is for its public name: that name is asked for, on this machine.
        string name = options.Origin is { } origin ? new Uri(origin).Host : "localhost";
        using SocketsHttpHandler handler = new() { ConnectCallback = (_, cancel) => ConnectAsync(address, cancel), UseProxy = false };
        // Until an authority has given it one, the server shows a certificate of its own, for its name; whoever answers here is on this machine.
        if (options.TlsName is not null)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, errors) => (errors & (SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateNotAvailable)) == 0;
        using HttpClient http = new(handler) { Timeout = TimeSpan.FromSeconds(5) };
        string[] paths = [.. options.Auth ? ["/auth/healthz"] : Array.Empty<string>(), .. options.Messaging ? ["/api/healthz"] : Array.Empty<string>()];
        try
        {
            foreach (string path in paths)
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri($"{address.Scheme}://{name}:{address.Port}{path}"));
                if (!answer.IsSuccessStatusCode) return 1;
            }
            return 0;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return 1;
        }
    }

    static async ValueTask<Stream> ConnectAsync(BindingAddress address, CancellationToken cancel)
    {
        bool named = IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? ip) && !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.IPv6Any);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (named) await socket.ConnectAsync(ip!, address.Port, cancel);
            else await socket.ConnectAsync("localhost", address.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
