using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>One HTTP call and what can become of it. Every failure is a <see cref="KavalekException"/>. What is under way ends with <c>over</c>: whoever closes waits for no network.</summary>
sealed class Rest(ITransport transport, CancellationToken over = default)
{
    /// <summary>The server's origin.</summary>
    public Uri Server => transport.Server;

    static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>Sends and reads JSON.</summary>
    public async Task<T> JsonAsync<T>(HttpMethod method, string path, string? token, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        byte[] answer = await SendAsync(method, path, token, body, cancel).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(answer, type) ?? throw ServerErrors.Misbehaves("sent an empty answer");
        }
        catch (JsonException e)
        {
            throw ServerErrors.Misbehaves("sent an answer that cannot be read", e);
        }
    }

    /// <summary>Sends and reads protobuf.</summary>
    public async Task<T> ProtobufAsync<T>(HttpMethod method, string path, string token, IMessage? body, MessageParser<T> parser, CancellationToken cancel)
        where T : class, IMessage<T>
    {
        byte[] answer = await SendAsync(method, path, token, body is null ? null : Protobuf(body), cancel).ConfigureAwait(false);
        return UntrustedMessage.TryRead(parser, answer, out T? message) ? message : throw ServerErrors.Misbehaves("sent an answer that cannot be read");
    }

    /// <summary>Sends and gives the answer's body.</summary>
    /// <exception cref="KavalekException">The server's code, <see cref="ClientErrors.Offline"/> or <see cref="ClientErrors.ServerMisbehaves"/>.</exception>
    public async Task<byte[]> SendAsync(HttpMethod method, string path, string? token, HttpContent? body, CancellationToken cancel, Action<HttpRequestHeaders>? headers = null)
    {
        if (over.IsCancellationRequested) throw Closed(null, nothingChanged: true);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, over);
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative)) { Content = body };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        headers?.Invoke(request.Headers);
        try
        {
            using HttpResponseMessage response = await transport.SendAsync(request, either.Token).ConfigureAwait(false);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? answer : throw Refusal(response, answer);
        }
        catch (HttpRequestException e)
        {
            throw Offline(e, method == HttpMethod.Get || NeverArrived(e));
        }
        catch (IOException e)
        {
            throw Offline(e, method == HttpMethod.Get);
        }
        catch (OperationCanceledException e)
        {
            // Told by its own token, as callers expect.
            cancel.ThrowIfCancellationRequested();
            throw over.IsCancellationRequested ? Closed(e, method == HttpMethod.Get) : Offline(e, method == HttpMethod.Get);
        }
    }

    /// <summary>A JSON body.</summary>
    public static HttpContent Json<T>(T value, JsonTypeInfo<T> type) => Content(JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json");

    /// <summary>A protobuf body.</summary>
    public static HttpContent Protobuf(IMessage message) => Content(message.ToByteArray(), "application/x-protobuf");

    static ByteArrayContent Content(byte[] bytes, string type)
    {
        ByteArrayContent content = new(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    static KavalekException Refusal(HttpResponseMessage response, byte[] answer)
    {
        if ((int)response.StatusCode is >= 300 and < 400)
            return ServerErrors.Misbehaves("sent this program to another address. Redirects are not followed; check the server's address");
        // No limit lasts longer than a day, and no timer takes years, whatever a server says.
        TimeSpan? retryAfter = response.Headers.RetryAfter?.Delta is { } said ? said < LongestWait ? said : LongestWait : null;
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            try
            {
                if (JsonSerializer.Deserialize(answer, AuthJson.Default.Problem) is { } problem)
                {
                    KavalekException refusal = ServerErrors.For(problem.Code, retryAfter);
                    if (problem.Epoch is { } epoch) refusal.Data["epoch"] = epoch;
                    return refusal;
                }
            }
            catch (JsonException)
            {
                // Then the status has to say it.
            }
        }
        return response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests => ServerErrors.For(ErrorCodes.RateLimited, retryAfter),
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => ServerErrors.For(ErrorCodes.Unavailable, retryAfter),
            _ => ServerErrors.Misbehaves($"answered with status {(int)response.StatusCode}; is this a Kavalek server?"),
        };
    }

    static bool NeverArrived(HttpRequestException e) =>
        e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError;

    static KavalekException Closed(Exception? e, bool nothingChanged) =>
        new(ClientErrors.Offline, "The account was locked before the server had answered. Unlock it and look whether it was done.", nothingChanged, e);

    KavalekException Offline(Exception e, bool nothingChanged)
    {
        string text = e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? $"The connection to {Server.Host} is not safe: its certificate is not valid. Nothing was sent; tell whoever runs the server."
            : nothingChanged
                ? $"{Server.Authority} cannot be reached. Check your connection and the server's address."
                : $"The connection to {Server.Host} broke before it answered. Whether it was done will show with the next try.";
        return new KavalekException(ClientErrors.Offline, text, nothingChanged, e);
    }
}
