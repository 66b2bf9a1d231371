using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>Many who commit at once, one who commits without end, and connections that break in the middle.</summary>
[Collection(nameof(Cast))]
public sealed class RaceTests(Cast cast)
{
    // docs/PROTOCOL.md §9.
    const int AppendBurst = 2_000;

    // K-44
    [Fact]
    public async Task Twenty_changes_made_at_once_are_all_made_and_everybody_agrees()
    {
        KavalekClient[] all = [cast.Marie, cast.Karim, cast.Zoe, cast.Lea];
        Conversation[] group = await GroupAsync("Race", all);
        foreach (KavalekClient other in all[1..]) await group[0].SetRoleAsync(other.Me.Id, Role.Admin);
        await SyncAsync(all);
        foreach (KavalekClient client in all) await client.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => group[n % 4].RenameAsync($"Title {n}")));
        foreach (KavalekClient client in all) await client.StopAsync();
        await SyncAsync(all);
        string?[] titles = [.. (await group[0].LinesAsync()).Where(line => line.Kind == SystemKind.Renamed).Select(line => line.Text)];
        Assert.Equal(20, titles.Distinct().Count());
        foreach (Conversation seen in group)
        {
            Assert.Equal(group[0].Title, seen.Title);
            Assert.Equal(group[0].EpochNumber, seen.EpochNumber);
            Assert.Equal(titles, (await seen.LinesAsync()).Where(line => line.Kind == SystemKind.Renamed).Select(line => line.Text));
            Assert.Null(seen.CannotSend);
        }
    }

    // K-44
    [Fact]
    public static async Task Who_commits_without_pause_is_slowed_down_and_cannot_stop_its_own_removal()
    {
        // The clock stands: what somebody may do at once is all that there is, and the server lets the evil one be first each time.
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, options => options with { Registration = Auth.RegistrationPolicy.Open, RateFactor = 1 });
        HostileServer hostile = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock, transport: hostile.At));
        await using KavalekClient zoe = await SignUpAsync(server, "zoe", Options(clock: clock));
        Conversation[] group = await GroupAsync("Spam", marie, zoe);
        clock.Advance(TimeSpan.FromMinutes(1));
        int lost = 0;
        await using (RawMember evil = await RawMember.OpenAsync(zoe, group[0].Id))
        using (hostile.Lie(async (request, next) =>
        {
            if (!request.Is("POST", "api/v1/streams/*/entries") || Wire.Append.Parser.ParseFrom(request.Body).Kind != Wire.Kind.Commit) return await next(request);
            if (await CommitsAsync(evil)) lost++;
            return await next(request);
        }))
            await group[0].RemoveAsync(zoe.Me.Id);
        // A commit counts as 50 appends for who makes it, and as one for who only came too late.
        Assert.Equal(AppendBurst / 50, lost);
        Assert.Single(group[0].Members);

        // Alone, with nobody in its way, it gets no further; and goes on at the rate.
        clock.Advance(TimeSpan.FromMinutes(1));
        Conversation[] second = await GroupAsync("More", marie, zoe);
        clock.Advance(TimeSpan.FromMinutes(1));
        await using RawMember again = await RawMember.OpenAsync(zoe, second[0].Id);
        int made = 0;
        while (await CommitsAsync(again)) made++;
        Assert.Equal(AppendBurst / 50, made);
        clock.Advance(TimeSpan.FromSeconds(1));
        while (await CommitsAsync(again)) made++;
        Assert.Equal((AppendBurst + 200) / 50, made);
        await second[0].SendAsync("alone again");
    }

    // False where the server says that it is too fast.
    static async Task<bool> CommitsAsync(RawMember member)
    {
        try
        {
            await member.CommitAsync(new CommitRequest { ForcePath = true });
            return true;
        }
        catch (Xunit.Sdk.XunitException)
        {
            return false;
        }
    }

    [Fact]
    public async Task A_commit_that_nobody_asked_for_and_the_server_refuses_is_not_made_again_and_again()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        HostileServer hostile = new();
        ClientOptions options = Options(clock: clock, transport: hostile.At) with { Renewal = new RenewalSettings { AfterMessages = 2, WithinOfJoining = TimeSpan.FromDays(3) } };
        await using KavalekClient marie = await SignUpAsync(server, "marie", options);
        await using KavalekClient karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        int refused = 0;
        using (hostile.Lie(async (request, next) =>
        {
            if (!request.Is("POST", "api/v1/streams/*/entries") || Wire.Append.Parser.ParseFrom(request.Body).Kind != Wire.Kind.Commit) return await next(request);
            refused++;
            return Answer.Problem(413, ErrorCodes.TooLarge);
        }))
        {
            for (int i = 0; i < 5; i++) await hers.SendAsync($"{i}");
            await marie.SyncAsync();
            // Refused once; what was written went out all the same.
            Assert.Equal(1, refused);
            await karim.SyncAsync();
            Assert.Equal(["0", "1", "2", "3", "4"], await his.TextsAsync());
            await marie.SyncAsync();
            Assert.Equal(1, refused);
            clock.Advance(TimeSpan.FromSeconds(31));
            await marie.SyncAsync();
            Assert.Equal(2, refused);
            clock.Advance(TimeSpan.FromSeconds(31));
            await marie.SyncAsync();
            Assert.Equal(2, refused);
        }
        clock.Advance(TimeSpan.FromMinutes(2));
        ulong epoch = (await marie.GroupAsync(await marie.StreamAsync(hers))).Epoch;
        await marie.SyncAsync();
        Assert.Equal(epoch + 1, (await marie.GroupAsync(await marie.StreamAsync(hers))).Epoch);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(20)]
    public async Task A_connection_that_breaks_among_many_messages_changes_nothing_of_their_order(int at)
    {
        KavalekClient writer = await cast.PersonAsync();
        await using var _ = writer;
        Conversation[] group = await GroupAsync("Order", writer, cast.Lea);
        string[] texts = [.. Enumerable.Range(0, 40).Select(n => $"{n}")];
        int appended = 0;
        using IDisposable lie = cast.Hostile.Lie(new FrameRule(async (frame, next) =>
        {
            // The n-th append is lost with the connection; what is sent at once behind it would find another way.
            if (frame.FromClient && frame.Link.Caller?.Device == writer.Me.Device && Wire.ClientFrame.Parser.ParseFrom(frame.Bytes).Append is not null
                && Interlocked.Increment(ref appended) == at)
            {
                frame.Link.Break();
                return;
            }
            await next(frame);
        }));
        await using EventsOf seen = new(writer);
        foreach (string text in texts) await group[0].SendAsync(text);
        await writer.StartAsync();
        await seen.NextStateAsync("39", MessageState.Sent);
        await writer.StopAsync();
        await cast.Lea.SyncAsync();
        // It broke; whether the rest went by the next connection or by calls is the machine's pace.
        Assert.True(appended >= at);
        Assert.Equal(texts, await group[1].TextsAsync());
        Assert.DoesNotContain(SystemKind.MessagesMissing, await group[1].KindsAsync());
    }
}
