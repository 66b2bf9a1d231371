using Google.Protobuf;
using Kavalek.Messaging.Access;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using static Kavalek.Messaging.Streams.StreamBodies;

namespace Kavalek.Messaging.Push;

/// <summary><c>/api/v1/push</c>: how a device that is not connected is woken (docs/PROTOCOL.md §11). Always the device that calls.</summary>
static class PushEndpoints
{
    // What a call counts against the device's rate: each may make the server connect somewhere.
    const int Cost = 50;

    public static void MapPush(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder push = routes.MapGroup("/api/v1/push").AddEndpointFilter(Authentication.RequireDevice).AddEndpointFilter(CallRefusedException.Answer);
        push.MapGet("/", Info);
        push.MapPut("/", Put);
        push.MapDelete("/", Drop);
        push.MapPost("/test", Test);
    }

    static async Task<IResult> Info(HttpContext context, VapidKey key, PushServices services, Pusher pusher) => Message(new PushInfo
    {
        Key = services.IsOn ? ByteString.CopyFrom(key.Public) : ByteString.Empty,
        Subscribed = await pusher.FindAsync(Authentication.Device(context)) is not null,
    });

    static async Task<IResult> Put(HttpContext context, GroupCommit writer, PushServices services, Sleepers sleepers, Sockets.Sockets sockets, IEventBus bus)
    {
        Id device = Authentication.Device(context);
        if (!sockets.TryTakeAppend(device, Cost))
            return Problems.Of(ErrorCodes.RateLimited, "too many calls");
        PutPush? body = await ReadAsync(context, PutPush.Parser, maximum: 4 * 1024);
        if (body is null || services.Read(body.Endpoint) is not { } endpoint || body.Secret.Length != PushEncryption.SecretBytes
            || body.Key.ToByteArray() is not { } key || !PushEncryption.IsPoint(key))
        {
            return Invalid();
        }
        PushSubscription subscription = new(Authentication.Account(context), endpoint, key, body.Secret.ToByteArray());
        Outcome outcome = await writer.DoAsync(new PutPushChore(device, Authentication.Session(context), subscription) { IsOver = Authentication.IsOver(context) });
        if (outcome.Code is not null)
            return Refused(outcome);
        sleepers.Put(device, subscription.Account, isWoken: false, sockets.IsConnected(device));
        bus.Publish(new PushChanged(device));
        return Results.NoContent();
    }

    static async Task<IResult> Drop(HttpContext context, GroupCommit writer, Sleepers sleepers, IEventBus bus)
    {
        Id device = Authentication.Device(context);
        sleepers.Remove(device);
        Outcome outcome = await writer.DoAsync(new DropPushChore(device));
        bus.Publish(new PushChanged(device));
        return outcome.Code is null ? Results.NoContent() : Refused(outcome);
    }

    static async Task<IResult> Test(HttpContext context, Pusher pusher, Sockets.Sockets sockets)
    {
        Id device = Authentication.Device(context);
        if (!sockets.TryTakeAppend(device, Cost))
            return Problems.Of(ErrorCodes.RateLimited, "too many calls");
        return await pusher.TryAsync(device) switch
        {
            null => Problems.Of(ErrorCodes.NotFound, "there is no subscription"),
            PushAnswer.Taken => Results.NoContent(),
            PushAnswer.Gone => Problems.Of(ErrorCodes.NotFound, "the push service does not know the subscription any more"),
            _ => Problems.Of(ErrorCodes.Unavailable, "the push service was not reached"),
        };
    }
}
