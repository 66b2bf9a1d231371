using System.Data.Common;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kavalek.Host;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kavalek.Auth.Tests;

/// <summary>Running an instance: who may do what to whom, how soon it holds, and what is written down of it.</summary>
public sealed class AdminTests
{
    // K-27, K-06, K-07
    [Fact]
    public async Task Each_rank_acts_on_those_below_it_never_on_itself_and_an_owner_always_stays()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        // Nobody on themselves, nobody upwards or sideways but owners; the twins stand below.
        (TestDevice By, TestDevice On, string Act, int Status)[] table =
        [
            .. from actor in (TestDevice[])[scene.Moderator, scene.Admin, scene.Owner] from act in AdminScene.Acts select (actor, actor, act, 403),
            .. from act in AdminScene.Acts select (scene.Moderator, scene.Admin, act, 403),
            .. from act in AdminScene.Acts select (scene.Moderator, scene.Owner, act, 403),
            .. from act in AdminScene.Acts select (scene.Admin, scene.Owner, act, 403),
            .. from act in AdminScene.Acts.Where(act => act is not ("suspend" or "resume")) select (scene.Moderator, scene.Member, act, 403),
            (scene.Admin, scene.Member, "rank:admin", 403),
            (scene.Admin, scene.Member, "rank:owner", 403),
            (scene.Owner, scene.Member, "rank:king", 400),
        ];
        string before = scene.Server.Dump();
        foreach ((TestDevice by, TestDevice on, string act, int status) in table)
        {
            using HttpResponseMessage answer = await scene.ActAsync(by, on.Account, act);
            Assert.True((int)answer.StatusCode == status, $"{act}: {(int)answer.StatusCode}");
        }
        // What is not there looks alike to everybody.
        await scene.ActAsync(scene.Admin, Id.New(), "suspend").RefusedAsync(ErrorCodes.NotFound);
        // A member has no dashboard, and no token of the app opens one, or the other way round.
        await AdminScene.OpenAsync(scene.Member).RefusedAsync(ErrorCodes.Forbidden);
        await scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/people", scene.Owner.Session!.AuthToken).RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/people", scene.Owner.Session!.MessagingToken).RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.SendAsync(HttpMethod.Get, "/auth/v1/devices", scene.TokenOf(scene.Owner)).RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.SendAsync(HttpMethod.Get, "/api/v1/streams", scene.TokenOf(scene.Owner)).RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.SendAsync(HttpMethod.Get, "/api/v1/admin/overview", scene.Owner.Session!.MessagingToken).RefusedAsync(ErrorCodes.Unauthenticated);
        Assert.Equal(before, scene.Server.Dump());

        await scene.ActAsync(scene.Moderator, scene.Member.Account, "suspend").OkAsync();
        await scene.ActAsync(scene.Moderator, scene.Member.Account, "resume").OkAsync();
        await scene.ActAsync(scene.Admin, scene.Member.Account, "rank:moderator").OkAsync();
        await scene.ActAsync(scene.Admin, scene.Member.Account, "rank:member").OkAsync();
        await scene.ActAsync(scene.Owner, scene.Second.Account, "rank:owner").OkAsync();
        // An owner takes an owner's rank; whoever does so is one, and stays.
        await scene.ActAsync(scene.Owner, scene.Second.Account, "rank:member").OkAsync();
        await scene.Owner.SendAsync(HttpMethod.Post, "/auth/v1/account/delete", TestDevice.Json(new DeleteAccount(scene.Owner.AuthSecret), AuthJson.Default.DeleteAccount)).RefusedAsync(ErrorCodes.LastOwner);
        // Who asks first learns the same, and whom nothing keeps is not deleted by asking.
        await scene.Owner.SendAsync(HttpMethod.Post, "/auth/v1/account/delete", TestDevice.Json(new DeleteAccount(scene.Owner.AuthSecret, Check: true), AuthJson.Default.DeleteAccount)).RefusedAsync(ErrorCodes.LastOwner);
        await scene.Second.SendAsync(HttpMethod.Post, "/auth/v1/account/delete", TestDevice.Json(new DeleteAccount(scene.Second.AuthSecret, Check: true), AuthJson.Default.DeleteAccount)).OkAsync();
        await scene.ActAsync(scene.Owner, scene.Second.Account, "rank:admin").OkAsync();
        await scene.ActAsync(scene.Owner, scene.Second.Account, "rank:member").OkAsync();
        await scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/people", scene.TokenOf(scene.Owner)).OkAsync(HttpStatusCode.OK);
        await scene.SendAsync(HttpMethod.Get, "/api/v1/admin/overview", scene.TokenOf(scene.Moderator)).OkAsync(HttpStatusCode.OK);
        // A rank that was taken is gone with the next call, on both services.
        await scene.ActAsync(scene.Owner, scene.Moderator.Account, "rank:member").OkAsync();
        await scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/people", scene.TokenOf(scene.Moderator)).RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.SendAsync(HttpMethod.Get, "/api/v1/admin/overview", scene.TokenOf(scene.Moderator)).RefusedAsync(ErrorCodes.Unauthenticated);
    }

    // K-27
    [Fact]
    public async Task What_reaches_far_needs_the_password_of_the_last_minutes_and_a_session_ends_after_half_an_hour()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        scene.Clock.Advance(TimeSpan.FromSeconds(Staff.FreshSeconds + 1));
        string before = scene.Server.Dump();
        foreach (string act in AdminScene.Acts.Where(act => act != "resume"))
            await scene.ActAsync(scene.Owner, scene.Member.Account, act).RefusedAsync(ErrorCodes.PasswordRequired);
        await scene.PutPolicyAsync(scene.Owner, AdminScene.Policy(1)).RefusedAsync(ErrorCodes.PasswordRequired);
        await scene.InviteAsync(scene.Owner, "moderator").RefusedAsync(ErrorCodes.PasswordRequired);
        Assert.Equal(before, scene.Server.Dump());
        await scene.InviteAsync(scene.Owner, "member").OkAsync(HttpStatusCode.OK);
        // Renewed, it is no fresher; with the password it is.
        scene.Tokens[scene.Owner] = (await AdminScene.ReadAsync(scene.SendAsync(HttpMethod.Post, "/auth/v1/admin/sessions/renew", scene.TokenOf(scene.Owner)), AdminJson.Default.AdminSession)).Token;
        await scene.ActAsync(scene.Owner, scene.Member.Account, "suspend").RefusedAsync(ErrorCodes.PasswordRequired);
        TestDevice wrong = scene.Owner;
        byte[] secret = wrong.AuthSecret;
        wrong.AuthSecret = RandomNumberGenerator.GetBytes(Limits.AuthSecretBytes);
        await AdminScene.OpenAsync(wrong).RefusedAsync(ErrorCodes.WrongCredentials);
        wrong.AuthSecret = secret;
        await scene.LogInAsync(scene.Owner);
        await scene.ActAsync(scene.Owner, scene.Member.Account, "suspend").OkAsync();

        // Renewing goes on for half an hour since the password, and no longer.
        for (int i = 0; i < 3; i++)
        {
            scene.Clock.Advance(TimeSpan.FromMinutes(9));
            scene.Tokens[scene.Owner] = (await AdminScene.ReadAsync(scene.SendAsync(HttpMethod.Post, "/auth/v1/admin/sessions/renew", scene.TokenOf(scene.Owner)), AdminJson.Default.AdminSession)).Token;
        }
        scene.Clock.Advance(TimeSpan.FromMinutes(4));
        await scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/people", scene.TokenOf(scene.Owner)).RefusedAsync(ErrorCodes.Unauthenticated);
        // And with the session of the device that opened it, at once.
        await scene.Owner.RefreshAsync();
        await scene.LogInAsync(scene.Owner);
        await scene.Owner.SendAsync(HttpMethod.Delete, "/auth/v1/sessions/current").OkAsync();
        await scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/people", scene.TokenOf(scene.Owner)).RefusedAsync(ErrorCodes.Unauthenticated);
    }

    // K-27
    [Fact]
    public async Task Whoever_loses_rank_account_or_freshness_while_a_body_comes_in_is_refused_and_an_owner_who_can_act_stays()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        await scene.ActAsync(scene.Owner, scene.Second.Account, "rank:owner").OkAsync();
        await scene.LogInAsync(scene.Second);

        // Two owners take each other's rank at once, and both have passed the gate: the first is served, and stays.
        HeldCall first = await scene.HoldRankAsync(scene.Owner, scene.Second, "member"), second = await scene.HoldRankAsync(scene.Second, scene.Owner, "member");
        await first.EndAsync().OkAsync();
        await second.EndAsync().RefusedAsync(ErrorCodes.Unauthenticated);
        Assert.Equal(1, scene.Server.AuthTables.Count("SELECT COUNT(*) FROM account WHERE rank = 'owner' AND state = 'active'"));

        // Suspended, an owner sets no policy; demoted, an admin invites nobody.
        await scene.ActAsync(scene.Owner, scene.Second.Account, "rank:owner").OkAsync();
        await scene.LogInAsync(scene.Second);
        HeldCall policy = await scene.HoldAsync(HttpMethod.Put, "policy", scene.Second, TestDevice.Json(AdminScene.Policy(1), AdminJson.Default.InstancePolicy));
        HeldCall invite = await scene.HoldAsync(HttpMethod.Post, "invites", scene.Admin, TestDevice.Json(new CreateRankedInvite(1, 3_600, "member"), AdminJson.Default.CreateRankedInvite));
        HeldCall old = await scene.HoldRankAsync(scene.Admin, scene.Member, "moderator");
        await scene.ActAsync(scene.Owner, scene.Second.Account, "suspend").OkAsync();
        await scene.ActAsync(scene.Owner, scene.Admin.Account, "rank:moderator").OkAsync();
        string before = scene.Server.Dump();
        await policy.EndAsync().RefusedAsync(ErrorCodes.Unauthenticated);
        await invite.EndAsync().RefusedAsync(ErrorCodes.Forbidden);
        await old.EndAsync().RefusedAsync(ErrorCodes.Forbidden);
        // Nor does a password stay fresh while its holder waits.
        HeldCall late = await scene.HoldRankAsync(scene.Owner, scene.Member, "moderator");
        scene.Clock.Advance(TimeSpan.FromSeconds(Staff.FreshSeconds + 1));
        await late.EndAsync().RefusedAsync(ErrorCodes.PasswordRequired);
        Assert.Equal(before, scene.Server.Dump());
        await scene.LogInAsync(scene.Owner);
        await (await scene.HoldAsync(HttpMethod.Put, "policy", scene.Owner, TestDevice.Json(AdminScene.Policy(1), AdminJson.Default.InstancePolicy))).EndAsync().OkAsync(HttpStatusCode.OK);

        // An owner who cannot act is none: the set-up link is there again, and makes one.
        scene.Server.AuthTables.Execute("UPDATE account SET state = 'suspended' WHERE rank = 'owner'");
        await scene.Server.RestartAsync();
        using TestDevice heir = await TestDevice.SignUpAsync(scene.Server, scene.Server.SetUpSecret!);
        await scene.LogInAsync(heir);
        await scene.ActAsync(heir, scene.Owner.Account, "resume").OkAsync();
    }

    // K-07
    [Fact]
    public async Task A_suspended_account_is_out_at_once_and_back_when_it_is_let_in()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        string refresh = scene.Member.Session!.RefreshToken;
        await scene.Member.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
        await scene.ActAsync(scene.Admin, scene.Member.Account, "suspend").OkAsync();
        await scene.Member.GetAsync("/auth/v1/devices").RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.SendAsync(HttpMethod.Get, "/api/v1/streams", scene.Member.Session!.MessagingToken).RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.Member.TryRefreshAsync(refresh).RefusedAsync(ErrorCodes.SessionEnded);
        await scene.Member.TryLogInAsync(await scene.Member.LogInRequestAsync()).RefusedAsync(ErrorCodes.AccountSuspended);
        // Only to whoever has the password: to all others it is as before.
        byte[] secret = scene.Member.AuthSecret;
        scene.Member.AuthSecret = RandomNumberGenerator.GetBytes(Limits.AuthSecretBytes);
        await scene.Member.TryLogInAsync(await scene.Member.LogInRequestAsync()).RefusedAsync(ErrorCodes.WrongCredentials);
        scene.Member.AuthSecret = secret;
        // It stays so over a restart.
        await scene.Server.RestartAsync();
        await scene.Member.TryLogInAsync(await scene.Member.LogInRequestAsync()).RefusedAsync(ErrorCodes.AccountSuspended);
        await scene.LogInAsync(scene.Admin);
        await scene.ActAsync(scene.Admin, scene.Member.Account, "suspend").RefusedAsync(ErrorCodes.Forbidden);
        await scene.ActAsync(scene.Admin, scene.Member.Account, "resume").OkAsync();
        await scene.Member.LogInAsync();
        await scene.Member.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);

        // Logged out, off-boarded, deleted: each ends what there is of sessions, and the two last what there is of devices.
        await scene.ActAsync(scene.Admin, scene.Member.Account, "sign-out").OkAsync();
        await scene.Member.GetAsync("/auth/v1/devices").RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.Member.LogInAsync();
        await scene.ActAsync(scene.Admin, scene.Member.Account, "off-board").OkAsync();
        await scene.Member.GetAsync("/auth/v1/devices").RefusedAsync(ErrorCodes.Unauthenticated);
        await scene.Member.TryLogInAsync(await scene.Member.LogInRequestAsync()).RefusedAsync(ErrorCodes.WrongCredentials);
        PersonRecord left = (await scene.PeopleAsync(scene.Admin, $"?search={scene.Member.Handle}")).People.Single();
        Assert.Equal(("left", "member", 0, 0), (left.State, left.Rank, left.Devices, left.Sessions));
        // The name stays taken, the address is free.
        TestDevice other = TestDevice.New(scene.Server);
        other.Handle = scene.Member.Handle;
        await other.RegisterAsync(other.Registration()).RefusedAsync(ErrorCodes.HandleTaken);
        await scene.ActAsync(scene.Admin, scene.Member.Account, "delete").OkAsync();
        await other.RegisterAsync(other.Registration()).OkAsync(HttpStatusCode.Accepted);
        string dump = scene.Server.Dump();
        Assert.DoesNotContain(scene.Member.Account.ToString(), string.Join('\n', scene.Server.Table("account")), StringComparison.Ordinal);
        Assert.Contains(scene.Member.Device.ToString(), dump, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ten_thousand_people_come_in_pages_by_handle_and_an_address_is_found_whole_or_not_at_all()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        scene.AddPeople(10_000);
        PeoplePage first = await scene.PeopleAsync(scene.Moderator, "?search=crowd&limit=100");
        Assert.Equal((100, 10_000), (first.People.Length, first.Total));
        PeoplePage second = await scene.PeopleAsync(scene.Moderator, $"?search=crowd&limit=100&after={first.Next}");
        Assert.Equal("crowd00100", second.People[0].Handle);
        PeoplePage end = await scene.PeopleAsync(scene.Moderator, "?search=crowd&after=crowd09990");
        Assert.Equal((9, null), (end.People.Length, end.Next));
        Assert.Equal(scene.Admin.Handle, Assert.Single((await scene.PeopleAsync(scene.Moderator, "?rank=admin")).People).Handle);
        foreach (string bad in (string[])["?limit=101", "?limit=0", "?search=%25", "?search=A", "?rank=king", "?state=gone", "?after=" + new string('a', 33)])
            await scene.SendAsync(HttpMethod.Get, $"/auth/v1/admin/people{bad}", scene.TokenOf(scene.Moderator)).RefusedAsync(ErrorCodes.Invalid);

        PersonRecord found = await AdminScene.ReadAsync(scene.FindAsync(scene.Moderator, scene.Member.Email), AdminJson.Default.PersonRecord);
        Assert.Equal((scene.Member.Account, 1, 1), (found.Account, found.Devices, found.Sessions));
        await scene.FindAsync(scene.Moderator, scene.Member.Email[1..]).RefusedAsync(ErrorCodes.NotFound);
    }

    // K-14
    [Fact]
    public async Task An_invite_gives_a_rank_below_its_makers_so_often_and_until_it_is_revoked()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        foreach (string rank in (string[])["admin", "owner"]) await scene.InviteAsync(scene.Admin, rank).RefusedAsync(ErrorCodes.Forbidden);
        await scene.InviteAsync(scene.Owner, "owner").RefusedAsync(ErrorCodes.Forbidden);
        await scene.InviteAsync(scene.Moderator, "member").RefusedAsync(ErrorCodes.Forbidden);
        CreatedInvite invite = await AdminScene.ReadAsync(scene.InviteAsync(scene.Admin, "moderator", uses: 2), AuthJson.Default.CreatedInvite);
        for (int i = 0; i < 2; i++)
        {
            using TestDevice guest = await TestDevice.SignUpAsync(scene.Server, invite.Secret);
            Assert.Equal("moderator", (await scene.PeopleAsync(scene.Admin, $"?search={guest.Handle}")).People.Single().Rank);
        }
        TestDevice late = TestDevice.New(scene.Server);
        await late.RegisterAsync(late.Registration(invite.Secret)).RefusedAsync(ErrorCodes.InvalidInvite);
        CreatedInvite other = await AdminScene.ReadAsync(scene.InviteAsync(scene.Admin, "member"), AuthJson.Default.CreatedInvite);
        RankedInvite[] listed = await AdminScene.ReadAsync(scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/invites", scene.TokenOf(scene.Admin)), AdminJson.Default.RankedInviteArray);
        Assert.Equal((other.Invite, "member"), (Assert.Single(listed).Invite, listed[0].Rank));
        await scene.SendAsync(HttpMethod.Delete, $"/auth/v1/admin/invites/{other.Invite}", scene.TokenOf(scene.Admin)).OkAsync();
        await late.RegisterAsync(late.Registration(other.Secret)).RefusedAsync(ErrorCodes.InvalidInvite);

        // It does not outlive what its maker was: nobody comes back by an invite of their own.
        CreatedInvite kept = await AdminScene.ReadAsync(scene.InviteAsync(scene.Owner, "admin", uses: 2), AuthJson.Default.CreatedInvite);
        foreach ((string act, string said) in ((string, string)[])[("rank:moderator", "rank moderator 2"), ("suspend", "suspended 2"), ("off-board", "off-boarded 2"), ("delete", "deleted 2"), ("self", "")])
        {
            using TestDevice maker = await TestDevice.SignUpAsync(scene.Server, (await AdminScene.ReadAsync(scene.InviteAsync(scene.Owner, "admin"), AuthJson.Default.CreatedInvite)).Secret);
            await scene.LogInAsync(maker);
            CreatedInvite[] made = [.. await Task.WhenAll(((string[])["moderator", "member"]).Select(rank => AdminScene.ReadAsync(scene.InviteAsync(maker, rank, uses: 1_000), AuthJson.Default.CreatedInvite)))];
            if (act == "self")
                await maker.SendAsync(HttpMethod.Post, "/auth/v1/account/delete", TestDevice.Json(new DeleteAccount(maker.AuthSecret), AuthJson.Default.DeleteAccount)).OkAsync();
            else
                await scene.ActAsync(scene.Owner, maker.Account, act).OkAsync();
            foreach (CreatedInvite one in made) await late.RegisterAsync(late.Registration(one.Secret)).RefusedAsync(ErrorCodes.InvalidInvite);
            AuditRecord last = (await AdminScene.ReadAsync(scene.Member.GetAsync("/auth/v1/audit?limit=1"), AdminJson.Default.AuditPage)).Records[0];
            if (act != "self") Assert.Equal(said, $"{last.Act} {last.Detail}");
        }
        await late.RegisterAsync(late.Registration(kept.Secret)).OkAsync(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task A_policy_is_numbered_signed_by_a_key_outside_the_database_and_holds_at_once()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        SignedPolicy none = await AdminScene.ReadAsync(scene.Server.GetAsync("/auth/v1/policy"), AdminJson.Default.SignedPolicy);
        Assert.Equal(0, scene.Verified(none).Number);
        await scene.PutPolicyAsync(scene.Admin, AdminScene.Policy(1)).RefusedAsync(ErrorCodes.Forbidden);
        await scene.PutPolicyAsync(scene.Owner, AdminScene.Policy(2)).RefusedAsync(ErrorCodes.StalePolicy);
        foreach (InstancePolicy bad in (InstancePolicy[])[
            AdminScene.Policy(1) with { Registration = "all" }, AdminScene.Policy(1) with { RetentionDays = 31 }, AdminScene.Policy(1) with { RetentionDays = 0 },
            AdminScene.Policy(1) with { TimerFloor = 600, TimerCeiling = 60 }, AdminScene.Policy(1) with { Suites = [] }, AdminScene.Policy(1) with { Suites = [1] },
            AdminScene.Policy(1) with { LockAfter = 1 }, AdminScene.Policy(1) with { AttachmentBytes = -1 },
            AdminScene.Policy(1) with { AttachmentBytes = (256 << 20) + 1 }, AdminScene.Policy(1) with { AttachmentQuota = (4L << 30) + 1 }])
            await scene.PutPolicyAsync(scene.Owner, bad).RefusedAsync(ErrorCodes.Invalid);

        TestDevice stranger = TestDevice.New(scene.Server);
        await stranger.RegisterAsync(stranger.Registration()).OkAsync(HttpStatusCode.Accepted);
        InstancePolicy wanted = AdminScene.Policy(1) with { Registration = "invite", TimerCeiling = 86_400, RetentionDays = 7 };
        SignedPolicy signed = await AdminScene.ReadAsync(scene.PutPolicyAsync(scene.Owner, wanted), AdminJson.Default.SignedPolicy);
        Assert.Equal(JsonSerializer.Serialize(wanted, AdminJson.Default.InstancePolicy), JsonSerializer.Serialize(scene.Verified(signed), AdminJson.Default.InstancePolicy));
        TestDevice next = TestDevice.New(scene.Server);
        await next.RegisterAsync(next.Registration()).RefusedAsync(ErrorCodes.InvalidInvite);
        InstanceInfo info = await AdminScene.ReadAsync(scene.Server.GetAsync("/auth/v1/instance"), AuthJson.Default.InstanceInfo);
        Assert.Equal(("invite", 86_400), (info.Registration, info.TimerCeiling));
        // A delivery service elsewhere asks when it starts, however long ago that was set.
        using (RemoteAuth remote = await RemoteAuth.ConnectAsync(scene.Server.Address, scene.Clock))
            Assert.Equal(new PolicyChanged(7, wanted.AttachmentBytes, wanted.AttachmentQuota), remote.Policy);
        await scene.Server.RestartAsync();
        Assert.Equal(1, scene.Verified(await AdminScene.ReadAsync(scene.Server.GetAsync("/auth/v1/policy"), AdminJson.Default.SignedPolicy)).Number);

        // An older one was signed as well: put back into the database, or with the row gone, it is not taken for the present one, nor is the server begun on it.
        await scene.PutPolicyAsync(scene.Owner, wanted with { Number = 2, Registration = "open" }).OkAsync(HttpStatusCode.OK);
        SignedPolicy second = await AdminScene.ReadAsync(scene.Server.GetAsync("/auth/v1/policy"), AdminJson.Default.SignedPolicy);
        await RefusedAsync(Put(1, signed));
        await RefusedAsync("DELETE FROM policy");
        string seen = Path.Combine(scene.Server.Data, AuthOptions.SeenPolicyFile), remembered = await File.ReadAllTextAsync(seen, TestContext.Current.CancellationToken);
        Change($"DELETE FROM policy; {Put(2, second)}");
        Assert.Equal(2, scene.Verified(await AdminScene.ReadAsync(scene.Server.GetAsync("/auth/v1/policy"), AdminJson.Default.SignedPolicy)).Number);
        await scene.PutPolicyAsync(scene.Owner, wanted with { Number = 3 }).OkAsync(HttpStatusCode.OK);
        Assert.StartsWith("3 ", await File.ReadAllTextAsync(seen, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await RefusedAsync(Put(2, second));
        // Whoever put an older database back on purpose says so by deleting the file.
        File.Delete(seen);
        Change(Put(2, second));
        Assert.Equal(2, scene.Verified(await AdminScene.ReadAsync(scene.Server.GetAsync("/auth/v1/policy"), AdminJson.Default.SignedPolicy)).Number);
        Assert.Equal(remembered, await File.ReadAllTextAsync(seen, TestContext.Current.CancellationToken));

        static string Put(long number, SignedPolicy policy) =>
            $"DELETE FROM policy; INSERT INTO policy (number, body, signature) VALUES ({number}, x'{Convert.ToHexString(policy.Policy)}', x'{Convert.ToHexString(policy.Signature)}')";

        // As another node's news would have it read anew.
        void Change(string sql)
        {
            scene.Server.AuthTables.Execute(sql);
            scene.Server.Services.GetRequiredService<IEventBus>().Publish(new PolicyChanged(30, 0, 0));
        }

        async Task RefusedAsync(string sql)
        {
            Change(sql);
            using HttpResponseMessage answer = await scene.Server.GetAsync("/auth/v1/policy");
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            // Nor does a successor of it begin.
            using HttpResponseMessage put = await scene.PutPolicyAsync(scene.Owner, wanted with { Number = scene.Server.AuthTables.Count("SELECT COALESCE(MAX(number), 0) FROM policy") + 1 });
            Assert.Equal(HttpStatusCode.InternalServerError, put.StatusCode);
            InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(
                () => scene.Server.Services.GetServices<IHostedService>().OfType<Reminder>().Single().StartAsync(default));
            Assert.Contains(AuthOptions.SeenPolicyFile, refused.Message, StringComparison.Ordinal);
        }
    }

    // K-27
    [Fact]
    public async Task Every_act_is_in_the_log_that_each_member_reads_and_nothing_of_it_can_be_changed_unnoticed()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        await scene.ActAsync(scene.Admin, scene.Member.Account, "suspend").OkAsync();
        await scene.ActAsync(scene.Admin, scene.Member.Account, "resume").OkAsync();
        await scene.Member.LogInAsync();
        await scene.ActAsync(scene.Owner, scene.Member.Account, "rank:moderator").OkAsync();
        await scene.ActAsync(scene.Admin, scene.Admin.Account, "suspend").RefusedAsync(ErrorCodes.Forbidden);
        AuditPage page = await AdminScene.ReadAsync(scene.Member.GetAsync("/auth/v1/audit"), AdminJson.Default.AuditPage);
        Assert.Equal(["rank", "resumed", "suspended"], page.Records.Select(r => r.Act).Take(3));
        Assert.Equal((scene.Owner.Account, scene.Owner.Handle, scene.Member.Account, "moderator"),
            (page.Records[0].Actor, page.Records[0].ActorHandle, page.Records[0].Subject, page.Records[0].Detail));
        Assert.Equal(page.Head, page.Records[0].Number);
        Assert.Equal(JsonSerializer.Serialize(page, AdminJson.Default.AuditPage), JsonSerializer.Serialize(
            await AdminScene.ReadAsync(scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/audit", scene.TokenOf(scene.Admin)), AdminJson.Default.AuditPage), AdminJson.Default.AuditPage));

        byte[] hash = SHA256.HashData([.. "kavalek/v1/audit"u8, .. scene.Server.Instance.ToArray()]);
        foreach (AuditRecord record in page.Records.Reverse())
        {
            byte[] Chained(string detail) => AuditChain.Next(hash, record.Number, record.At, record.Actor, record.Act, record.Subject ?? default, detail);
            Assert.NotEqual(Convert.ToHexString(record.Hash), Convert.ToHexString(Chained(record.Detail + "x")));
            Assert.Equal(Convert.ToHexString(record.Hash), Convert.ToHexString(Chained(record.Detail)));
            hash = record.Hash;
        }
        Assert.Equal(page.Records.Length, (int)page.Head);
        foreach (string bad in (string[])["?limit=101", "?limit=0", "?before=x"])
            await scene.Member.GetAsync($"/auth/v1/audit{bad}").RefusedAsync(ErrorCodes.Invalid);
        // Each page's first record is signed by the key of the JWKS: the newest one's signature stands for the whole log.
        AuditPage below = await AdminScene.ReadAsync(scene.Member.GetAsync("/auth/v1/audit?before=3"), AdminJson.Default.AuditPage);
        foreach (AuditPage part in (AuditPage[])[page, below])
        {
            Assert.Equal((await AdminScene.ReadAsync(scene.Server.GetAsync("/auth/v1/policy"), AdminJson.Default.SignedPolicy)).Key, part.Key);
            Assert.True(Signed(part));
        }
        Assert.Null((await AdminScene.ReadAsync(scene.Member.GetAsync("/auth/v1/audit?before=1"), AdminJson.Default.AuditPage)).Signature);
        Assert.Equal(page.Head - 1, (await AdminScene.ReadAsync(scene.Member.GetAsync($"/auth/v1/audit?before={page.Head}&limit=1"), AdminJson.Default.AuditPage)).Records.Single().Number);

        // Written anew in the database, with every hash right, it is signed by nobody, and nothing is added to it.
        hash = SHA256.HashData([.. "kavalek/v1/audit"u8, .. scene.Server.Instance.ToArray()]);
        foreach (AuditRecord record in page.Records.Reverse())
        {
            hash = AuditChain.Next(hash, record.Number, record.At, record.Actor, record.Act, record.Subject ?? default, record.Detail + "!");
            scene.Server.AuthTables.Execute($"UPDATE audit SET detail = detail || '!', hash = x'{Convert.ToHexString(hash)}' WHERE number = {record.Number}");
        }
        AuditPage forged = await AdminScene.ReadAsync(scene.Member.GetAsync("/auth/v1/audit"), AdminJson.Default.AuditPage);
        Assert.Equal("moderator!", forged.Records[0].Detail);
        Assert.False(Signed(forged));
        string before = scene.Server.Dump();
        using HttpResponseMessage refused = await scene.ActAsync(scene.Owner, scene.Member.Account, "suspend");
        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        Assert.Equal(before, scene.Server.Dump());

        bool Signed(AuditPage part) => Signatures.Verify(part.Key, AuditStatement.SignedBytes(scene.Server.Instance, part.Records[0].Number, part.Records[0].Hash), part.Signature!);
    }

    // K-28
    [Fact]
    public async Task No_call_of_the_dashboard_says_an_address_a_key_or_anything_that_was_sealed()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        // Every call that answers something by itself; what is sealed, sealed to whoever asks (K-27's reports), is another test's.
        string[] calls = [.. scene.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.Contains("/admin/", StringComparison.Ordinal) && route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("GET"))
            .Select(route => route.RoutePattern.RawText!).Where(path => path != "/auth/v1/admin/reports/{report}")];
        Assert.True(calls.Length >= 14);
        string said = "";
        foreach (string path in calls.Select(path => path.Replace("{account}", scene.Member.Account.ToString(), StringComparison.Ordinal) + (path.EndsWith("/purge", StringComparison.Ordinal) ? "?days=1" : "")))
        {
            using HttpResponseMessage answer = await scene.SendAsync(HttpMethod.Get, path, scene.TokenOf(scene.Owner));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            said += body;
            // No word longer than a name or an id, but for what the log is held together by: no ciphertext has room.
            using JsonDocument json = JsonDocument.Parse(body);
            Assert.All(Words(json.RootElement), word => Assert.True(word.Text.Length <= 64 || word.Member is "hash" or "signature" or "key", $"{path}: {word.Member}"));
        }
        said += await (await scene.FindAsync(scene.Owner, scene.Member.Email)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains(scene.Member.Handle, said, StringComparison.Ordinal);
        foreach (TestDevice device in scene.All)
        {
            Assert.DoesNotContain(device.Email, said, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(device.Device.ToString(), said, StringComparison.Ordinal);
            foreach (byte[] secret in (byte[][])[device.AuthSecret, device.Certificate, device.AccountPublicKey, device.PublicDeviceKey])
                Assert.DoesNotContain(System.Buffers.Text.Base64Url.EncodeToString(secret), said, StringComparison.Ordinal);
        }
        using JsonDocument sees = JsonDocument.Parse(await (await scene.SendAsync(HttpMethod.Get, "/auth/v1/server-sees", scene.Member.Session!.AuthToken)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains(sees.RootElement.GetProperty("parts").EnumerateArray(), part => part.GetProperty("title").GetString() == "auth.db"
            && part.GetProperty("items").EnumerateArray().Any(item => item.GetProperty("names").EnumerateArray().Any(name => name.GetString() == "audit.actor")));

        // Each word of each text, with the name of the member that it is in.
        static IEnumerable<(string Member, string Text)> Words(JsonElement value, string member = "") => value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().SelectMany(one => Words(one.Value, one.Name)),
            JsonValueKind.Array => value.EnumerateArray().SelectMany(one => Words(one, member)),
            JsonValueKind.String => value.GetString()!.Split(' ').Select(word => (member, word)),
            _ => [],
        };
    }
}

/// <summary>An instance with everybody on it, and the dashboards of those who run it.</summary>
sealed class AdminScene : IAsyncDisposable
{
    /// <summary>Whatever can be done to somebody.</summary>
    public static readonly string[] Acts = ["suspend", "resume", "sign-out", "off-board", "delete", "rank:member"];

    public required TestServer Server { get; init; }
    public required ManualClock Clock { get; init; }
    public required TestDevice Owner { get; init; }
    public required TestDevice Second { get; init; }
    public required TestDevice Admin { get; init; }
    public required TestDevice Moderator { get; init; }
    public required TestDevice Member { get; init; }

    public IEnumerable<TestDevice> All => [Owner, Second, Admin, Moderator, Member];

    public Dictionary<TestDevice, string> Tokens { get; } = [];

    public static async Task<AdminScene> StartAsync(int? rateFactor = null)
    {
        ManualClock clock = new();
        TestServer server = await TestServer.StartAsync(clock, options => Answers.Open(options) with { RateFactor = rateFactor ?? options.RateFactor });
        AdminScene scene = new()
        {
            Server = server,
            Clock = clock,
            Owner = await TestDevice.SignUpAsync(server, server.SetUpSecret),
            Second = await TestDevice.SignUpAsync(server),
            Admin = await TestDevice.SignUpAsync(server),
            Moderator = await TestDevice.SignUpAsync(server),
            Member = await TestDevice.SignUpAsync(server),
        };
        await scene.LogInAsync(scene.Owner);
        await scene.ActAsync(scene.Owner, scene.Admin.Account, "rank:admin").OkAsync();
        await scene.ActAsync(scene.Owner, scene.Moderator.Account, "rank:moderator").OkAsync();
        clock.Advance(TimeSpan.FromSeconds(1));
        foreach (TestDevice device in (TestDevice[])[scene.Owner, scene.Admin, scene.Moderator]) await scene.LogInAsync(device);
        return scene;
    }

    public string TokenOf(TestDevice device) => Tokens[device];

    /// <summary>Opens the dashboard.</summary>
    public static Task<HttpResponseMessage> OpenAsync(TestDevice device) =>
        device.SendAsync(HttpMethod.Post, "/auth/v1/admin/sessions", TestDevice.Json(new OpenAdminSession(device.AuthSecret), AdminJson.Default.OpenAdminSession));

    public async Task LogInAsync(TestDevice device)
    {
        if ((await device.GetAsync("/auth/v1/devices/self")).StatusCode == HttpStatusCode.Unauthorized) await device.LogInAsync();
        Tokens[device] = (await ReadAsync(OpenAsync(device), AdminJson.Default.AdminSession)).Token;
    }

    /// <summary>Does something to somebody.</summary>
    public Task<HttpResponseMessage> ActAsync(TestDevice by, Id on, string act)
    {
        string path = $"/auth/v1/admin/people/{on}";
        return act switch
        {
            "delete" => SendAsync(HttpMethod.Delete, path, TokenOf(by)),
            _ when act.StartsWith("rank:", StringComparison.Ordinal) => SendAsync(HttpMethod.Put, $"{path}/rank", TokenOf(by), TestDevice.Json(new SetRank(act[5..]), AdminJson.Default.SetRank)),
            _ => SendAsync(HttpMethod.Post, $"{path}/{act}", TokenOf(by)),
        };
    }

    /// <summary>A call of the dashboard that has passed the gate and waits for its body.</summary>
    public Task<HeldCall> HoldAsync(HttpMethod method, string path, TestDevice by, HttpContent body) =>
        HeldCall.BeginAsync(method, new Uri(Server.Address, $"/auth/v1/admin/{path}"), TokenOf(by), body);

    public Task<HeldCall> HoldRankAsync(TestDevice by, TestDevice on, string rank) =>
        HoldAsync(HttpMethod.Put, $"people/{on.Account}/rank", by, TestDevice.Json(new SetRank(rank), AdminJson.Default.SetRank));

    public Task<HttpResponseMessage> FindAsync(TestDevice by, string email) =>
        SendAsync(HttpMethod.Post, "/auth/v1/admin/people/find", TokenOf(by), TestDevice.Json(new FindPerson(email), AdminJson.Default.FindPerson));

    public Task<HttpResponseMessage> InviteAsync(TestDevice by, string rank, int uses = 1) =>
        SendAsync(HttpMethod.Post, "/auth/v1/admin/invites", TokenOf(by), TestDevice.Json(new CreateRankedInvite(uses, 3_600, rank), AdminJson.Default.CreateRankedInvite));

    public Task<HttpResponseMessage> PutPolicyAsync(TestDevice by, InstancePolicy policy) =>
        SendAsync(HttpMethod.Put, "/auth/v1/admin/policy", TokenOf(by), TestDevice.Json(policy, AdminJson.Default.InstancePolicy));

    public Task<PeoplePage> PeopleAsync(TestDevice by, string query) =>
        ReadAsync(SendAsync(HttpMethod.Get, $"/auth/v1/admin/people{query}", TokenOf(by)), AdminJson.Default.PeoplePage);

    public static InstancePolicy Policy(long number) => new(number, "open", 30, 0, 0, 1 << 20, 1 << 30, true, 0, [0xF004]);

    /// <summary>What a policy says, if the instance's key signed it.</summary>
    public InstancePolicy Verified(SignedPolicy signed)
    {
        Assert.True(Signatures.Verify(signed.Key, PolicyStatement.SignedBytes(Server.Instance, signed.Policy), signed.Signature));
        byte[] changed = [.. signed.Policy];
        changed[^1] ^= 1;
        Assert.False(Signatures.Verify(signed.Key, PolicyStatement.SignedBytes(Server.Instance, changed), signed.Signature));
        return JsonSerializer.Deserialize(signed.Policy, AdminJson.Default.InstancePolicy)!;
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string token, HttpContent? body = null)
    {
        using HttpRequestMessage request = new(method, path) { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await Server.Http.SendAsync(request);
    }

    public static async Task<T> ReadAsync<T>(Task<HttpResponseMessage> sending, JsonTypeInfo<T> type)
    {
        using HttpResponseMessage answer = await sending;
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode} {body}");
        return JsonSerializer.Deserialize(body, type)!;
    }

    /// <summary>Many accounts that nobody logs in to.</summary>
    public void AddPeople(int count)
    {
        using DbConnection connection = Server.AuthTables.Open();
        using DbTransaction transaction = connection.BeginTransaction();
        using DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO account (id, handle, email_lookup, email_sealed, password, kdf_algorithm, kdf_iterations, account_key, device_list, list_number)
            VALUES (@id, @handle, @lookup, @nothing, '', 'pbkdf2-hmac-sha256', 1000000, @nothing, @nothing, 1)
            """;
        DbParameter Parameter(string name)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
            return parameter;
        }
        (DbParameter id, DbParameter handle, DbParameter lookup) = (Parameter("@id"), Parameter("@handle"), Parameter("@lookup"));
        Parameter("@nothing").Value = Array.Empty<byte>();
        for (int i = 0; i < count; i++)
        {
            (id.Value, handle.Value, lookup.Value) = (Id.New().ToArray(), $"crowd{i:00000}", RandomNumberGenerator.GetBytes(32));
            command.ExecuteNonQuery();
        }
        transaction.Commit();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TestDevice device in All) device.Dispose();
        await Server.DisposeAsync();
    }
}
