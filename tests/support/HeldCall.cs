using System.Net;
using System.Net.Http.Headers;

namespace Kavalek.Tests.Support;

/// <summary>A call that the server has let in, and whose body is held back.</summary>
public sealed class HeldCall : HttpContent
{
    static readonly HttpClient s_patient = new(new SocketsHttpHandler { UseProxy = false, Expect100ContinueTimeout = Timeout.InfiniteTimeSpan });

    readonly HttpContent _body;
    readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously), _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task<HttpResponseMessage> _answer = null!;

    HeldCall(HttpContent body)
    {
        _body = body;
        Headers.ContentType = body.Headers.ContentType;
    }

    /// <summary>Sends all but the body; returns when the server asks for it, which is after it has looked at who calls.</summary>
    /// <exception cref="InvalidOperationException">It answered without asking.</exception>
    public static async Task<HeldCall> BeginAsync(HttpMethod method, Uri address, string token, HttpContent body)
    {
        HeldCall call = new(body);
        HttpRequestMessage request = new(method, address) { Content = call };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.ExpectContinue = true;
        call._answer = s_patient.SendAsync(request);
        if (await Task.WhenAny(call._asked.Task, call._answer) == call._answer)
            throw new InvalidOperationException($"{(int)(await call._answer).StatusCode} came before the body was asked for.");
        return call;
    }

    /// <summary>Sends the body.</summary>
    public Task<HttpResponseMessage> EndAsync()
    {
        _released.SetResult();
        return _answer;
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        _asked.TrySetResult();
        await _released.Task;
        await _body.CopyToAsync(stream);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Headers.ContentLength!.Value;
        return true;
    }
}
