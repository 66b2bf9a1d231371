using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Tests;

/// <summary>A stream that is gone stays gone, and nothing of it comes to whoever makes the next one.</summary>
public static class GoneStreamTests
{
    [Fact]
    public static async Task What_is_asked_of_a_stream_in_the_batch_that_deletes_it_is_refused_and_nobody_reads_the_next_stream_by_it()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New(), carol = PlainDevice.New();
        // Bob has an inbox already: the stream that goes has the highest key of all.
        await StreamTests.StreamAsync(server, carol, bob);
        using var rest = new TestRest(server, alice);
        var name = new StreamName(Id.New(), Inbox: false);
        await rest.CreateAsync(name.Id).StatusAsync();
        await rest.AppendedAsync(Wire.Message(name.Id));

        UnsubscribeOperation leave = new(alice.Device, name);
        AckOperation ack = new(alice.Device, name, 0);
        Answered append = new();
        await TogetherAsync(server, leave, ack, append.Of(alice, name, new MemberChange([bob.Device], [], new byte[10])));
        Assert.Equal((null, ErrorCodes.NotFound), ((await leave.Answered).Code, (await ack.Answered).Code));
        Assert.Equal(ErrorCodes.NotFound, (await append.Task).Code);

        await server.RestartAsync();
        using TestRest carols = new(server, carol), bobs = new(server, bob);
        var next = Id.New();
        await carols.CreateAsync(next).StatusAsync();
        Assert.Equal(1ul, (await carols.AppendedAsync(Wire.Message(next))).Seq);
        Assert.DoesNotContain((await bobs.StreamsAsync()).Streams, s => s.Stream == next.Bytes());
        Assert.Equal(2, (await carols.StreamsAsync()).Streams.Count);
    }

    [Fact]
    public static async Task A_stream_that_goes_and_is_made_again_in_one_batch_is_a_new_one()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        using var rest = new TestRest(server, alice);
        var name = new StreamName(Id.New(), Inbox: false);
        await rest.CreateAsync(name.Id).StatusAsync();
        await rest.AppendedAsync(Wire.Message(name.Id));
        await rest.AppendedAsync(Wire.Message(name.Id));

        CreateOperation again = new(bob.Device, name.Id), taken = new(alice.Device, name.Id);
        Answered append = new();
        await TogetherAsync(server, new UnsubscribeOperation(alice.Device, name), again, taken, append.Of(bob, name));
        Assert.Equal((null, ErrorCodes.IdTaken), ((await again.Answered).Code, (await taken.Answered).Code));
        Assert.Equal(1ul, (await append.Task).Seq);
        using var bobs = new TestRest(server, bob);
        Assert.Equal(2ul, (await bobs.AppendedAsync(Wire.Message(name.Id))).Seq);
        Assert.Empty((await rest.StreamsAsync()).Streams);
        Assert.Equal(1, server.Count("SELECT count(*) FROM stream"));
    }

    [Fact, Trait("Store", "sqlite")]
    public static async Task Nothing_is_stored_for_a_stream_whose_row_is_not_there()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New();
        using var rest = new TestRest(server, alice);
        var stream = Id.New();
        await rest.CreateAsync(stream).StatusAsync();
        await rest.AppendedAsync(Wire.Message(stream));
        server.Tables.Execute("DELETE FROM stream");
        string before = server.Dump();
        Assert.Equal(ErrorCodes.Unavailable, await rest.AppendAsync(Wire.Commit(stream, 0, add: [PlainDevice.New()])).CodeAsync());
        Assert.Equal(before, server.Dump());
        // And it is not remembered.
        Assert.Equal(ErrorCodes.NotFound, await rest.AppendAsync(Wire.Message(stream)).CodeAsync());
    }

    [Fact, Trait("Store", "sqlite")]
    public static async Task Rows_that_a_stream_left_behind_go_at_the_start_before_its_key_is_given_out_again()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        (_, Id kept) = await StreamTests.StreamAsync(server, alice, bob);
        string before = server.Dump();
        foreach (int key in (int[])[3, 5, 6]) // 1 and 2 are the stream and bob's inbox
        {
            server.Tables.Execute($"""
                INSERT INTO subscriber (stream, device, first, last, left_epoch, acked) VALUES ({key}, x'{bob.Device}', 1, NULL, NULL, 0);
                INSERT INTO run (stream, first, last, epoch, expires, ids, entries) VALUES ({key}, 1, 1, 0, 9999999999, x'{Id.New()}', x'00');
                INSERT INTO welcome (stream, seq, expires, payload) VALUES ({key}, 1, 9999999999, x'00');
                INSERT INTO welcome_for (device, notice, stream, seq) VALUES (x'{bob.Device}', {key}, {key}, 1)
                """);
        }
        await server.RestartAsync();
        Assert.Equal(before, server.Dump());
        using TestRest alices = new(server, alice), bobs = new(server, bob);
        for (int i = 0; i < 4; i++)
        {
            var next = Id.New();
            await alices.CreateAsync(next).StatusAsync();
            Assert.Equal(1ul, (await alices.AppendedAsync(Wire.Message(next))).Seq);
        }
        HashSet<Google.Protobuf.ByteString> his = [kept.Bytes(), bob.Device.Bytes()];
        Assert.True(his.SetEquals((await bobs.StreamsAsync()).Streams.Select(s => s.Stream)));
    }

    /// <summary>Has them decided in one batch: they are handed over while the writer is busy with something else.</summary>
    static async Task TogetherAsync(MessagingServer server, params Operation[] operations)
    {
        GroupCommit writer = server.Services.GetRequiredService<GroupCommit>();
        using HeldOperation held = new();
        Task<Outcome> first = writer.DoAsync(held);
        await held.Begun.WaitAsync(Awaited.Patience, TestContext.Current.CancellationToken);
        Assert.All(operations, operation => Assert.True(writer.TryAdd(operation)));
        held.GoOn();
        await first.WaitAsync(Awaited.Patience, TestContext.Current.CancellationToken);
    }

    sealed class HeldOperation : AwaitedOperation, IDisposable
    {
        readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly ManualResetEventSlim _goOn = new();

        public Task Begun => _begun.Task;

        public void GoOn() => _goOn.Set();

        public override Outcome Apply(Batch batch)
        {
            _begun.SetResult();
            _goOn.Wait(Awaited.Patience);
            return Outcome.Done;
        }

        public void Dispose() => _goOn.Dispose();
    }

    /// <summary>What became of an append.</summary>
    sealed class Answered
    {
        readonly TaskCompletionSource<Outcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Outcome> Task => _outcome.Task.WaitAsync(Awaited.Patience);

        public AppendOperation Of(PlainDevice device, StreamName stream, MemberChange? change = null) =>
            new(device.Account, device.Device, stream, Id.New(), done => _outcome.SetResult(done.Outcome))
            {
                Kind = change is null ? Kind.Application : Kind.Commit,
                Payload = new byte[10],
                Change = change,
            };
    }
}
