using System.Security.Cryptography;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Running an instance from the client (docs/PROTOCOL.md §5.11 to §5.13).</summary>
public static class DashboardTests
{
    // K-27
    [Fact]
    public static async Task Who_runs_the_instance_sees_figures_and_people_acts_by_rank_and_password_and_nobody_else_gets_in()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock);
        await using KavalekClient olga = await SignUpAsync(server, "olga", Options(clock: clock), server.SetUpSecret);
        Dashboard owner = await olga.OpenDashboardAsync(Phrase);
        Assert.Equal(("owner", true), (owner.Rank, owner.IsFresh));
        Invite invite = await owner.InviteAsync(2, TimeSpan.FromDays(1), "member");
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock), invite.Link.Split('=')[1]);
        await using KavalekClient zoe = await SignUpAsync(server, "zoe", Options(clock: clock), invite.Link.Split('=')[1]);
        Assert.Equal(ErrorCodes.Forbidden, await CodeAsync(() => marie.OpenDashboardAsync(Phrase)));
        Assert.Equal(ErrorCodes.WrongCredentials, await CodeAsync(() => olga.OpenDashboardAsync("another long password")));

        AuthOverview overview = await owner.OverviewAsync();
        Assert.Equal((3, 3, 3, 0), (overview.Accounts, overview.Devices, overview.Sessions, overview.Suspended));
        Assert.True((await owner.DeliveryAsync()).MemoryBytes > 0);
        PeoplePage page = await owner.PeopleAsync(new PeopleQuery(Limit: 2));
        Assert.Equal(("marie olga", 3, "olga"), (string.Join(' ', page.People.Select(p => p.Handle)), page.Total, page.Next));
        Assert.Equal("zoe", Assert.Single((await owner.PeopleAsync(new PeopleQuery(After: page.Next))).People).Handle);
        Assert.Equal("marie", Assert.Single((await owner.PeopleAsync(new PeopleQuery(Search: "ma", Rank: "member", State: "active"))).People).Handle);
        Assert.Equal(zoe.Me.Id, (await owner.FindByEmailAsync("Zoe@Example.org")).Account);
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => owner.FindByEmailAsync("nobody@example.org")));

        // Somebody who may do less, and what they may.
        await owner.SetRankAsync(marie.Me.Id, "moderator");
        Dashboard moderator = await marie.OpenDashboardAsync(Phrase);
        Assert.Equal(ErrorCodes.Forbidden, await CodeAsync(() => moderator.SetRankAsync(zoe.Me.Id, "moderator")));
        Assert.Equal(ErrorCodes.Forbidden, await CodeAsync(() => moderator.SuspendAsync(olga.Me.Id)));
        Assert.Equal("active", (await owner.PersonAsync(zoe.Me.Id)).State);
        await moderator.SuspendAsync(zoe.Me.Id);
        Assert.Equal("suspended", (await owner.PersonAsync(zoe.Me.Id)).State);
        Assert.Equal(ErrorCodes.SessionEnded, await CodeAsync(() => zoe.DevicesAsync()));
        Assert.Equal(ErrorCodes.AccountSuspended, await CodeAsync(() => zoe.LogInAgainAsync(Phrase)));
        await moderator.ResumeAsync(zoe.Me.Id);
        await zoe.LogInAgainAsync(Phrase);

        // After five minutes what reaches far needs the password; after half an hour everything does. In between tokens are renewed unseen.
        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.False(owner.IsFresh);
        Assert.Equal(ErrorCodes.PasswordRequired, await CodeAsync(() => owner.SignOutAsync(zoe.Me.Id)));
        await owner.ProveAsync(Phrase);
        await owner.SignOutAsync(zoe.Me.Id);
        for (int i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(9.5));
            Assert.Equal("owner", (await owner.PersonAsync(olga.Me.Id)).Rank);
        }
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(ErrorCodes.PasswordRequired, await CodeAsync(() => owner.OverviewAsync()));
        await owner.ProveAsync(Phrase);

        InstancePolicy policy = await owner.PolicyAsync();
        InstancePolicy changed = await owner.SetPolicyAsync(policy with { Registration = "open", RetentionDays = 14 });
        Assert.Equal((policy.Number + 1, "open", 14), (changed.Number, changed.Registration, changed.RetentionDays));
        Assert.Equal(ErrorCodes.StalePolicy, await CodeAsync(() => owner.SetPolicyAsync(policy with { RetentionDays = 7 })));
        Invite other = await owner.InviteAsync(3, TimeSpan.FromDays(1), "admin");
        Assert.Equal((3, "admin"), (await owner.InvitesAsync()).Where(i => i.Invite == other.Id).Select(i => (i.UsesLeft, i.Rank)).Single());
        await owner.RevokeInviteAsync(other.Id);
        Assert.DoesNotContain(await owner.InvitesAsync(), i => i.Invite == other.Id);
        await owner.OffBoardAsync(zoe.Me.Id);
        Assert.Equal("left", (await owner.PersonAsync(zoe.Me.Id)).State);
        await owner.DeleteAsync(zoe.Me.Id);
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => owner.PersonAsync(zoe.Me.Id)));

        // A rank that was taken is gone with the next call.
        await marie.OpenDashboardAsync(Phrase);
        await owner.SetRankAsync(marie.Me.Id, "member");
        Assert.Equal(ErrorCodes.PasswordRequired, await CodeAsync(() => moderator.OverviewAsync()));
        Assert.Equal(ErrorCodes.Forbidden, await CodeAsync(() => moderator.ProveAsync(Phrase)));
    }

    // K-27
    [Fact]
    public static async Task Every_member_reads_what_was_done_and_notices_when_any_of_it_is_changed_or_taken_out()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock);
        await using KavalekClient olga = await SignUpAsync(server, "olga", Options(clock: clock), server.SetUpSecret);
        Dashboard owner = await olga.OpenDashboardAsync(Phrase);
        Func<AuditPage, AuditPage> lie = page => page;
        MemoryClientStore store = new();
        Dictionary<string, string> then = [];
        bool records = false, replays = false;
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(store, clock, address => new Rewrites(new HttpTransport(address), (path, body) =>
        {
            if (!path.Contains("v1/audit", StringComparison.Ordinal)) return body;
            if (records) then[path] = body;
            return replays && then.TryGetValue(path, out string? before) ? before
                : JsonSerializer.Serialize(lie(JsonSerializer.Deserialize(body, AdminJson.Default.AuditPage)!), AdminJson.Default.AuditPage);
        })),
            (await owner.InviteAsync(1, TimeSpan.FromDays(1), "member")).Link.Split('=')[1]);
        // More than a page.
        for (int i = 0; i < 60; i++)
        {
            await owner.SuspendAsync(marie.Me.Id);
            await owner.ResumeAsync(marie.Me.Id);
        }
        await marie.LogInAgainAsync(Phrase);
        records = true;
        AuditTrail first = await marie.AuditAsync(200);
        records = false;
        Assert.True(first.IsWhole);
        Assert.Equal(["resumed", "suspended"], first.Records.Take(2).Select(r => r.Act));
        Assert.Equal(("olga", "marie"), (first.Records[0].ActorHandle, first.Records[0].SubjectHandle));
        Assert.Equal(Enumerable.Range(1, first.Records.Count).Reverse().Select(i => (long)i), first.Records.Select(r => r.Number));
        await owner.SetPolicyAsync(await owner.PolicyAsync() with { RetentionDays = 9 });
        AuditTrail second = await marie.AuditAsync(1);
        Assert.True(second.IsWhole);
        Assert.Equal("policy", Assert.Single(second.Records).Act);

        // What does not hold together is refused, and changes nothing of what is remembered.
        byte[] seen = (await marie.Core.Store.GetAsync(AuditMemory.SeenAt))!;
        using ECDsa mine = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECPoint point = mine.ExportParameters(includePrivateParameters: false).Q;
        foreach (Func<AuditPage, AuditPage> falsehood in (Func<AuditPage, AuditPage>[])
        [
            page => page with { Records = [page.Records[0] with { Detail = "another" }, .. page.Records[1..]] },
            page => page with { Records = [page.Records[0], .. page.Records[2..]] },
            page => page with { Records = page.Records[1..] },
            page => page with { Records = [] },
            // Cut short, or whole, and not signed as such by the key that this device knows.
            page => page with { Records = [.. page.Records.Where(r => r.Number < page.Head)], Head = page.Head - 1 },
            page => page with { Signature = null },
            page => page with
            {
                Key = [4, .. point.X!, .. point.Y!],
                Signature = mine.SignData(AuditStatement.SignedBytes(server.Instance, page.Records[0].Number, page.Records[0].Hash), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
            },
            page => page with { Records = [.. page.Records.Select(r => r with { Act = r.Act == "suspended" ? "resumed" : r.Act })] },
        ])
        {
            lie = falsehood;
            Assert.Equal(ClientErrors.ServerMisbehaves, await CodeAsync(() => marie.AuditAsync(200)));
            Assert.Equal(seen, await marie.Core.Store.GetAsync(AuditMemory.SeenAt));
        }
        // A whole log that is another one than before holds together, as after its end was cut off, and is told once.
        (lie, replays) = (page => page, true);
        AuditTrail shorter = await marie.AuditAsync(200);
        Assert.False(shorter.IsWhole);
        Assert.Equal(new AuditBreak(second.Records[0].Number, first.Records[0].Number), shorter.Break);
        Assert.True(shorter.Break!.IsCut);
        Assert.Equal(first.Records.Select(r => r.Number), shorter.Records.Select(r => r.Number));
        replays = false;
        Assert.True((await marie.AuditAsync()).IsWhole);

        // A device looks by itself, once a day, and what it found waits until somebody reads it, over a restart too.
        await using EventsOf events = new(marie);
        replays = true;
        await marie.SyncAsync();
        Assert.Null(await marie.Core.Store.GetAsync(AuditMemory.BrokenAt));
        clock.Advance(TimeSpan.FromDays(1));
        await marie.LogInAgainAsync(Phrase);
        await marie.SyncAsync();
        Assert.Equal(shorter.Break, (await events.NextAsync<AuditLogBroken>()).Break);
        Assert.Equal(shorter.Break, await marie.Core.Audit.FoundAsync(default));
        byte[] found = (await marie.Core.Store.GetAsync(AuditMemory.BrokenAt))!;
        clock.Advance(TimeSpan.FromDays(1));
        await marie.LogInAgainAsync(Phrase);
        await marie.SyncAsync();
        Assert.Equal(found, await marie.Core.Store.GetAsync(AuditMemory.BrokenAt));
        Assert.Equal(shorter.Break, (await marie.AuditAsync()).Break);
        Assert.Null(await marie.Core.Audit.FoundAsync(default));
        Assert.True((await marie.AuditAsync()).IsWhole);
        Assert.DoesNotContain(await store.ScanAsync(new StoreRange("audit/", "audit0")), entry => entry.Value.AsSpan().IndexOf(first.Records[0].Hash) >= 0);
    }
}
