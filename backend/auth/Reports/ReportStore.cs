using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Auth;

/// <summary>
/// Reports, sealed to accounts of rank (docs/PROTOCOL.md §13). Who sent one is written nowhere; whom it is about nobody here knows.
/// </summary>
internal sealed class ReportStore(AuthDatabase database, InstanceId instance, AuditLog audit, TimeProvider clock)
{
    /// <summary>Reports of one page, at most.</summary>
    public const int MostReports = 100;

    // Those whose task it is come first, should there be more than a report is sealed to.
    const string Moderators = """
        SELECT a.id, a.rank, k.body, k.signature
          FROM account a
          JOIN report_key k ON k.account = a.id
         WHERE a.rank <> 'member' AND a.state = 'active'
         ORDER BY CASE a.rank WHEN 'moderator' THEN 0 WHEN 'admin' THEN 1 ELSE 2 END, a.handle
         LIMIT @limit
        """;

    const string Recipient = """
        SELECT 1 FROM account a JOIN report_key k ON k.account = a.id WHERE a.id = @account AND a.rank <> 'member' AND a.state = 'active'
        """;

    const string PutKey = """
        INSERT INTO report_key (account, body, signature) VALUES (@account, @body, @signature)
        ON CONFLICT (account) DO UPDATE SET body = @body, signature = @signature
        """;

    const string Waiting = """
        SELECT r.id, r.filed FROM report r JOIN report_copy c ON c.report = r.id
         WHERE c.account = @account ORDER BY r.filed, r.id LIMIT @limit
        """;

    const string One = """
        SELECT r.filed, r.sealed, c.sealed FROM report r JOIN report_copy c ON c.report = r.id WHERE r.id = @report AND c.account = @account
        """;

    /// <summary>Whom reports go to.</summary>
    public async Task<ModeratorRecord[]> ModeratorsAsync() => [.. await database.ReadAsync(db => db.AllAsync(
        Moderators, row => new ModeratorRecord(row.Id(0), row.GetString(1), row.Bytes(2), row.Bytes(3)), ("@limit", Limits.Moderators)))];

    /// <summary>Puts the key that reports to an account are sealed to.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Invalid"/>: the account key did not sign it.</exception>
    public Task PutKeyAsync(Staff staff, PutReportKey request) => database.WriteAsync(async db =>
    {
        Staff actor = await staff.RequireAsync(db, clock);
        byte[] key = await db.FirstAsync("SELECT account_key FROM account WHERE id = @account", row => row.Bytes(0), ("@account", actor.Account)) ?? throw AuthException.Unauthenticated();
        if (request.Key.Length != Limits.ReportKeyBytes || !Signatures.Verify(key, new ReportKeyStatement(instance.Id, actor.Account, request.Key).SignedBytes(), request.Signature))
            throw AuthException.Invalid("The key is not signed by the account key.");
        byte[]? stored = await db.FirstAsync("SELECT body FROM report_key WHERE account = @account", row => row.Bytes(0), ("@account", actor.Account));
        if (stored?.AsSpan().SequenceEqual(request.Key) == true) return;
        // What was sealed to another key of this account opens to nobody.
        await ForgetAsync(db, actor.Account);
        await db.ExecuteAsync(PutKey, ("@account", actor.Account), ("@body", request.Key), ("@signature", request.Signature));
    });

    /// <summary>Takes a report.</summary>
    /// <exception cref="AuthException">
    /// <see cref="ErrorCodes.Invalid"/>: one of those it is sealed to takes no reports now. <see cref="ErrorCodes.IdTaken"/>, <see cref="ErrorCodes.OverQuota"/>.
    /// </exception>
    public Task FileAsync(Caller caller, FileReport report) => database.WriteAsync(async db =>
    {
        await caller.RequireAsync(db, clock);
        if (await db.AnyAsync("SELECT 1 FROM report WHERE id = @report", ("@report", report.Report))) throw new AuthException(ErrorCodes.IdTaken, "The report is there already.");
        if (await db.NumberAsync("SELECT COUNT(*) FROM report") >= Limits.Reports) throw new AuthException(ErrorCodes.OverQuota, "Too many reports wait for a decision.");
        // Whoever lost the rank since the list was fetched reads no new report.
        foreach (ReportCopy copy in report.Copies)
        {
            if (!await db.AnyAsync(Recipient, ("@account", copy.Account))) throw AuthException.Invalid("Somebody it is sealed to takes no reports now.");
        }
        await db.ExecuteAsync("INSERT INTO report (id, filed, sealed) VALUES (@report, @today, @sealed)", ("@report", report.Report), ("@today", clock.Today()), ("@sealed", report.Sealed));
        foreach (ReportCopy copy in report.Copies)
        {
            await db.ExecuteAsync("INSERT INTO report_copy (report, account, sealed) VALUES (@report, @account, @sealed)",
                ("@report", report.Report), ("@account", copy.Account), ("@sealed", copy.Sealed));
        }
    });

    /// <summary>The reports that are sealed to an account, the oldest first.</summary>
    public Task<ReportPage> WaitingAsync(Id account) => database.ReadAsync(async db => new ReportPage(
        [.. await db.AllAsync(Waiting, row => new WaitingReport(row.Id(0), row.GetInt64(1) * Days.Seconds), ("@account", account), ("@limit", MostReports))],
        (int)await db.NumberAsync("SELECT COUNT(*) FROM report_copy WHERE account = @account", ("@account", account))));

    /// <summary>One of them.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>: there is none, or it is not sealed to this account.</exception>
    public async Task<SealedReport> FindAsync(Id account, Id report) => await database.ReadAsync(db => db.FirstAsync(
        One, row => new SealedReport(report, row.GetInt64(0) * Days.Seconds, row.Bytes(1), row.Bytes(2)), ("@report", report), ("@account", account))) ?? throw AuthException.NotFound();

    /// <summary>Writes a decision down and deletes the report. Neither says what it was about.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.NotFound"/>: there is none, or it is not sealed to this account.</exception>
    public Task DecideAsync(Staff staff, Id report, string decision) => database.WriteAsync(async db =>
    {
        Staff actor = await staff.RequireAsync(db, clock);
        if (!await db.AnyAsync(One, ("@report", report), ("@account", actor.Account))) throw AuthException.NotFound();
        await db.ExecuteAsync("DELETE FROM report WHERE id = @report", ("@report", report));
        await audit.WriteAsync(db, actor.Account, "decided a report", detail: decision);
    });

    /// <summary>An account takes reports no more, or under another key: what is sealed to it goes, and what is sealed to nobody else with it.</summary>
    public static async Task ForgetAsync(Db db, Id account)
    {
        await db.ExecuteAsync("DELETE FROM report_key WHERE account = @account", ("@account", account));
        await db.ExecuteAsync("DELETE FROM report_copy WHERE account = @account", ("@account", account));
        await db.ExecuteAsync("DELETE FROM report WHERE id NOT IN (SELECT report FROM report_copy)");
    }
}
