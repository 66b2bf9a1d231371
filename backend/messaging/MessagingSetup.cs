using Kavalek.Messaging.Access;
using Kavalek.Messaging.Admin;
using Kavalek.Messaging.Archives;
using Kavalek.Messaging.Attachments;
using Kavalek.Messaging.Push;
using Kavalek.Messaging.Sockets;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Kavalek.Messaging;

/// <summary>Puts the delivery service into a host.</summary>
public static class MessagingSetup
{
    /// <summary>
    /// Adds the service. An <see cref="IEventBus"/> and a <see cref="TimeProvider"/> that the host added before are used; else there are an
    /// <see cref="InProcessEventBus"/> and the system's clock.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">Called once, when the service starts.</param>
    public static IServiceCollection AddMessaging(this IServiceCollection services, Func<IServiceProvider, MessagingOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IEventBus, InProcessEventBus>();
        services.TryAddSingleton<IPresence, LocalPresence>();
        services.AddSingleton(options);
        services.AddSingleton(provider =>
        {
            // A file that is of no use is said before anything is opened or held.
            provider.GetRequiredService<VapidKey>();
            return Database.Open(provider.GetRequiredService<MessagingOptions>());
        });
        services.AddSingleton<RemovedDevices>();
        services.AddSingleton<EndedSessions>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<Admin.StaffTokens>();
        services.AddSingleton<Sleepers>();
        services.AddSingleton<Retention>();
        services.AddSingleton<DiskRoom>();
        services.AddSingleton<BodyMemory>();
        services.AddSingleton<GroupCommit>();
        services.AddSingleton<StreamQueries>();
        services.AddSingleton<ArchiveQueries>();
        services.AddSingleton<AttachmentQueries>();
        services.AddSingleton<BlobFolder>();
        services.AddSingleton<AttachmentStore>();
        services.AddSingleton<Topics>();
        services.AddSingleton<Sockets.Sockets>();
        services.AddSingleton<Intake>();
        services.AddSingleton<SocketServices>();
        services.AddSingleton<VapidKey>();
        services.AddSingleton<PushServices>();
        services.AddSingleton<PushSender>();
        services.AddSingleton<Pusher>();
        services.AddSingleton<PushTester>();
        services.AddSingleton<DeliveryTimes>();
        services.AddSingleton<Figures>();
        services.AddSingleton<GroupList>();
        services.AddSingleton<StorageList>();
        services.AddSingleton<MessagingMetrics>();
        services.AddHostedService<Housekeeping>();
        services.AddHostedService(provider => provider.GetRequiredService<Pusher>());
        return services;
    }

    /// <summary>Whether the writer goes on and the database answers.</summary>
    public static async Task<bool> IsMessagingReadyAsync(this IServiceProvider services)
    {
        try
        {
            await services.GetRequiredService<StreamQueries>().SubscriptionAsync(default, default);
            return (await services.GetRequiredService<GroupCommit>().DoAsync(new SettleOperation())).Code is null;
        }
        catch (System.Data.Common.DbException)
        {
            return false;
        }
    }

    /// <summary>Maps <c>/api</c> and <c>/socket</c>.</summary>
    public static void MapMessaging(this IEndpointRouteBuilder routes)
    {
        routes.MapStreams();
        routes.MapArchive();
        routes.MapPush();
        routes.MapAttachments();
        routes.MapSocket();
        routes.MapAdmin();
        routes.MapGet("/api/healthz", async (GroupCommit writer, HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return (await writer.DoAsync(new SettleOperation())).Code is null
                ? Results.Text("ok")
                : Problems.Of(ErrorCodes.Unavailable, "the delivery service does not answer");
        });
    }
}
