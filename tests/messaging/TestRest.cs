using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>One device's calls of <c>/api/v1</c>.</summary>
sealed class TestRest(Uri server, Func<string> token) : IDisposable
{
    readonly HttpClient _http = new(new PatientHandler()) { BaseAddress = server };

    public TestRest(MessagingServer server, PlainDevice device)
        : this(server.Address, () => server.Token(device))
    {
    }

    public Task<HttpResponseMessage> CreateAsync(Id stream) =>
        SendAsync(HttpMethod.Post, "/api/v1/streams", new CreateStream { Stream = Bytes(stream) });

    public Task<HttpResponseMessage> AppendAsync(Append append) =>
        SendAsync(HttpMethod.Post, $"/api/v1/streams/{Id.Read(append.Stream.Span)}/entries", append);

    public async Task<Appended> AppendedAsync(Append append) => Appended.Parser.ParseFrom(await ContentAsync(AppendAsync(append)));

    public async Task<EntryList> EntriesAsync(Id stream, ulong after = 0, int limit = 500) =>
        EntryList.Parser.ParseFrom(await ContentAsync(SendAsync(HttpMethod.Get, $"/api/v1/streams/{stream}/entries?after={after}&limit={limit}")));

    public async Task<StreamList> StreamsAsync(Id? after = null) =>
        StreamList.Parser.ParseFrom(await ContentAsync(SendAsync(HttpMethod.Get, $"/api/v1/streams{(after is null ? "" : $"?after={after}")}")));

    public Task<HttpResponseMessage> AckAsync(Id stream, ulong seq) =>
        SendAsync(HttpMethod.Put, $"/api/v1/streams/{stream}/ack", new Ack { Seq = seq });

    public Task<HttpResponseMessage> WelcomeAsync(Id stream, ulong seq) => SendAsync(HttpMethod.Get, $"/api/v1/streams/{stream}/welcomes/{seq}");

    public Task<HttpResponseMessage> UnsubscribeAsync(Id stream) => SendAsync(HttpMethod.Delete, $"/api/v1/streams/{stream}/subscription");

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, IMessage? body = null)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token());
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body.ToByteArray());
            request.Headers.ExpectContinue = request.Content.Headers.ContentLength > Limits.EntryBytes;
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        }
        return _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public void Dispose() => _http.Dispose();

    static ByteString Bytes(Id id) => ByteString.CopyFrom(id.ToArray());

    static async Task<byte[]> ContentAsync(Task<HttpResponseMessage> answer)
    {
        using HttpResponseMessage response = await answer;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }
}

/// <summary>Short ways to write what tests say often.</summary>
static class Wire
{
    public static ByteString Bytes(this Id id) => ByteString.CopyFrom(id.ToArray());

    public static Append Message(Id stream, ulong epoch = 0, string text = "opaque", Id? id = null) => new()
    {
        Stream = stream.Bytes(),
        Id = (id ?? Id.New()).Bytes(),
        Kind = Kind.Application,
        Epoch = epoch,
        Payload = ByteString.CopyFromUtf8(text),
    };

    public static Append Commit(Id stream, ulong epoch, IEnumerable<PlainDevice>? add = null, IEnumerable<PlainDevice>? remove = null)
    {
        var commit = new Append { Stream = stream.Bytes(), Id = Id.New().Bytes(), Kind = Kind.Commit, Epoch = epoch, Payload = ByteString.CopyFromUtf8("commit") };
        if (add is not null || remove is not null)
        {
            commit.Change = new Change();
            commit.Change.Add.AddRange((add ?? []).Select(device => device.Device.Bytes()));
            commit.Change.Remove.AddRange((remove ?? []).Select(device => device.Device.Bytes()));
            if (commit.Change.Add.Count > 0)
                commit.Change.Welcome = ByteString.CopyFromUtf8("welcome");
        }
        return commit;
    }

    public static async Task<string> CodeAsync(this Task<HttpResponseMessage> answer)
    {
        using HttpResponseMessage response = await answer;
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Problem problem = JsonSerializer.Deserialize(
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), AuthJson.Default.Problem)!;
        Assert.Equal((int)response.StatusCode, problem.Status);
        return problem.Code;
    }

    public static async Task<HttpStatusCode> StatusAsync(this Task<HttpResponseMessage> answer)
    {
        using HttpResponseMessage response = await answer;
        return response.StatusCode;
    }
}
