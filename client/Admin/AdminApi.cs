using System.Globalization;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Client;

/// <summary>The calls of the dashboard, with its own tokens (docs/PROTOCOL.md §5.11).</summary>
sealed class AdminApi(Rest rest)
{
    const string People = "auth/v1/admin/people";

    public Task<AdminSession> RenewAsync(string token, CancellationToken cancel) => PostAsync("auth/v1/admin/sessions/renew", token, null, MemberJson.Default.AdminSession, cancel);

    public Task<AuthOverview> OverviewAsync(string token, CancellationToken cancel) => GetAsync("auth/v1/admin/overview", token, AdminJson.Default.AuthOverview, cancel);

    public Task<MessagingOverview> DeliveryAsync(string token, CancellationToken cancel) => GetAsync("api/v1/admin/overview", token, AdminJson.Default.MessagingOverview, cancel);

    public Task<SelfTest> TestMailAsync(string token, CancellationToken cancel) => PostAsync("auth/v1/admin/mail/test", token, null, AdminJson.Default.SelfTest, cancel);

    public Task<PushTest> TestPushAsync(string token, CancellationToken cancel) => PostAsync("api/v1/admin/push/test", token, null, AdminJson.Default.PushTest, cancel);

    public Task<StoragePage> StorageAsync(string token, int skip, int limit, CancellationToken cancel) =>
        GetAsync(string.Create(CultureInfo.InvariantCulture, $"api/v1/admin/storage?skip={skip}&limit={limit}"), token, AdminJson.Default.StoragePage, cancel);

    public Task<PurgePreview> PreviewPurgeAsync(string token, int days, Id? account, CancellationToken cancel) => GetAsync(
        string.Create(CultureInfo.InvariantCulture, $"api/v1/admin/storage/purge?days={days}{(account is { } whose ? $"&account={whose}" : "")}"), token, AdminJson.Default.PurgePreview, cancel);

    public Task<byte[]> PurgeAsync(string token, int days, Id? account, CancellationToken cancel) =>
        rest.SendAsync(HttpMethod.Post, "auth/v1/admin/storage/purge", token, Rest.Json(new PurgeStorage(days, account), AdminJson.Default.PurgeStorage), cancel);

    public Task<InstanceSettings> SettingsAsync(string token, CancellationToken cancel) => GetAsync("auth/v1/admin/settings", token, AdminJson.Default.InstanceSettings, cancel);

    public Task<InstanceSettings> SetSettingsAsync(string token, InstanceSettings settings, CancellationToken cancel) => rest.JsonAsync(
        HttpMethod.Put, "auth/v1/admin/settings", token, Rest.Json(settings, AdminJson.Default.InstanceSettings), AdminJson.Default.InstanceSettings, cancel);

    public Task<SetUpState> SetUpAsync(string token, CancellationToken cancel) => GetAsync("auth/v1/admin/setup", token, AdminJson.Default.SetUpState, cancel);

    public Task<SetUpChecks> CheckSetUpAsync(string token, string origin, CancellationToken cancel) =>
        PostAsync("auth/v1/admin/setup/checks", token, Rest.Json(new CheckSetUp(origin), AdminJson.Default.CheckSetUp), AdminJson.Default.SetUpChecks, cancel);

    public Task<byte[]> FinishSetUpAsync(string token, CancellationToken cancel) => rest.SendAsync(HttpMethod.Post, "auth/v1/admin/setup/finish", token, null, cancel);

    public Task<BackupState> BackupsAsync(string token, CancellationToken cancel) => GetAsync("auth/v1/admin/backups", token, AdminJson.Default.BackupState, cancel);

    public Task<byte[]> BackUpAsync(string token, string what, CancellationToken cancel) => rest.SendAsync(HttpMethod.Post, $"auth/v1/admin/backups/{what}", token, null, cancel);

    public Task<GroupsPage> GroupsAsync(string token, long? before, int limit, CancellationToken cancel) => GetAsync(
        string.Create(CultureInfo.InvariantCulture, $"api/v1/admin/groups?limit={limit}{(before is { } number ? $"&before={number}" : "")}"), token, AdminJson.Default.GroupsPage, cancel);

    public Task<PeoplePage> PeopleAsync(string token, PeopleQuery query, CancellationToken cancel)
    {
        StringBuilder address = new($"{People}?limit={query.Limit.ToString(CultureInfo.InvariantCulture)}");
        foreach ((string name, string? value) in ((string, string?)[])[("search", query.Search), ("rank", query.Rank), ("state", query.State), ("after", query.After)])
        {
            if (value is { Length: > 0 }) address.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
        return GetAsync(address.ToString(), token, AdminJson.Default.PeoplePage, cancel);
    }

    public Task<PersonRecord> FindAsync(string token, string email, CancellationToken cancel) =>
        PostAsync($"{People}/find", token, Rest.Json(new FindPerson(email), AdminJson.Default.FindPerson), AdminJson.Default.PersonRecord, cancel);

    public Task<PersonRecord> PersonAsync(string token, Id account, CancellationToken cancel) => GetAsync($"{People}/{account}", token, AdminJson.Default.PersonRecord, cancel);

    public Task<byte[]> ActAsync(string token, Id account, string act, CancellationToken cancel) => rest.SendAsync(HttpMethod.Post, $"{People}/{account}/{act}", token, null, cancel);

    public Task<byte[]> DeleteAsync(string token, Id account, CancellationToken cancel) => rest.SendAsync(HttpMethod.Delete, $"{People}/{account}", token, null, cancel);

    public Task<byte[]> SetRankAsync(string token, Id account, string rank, CancellationToken cancel) =>
        rest.SendAsync(HttpMethod.Put, $"{People}/{account}/rank", token, Rest.Json(new SetRank(rank), AdminJson.Default.SetRank), cancel);

    public Task<RankedInvite[]> InvitesAsync(string token, CancellationToken cancel) => GetAsync("auth/v1/admin/invites", token, AdminJson.Default.RankedInviteArray, cancel);

    public Task<CreatedInvite> InviteAsync(string token, CreateRankedInvite invite, CancellationToken cancel) =>
        PostAsync("auth/v1/admin/invites", token, Rest.Json(invite, AdminJson.Default.CreateRankedInvite), AuthJson.Default.CreatedInvite, cancel);

    public Task<byte[]> RevokeAsync(string token, Id invite, CancellationToken cancel) => rest.SendAsync(HttpMethod.Delete, $"auth/v1/admin/invites/{invite}", token, null, cancel);

    public Task<SignedPolicy> PolicyAsync(CancellationToken cancel) => rest.JsonAsync(HttpMethod.Get, "auth/v1/policy", null, null, MemberJson.Default.SignedPolicy, cancel);

    public Task<SignedPolicy> SetPolicyAsync(string token, InstancePolicy policy, CancellationToken cancel) =>
        rest.JsonAsync(HttpMethod.Put, "auth/v1/admin/policy", token, Rest.Json(policy, MemberJson.Default.InstancePolicy), MemberJson.Default.SignedPolicy, cancel);

    public Task<byte[]> PutReportKeyAsync(string token, PutReportKey key, CancellationToken cancel) =>
        rest.SendAsync(HttpMethod.Put, "auth/v1/admin/report-key", token, Rest.Json(key, MemberJson.Default.PutReportKey), cancel);

    public Task<ReportPage> ReportsAsync(string token, CancellationToken cancel) => GetAsync("auth/v1/admin/reports", token, MemberJson.Default.ReportPage, cancel);

    public Task<SealedReport> ReportAsync(string token, Id report, CancellationToken cancel) => GetAsync($"auth/v1/admin/reports/{report}", token, MemberJson.Default.SealedReport, cancel);

    public Task<byte[]> DecideAsync(string token, Id report, string decision, CancellationToken cancel) =>
        rest.SendAsync(HttpMethod.Post, $"auth/v1/admin/reports/{report}/decide", token, Rest.Json(new DecideReport(decision), MemberJson.Default.DecideReport), cancel);

    Task<T> GetAsync<T>(string path, string token, JsonTypeInfo<T> type, CancellationToken cancel) => rest.JsonAsync(HttpMethod.Get, path, token, null, type, cancel);

    Task<T> PostAsync<T>(string path, string token, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancel) => rest.JsonAsync(HttpMethod.Post, path, token, body, type, cancel);
}
