using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Threading.Channels;

namespace Kavalek.Hostile.Tests;

/// <summary>The first mouth of <see cref="HostileServer"/>: in place of the SDK's way to its server.</summary>
sealed class HostileTransport(HostileServer hostile, ITransport inner) : ITransport
{
    public Uri Server => inner.Server;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        byte[] body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancel);
        Dictionary<string, string> headers = [];
        foreach ((string name, IEnumerable<string> values) in request.Headers) headers[name.ToLowerInvariant()] = string.Join(", ", values);
        if (request.Content?.Headers.ContentType is { } type) headers["content-type"] = type.ToString();
        try
        {
            Answer answer = await hostile.AnswerAsync(new Request(request.Method.Method, request.RequestUri!.ToString(), headers, body), asked => AskAsync(asked, cancel));
            HttpResponseMessage response = new((HttpStatusCode)answer.Status) { Content = new ByteArrayContent(answer.Body) };
            if (answer.ContentType is not null) response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(answer.ContentType);
            foreach ((string name, string value) in answer.Headers) response.Headers.TryAddWithoutValidation(name, value);
            return response;
        }
        catch (LostException e)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "lost on the way", e);
        }
    }

    public async Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => hostile.AllowsSockets
        ? new HostileSocket(hostile, await inner.ConnectAsync(cancel))
        : throw new WebSocketException("no socket here");

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    async Task<Answer> AskAsync(Request asked, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(new HttpMethod(asked.Method), new Uri(asked.Path, UriKind.Relative));
        if (asked.Headers.TryGetValue("content-type", out string? type))
        {
            request.Content = new ByteArrayContent(asked.Body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }
        foreach ((string name, string value) in asked.Headers)
            if (name != "content-type") request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await inner.SendAsync(request, cancel);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsByteArrayAsync(cancel))
        {
            Headers = response.Headers.RetryAfter is { } later ? new Dictionary<string, string> { ["Retry-After"] = later.ToString() } : new Dictionary<string, string>(),
        };
    }

    sealed class HostileSocket : SocketLink, ITransportSocket
    {
        readonly HostileServer _hostile;
        readonly ITransportSocket _inner;
        readonly Channel<byte[]> _incoming = Channel.CreateUnbounded<byte[]>();
        readonly CancellationTokenSource _stop = new();
        readonly Task _reading;

        public HostileSocket(HostileServer hostile, ITransportSocket inner)
        {
            (_hostile, _inner) = (hostile, inner);
            _reading = ReadAsync();
        }

        public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancel)
        {
            if (_stop.IsCancellationRequested) throw new WebSocketException("the connection is gone");
            await _hostile.PassAsync(new Frame(this, FromClient: true, frame.ToArray()), passed => ToServerAsync(passed.Bytes));
        }

        public async ValueTask<byte[]?> ReceiveAsync(CancellationToken cancel)
        {
            try
            {
                return await _incoming.Reader.ReadAsync(cancel);
            }
            catch (ChannelClosedException)
            {
                return null;
            }
        }

        public override Task ToClientAsync(byte[] bytes)
        {
            _incoming.Writer.TryWrite(bytes);
            return Task.CompletedTask;
        }

        public override async Task ToServerAsync(byte[] bytes) => await _inner.SendAsync(bytes, CancellationToken.None);

        public override void Break()
        {
            _stop.Cancel();
            _incoming.Writer.TryComplete();
        }

        public async ValueTask DisposeAsync()
        {
            Break();
            await _inner.DisposeAsync();
            await _reading;
        }

        async Task ReadAsync()
        {
            try
            {
                while (await _inner.ReceiveAsync(_stop.Token) is { } bytes)
                    await _hostile.PassAsync(new Frame(this, FromClient: false, bytes), passed => ToClientAsync(passed.Bytes));
            }
            catch (Exception e) when (e is OperationCanceledException or WebSocketException or ObjectDisposedException or IOException)
            {
                // The end of it.
            }
            _incoming.Writer.TryComplete();
        }
    }
}
