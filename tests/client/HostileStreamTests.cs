using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>A server that answers with streams that no honest one has.</summary>
public static class HostileStreamTests
{
    [Theory]
    [InlineData("an epoch beyond all numbers")]
    [InlineData("a position beyond all numbers")]
    [InlineData("an id that is none")]
    [InlineData("what was asked for before")]
    [InlineData("a payload that never comes")]
    public static async Task Entries_that_are_none_are_refused_and_the_conversation_goes_on(string what) // K-34, K-50
    {
        await using TestServer server = await OpenServerAsync();
        bool lie = false;
        byte[]? Bend(HttpRequestMessage request, byte[] body)
        {
            if (!lie || !request.RequestUri!.ToString().Contains("/entries?", StringComparison.Ordinal)) return null;
            Wire.EntryList page = Wire.EntryList.Parser.ParseFrom(body);
            if (page.Entries.Count == 0) return null;
            Wire.Entry first = page.Entries[0];
            switch (what)
            {
                case "an epoch beyond all numbers": (first.Kind, first.Epoch) = (Wire.Kind.Commit, ulong.MaxValue); break;
                case "a position beyond all numbers": first.Seq = ulong.MaxValue; break;
                case "an id that is none": first.Id = ByteString.CopyFrom(1, 2, 3); break;
                case "what was asked for before": first.Seq = 1; break;
                default: (first.Detached, first.Payload) = (true, ByteString.Empty); break;
            }
            return page.ToByteArray();
        }
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Bends(new HttpTransport(address), Bend)));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await his.SendAsync("hello");
        await karim.SyncAsync();
        lie = true;
        Assert.Equal(ClientErrors.ServerMisbehaves, await CodeAsync(() => marie.SyncAsync()));
        lie = false;
        await marie.SyncAsync();
        Assert.Equal(["hello"], await hers.TextsAsync());
    }

    [Theory]
    [InlineData("an id that is none")]
    [InlineData("an epoch beyond all numbers")]
    [InlineData("a head beyond all numbers")]
    [InlineData("an acknowledgement beyond all numbers")]
    [InlineData("pages in a circle")]
    public static async Task A_list_of_streams_that_is_none_is_refused_and_the_conversation_goes_on(string what) // K-50
    {
        await using TestServer server = await OpenServerAsync();
        bool lie = false;
        byte[]? Bend(HttpRequestMessage request, byte[] body)
        {
            if (!lie || request.Method != HttpMethod.Get || request.RequestUri!.AbsolutePath != "/api/v1/streams") return null;
            Wire.StreamList list = Wire.StreamList.Parser.ParseFrom(body);
            if (list.Streams.Count == 0) list.Streams.Add(new Wire.StreamInfo { Stream = ByteString.CopyFrom(new byte[Limits.IdLength]) });
            Wire.StreamInfo last = list.Streams[^1];
            switch (what)
            {
                case "an id that is none": last.Stream = ByteString.CopyFrom(last.Stream.Span[..15]); break;
                case "an epoch beyond all numbers": last.Epoch = ulong.MaxValue; break;
                case "a head beyond all numbers": last.Head = ulong.MaxValue; break;
                case "an acknowledgement beyond all numbers": last.Acked = ulong.MaxValue; break;
                default: list.Next = ByteString.CopyFrom(new byte[Limits.IdLength]); break;
            }
            return list.ToByteArray();
        }
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: address => new Bends(new HttpTransport(address), Bend)));
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        await his.SendAsync("hello");
        await karim.SyncAsync();
        lie = true;
        using CancellationTokenSource late = new(TimeSpan.FromMinutes(1));
        Assert.Equal(ClientErrors.ServerMisbehaves, await CodeAsync(() => marie.SyncAsync(late.Token)));
        lie = false;
        await marie.SyncAsync();
        Assert.Equal(["hello"], await hers.TextsAsync());
    }

    [Fact]
    public static async Task The_first_contents_of_a_conversation_cannot_be_kept_back_unnoticed() // K-36
    {
        await using TestServer server = await OpenServerAsync();
        Id conversation = default;
        byte[]? Bend(HttpRequestMessage request, byte[] body)
        {
            if (!request.RequestUri!.ToString().Contains($"{conversation}/entries?", StringComparison.Ordinal)) return null;
            Wire.EntryList page = Wire.EntryList.Parser.ParseFrom(body);
            foreach (Wire.Entry early in page.Entries.Where(entry => entry.Kind == Wire.Kind.Application).SkipLast(1)) early.Payload = ByteString.CopyFrom(1, 2, 3);
            return page.ToByteArray();
        }
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(transport: address => new Bends(new HttpTransport(address), Bend)));
        Conversation hers = await marie.CreateGroupAsync("Duo", [(await marie.FindAsync("karim")).Account]);
        conversation = hers.Id;
        await hers.SendAsync("one");
        await hers.SendAsync("two");
        await marie.SyncAsync();
        await karim.SyncAsync();
        Conversation his = karim.Conversation(hers.Id)!;
        Assert.Equal(["two"], await his.TextsAsync());
        Assert.Contains(SystemKind.MessagesMissing, await his.KindsAsync());
    }

    [Fact]
    public static async Task A_conversation_that_cannot_be_opened_does_not_hold_up_the_others()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        await using KavalekClient stranger = await SignUpAsync(server, "stranger");
        (_, Conversation his) = await DirectAsync(marie, karim);
        await using EventsOf hers = new(marie);
        await marie.StartAsync();
        await hers.NextAsync<ConnectionChanged>(c => c.State == ConnectionState.Online);

        // What she is invited with is none, and more follows than a server sends ahead.
        Id stream = Id.New();
        StreamsApi streams = stranger.Core.Streams;
        await streams.CreateAsync(stream, default);
        Wire.Change change = new() { Welcome = ByteString.CopyFrom(1, 2, 3) };
        change.Add.Add(Bytes(marie.Core.Identity.Device));
        await AppendAsync(Wire.Kind.Commit, 0, change);
        for (int i = 0; i < Limits.MaximumWindow + 10; i++) await AppendAsync(Wire.Kind.Application, 1);

        await his.SendAsync("are you there?");
        await karim.SyncAsync();
        Assert.Equal("are you there?", await hers.NextTextAsync());

        async Task AppendAsync(Wire.Kind kind, ulong epoch, Wire.Change? with = null) => Assert.IsType<AppendStored>(await streams.AppendAsync(
            new Wire.Append { Stream = Bytes(stream), Id = Bytes(Id.New()), Kind = kind, Epoch = epoch, Payload = ByteString.CopyFrom(new byte[40]), Change = with }, default));
        static ByteString Bytes(Id id) => ByteString.CopyFrom(id.ToArray());
    }
}
