using System.Text.Json;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>Whom <see cref="Dashboard.PeopleAsync"/> lists.</summary>
/// <param name="Search">How the handle begins; all where absent.</param>
/// <param name="Rank"><c>member</c>, <c>moderator</c>, <c>admin</c> or <c>owner</c>; all where absent.</param>
/// <param name="State"><c>active</c>, <c>suspended</c> or <c>left</c>; all where absent.</param>
/// <param name="After">The last handle of the page before.</param>
/// <param name="Limit">At most so many, 1 to 100.</param>
public sealed record PeopleQuery(string? Search = null, string? Rank = null, string? State = null, string? After = null, int Limit = 100);

/// <summary>
/// Running the instance (docs/PROTOCOL.md §5.11), for an account with a rank. It sees who may use the instance and how that is; no content, no address, no
/// membership. Its tokens are in memory only and end after half an hour; what reaches far needs the password of the last five minutes (<see cref="ProveAsync"/>).
/// </summary>
public sealed class Dashboard
{
    static readonly TimeSpan Margin = TimeSpan.FromSeconds(60);

    readonly AdminApi _api;
    readonly Uri _server;
    readonly Id _instance;
    readonly ICryptoProvider _crypto;
    readonly TimeProvider _clock;
    readonly Func<string, CancellationToken, Task<AdminSession>> _prove;
    Opened _now = null!;

    Dashboard(AdminApi api, Uri server, Id instance, ICryptoProvider crypto, TimeProvider clock, Func<string, CancellationToken, Task<AdminSession>> prove) =>
        (_api, _server, _instance, _crypto, _clock, _prove) = (api, server, instance, crypto, clock, prove);

    internal static async Task<Dashboard> OpenAsync(ClientCore core, string password, CancellationToken cancel)
    {
        Dashboard opened = new(core.Admin, core.Profile.Data.Server, core.Identity.Instance, core.Mls.Crypto, core.Clock, core.Account.OpenDashboardAsync);
        await opened.ProveAsync(password, cancel).ConfigureAwait(false);
        opened.Reports = new ReportDesk(opened, core);
        try
        {
            await opened.Reports.PublishKeyAsync(cancel).ConfigureAwait(false);
        }
        catch (KavalekException)
        {
            // The next time: until then reports go to the others.
        }
        return opened;
    }

    /// <summary>What members reported.</summary>
    public ReportDesk Reports { get; private set; } = null!;

    /// <summary>The own rank: <c>moderator</c>, <c>admin</c> or <c>owner</c>.</summary>
    public string Rank => _now.Session.Rank;

    /// <summary>Whether what reaches far is taken without the password once more.</summary>
    public bool IsFresh => _clock.GetUtcNow() < _now.After(_now.Session.FreshFor);

    /// <summary>What its calls carry, for a page that makes them itself (docs/browser.md): a token for ten minutes, which renews itself there.</summary>
    public AdminSession Session => _now.Session;

    /// <summary>Types the password once more: begins the half hour and the five minutes anew.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.WrongCredentials"/>; <see cref="ErrorCodes.Forbidden"/>: the account has no rank.</exception>
    public async Task ProveAsync(string password, CancellationToken cancel = default)
    {
        try
        {
            Take(new Opened(await _prove(password, cancel).ConfigureAwait(false), _clock.GetUtcNow()));
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.Forbidden)
        {
            throw new KavalekException(ErrorCodes.Forbidden, "Your account has no rank on this server: there is nothing here for you to run. Nothing was changed.", inner: e);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.WrongCredentials)
        {
            throw new KavalekException(ErrorCodes.WrongCredentials, "That is not your password. Nothing was changed.", inner: e);
        }
    }

    // ---- How the instance is ----

    /// <summary>Figures of accounts, devices and the instance itself.</summary>
    public Task<AuthOverview> OverviewAsync(CancellationToken cancel = default) => WithAsync(_api.OverviewAsync, cancel);

    /// <summary>Figures of the delivery service; of no conversation and of nobody.</summary>
    public Task<MessagingOverview> DeliveryAsync(CancellationToken cancel = default) => WithAsync(_api.DeliveryAsync, cancel);

    /// <summary>Sends a letter to the own address, and tells what came of it; for admins.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.RateLimited"/>: it was tried a moment ago.</exception>
    public Task<SelfTest> TestMailAsync(CancellationToken cancel = default) => WithAsync(_api.TestMailAsync, cancel);

    /// <summary>Whether the push services are reached from the server; for admins.</summary>
    /// <inheritdoc cref="TestMailAsync"/>
    public async Task<IReadOnlyList<PushServiceTest>> TestPushAsync(CancellationToken cancel = default) =>
        (await WithAsync(_api.TestPushAsync, cancel).ConfigureAwait(false)).Services;

    /// <summary>Conversations by number, the newest first, a page at a time: how large and how old, never whose; for admins.</summary>
    /// <param name="before">The last page's <see cref="GroupsPage.Next"/>.</param>
    /// <param name="limit">At most so many, 1 to 100.</param>
    /// <param name="cancel">Ends the call.</param>
    public Task<GroupsPage> GroupsAsync(long? before = null, int limit = 100, CancellationToken cancel = default) =>
        WithAsync((token, stop) => _api.GroupsAsync(token, before, limit, stop), cancel);

    // ---- Storage ----

    /// <summary>What is kept by account, in sizes, the largest first; for admins.</summary>
    public Task<StoragePage> StorageAsync(int skip = 0, int limit = 100, CancellationToken cancel = default) => WithAsync((token, stop) => _api.StorageAsync(token, skip, limit, stop), cancel);

    /// <summary>What <see cref="PurgeAsync"/> would take; nothing goes.</summary>
    /// <param name="days">Attachments that came more than so many days ago: 1 to 30.</param>
    /// <param name="account">Whose; everybody's where absent.</param>
    /// <param name="cancel">Ends the call.</param>
    public Task<PurgePreview> PreviewPurgeAsync(int days, Id? account = null, CancellationToken cancel = default) =>
        WithAsync((token, stop) => _api.PreviewPurgeAsync(token, days, account, stop), cancel);

    /// <summary>Has attachments of long ago deleted, within seconds: whoever had not fetched them does not any more. Of everybody, for owners.</summary>
    /// <param name="days">As in <see cref="PreviewPurgeAsync"/>.</param>
    /// <param name="account">Likewise.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Forbidden"/>, <see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.PasswordRequired"/>.</exception>
    public Task PurgeAsync(int days, Id? account = null, CancellationToken cancel = default) => WithAsync((token, stop) => _api.PurgeAsync(token, days, account, stop), cancel);

    // ---- Settings, set-up and backups ----

    /// <summary>The instance's name and mail, without the mail server's password; for owners.</summary>
    public Task<InstanceSettings> SettingsAsync(CancellationToken cancel = default) => WithAsync(_api.SettingsAsync, cancel);

    /// <summary>Sets name and mail. A password that is left out stays, with host, port and user as they are.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Invalid"/>, <see cref="ErrorCodes.Forbidden"/>, <see cref="ErrorCodes.PasswordRequired"/>.</exception>
    public Task<InstanceSettings> SetSettingsAsync(InstanceSettings settings, CancellationToken cancel = default) => WithAsync((token, stop) => _api.SetSettingsAsync(token, settings, stop), cancel);

    /// <summary>What is to be set up; <c>null</c> once that is finished. For owners.</summary>
    public async Task<SetUpState?> SetUpAsync(CancellationToken cancel = default)
    {
        try
        {
            return await WithAsync(_api.SetUpAsync, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            return null;
        }
    }

    /// <summary>What the server sees of the way to it, until set-up is finished.</summary>
    /// <param name="origin">Under which the page was loaded; by default the address that this client talks to.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.NotFound"/>: it is finished.</exception>
    public async Task<IReadOnlyList<SetUpCheck>> CheckSetUpAsync(string? origin = null, CancellationToken cancel = default) =>
        (await WithAsync((token, stop) => _api.CheckSetUpAsync(token, origin ?? _server.GetLeftPart(UriPartial.Authority), stop), cancel).ConfigureAwait(false)).Checks;

    /// <summary>Ends the set-up, for good.</summary>
    /// <inheritdoc cref="SetSettingsAsync"/>
    public Task FinishSetUpAsync(CancellationToken cancel = default) => WithAsync(_api.FinishSetUpAsync, cancel);

    /// <summary>How it is with the server's backups; for admins.</summary>
    public Task<BackupState> BackupsAsync(CancellationToken cancel = default) => WithAsync(_api.BackupsAsync, cancel);

    /// <summary>Has a backup made now; <see cref="BackupsAsync"/> tells how far it is.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.NotFound"/>: the server makes none. <see cref="ErrorCodes.Unavailable"/>: one works already. <see cref="ErrorCodes.PasswordRequired"/>.</exception>
    public Task BackUpAsync(CancellationToken cancel = default) => WithAsync((token, stop) => _api.BackUpAsync(token, "run", stop), cancel);

    /// <summary>Has the newest backup opened and checked.</summary>
    /// <inheritdoc cref="BackUpAsync"/>
    public Task TestBackupAsync(CancellationToken cancel = default) => WithAsync((token, stop) => _api.BackUpAsync(token, "test", stop), cancel);

    // ---- People ----

    /// <summary>Accounts by handle, a page at a time.</summary>
    public Task<PeoplePage> PeopleAsync(PeopleQuery query, CancellationToken cancel = default) => WithAsync((token, stop) => _api.PeopleAsync(token, query, stop), cancel);

    /// <summary>One account.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.NotFound"/>.</exception>
    public Task<PersonRecord> PersonAsync(Id account, CancellationToken cancel = default) => WithAsync((token, stop) => _api.PersonAsync(token, account, stop), cancel);

    /// <summary>The account of one whole e-mail address.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.NotFound"/>; <see cref="ErrorCodes.Invalid"/>: it is no address.</exception>
    public Task<PersonRecord> FindByEmailAsync(string email, CancellationToken cancel = default)
    {
        string normalized = SignIn.NormalizeEmail(email);
        return WithAsync((token, stop) => _api.FindAsync(token, normalized, stop), cancel);
    }

    /// <summary>Shuts an account out; all its sessions end at once. All else stays.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.Forbidden"/>, <see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.PasswordRequired"/>; so of all acts here.</exception>
    public Task SuspendAsync(Id account, CancellationToken cancel = default) => WithAsync((token, stop) => _api.ActAsync(token, account, "suspend", stop), cancel);

    /// <summary>Lets a suspended account in again.</summary>
    public Task ResumeAsync(Id account, CancellationToken cancel = default) => WithAsync((token, stop) => _api.ActAsync(token, account, "resume", stop), cancel);

    /// <summary>Logs all devices of an account out.</summary>
    public Task SignOutAsync(Id account, CancellationToken cancel = default) => WithAsync((token, stop) => _api.ActAsync(token, account, "sign-out", stop), cancel);

    /// <summary>Ends somebody's time here: what they had at the server goes, their handle stays taken.</summary>
    public Task OffBoardAsync(Id account, CancellationToken cancel = default) => WithAsync((token, stop) => _api.ActAsync(token, account, "off-board", stop), cancel);

    /// <summary>Deletes an account; its handle is free again.</summary>
    public Task DeleteAsync(Id account, CancellationToken cancel = default) => WithAsync((token, stop) => _api.DeleteAsync(token, account, stop), cancel);

    /// <summary>Gives somebody a rank: <c>member</c>, <c>moderator</c>, <c>admin</c> or <c>owner</c>.</summary>
    public Task SetRankAsync(Id account, string rank, CancellationToken cancel = default) => WithAsync((token, stop) => _api.SetRankAsync(token, account, rank, stop), cancel);

    // ---- Invites ----

    /// <summary>Invites that can still be used.</summary>
    public async Task<IReadOnlyList<RankedInvite>> InvitesAsync(CancellationToken cancel = default) => await WithAsync(_api.InvitesAsync, cancel).ConfigureAwait(false);

    /// <summary>Makes an invite; whoever uses it has the rank.</summary>
    public async Task<Invite> InviteAsync(int uses, TimeSpan validity, string rank, CancellationToken cancel = default)
    {
        CreatedInvite created = await WithAsync(
            (token, stop) => _api.InviteAsync(token, new CreateRankedInvite(uses, (long)validity.TotalSeconds, rank), stop), cancel).ConfigureAwait(false);
        return new Invite(created.Invite, $"{_server}#invite={created.Secret}", uses, DateTimeOffset.FromUnixTimeSeconds(created.Expires));
    }

    /// <summary>Revokes an invite; who joined with it stays.</summary>
    public Task RevokeInviteAsync(Id invite, CancellationToken cancel = default) => WithAsync((token, stop) => _api.RevokeAsync(token, invite, stop), cancel);

    // ---- The policy ----

    /// <summary>The policy in force.</summary>
    public async Task<InstancePolicy> PolicyAsync(CancellationToken cancel = default) => await ReadAsync(await _api.PolicyAsync(cancel).ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Puts another policy in force; its number is the present one's, and the next one's in the answer.</summary>
    /// <exception cref="KavalekException"><see cref="ErrorCodes.StalePolicy"/>: somebody changed it meanwhile. <see cref="ErrorCodes.Invalid"/>.</exception>
    public async Task<InstancePolicy> SetPolicyAsync(InstancePolicy policy, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        InstancePolicy next = policy with { Number = policy.Number + 1 };
        return await ReadAsync(await WithAsync((token, stop) => _api.SetPolicyAsync(token, next, stop), cancel).ConfigureAwait(false)).ConfigureAwait(false);
    }

    async Task<InstancePolicy> ReadAsync(SignedPolicy signed)
    {
        if (!await _crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, signed.Key, PolicyStatement.SignedBytes(_instance, signed.Policy), signed.Signature).ConfigureAwait(false))
            throw ServerErrors.Misbehaves("shows a policy that its own key did not sign");
        try
        {
            return JsonSerializer.Deserialize(signed.Policy, MemberJson.Default.InstancePolicy) ?? throw ServerErrors.Misbehaves("shows an empty policy");
        }
        catch (JsonException e)
        {
            throw ServerErrors.Misbehaves("shows a policy that cannot be read", e);
        }
    }

    internal async Task<T> WithAsync<T>(Func<string, CancellationToken, Task<T>> call, CancellationToken cancel)
    {
        string token = await TokenAsync(cancel).ConfigureAwait(false);
        try
        {
            return await call(token, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.Unauthenticated)
        {
            // Half an hour is over, the rank was taken, or this device was logged out: the password tells.
            throw new KavalekException(ErrorCodes.PasswordRequired, "This session of the dashboard is over. Type your password once more. Nothing was changed.", inner: e);
        }
    }

    async Task<string> TokenAsync(CancellationToken cancel)
    {
        Opened opened = _now;
        DateTimeOffset now = _clock.GetUtcNow();
        // One that is too old to be renewed is refused, and that is said.
        bool old = now > opened.After(opened.Session.ExpiresIn) - Margin, renewable = now < opened.After(Math.Min(opened.Session.ExpiresIn, opened.Session.EndsIn));
        if (old && renewable) Take(opened = new Opened(await _api.RenewAsync(opened.Session.Token, cancel).ConfigureAwait(false), now));
        return opened.Session.Token;
    }

    void Take(Opened opened) => _now = opened;

    sealed record Opened(AdminSession Session, DateTimeOffset Since)
    {
        public DateTimeOffset After(int seconds) => Since + TimeSpan.FromSeconds(seconds);
    }
}
