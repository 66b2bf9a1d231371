using System.Collections.Concurrent;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Host;

/// <summary>What a delivery service without an authentication service beside it knows of one elsewhere: the instance's id, the keys of its access tokens (JWKS), and its policy.</summary>
internal sealed class RemoteAuth : IDisposable
{
    static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);
    static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(5);

    readonly HttpClient _http;
    readonly TimeProvider _clock;
    readonly Lock _gate = new();
    volatile ConcurrentDictionary<string, SecurityKey> _keys = new();
    DateTimeOffset _asked;

    RemoteAuth(Uri address, TimeProvider clock)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, PooledConnectionLifetime = Fresh })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(5),
            MaxResponseContentBufferSize = 64 * 1024,
        };
        _clock = clock;
    }

    /// <summary>The instance's id.</summary>
    public Id Instance { get; private set; }

    /// <summary>What the instance's policy asked of a delivery service when this one began. It was set at any time; what is set later comes as news.</summary>
    public PolicyChanged Policy { get; private set; } = null!;

    /// <summary>Asks until it is there; nodes of one instance start in any order.</summary>
    /// <exception cref="InvalidOperationException">It was not there for a minute.</exception>
    public static async Task<RemoteAuth> ConnectAsync(Uri address, TimeProvider clock)
    {
        RemoteAuth auth = new(address, clock);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                InstanceInfo? info = JsonSerializer.Deserialize(await auth._http.GetStringAsync(new Uri("/auth/v1/instance", UriKind.Relative)), AuthJson.Default.InstanceInfo);
                auth.Instance = info!.Id;
                await auth.ReadKeysAsync();
                await auth.ReadPolicyAsync();
                return auth;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
            {
                if (attempt == 240)
                {
                    auth.Dispose();
                    throw new InvalidOperationException($"There is no authentication service at {address} (--auth-url).", e);
                }
                await Task.Delay(TimeSpan.FromMilliseconds(250), clock);
            }
        }
    }

    /// <summary>The key with this id; null if there is none. A key that is not known is asked for, so that the next call finds it.</summary>
    public SecurityKey? Key(string kid)
    {
        bool known = _keys.TryGetValue(kid, out SecurityKey? key);
        lock (_gate)
        {
            DateTimeOffset now = _clock.GetUtcNow();
            if (now - _asked > (known ? Fresh : AgainAfter))
            {
                _asked = now;
                _ = TryReadKeysAsync();
            }
        }
        return key;
    }

    public void Dispose() => _http.Dispose();

    async Task TryReadKeysAsync()
    {
        try
        {
            await ReadKeysAsync();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or ObjectDisposedException or ArgumentException)
        {
            // The keys that are known go on.
        }
    }

    async Task ReadPolicyAsync()
    {
        SignedPolicy signed = JsonSerializer.Deserialize(await _http.GetStringAsync(new Uri("/auth/v1/policy", UriKind.Relative)), AdminJson.Default.SignedPolicy)!;
        InstancePolicy policy = JsonSerializer.Deserialize(signed.Policy, AdminJson.Default.InstancePolicy)!;
        Policy = new PolicyChanged(policy.RetentionDays, policy.AttachmentBytes, policy.AttachmentQuota);
    }

    async Task ReadKeysAsync()
    {
        JsonWebKeySet set = new(await _http.GetStringAsync(new Uri("/auth/.well-known/jwks.json", UriKind.Relative)));
        ConcurrentDictionary<string, SecurityKey> keys = new();
        foreach (JsonWebKey key in set.Keys.Where(k => k is { Kty: "EC", Crv: "P-256", Alg: SecurityAlgorithms.EcdsaSha256 }))
            keys[key.Kid] = key;
        _keys = keys;
    }
}
