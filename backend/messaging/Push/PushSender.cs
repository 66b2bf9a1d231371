using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Messaging.Push;

/// <summary>Where to wake a device, as its browser said.</summary>
/// <param name="Account">Whose device it is.</param>
/// <param name="Endpoint">The address at the push service.</param>
/// <param name="Key">The browser's public key.</param>
/// <param name="Secret">The browser's authentication secret.</param>
sealed record PushSubscription(Id Account, Uri Endpoint, byte[] Key, byte[] Secret);

/// <summary>What a push service made of a message.</summary>
enum PushAnswer
{
    /// <summary>It has it.</summary>
    Taken,

    /// <summary>There is no such subscription any more, or not with our key.</summary>
    Gone,

    /// <summary>It was not reached, or is busy: later.</summary>
    Later,

    /// <summary>It refuses, and would again.</summary>
    Refused,
}

/// <summary>Sends the one message there is: the same bytes for everybody, so that neither the push service nor who watches learns anything (K-66).</summary>
sealed class PushSender : IDisposable
{
    /// <summary>What a browser is woken with. It says nothing: what is new, the device fetches itself.</summary>
    public static ReadOnlySpan<byte> Payload => "kavalek"u8;

    /// <summary>Seconds that a push service keeps it for a device that is off: a week.</summary>
    const string TimeToLive = "604800";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    readonly VapidKey _key;
    readonly PushServices _services;
    readonly HttpClient _http;

    public PushSender(VapidKey key, PushServices services)
    {
        (_key, _services) = (key, services);
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = Patience,
            MaxResponseHeadersLength = 16, // KiB
            MaxResponseDrainSize = 0,
            MaxConnectionsPerServer = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // then the name is resolved, and checked, again
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
        };
        _http = new HttpClient(handler) { Timeout = Patience };
    }

    /// <summary>Wakes a device.</summary>
    public async Task<PushAnswer> SendAsync(PushSubscription to, CancellationToken cancel)
    {
        if (_services.Read(to.Endpoint.OriginalString) is not { } address)
            return PushAnswer.Gone; // the operator has struck the service off
        using HttpRequestMessage request = new(HttpMethod.Post, address) { Content = new ByteArrayContent(PushEncryption.Encrypt(Payload, to.Key, to.Secret)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Content.Headers.ContentEncoding.Add("aes128gcm");
        request.Headers.TryAddWithoutValidation("Authorization", _key.Header(address.GetLeftPart(UriPartial.Authority)));
        request.Headers.Add("TTL", TimeToLive);
        request.Headers.Add("Urgency", "high");
        request.Headers.Add("Topic", "kavalek"); // one that waits at the service is replaced by the next
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return (int)answer.StatusCode switch
            {
                >= 200 and < 300 => PushAnswer.Taken,
                401 or 403 or 404 or 410 => PushAnswer.Gone,
                408 or 425 or 429 or >= 500 => PushAnswer.Later,
                _ => PushAnswer.Refused,
            };
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return PushAnswer.Later;
        }
    }

    /// <summary>Connects as for a message, and sends none; answers one of <see cref="SelfTestOutcomes"/>.</summary>
    public async Task<string> ReachAsync(Uri service, CancellationToken cancel)
    {
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Head, service);
            using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return SelfTestOutcomes.Ok; // Whatever it thinks of that.
        }
        catch (HttpRequestException e) when (e.InnerException is System.Security.Authentication.AuthenticationException)
        {
            return SelfTestOutcomes.NoTls;
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } or NoPublicAddressException)
        {
            return SelfTestOutcomes.NoName;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return SelfTestOutcomes.NotReached;
        }
    }

    public void Dispose() => _http.Dispose();

    // Resolved once and checked, then connected to that very address: a name that says another one a moment later changes nothing.
    async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        IPAddress[] addresses = await _services.ResolveAsync(context.InitialRequestMessage.RequestUri!, cancel);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
