using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kavalek.Auth.Tests;

/// <summary>Reports as the server sees them: sealed, of a few sizes, for those of rank, and gone in time (docs/PROTOCOL.md §13).</summary>
public sealed class ReportTests
{
    // K-27, K-28
    [Fact]
    public async Task Reports_are_sealed_to_those_of_rank_only_bounded_in_size_and_number_and_go_with_rank_key_and_time()
    {
        await using AdminScene scene = await AdminScene.StartAsync();
        await FileAsync(scene, Report(scene.Moderator)).RefusedAsync(ErrorCodes.Invalid);
        foreach (TestDevice staff in (TestDevice[])[scene.Moderator, scene.Owner]) await PutKeyAsync(scene, staff).OkAsync();
        string before = scene.Server.Dump();
        await PutKeyAsync(scene, scene.Moderator, signedBy: scene.Owner).RefusedAsync(ErrorCodes.Invalid);
        await PutKeyAsync(scene, scene.Moderator, bytes: Limits.ReportKeyBytes - 1).RefusedAsync(ErrorCodes.Invalid);
        FileReport good = Report(scene.Moderator, scene.Owner);
        foreach (FileReport bad in (FileReport[])[
            good with { Copies = [] }, good with { Copies = [good.Copies[0], good.Copies[0]] }, good with { Sealed = new byte[good.Sealed.Length + 1] }, good with { Sealed = [] },
            good with { Copies = [good.Copies[0] with { Sealed = new byte[Limits.ReportCopyBytes - 1] }] }, Report(scene.Member), Report(scene.Admin), Report([.. Enumerable.Repeat(scene.Owner, 33)])])
            await FileAsync(scene, bad, by: scene.Second).RefusedAsync(ErrorCodes.Invalid);
        Assert.Equal(before, scene.Server.Dump());

        // The list is for members, and names only those who take reports.
        ModeratorRecord[] named = await AdminScene.ReadAsync(scene.Member.GetAsync("/auth/v1/moderators"), AdminJson.Default.ModeratorRecordArray);
        Assert.Equal([(scene.Moderator.Account, "moderator"), (scene.Owner.Account, "owner")], named.Select(one => (one.Account, one.Rank)));
        await FileAsync(scene, good).OkAsync();
        await FileAsync(scene, good).RefusedAsync(ErrorCodes.IdTaken);
        Assert.Equal(0, (await ListAsync(scene, scene.Admin)).Total);
        await scene.SendAsync(HttpMethod.Get, $"/auth/v1/admin/reports/{good.Report}", scene.TokenOf(scene.Admin)).RefusedAsync(ErrorCodes.NotFound);
        await DecideAsync(scene, scene.Admin, good.Report).RefusedAsync(ErrorCodes.NotFound);
        await DecideAsync(scene, scene.Moderator, good.Report, "burnt").RefusedAsync(ErrorCodes.Invalid);
        WaitingReport waiting = Assert.Single((await ListAsync(scene, scene.Moderator)).Reports);
        // The day, and no finer.
        Assert.Equal((good.Report, 0L), (waiting.Report, waiting.Filed % 86_400));
        SealedReport found = await AdminScene.ReadAsync(scene.SendAsync(HttpMethod.Get, $"/auth/v1/admin/reports/{good.Report}", scene.TokenOf(scene.Moderator)), AdminJson.Default.SealedReport);
        Assert.Equal((good.Sealed.Length, Convert.ToHexString(good.Copies[0].Sealed)), (found.Sealed.Length, Convert.ToHexString(found.Copy)));
        Assert.DoesNotContain(scene.Member.Account.ToString(), string.Join('\n', scene.Server.Table("report").Concat(scene.Server.Table("report_copy"))), StringComparison.OrdinalIgnoreCase);

        // The rank goes, and with it the key, the copies, and what nobody else can open.
        FileReport alone = Report(scene.Moderator);
        await FileAsync(scene, alone).OkAsync();
        await scene.ActAsync(scene.Owner, scene.Moderator.Account, "rank:member").OkAsync();
        Assert.Equal(good.Report, Assert.Single((await ListAsync(scene, scene.Owner)).Reports).Report);
        Assert.Single(scene.Server.Table("report"));
        await FileAsync(scene, Report(scene.Moderator, scene.Owner)).RefusedAsync(ErrorCodes.Invalid);
        // Another key of the same account, too.
        await PutKeyAsync(scene, scene.Owner).OkAsync();
        Assert.Single(scene.Server.Table("report"));
        await PutKeyAsync(scene, scene.Owner, first: 9).OkAsync();
        Assert.Empty(scene.Server.Table("report"));

        // Decided, a report is gone; undecided, after 90 days.
        FileReport last = Report(scene.Owner);
        await FileAsync(scene, last).OkAsync();
        await DecideAsync(scene, scene.Owner, last.Report).OkAsync();
        Assert.Empty(scene.Server.Table("report").Concat(scene.Server.Table("report_copy")));
        await FileAsync(scene, last).OkAsync();
        Sweeper sweeper = scene.Server.Services.GetServices<IHostedService>().OfType<Sweeper>().Single();
        scene.Clock.Advance(TimeSpan.FromDays(Limits.ReportDays));
        await sweeper.SweepAsync();
        Assert.Single(scene.Server.Table("report"));
        scene.Clock.Advance(TimeSpan.FromDays(1));
        await sweeper.SweepAsync();
        Assert.Empty(scene.Server.Table("report").Concat(scene.Server.Table("report_copy")));
    }

    // K-80
    [Fact]
    public async Task Nobody_files_more_than_ten_reports_a_day()
    {
        await using AdminScene scene = await AdminScene.StartAsync(rateFactor: 1);
        await PutKeyAsync(scene, scene.Owner).OkAsync();
        for (int i = 0; i < 10; i++) await FileAsync(scene, Report(scene.Owner)).OkAsync();
        await FileAsync(scene, Report(scene.Owner)).RefusedAsync(ErrorCodes.RateLimited);
        await FileAsync(scene, Report(scene.Owner), by: scene.Second).OkAsync();
        Assert.Equal(11, (await ListAsync(scene, scene.Owner)).Total);
    }

    internal static FileReport Report(params TestDevice[] to) => new(
        Id.New(), new byte[Limits.ReportSizes[0] + Limits.ReportSealBytes], [.. to.Select((device, i) => new ReportCopy(device.Account, [(byte)i, .. new byte[Limits.ReportCopyBytes - 1]]))]);

    static Task<HttpResponseMessage> FileAsync(AdminScene scene, FileReport report, TestDevice? by = null) =>
        (by ?? scene.Member).SendAsync(HttpMethod.Post, "/auth/v1/reports", TestDevice.Json(report, AdminJson.Default.FileReport));

    internal static Task<HttpResponseMessage> PutKeyAsync(AdminScene scene, TestDevice by, TestDevice? signedBy = null, int bytes = Limits.ReportKeyBytes, byte first = 1)
    {
        byte[] key = new byte[bytes];
        key[0] = first;
        byte[] signature = TestDevice.Sign((signedBy ?? by).AccountKey, new ReportKeyStatement(scene.Server.Instance, by.Account, key).SignedBytes());
        return scene.SendAsync(HttpMethod.Put, "/auth/v1/admin/report-key", scene.TokenOf(by), TestDevice.Json(new PutReportKey(key, signature), AdminJson.Default.PutReportKey));
    }

    static Task<HttpResponseMessage> DecideAsync(AdminScene scene, TestDevice by, Id report, string decision = "dismissed") =>
        scene.SendAsync(HttpMethod.Post, $"/auth/v1/admin/reports/{report}/decide", scene.TokenOf(by), TestDevice.Json(new DecideReport(decision), AdminJson.Default.DecideReport));

    static Task<ReportPage> ListAsync(AdminScene scene, TestDevice by) => AdminScene.ReadAsync(scene.SendAsync(HttpMethod.Get, "/auth/v1/admin/reports", scene.TokenOf(by)), AdminJson.Default.ReportPage);
}
