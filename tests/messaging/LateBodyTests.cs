using System.Net;
using Google.Protobuf;
using Kavalek.Messaging.Access;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Tests;

/// <summary>A call was let in, and before it is done its session ends or its device is removed: while the body comes, or while the writer does something else.</summary>
public static class LateBodyTests
{
    // K-07, K-22
    [Theory]
    [InlineData("create a stream")]
    [InlineData("append an entry")]
    [InlineData("acknowledge")]
    [InlineData("put the archive")]
    [InlineData("append a segment")]
    [InlineData("put notes")]
    [InlineData("declare an attachment")]
    [InlineData("send a part")]
    [InlineData("subscribe to push")]
    public static async Task Nothing_is_taken_from_a_session_that_ended_while_the_body_came(string what)
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice device = PlainDevice.New();
        Call call = await PrepareAsync(server, device, what);
        HeldCall held = await HoldAsync(server, device, call);
        server.Bus.Publish(new SessionEnded(device.Account, device.Device, device.Session));
        string before = await SettledAsync(server);
        Assert.Equal(ErrorCodes.Unauthenticated, await held.EndAsync().CodeAsync());
        Assert.Equal(before, await SettledAsync(server));
        // The twin: the same call in a session that goes on.
        Assert.True((int)await (await HoldAsync(server, device with { Session = Id.New() }, call)).EndAsync().StatusAsync() < 300);
        Assert.NotEqual(before, await SettledAsync(server));
    }

    // K-07, K-22
    [Theory]
    [InlineData("create a stream")]
    [InlineData("put the archive")]
    [InlineData("append a segment")]
    [InlineData("put notes")]
    [InlineData("declare an attachment")]
    [InlineData("send a part")]
    [InlineData("subscribe to push")]
    public static async Task Nothing_is_taken_from_a_device_that_was_removed_before_the_writer_had_time_for_it(string what)
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice device = PlainDevice.New(), other = PlainDevice.New();
        Call call = await PrepareAsync(server, device, what);
        string before = await SettledAsync(server);
        GroupCommit writer = server.Services.GetRequiredService<GroupCommit>();
        using ManualResetEventSlim busy = new();
        Task<Outcome> holding = writer.DoAsync(new HoldingChore(busy));
        await WaitingAsync(writer, count => count == 0);
        HeldCall held = await HoldAsync(server, device, call);
        Task<HttpResponseMessage> answer = held.EndAsync();
        await WaitingAsync(writer, count => count == 1);
        // What it has is dropped behind the call here; where the news came first, nothing would ever drop what the call has stored.
        server.Services.GetRequiredService<RemovedDevices>().Add(device.Device);
        busy.Set();
        Assert.Equal(ErrorCodes.Unauthenticated, await answer.CodeAsync());
        Assert.Null((await holding).Code);
        Assert.Equal(before, await SettledAsync(server));
    }

    [Fact]
    public static async Task A_slow_body_is_taken_after_its_token_has_expired_and_not_for_ever()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice device = PlainDevice.New();
        Call call = await PrepareAsync(server, device, "put notes");
        string token = server.Token(device);
        AccessTokens tokens = server.Services.GetRequiredService<AccessTokens>();
        Principal principal = (await tokens.ValidateAsync(token))!;
        server.Clock.Advance(TimeSpan.FromSeconds(Limits.AccessTokenSeconds + 20));
        HeldCall slow = await HeldCall.BeginAsync(call.Method, new Uri(server.Address, call.Path), token, call.Body!);
        server.Clock.Advance(TimeSpan.FromSeconds(25));
        Assert.Null(await tokens.ValidateAsync(token));
        Assert.Equal(HttpStatusCode.NoContent, await slow.EndAsync().StatusAsync());
        // What does not come is not waited for, and who was let in is known for longer than anything may take.
        HeldCall slower = await HoldAsync(server, device, await PrepareAsync(server, device, "create a stream"));
        server.Clock.Advance(Pace.Interval);
        Assert.Equal(ErrorCodes.Unavailable, await slower.EndAsync().CodeAsync());
        server.Clock.Advance(TimeSpan.FromMinutes(59) - TimeSpan.FromSeconds(75));
        Assert.False(tokens.IsOver(principal));
        server.Clock.Advance(TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(30));
        Assert.True(tokens.IsOver(principal));
    }

    // K-65
    [Fact]
    public static async Task A_deleted_account_leaves_no_notes_that_were_on_their_way()
    {
        await using TestServer server = await TestServer.StartAsync(new ManualClock(), o => o with { Registration = Kavalek.Auth.RegistrationPolicy.Open });
        using TestDevice device = await TestDevice.SignUpAsync(server);
        ByteArrayContent notes = AuthorityScene.Body(new ArchiveNotes { Version = 1, Sealed = ByteString.CopyFromUtf8("notes") });
        HeldCall held = await HeldCall.BeginAsync(HttpMethod.Put, new Uri(server.Address, "/api/v1/archive/notes"), device.Session!.MessagingToken, notes);
        Assert.Equal(HttpStatusCode.NoContent, await device.PostAsync("/auth/v1/account/delete", new DeleteAccount(device.AuthSecret), AuthJson.Default.DeleteAccount, device.Session!.AuthToken).StatusAsync());
        Assert.Equal(ErrorCodes.Unauthenticated, await held.EndAsync().CodeAsync());
        Assert.Equal(HttpStatusCode.OK, await server.GetAsync("/api/healthz").StatusAsync()); // one turn of the writer
        Assert.Equal(0, server.MessagingTables.Count("SELECT COUNT(*) FROM note"));
    }

    /// <summary>A call that is well-formed, with all there that it takes.</summary>
    static async Task<Call> PrepareAsync(MessagingServer server, PlainDevice device, string what)
    {
        using var rest = new TestRest(server, device);
        Id stream = Id.New(), archive = Id.New(), attachment = Id.New();
        switch (what)
        {
            case "append an entry" or "acknowledge":
                Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
                await rest.AppendedAsync(Wire.Message(stream));
                break;
            case "put the archive" or "append a segment":
                Assert.Equal(HttpStatusCode.OK, await rest.SendAsync(HttpMethod.Put, "/api/v1/archive", AuthorityTable.Put(archive, follows: 0)).StatusAsync());
                break;
            case "send a part":
                Assert.Equal(HttpStatusCode.OK, await rest.SendAsync(HttpMethod.Put, $"/api/v1/attachments/{attachment}", AuthorityTable.Declaration()).StatusAsync());
                break;
            default:
                break;
        }
        return what switch
        {
            "create a stream" => new(HttpMethod.Post, "/api/v1/streams", AuthorityScene.Body(new CreateStream { Stream = stream.Bytes() })),
            "append an entry" => new(HttpMethod.Post, $"/api/v1/streams/{stream}/entries", AuthorityScene.Body(Wire.Message(stream))),
            "acknowledge" => new(HttpMethod.Put, $"/api/v1/streams/{stream}/ack", AuthorityScene.Body(new Ack { Seq = 1 })),
            "put the archive" => new(HttpMethod.Put, "/api/v1/archive", AuthorityScene.Body(AuthorityTable.Put(archive, follows: 1))),
            "append a segment" => AuthorityTable.Segment(archive),
            "put notes" => new(HttpMethod.Put, "/api/v1/archive/notes", AuthorityScene.Body(new ArchiveNotes { Version = 1, Sealed = ByteString.CopyFromUtf8("notes") })),
            "declare an attachment" => new(HttpMethod.Put, $"/api/v1/attachments/{attachment}", AuthorityScene.Body(AuthorityTable.Declaration())),
            "send a part" => AuthorityTable.Part(attachment),
            _ => new(HttpMethod.Put, "/api/v1/push", AuthorityScene.Body(AuthorityTable.Push())),
        };
    }

    static Task<HeldCall> HoldAsync(MessagingServer server, PlainDevice device, Call call) =>
        HeldCall.BeginAsync(call.Method, new Uri(server.Address, call.Path), server.Token(device), call.Body!);

    // One turn of the writer, acknowledgements included.
    static async Task<string> SettledAsync(MessagingServer server)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        (await http.GetAsync("/api/healthz", TestContext.Current.CancellationToken)).EnsureSuccessStatusCode().Dispose();
        return server.Dump();
    }

    static Task WaitingAsync(GroupCommit writer, Predicate<int> suffices) => Awaited.UntilAsync(
        async () =>
        {
            await Task.Yield();
            return writer.Waiting;
        }, suffices);

    sealed class HoldingChore(ManualResetEventSlim until) : Chore
    {
        public override void Run(StreamStore store) => until.Wait(Awaited.Patience);
    }
}
