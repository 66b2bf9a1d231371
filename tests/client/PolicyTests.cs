using System.Security.Cryptography;
using System.Text.Json;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>What clients keep to of an instance's policy, and what they do not believe (docs/PROTOCOL.md §5.12).</summary>
public static class PolicyTests
{
    [Fact]
    public static async Task Clients_keep_to_the_policy_that_is_set_offline_too_and_do_as_people_like_where_it_lets_them()
    {
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, o => o with { Registration = Auth.RegistrationPolicy.Open });
        await using KavalekClient olga = await SignUpAsync(server, "olga", Options(clock: clock), server.SetUpSecret);
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store, clock));
        (Conversation hers, Conversation his) = await DirectAsync(olga, marie);
        Assert.Equal((0, true), (marie.Policy!.Number, marie.Policy.Receipts));
        Assert.Null(marie.AutoLock);
        await hers.SendAsync("before");
        await SyncAsync(marie, olga);
        Assert.Equal(MessageState.Delivered, (await hers.MessageAsync("before")).State);

        Dashboard owner = await olga.OpenDashboardAsync(Phrase);
        InstancePolicy strict = await owner.SetPolicyAsync(await owner.PolicyAsync() with { Receipts = false, LockAfter = 600, TimerCeiling = 86_400 });
        marie.Touch();
        await using EventsOf events = new(marie);
        await marie.SyncAsync();
        Assert.Equal(strict.Number, (await events.NextAsync<PolicyChanged>()).Policy.Number);
        Assert.Equal(new ReceiptChoice(false, false), marie.Receipts);
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => marie.SetReceiptsAsync(delivered: true, read: false)));
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => marie.SetDefaultTimerAsync(TimeSpan.Zero)));
        Assert.Equal(TimeSpan.FromDays(1), marie.DefaultTimer);
        await hers.SendAsync("silent");
        await SyncAsync(marie, olga);
        await his.MarkReadAsync((await his.MessageAsync("silent")).Id);
        await SyncAsync(marie, olga);
        Assert.Equal(MessageState.Sent, (await hers.MessageAsync("silent")).State);

        // It locks sooner than its person would have it, from the moment it knows; never later.
        Assert.Equal(TimeSpan.FromMinutes(10), marie.AutoLock);
        foreach (TimeSpan? later in (TimeSpan?[])[null, TimeSpan.FromHours(1)]) Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => marie.SetAutoLockAsync(later)));
        clock.Advance(TimeSpan.FromMinutes(10));
        await events.NextAsync<Locked>();
        await marie.DisposeAsync();

        // What was seen holds without the server.
        marie = await KavalekClient.UnlockAsync(Options(store, clock, _ => new HttpTransport(new Uri("http://127.0.0.1:1"))), Phrase);
        Assert.Equal((strict.Number, TimeSpan.FromMinutes(10), TimeSpan.FromDays(1)), (marie.Policy!.Number, marie.AutoLock, marie.DefaultTimer));
        Assert.Equal(new ReceiptChoice(false, false), marie.Receipts);
        await marie.SetAutoLockAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(TimeSpan.FromMinutes(2), marie.AutoLock);
        await marie.DisposeAsync();

        // Where it is let go, what people had chosen holds again.
        await owner.ProveAsync(Phrase);
        await owner.SetPolicyAsync(strict with { Receipts = true, LockAfter = 0, TimerCeiling = 0 });
        await using KavalekClient again = await KavalekClient.UnlockAsync(Options(store, clock), Phrase);
        await SyncAsync(again, olga);
        Assert.Equal((new ReceiptChoice(true, true), TimeSpan.FromMinutes(2)), (again.Receipts, again.AutoLock));
        Assert.Null(again.DefaultTimer);
        Assert.Equal(MessageState.Read, (await hers.MessageAsync("silent")).State);
        await again.SetAutoLockAsync(null);
        Assert.Null(again.AutoLock);
    }

    // K-27
    [Fact]
    public static async Task An_altered_older_or_other_instances_policy_changes_nothing_and_is_told_in_one_line()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using TestServer elsewhere = await TestServer.StartAsync();
        await using KavalekClient olga = await SignUpAsync(server, "olga", invite: server.SetUpSecret);
        Dashboard owner = await olga.OpenDashboardAsync(Phrase);
        Invite invite = await owner.InviteAsync(2, TimeSpan.FromDays(1), "member");
        Func<SignedPolicy, SignedPolicy> lie = policy => policy;
        MemoryClientStore store = new();
        ClientOptions options = Options(store, transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
            path.EndsWith("v1/policy", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(lie(JsonSerializer.Deserialize(body, AdminJson.Default.SignedPolicy)!), AdminJson.Default.SignedPolicy) : body));
        await using KavalekClient marie = await SignUpAsync(server, "marie", options, invite.Link.Split('=')[1]);
        SignedPolicy first = await SignedAsync(server), theirs = await SignedAsync(elsewhere);
        await owner.SetPolicyAsync(await owner.PolicyAsync() with { LockAfter = 600 });
        SignedPolicy older = await SignedAsync(server);
        await owner.SetPolicyAsync(await owner.PolicyAsync() with { LockAfter = 1_200 });
        await marie.SyncAsync();
        InstancePolicy known = marie.Policy!;
        Assert.Equal((2, TimeSpan.FromMinutes(20)), (known.Number, marie.AutoLock));
        byte[] stored = (await marie.Core.Store.GetAsync(StoreKeys.Policy))!, key = (await marie.Core.Store.GetAsync(InstanceKey.At))!;

        using ECDsa mine = ECDsa.Create(ECCurve.NamedCurves.nistP256), instances = ECDsa.Create();
        instances.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(server.Data, "keys", "token.pem")));
        await using EventsOf events = new(marie);
        foreach ((string why, SignedPolicy shown) in ((string, SignedPolicy)[])
        [
            // Each is another reason than the one before, so that a line said twice would be seen.
            ("not signed", older with { Policy = Encode(known with { Number = 3, LockAfter = 0 }) }),
            ("another key", Sign(mine, known with { Number = 3, LockAfter = 0 })),
            ("not signed", theirs),
            ("older", first),
            ("cannot be kept to", Sign(instances, known with { Number = 3, Suites = [] })),
            ("older", older),
            ("same number", Sign(instances, known with { LockAfter = 0 })),
            ("cannot be kept to", Sign(instances, known with { Number = 3, LockAfter = 1 })),
            ("not signed", Sign(mine, known with { Number = 4, LockAfter = 0 }) with { Key = key }),
            ("cannot be kept to", SignBytes(instances, "no policy"u8.ToArray())),
        ])
        {
            lie = _ => shown;
            await marie.SyncAsync();
            await marie.SyncAsync();
            Notice said = await events.NextAsync<Notice>();
            Assert.Contains(why, said.Text, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', said.Text);
            Assert.Equal((known.Number, TimeSpan.FromMinutes(20)), (marie.Policy!.Number, marie.AutoLock));
            Assert.Equal(stored, await marie.Core.Store.GetAsync(StoreKeys.Policy));
            Assert.Equal(key, await marie.Core.Store.GetAsync(InstanceKey.At));
        }

        // The allow twin: what the instance signed, under a higher number.
        lie = policy => policy;
        await owner.SetPolicyAsync(await owner.PolicyAsync() with { LockAfter = 0 });
        await marie.SyncAsync();
        Assert.Equal(3, marie.Policy!.Number);
        Assert.Null(marie.AutoLock);
        Assert.Equal(3, (await events.NextAsync<PolicyChanged>()).Policy.Number);

        SignedPolicy Sign(ECDsa signer, InstancePolicy policy) => SignBytes(signer, Encode(policy));

        SignedPolicy SignBytes(ECDsa signer, byte[] policy)
        {
            ECPoint point = signer.ExportParameters(includePrivateParameters: false).Q;
            return new SignedPolicy(policy, signer.SignData(PolicyStatement.SignedBytes(server.Instance, policy), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence), [4, .. point.X!, .. point.Y!]);
        }
    }

    [Fact]
    public static async Task No_group_is_begun_with_an_encryption_that_the_policy_does_not_want_and_those_that_are_there_go_on()
    {
        await using TestServer server = await OpenServerAsync();
        using ECDsa instances = ECDsa.Create();
        instances.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(server.Data, "keys", "token.pem")));
        ECPoint point = instances.ExportParameters(includePrivateParameters: false).Q;
        int[] suites = [61_444];
        long number = 1;
        // No server of this version asks for another suite; one to come may.
        ClientOptions options = Options(transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
        {
            if (!path.EndsWith("v1/policy", StringComparison.Ordinal)) return body;
            InstancePolicy honest = JsonSerializer.Deserialize(JsonSerializer.Deserialize(body, AdminJson.Default.SignedPolicy)!.Policy, AdminJson.Default.InstancePolicy)!;
            byte[] policy = Encode(honest with { Number = number, Suites = suites });
            return JsonSerializer.Serialize(new SignedPolicy(policy, instances.SignData(PolicyStatement.SignedBytes(server.Instance, policy), HashAlgorithmName.SHA256,
                DSASignatureFormat.Rfc3279DerSequence), [4, .. point.X!, .. point.Y!]), AdminJson.Default.SignedPolicy);
        }));
        await using KavalekClient marie = await SignUpAsync(server, "marie", options);
        await using KavalekClient karim = await SignUpAsync(server, "karim"), zoe = await SignUpAsync(server, "zoe");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        (number, suites) = (2, [1]);
        await marie.SyncAsync();
        Contact other = await marie.FindAsync("zoe");
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => marie.DirectAsync(other.Account)));
        Assert.Equal(ClientErrors.NotAllowed, await CodeAsync(() => marie.CreateGroupAsync("Plans", [karim.Me.Id])));
        Assert.Single(marie.Conversations);
        await hers.SendAsync("still here");
        await SyncAsync(marie, karim);
        Assert.Equal(["still here"], await his.TextsAsync());
        (number, suites) = (3, [1, 61_444]);
        await marie.SyncAsync();
        await marie.DirectAsync(other.Account);
        await marie.CreateGroupAsync("Plans", [karim.Me.Id]);
        Assert.Equal(3, marie.Conversations.Count);
    }

    static byte[] Encode(InstancePolicy policy) => JsonSerializer.SerializeToUtf8Bytes(policy, AdminJson.Default.InstancePolicy);

    static async Task<SignedPolicy> SignedAsync(TestServer server)
    {
        using HttpResponseMessage answer = await server.GetAsync("auth/v1/policy");
        return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(), AdminJson.Default.SignedPolicy)!;
    }
}
