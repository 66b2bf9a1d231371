using System.Globalization;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Kavalek.Auth;

/// <summary>Who is on the instance, and in what standing (docs/PROTOCOL.md §5.11).</summary>
internal static class PeopleEndpoints
{
    const string Path = "/auth/v1/admin/people";

    public static void MapPeople(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, List).For(Access.Moderator).Answers<PeoplePage>().WithSummary("Accounts by handle, in pages; search, rank and state narrow").WithTags("people");
        routes.MapPost($"{Path}/find", Find).For(Access.Moderator).Takes<FindPerson>().Answers<PersonRecord>().WithSummary("The account of one whole e-mail address").WithTags("people");
        routes.MapGet($"{Path}/{{account}}", Get).For(Access.Moderator).Answers<PersonRecord>().WithSummary("One account").WithTags("people");
        routes.MapPut($"{Path}/{{account}}/rank", SetRank).For(Access.Admin, fresh: true).Takes<SetRank>().WithSummary("Gives a rank; ends the account's dashboard").WithTags("people");
        routes.MapPost($"{Path}/{{account}}/suspend", Suspend).For(Access.Moderator, fresh: true).WithSummary("Shuts an account out; its sockets close").WithTags("people");
        routes.MapPost($"{Path}/{{account}}/resume", Resume).For(Access.Moderator).WithSummary("Lets a suspended account in again").WithTags("people");
        routes.MapPost($"{Path}/{{account}}/sign-out", SignOut).For(Access.Admin, fresh: true).WithSummary("Logs all devices of an account out").WithTags("people");
        routes.MapPost($"{Path}/{{account}}/off-board", Offboard).For(Access.Admin, fresh: true).WithSummary("Ends somebody's time here; the handle stays taken").WithTags("people");
        routes.MapPost("/auth/v1/admin/storage/purge", Purge).For(Access.Admin, fresh: true).Takes<PurgeStorage>().WithSummary("Has attachments of long ago deleted").WithTags("storage");
        routes.MapDelete($"{Path}/{{account}}", Delete).For(Access.Admin, fresh: true).WithSummary("Deletes an account; the handle is free again").WithTags("people");
    }

    static async Task<NoContent> Purge(HttpContext http, PeopleStore store, IEventBus bus, TimeProvider clock)
    {
        PurgeStorage request = await http.ReadAsync(AdminJson.Default.PurgeStorage);
        if (request.Days is < 1 or > 30) throw AuthException.Invalid("days is 1 to 30.");
        await store.PurgeAsync(http.Staff(), request.Account, request.Days);
        bus.Publish(new StoragePurged(request.Account, clock.Now() - (request.Days * 86_400L)));
        return TypedResults.NoContent();
    }

    static async Task<JsonHttpResult<PeoplePage>> List(PeopleStore store, string? search, string? rank, string? state, string? after, string? limit)
    {
        int count = PeopleStore.MostPeople;
        bool good = (search is null || IsPart(search)) && (after is null || IsPart(after)) && (rank is null || Ranks.Read(rank) is not null)
            && state is null or "active" or "suspended" or "left"
            && (limit is null || int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count)) && count is >= 1 and <= PeopleStore.MostPeople;
        if (!good) throw AuthException.Invalid("search and after are of a-z 0-9 _ . and at most 32 characters, rank and state as they are listed, limit 1 to 100.");
        return Json.Ok(await store.PageAsync(search ?? "", rank ?? "", state ?? "", after ?? "", count), AdminJson.Default.PeoplePage);
    }

    static bool IsPart(string text) => text.Length <= 32 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '.');

    // Counted, since it tells whether an address has an account.
    static async Task<JsonHttpResult<PersonRecord>> Find(HttpContext http, AuthOptions options, RateLimiter limiter, EmailVault vault, PeopleStore store)
    {
        FindPerson request = await http.ReadAsync(AdminJson.Default.FindPerson);
        if (!EmailAddress.IsNormalized(request.Email)) throw AuthException.Invalid("The e-mail address is not one in its normalised spelling.");
        limiter.Count("find person", http.Staff().Account.ToArray(), options.LookUpsOfAccount);
        return Json.Ok(await store.FindAsync(vault.Lookup(request.Email)), AdminJson.Default.PersonRecord);
    }

    static async Task<JsonHttpResult<PersonRecord>> Get(Id account, PeopleStore store) => Json.Ok(await store.FindAsync(account), AdminJson.Default.PersonRecord);

    static async Task<NoContent> SetRank(HttpContext http, Id account, PeopleStore store, IEventBus bus)
    {
        SetRank request = await http.ReadAsync(AdminJson.Default.SetRank);
        Rank rank = Ranks.Read(request.Rank) ?? throw AuthException.Invalid("There is no such rank.");
        await store.SetRankAsync(http.Staff(), account, rank);
        bus.Publish(new RankChanged(account));
        return TypedResults.NoContent();
    }

    static async Task<NoContent> Suspend(HttpContext http, Id account, PeopleStore store, IEventBus bus) =>
        Tell(bus, account, await store.SuspendAsync(http.Staff(), account));

    static async Task<NoContent> Resume(HttpContext http, Id account, PeopleStore store)
    {
        await store.ResumeAsync(http.Staff(), account);
        return TypedResults.NoContent();
    }

    static async Task<NoContent> SignOut(HttpContext http, Id account, PeopleStore store, IEventBus bus) =>
        Tell(bus, account, await store.SignOutAsync(http.Staff(), account));

    static async Task<NoContent> Offboard(HttpContext http, Id account, PeopleStore store, IEventBus bus) =>
        Tell(bus, account, await store.OffboardAsync(http.Staff(), account));

    static async Task<NoContent> Delete(HttpContext http, Id account, PeopleStore store, IEventBus bus) =>
        Tell(bus, account, await store.DeleteAsync(http.Staff(), account));

    static NoContent Tell(IEventBus bus, Id account, Ended ended)
    {
        foreach (OpenSession session in ended.Sessions) bus.Publish(new SessionEnded(session.Account, session.Device, session.Id));
        foreach (Id device in ended.Devices) bus.Publish(new DeviceRemoved(account, device));
        if (ended.Closed) bus.Publish(new AccountClosed(account));
        return TypedResults.NoContent();
    }
}
