using System.Security.Cryptography;
using System.Text.Json;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>
/// What the instance asks of its clients, and this one keeps to (docs/PROTOCOL.md §5.12): signed by the key that it showed first, and never an older one than was seen. It can only ask for
/// more: what is not to be believed is told in one line and changes nothing, and what this device knows holds offline and over a restart.
/// </summary>
sealed class PolicyInForce(Id instance, InstanceKey key, IClientStore store, ICryptoProvider crypto, AdminApi api, EventHub events) : IDisposable
{
    const int ShortestLock = 60, LongestLock = 30 * 86_400;

    readonly SemaphoreSlim _turn = new(1, 1);
    byte[] _body = [];
    byte[] _refused = [];
    InstancePolicy? _current;

    /// <summary>What was seen last; <c>null</c> where nothing was yet.</summary>
    public InstancePolicy? Current => Volatile.Read(ref _current);

    /// <summary>Called when another one is in force.</summary>
    public Action Changed { get; set; } = () => { };

    /// <summary>What it allows of timers.</summary>
    public TimerPolicy Timers => Current is { } policy ? TimerPolicy.Of(policy) : TimerPolicy.None;

    /// <summary>What it allows of attachments.</summary>
    public AttachmentPolicy Attachments => Current is { } policy ? AttachmentPolicy.Of(policy) : AttachmentPolicy.None;

    /// <summary>Whether others may be told what arrived and was read.</summary>
    public bool AllowsReceipts => Current is not { Receipts: false };

    /// <summary>After how long without use the client locks itself at the latest; <c>null</c> for as its person likes.</summary>
    public TimeSpan? LockAfter => Current is { LockAfter: > 0 and long seconds } ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Refuses to begin a group that the policy does not want.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.NotAllowed"/>.</exception>
    public void RequireSuite(CipherSuite suite)
    {
        if (Current is { } policy && !policy.Suites.Contains(suite.Id))
            throw new KavalekException(ClientErrors.NotAllowed, "This server's policy asks for an encryption that this version of Kavalek does not have, so nothing new can be begun. Nothing changed; look for a newer version.");
    }

    /// <summary>Reads what was seen last.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        if (await store.GetAsync(StoreKeys.Policy, cancel).ConfigureAwait(false) is { } stored && Read(stored) is { } policy) (_body, _current) = (stored, policy);
    }

    /// <summary>Asks the server, and takes what it says if it is to be believed; if not, it says so once.</summary>
    /// <exception cref="KavalekException">The server cannot be asked now.</exception>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        SignedPolicy shown = await api.PolicyAsync(cancel).ConfigureAwait(false);
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (shown.Policy.AsSpan().SequenceEqual(_body)) return;
            if (await WhyRefusedAsync(shown, cancel).ConfigureAwait(false) is { } why)
            {
                Refuse(shown, why);
                return;
            }
            await store.ApplyAsync(new StoreBatch().Put(StoreKeys.Policy, shown.Policy), cancel).ConfigureAwait(false);
            bool first = _current is null;
            _body = shown.Policy;
            Volatile.Write(ref _current, Read(shown.Policy));
            Changed();
            if (!first) events.Publish(new PolicyChanged(_current!));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    async Task<string?> WhyRefusedAsync(SignedPolicy shown, CancellationToken cancel)
    {
        if (!await crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, shown.Key, PolicyStatement.SignedBytes(instance, shown.Policy), shown.Signature).ConfigureAwait(false))
            return "is not signed by it, or belongs to another server";
        if (Read(shown.Policy) is not { } policy) return "cannot be kept to by this version of Kavalek";
        if (Current is { } seen && policy.Number < seen.Number) return "is older than one seen before";
        // Number 0 is what the command line says, and may say otherwise after a restart.
        if (Current is { Number: > 0 and long number } && policy.Number == number) return "is another one under the same number";
        return await key.TakesAsync(shown.Key, cancel).ConfigureAwait(false) ? null : "is signed by another key than before";
    }

    void Refuse(SignedPolicy shown, string why)
    {
        byte[] hash = SHA256.HashData([.. shown.Policy, .. shown.Key]);
        if (hash.AsSpan().SequenceEqual(_refused)) return;
        _refused = hash;
        events.Publish(new Notice($"The server shows a policy that {why}. It changes nothing here; what held before still holds. Tell whoever runs the server."));
    }

    static InstancePolicy? Read(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, MemberJson.Default.InstancePolicy) is { Number: >= 0, Suites.Length: > 0, LockAfter: 0 or (>= ShortestLock and <= LongestLock) } policy ? policy : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
