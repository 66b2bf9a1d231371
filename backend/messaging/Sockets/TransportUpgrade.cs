using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kavalek.Messaging.Sockets;

/// <summary>Puts the <see cref="TransportStream"/> between a connection that is upgraded and its WebSocket.</summary>
sealed class TransportUpgrade : IHttpUpgradeFeature, IHttpRequestLifetimeFeature
{
    readonly IHttpUpgradeFeature _upgrade;
    readonly IHttpRequestLifetimeFeature _lifetime;

    TransportUpgrade(IHttpUpgradeFeature upgrade, IHttpRequestLifetimeFeature lifetime) => (_upgrade, _lifetime) = (upgrade, lifetime);

    /// <summary>There once the upgrade happened.</summary>
    public TransportStream? Stream { get; private set; }

    public bool IsUpgradableRequest => _upgrade.IsUpgradableRequest;

    public CancellationToken RequestAborted
    {
        get => _lifetime.RequestAborted;
        set => _lifetime.RequestAborted = value;
    }

    public static void Insert(HttpContext context)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { } upgrade && context.Features.Get<IHttpRequestLifetimeFeature>() is { } lifetime)
        {
            var own = new TransportUpgrade(upgrade, lifetime);
            context.Features.Set<IHttpUpgradeFeature>(own);
            context.Features.Set<IHttpRequestLifetimeFeature>(own);
        }
    }

    public async Task<Stream> UpgradeAsync() => Stream = new TransportStream(await _upgrade.UpgradeAsync());

    /// <summary>
    /// Does nothing: a WebSocket that meets a broken frame queues its close frame and aborts in the same breath, and the reset would overtake
    /// the frame. The session ends the connection itself.
    /// </summary>
    public void Abort()
    {
    }

    /// <summary>Cuts the connection.</summary>
    public void AbortConnection() => _lifetime.Abort();
}
