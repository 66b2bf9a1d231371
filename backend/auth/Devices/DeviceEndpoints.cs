using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Kavalek.Auth;

/// <summary>The account's own devices (docs/PROTOCOL.md §3.3, §5.3).</summary>
internal static class DeviceEndpoints
{
    public static void MapDevices(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/v1/devices", List).For(Access.Certified).Answers<DeviceRecords>();
        routes.MapPut("/auth/v1/devices", PutBack).For(Access.Certified).Counted().Takes<KnownDevices>();
        routes.MapGet("/auth/v1/devices/self", Self).For(Access.LoggedIn).Answers<OwnDevice>();
        routes.MapDelete("/auth/v1/devices/self/grant", ForgetGrant).For(Access.LoggedIn).Counted();
        routes.MapPut("/auth/v1/devices/{device}/certificate", Certify).For(Access.Certified).Counted().Takes<CertifyRequest>();
        routes.MapPut("/auth/v1/devices/self/certificate", CertifySelf).For(Access.LoggedIn).Counted().Takes<CertifySelf>();
        routes.MapPost("/auth/v1/devices/removal", WhyRemoved).For(Access.Anyone).Takes<RemovalRequest>().Answers<RemovalRecord>();
        routes.MapPost("/auth/v1/devices/{device}/remove", Remove).For(Access.Certified).Counted().Takes<RemoveDeviceRequest>();
    }

    static async Task<JsonHttpResult<DeviceRecords>> List(HttpContext http, DeviceStore store) =>
        Json.Ok(await store.ListAsync(http.Caller().Account), AuthJson.Default.DeviceRecords);

    // A server that was put back to a backup has forgotten changes; who has seen them has the account's word for them.
    static async Task<NoContent> PutBack(HttpContext http, DeviceStore store, IEventBus bus, LogIds ids, ILogger<DeviceStore> log)
    {
        Caller caller = http.Caller();
        KnownDevices known = await http.ReadAsync(AuthJson.Default.KnownDevices);
        PutBack change = await store.PutBackAsync(caller, known)
            ?? throw new AuthException(ErrorCodes.StaleDeviceList, "The device list is no later one than the stored one.");
        log.LogInformation("account {Account} put its newest device list back", ids.Of(caller.Account));
        change.Tell(bus);
        return TypedResults.NoContent();
    }

    static async Task<JsonHttpResult<OwnDevice>> Self(HttpContext http, DeviceStore store) =>
        Json.Ok(await store.OwnAsync(http.Caller().Device), AuthJson.Default.OwnDevice);

    static async Task<NoContent> ForgetGrant(HttpContext http, DeviceStore store)
    {
        await store.ForgetGrantAsync(http.Caller());
        return TypedResults.NoContent();
    }

    static async Task<NoContent> Certify(HttpContext http, Id device, DeviceStore store, IEventBus bus, LogIds ids, ILogger<DeviceStore> log)
    {
        Caller caller = http.Caller();
        CertifyRequest request = await http.ReadAsync(AuthJson.Default.CertifyRequest);
        if (request.Grant.Length is 0 or > Limits.GrantBytes) throw AuthException.Invalid("The grant has 1 to 4,096 bytes.");
        Id[] devices = await store.CertifyAsync(caller, device, request);
        log.LogInformation("account {Account} certified device {Device}", ids.Of(caller.Account), ids.Of(device));
        bus.Publish(new DevicesChanged(caller.Account, devices));
        return TypedResults.NoContent();
    }

    // Who holds the account key may certify any device, and a hand that types a recovery key has just opened the vault with it.
    static async Task<NoContent> CertifySelf(HttpContext http, DeviceStore store, IEventBus bus, LogIds ids, ILogger<DeviceStore> log)
    {
        Caller caller = http.Caller();
        CertifySelf request = await http.ReadAsync(AuthJson.Default.CertifySelf);
        Id[] devices = await store.CertifySelfAsync(caller, request);
        log.LogInformation("device {Device} of account {Account} certified itself", ids.Of(caller.Device), ids.Of(caller.Account));
        bus.Publish(new DevicesChanged(caller.Account, devices));
        return TypedResults.NoContent();
    }

    static async Task<JsonHttpResult<RemovalRecord>> WhyRemoved(HttpContext http, AuthOptions options, RateLimiter limiter, RetiredDevices retired)
    {
        limiter.Count("removal", http.Address(), options.PreloginsOfAddress);
        RemovalRequest request = await http.ReadAsync(AuthJson.Default.RemovalRequest);
        return Json.Ok(await retired.WhyAsync(request), AuthJson.Default.RemovalRecord);
    }

    static async Task<NoContent> Remove(HttpContext http, Id device, DeviceStore store, IEventBus bus, LogIds ids, ILogger<DeviceStore> log)
    {
        Caller caller = http.Caller();
        RemoveDeviceRequest request = await http.ReadAsync(AuthJson.Default.RemoveDeviceRequest);
        Id[] devices = await store.RemoveAsync(caller, device, request.DeviceList);
        log.LogInformation("account {Account} removed device {Device}", ids.Of(caller.Account), ids.Of(device));
        bus.Publish(new DeviceRemoved(caller.Account, device));
        bus.Publish(new DevicesChanged(caller.Account, devices));
        return TypedResults.NoContent();
    }
}
