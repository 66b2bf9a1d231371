using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>docs/PROTOCOL.md §7: what RFC 9420 allows and a conversation does not.</summary>
public static class ConversationRulesTests
{
    // K-47
    [Theory]
    [InlineData("a pre-shared key")]
    [InlineData("a re-init")]
    [InlineData("external senders")]
    [InlineData("a commit in clear")]
    [InlineData("an external commit")]
    public static async Task What_the_protocol_leaves_out_is_ignored_whoever_commits_it(string what)
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, _) = await DirectAsync(marie, karim);
        await using RawMember raw = await RawMember.OpenAsync(karim, hers.Id, MlsRules.Open with { SendPublicHandshakes = what == "a commit in clear" });
        ulong before = await EpochAsync(marie, hers.Id);
        switch (what)
        {
            case "a pre-shared key":
                await raw.CommitAsync(new() { ResumptionPsks = [new(raw.Group.GroupId, raw.Group.Epoch)] });
                break;
            case "a re-init":
                await raw.CommitAsync(new() { ReInit = new(Id.New().ToArray(), raw.Group.Suite.Id, raw.Group.Extensions) });
                break;
            case "external senders":
                await raw.CommitAsync(new() { Extensions = [.. raw.Group.Extensions, ExternalSender.ToExtension([new(raw.Group.Own.SignatureKey, raw.Group.Own.Credential)])] });
                break;
            case "a commit in clear":
                await raw.CommitAsync(new());
                break;
            default:
                await raw.AppendAsync(Wire.Kind.Commit, (await RejoinAsync(karim.Core, raw.Group)).Message, null);
                break;
        }
        await marie.SyncAsync();
        Assert.Equal(before, await EpochAsync(marie, hers.Id));
    }

    [Fact]
    public static async Task What_the_protocol_has_is_followed()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, _) = await DirectAsync(marie, karim);
        Assert.Same(MlsRules.MembersOnly, marie.Core.Mls.Rules);
        await using RawMember raw = await RawMember.OpenAsync(karim, hers.Id);
        ulong before = await EpochAsync(marie, hers.Id);
        await raw.CommitAsync(new());
        await marie.SyncAsync();
        Assert.Equal(before + 1, await EpochAsync(marie, hers.Id));
    }

    static async Task<ExternalJoin> RejoinAsync(ClientCore core, MlsGroup group)
    {
        MlsEnvironment open = core.Mls with { Rules = MlsRules.Open };
        using KeyPackageBundle own = await KeyPackageBundle.CreateAsync(open, new()
        {
            Suite = group.Suite,
            Credential = core.Identity.Credential,
            SignatureKey = core.Identity.DeviceKey,
            Lifetime = Lifetime.Starting(DateTimeOffset.UtcNow, TimeSpan.FromDays(1)),
            Capabilities = group.Own.Leaf.Capabilities,
        });
        return await MlsGroup.JoinExternallyAsync(open, await group.ExportGroupInfoAsync(), own, new() { EarlierSelf = group.OwnIndex });
    }

    static async Task<ulong> EpochAsync(KavalekClient client, Id conversation)
    {
        await using RawMember member = await RawMember.OpenAsync(client, conversation);
        return member.Group.Epoch;
    }
}
