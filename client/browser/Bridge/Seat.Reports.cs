using static Kavalek.Client.Browser.Bridge;

namespace Kavalek.Client.Browser;

/// <content>Reports: to those who run the instance, and what they do with them; and the dashboard, with which they do it (docs/browser.md).</content>
sealed partial class Seat
{
    const int MostShown = 8;

    readonly Dictionary<int, Moderators> _moderators = [];
    int _shown;

    // Opened by whoever has a rank, in any tab; it ends by itself after half an hour, and goes with the account.
    Dashboard? _dashboard;

    ReportDesk Reports => _dashboard?.Reports ?? throw new KavalekException(Protocol.ErrorCodes.PasswordRequired, "The dashboard is not open. Type your password once more. Nothing was changed.");

    async Task<string> OpenDashboardAsync(string password)
    {
        KavalekClient client = Client;
        Dashboard opened = await client.OpenDashboardAsync(password).ConfigureAwait(false);
        // It was locked meanwhile: then nothing of it stays.
        if (_client != client) throw NotOpen();
        _dashboard = opened;
        return Json(Draw.Admin(opened.Session));
    }

    string? CloseDashboard()
    {
        _dashboard = null;
        return null;
    }

    async Task<string> WaitingReportsAsync()
    {
        (IReadOnlyList<ReportInfo> reports, int total) = await Reports.WaitingAsync().ConfigureAwait(false);
        return Json(new WaitingReportsView([.. reports.Select(report => new ReportInfoView(report.Id.ToString(), report.FiledOn.ToUnixTimeMilliseconds()))], total));
    }

    // A report goes to exactly those that the page has shown: it names the list, and never accounts.
    ModeratorsView Shown(Moderators moderators)
    {
        int number = ++_shown;
        _moderators[number] = moderators;
        _moderators.Remove(number - MostShown);
        return new(number, [.. moderators.All.Select(one => new ModeratorView(Draw.Contact(one.Contact), one.Rank, one.Since.ToUnixTimeMilliseconds(), one.GivenBy))],
            [.. moderators.Changed.Select(Draw.Contact)], moderators.IsLogWhole);
    }

    Moderators ShownAs(int number) => _moderators.GetValueOrDefault(number)
        ?? throw new KavalekException(ClientErrors.ReportStale, "Look again whom it goes to, then report it. Nothing was reported.");
}
