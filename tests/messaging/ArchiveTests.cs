using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;

namespace Kavalek.Messaging.Tests;

/// <summary>The archive of an account (docs/PROTOCOL.md §10.1): compared and set, one account's alone, and gone with it.</summary>
public static class ArchiveTests
{
    // K-65
    [Fact]
    public static async Task An_archive_is_its_accounts_alone_goes_on_by_numbers_and_goes_with_the_account()
    {
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { ArchiveBytes = 10_000 });
        PlainDevice one = PlainDevice.New(), stranger = PlainDevice.New();
        using TestRest rest = new(server, one), others = new(server, stranger);
        Id archive = Id.New();
        Assert.Equal(0ul, (await InfoAsync(rest)).Version);
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(rest.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", Segment(archive, 1))));
        await PutAsync(rest, 0, archive);
        Assert.Equal((ErrorCodes.StaleArchive, 1ul), await StaleAsync(rest.SendAsync(HttpMethod.Put, "/api/v1/archive", Put(0, archive))));

        ArchiveSegment first = Segment(archive, 1), second = Segment(archive, 2, expires: (ulong)server.Clock.GetUtcNow().ToUnixTimeSeconds() + 100);
        await DoneAsync(rest, first);
        await DoneAsync(rest, first); // the answer was lost
        Assert.Equal((ErrorCodes.StaleArchive, 1ul), await StaleAsync(rest.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", Segment(archive, 1))));
        Assert.Equal((ErrorCodes.StaleArchive, 1ul), await StaleAsync(rest.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", Segment(archive, 3))));
        await DoneAsync(rest, second);
        ArchivePage page = await PageAsync(rest, archive, "before=9");
        Assert.Equal([2ul, 1ul], page.Segments.Select(s => s.Number));
        Assert.Equal(first.Sealed, page.Segments[1].Sealed);
        Assert.Equal([2ul], (await PageAsync(rest, archive, "after=1")).Segments.Select(s => s.Number));

        // Somebody else's: not to be seen, and not to be told from none.
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(others.SendAsync(HttpMethod.Get, $"/api/v1/archive/segments?archive={archive}&after=0")));
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(others.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", Segment(archive, 3))));
        Assert.Equal(0ul, (await InfoAsync(others)).Version);
        foreach (string query in (string[])["", $"archive={archive}", $"archive={archive}&after=1&before=2", $"archive={archive}&after=-1", $"archive={archive}&after=0&limit=65", "archive=x&after=0"])
            Assert.Equal(ErrorCodes.Invalid, await CodeAsync(rest.SendAsync(HttpMethod.Get, $"/api/v1/archive/segments?{query}")));

        // What it holds ends at its time; its place stays.
        server.Clock.Advance(TimeSpan.FromSeconds(200));
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM archive_segment WHERE expires > 0 AND sealed IS NOT NULL", 0));
        ArchiveSegment gone = (await PageAsync(rest, archive, "after=1")).Segments[0];
        Assert.True(gone.Sealed.IsEmpty);
        Assert.Equal(SHA256.HashData(second.Sealed.Span), gone.Digest.ToByteArray());
        Assert.Equal((ulong)first.Sealed.Length, (await InfoAsync(rest)).Bytes);

        // Full, unless it takes the place of what was there.
        ArchiveSegment large = Segment(archive, 3, bytes: 9_500);
        Assert.Equal(ErrorCodes.OverQuota, await CodeAsync(rest.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", large)));
        large.Replaces.Add(1);
        await DoneAsync(rest, large);
        Assert.Equal(9_500ul, (await InfoAsync(rest)).Bytes);
        Assert.True((await PageAsync(rest, archive, "before=2")).Segments[0].Sealed.IsEmpty);
        ArchiveSegment unruly = Segment(archive, 4);
        unruly.Replaces.AddRange([3, 3]);
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(rest.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", unruly)));

        await PutAsync(others, 0, archive); // ids are chosen: two accounts may choose alike
        await DoneAsync(others, Segment(archive, 1));
        await server.RestartAsync();
        using TestRest again = new(server, one);
        Assert.Equal(3ul, (await InfoAsync(again)).Head);
        server.Bus.Publish(new AccountClosed(one.Account));
        Assert.Equal(1, await server.EventuallyAsync("SELECT COUNT(*) FROM archive_segment", 1));
        Assert.Equal(1, server.Count("SELECT COUNT(*) FROM archive"));

        // Begun afresh, it keeps what comes after, however often it is told of its beginning: by each node, and by the news of a week at each start.
        PlainDevice afresh = PlainDevice.New();
        using TestRest theirs = new(server, afresh);
        await FillAsync(0);
        server.Bus.Publish(new AccountClosed(afresh.Account, 5));
        Assert.Equal(1, await server.EventuallyAsync("SELECT COUNT(*) FROM archive_segment", 1));
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM note"));
        await FillAsync(0);
        string kept = server.Dump();
        foreach (ulong number in (ulong[])[5, 3, 5])
            server.Bus.Publish(new AccountClosed(afresh.Account, number));
        await SettleAsync();
        Assert.Equal(kept, server.Dump());
        await server.RestartAsync();
        using TestRest later = new(server, afresh);
        server.Bus.Publish(new AccountClosed(afresh.Account, 5));
        await PutAsync(later, 1, archive); // behind it, in the writer's order
        Assert.Equal((2ul, 1ul), ((await InfoAsync(later)).Version, (await InfoAsync(later)).Head));
        Assert.Equal(1, server.Count("SELECT COUNT(*) FROM note"));
        // The next beginning, and the end, which nothing remembers.
        server.Bus.Publish(new AccountClosed(afresh.Account, 6));
        await PutAsync(later, 0, archive);
        Assert.Equal((1ul, 0ul), ((await InfoAsync(later)).Version, (await InfoAsync(later)).Head));
        server.Bus.Publish(new AccountClosed(afresh.Account));
        Assert.Equal(1, await server.EventuallyAsync("SELECT COUNT(*) FROM archive", 1));
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM begun_afresh"));

        async Task FillAsync(ulong version)
        {
            await PutAsync(theirs, version, archive);
            await DoneAsync(theirs, Segment(archive, 1));
            using HttpResponseMessage answer = await theirs.SendAsync(HttpMethod.Put, "/api/v1/archive/notes", new ArchiveNotes { Version = 1, Sealed = ByteString.CopyFrom(new byte[80]) });
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }

        // What was asked for before is done: the writer takes one after the other.
        async Task SettleAsync()
        {
            using HttpResponseMessage answer = await theirs.SendAsync(HttpMethod.Get, "/api/healthz");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public static async Task Of_twenty_segments_for_one_place_one_gets_it()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        using TestRest rest = new(server, PlainDevice.New());
        Id archive = Id.New();
        await PutAsync(rest, 0, archive);
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => rest.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", Segment(archive, 1))));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.NoContent);
        Assert.Equal(1ul, (await InfoAsync(rest)).Head);
        Assert.Equal(ErrorCodes.TooLarge, await CodeAsync(rest.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", Segment(archive, 2, bytes: Limits.ArchiveSegmentBytes + 1))));
        await DoneAsync(rest, Segment(archive, 2, bytes: Limits.ArchiveSegmentBytes));
        await PutAsync(rest, 1, null);
        Assert.Equal(0, server.Count("SELECT COUNT(*) FROM archive_segment"));
    }

    static ArchiveSegment Segment(Id archive, ulong number, ulong expires = 0, int bytes = 4_176) => new()
    {
        Archive = archive.Bytes(),
        Number = number,
        Previous = ByteString.CopyFrom(new byte[32]),
        Expires = expires,
        Sealed = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(bytes)),
    };

    static PutArchive Put(ulong version, Id? archive) => new() { Version = version, State = ByteString.CopyFrom(new byte[100]), Archive = archive?.Bytes() ?? ByteString.Empty };

    static async Task PutAsync(TestRest rest, ulong version, Id? archive)
    {
        using HttpResponseMessage answer = await rest.SendAsync(HttpMethod.Put, "/api/v1/archive", Put(version, archive));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(version + 1, ArchiveInfo.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Version);
    }

    static async Task DoneAsync(TestRest rest, ArchiveSegment segment)
    {
        using HttpResponseMessage answer = await rest.SendAsync(HttpMethod.Post, "/api/v1/archive/segments", segment);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    static async Task<ArchiveInfo> InfoAsync(TestRest rest) => ArchiveInfo.Parser.ParseFrom(await ReadAsync(rest.SendAsync(HttpMethod.Get, "/api/v1/archive")));

    static async Task<ArchivePage> PageAsync(TestRest rest, Id archive, string from) =>
        ArchivePage.Parser.ParseFrom(await ReadAsync(rest.SendAsync(HttpMethod.Get, $"/api/v1/archive/segments?archive={archive}&{from}")));

    static async Task<byte[]> ReadAsync(Task<HttpResponseMessage> sending)
    {
        using HttpResponseMessage answer = await sending;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    static async Task<Problem> ProblemAsync(Task<HttpResponseMessage> sending)
    {
        using HttpResponseMessage answer = await sending;
        return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), AuthJson.Default.Problem)!;
    }

    static async Task<string> CodeAsync(Task<HttpResponseMessage> sending) => (await ProblemAsync(sending)).Code;

    static async Task<(string, ulong)> StaleAsync(Task<HttpResponseMessage> sending)
    {
        Problem problem = await ProblemAsync(sending);
        return (problem.Code, problem.Epoch ?? 0);
    }
}
