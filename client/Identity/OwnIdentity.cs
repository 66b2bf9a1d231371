using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>Who this device is. The account key and the certificate are absent while it waits to be approved.</summary>
sealed class OwnIdentity : IDisposable
{
    /// <summary>Where the device's key pair is stored: private key of 32 bytes, then the public one.</summary>
    public const string DeviceKeyAt = "device/key";
    /// <summary>Where the account's key pair is stored, likewise.</summary>
    public const string AccountKeyAt = "account/key";
    /// <summary>Where the account's history keys are stored: <see cref="HistoryKeys"/>.</summary>
    public const string HistoryKeyAt = "account/history-key";
    /// <summary>Where the own certificate is stored.</summary>
    public const string CertificateAt = "device/certificate";
    /// <summary>Where the key pair is stored that a grant is sealed to, while the device waits.</summary>
    public const string GrantKeyAt = "device/grant-key";

    const int PrivateKeyBytes = 32;

    readonly List<Secret> _former = [];

    /// <summary>The instance.</summary>
    public required Id Instance { get; init; }

    /// <summary>The own account.</summary>
    public required Id Account { get; init; }

    /// <summary>This device; also the id of its inbox.</summary>
    public required Id Device { get; init; }

    /// <summary>The device's MLS signature key.</summary>
    public required KeyPair DeviceKey { get; init; }

    /// <summary>The account key, with which devices are certified.</summary>
    public KeyPair? AccountKey { get; set; }

    /// <summary>What the account's archive is encrypted under, the same on all of its devices: <see cref="HistoryKeys"/>.</summary>
    public Secret? HistoryKey { get; set; }

    /// <summary>The certificate in force.</summary>
    public DeviceCertificate? Certificate { get; set; }

    /// <summary>What a grant is sealed to; only while the device waits.</summary>
    public KeyPair? GrantKey { get; set; }

    /// <summary>Whether the device waits to be approved.</summary>
    public bool IsWaiting => Certificate is null;

    /// <summary>The own public account key; empty while it is not known.</summary>
    public byte[] PublicAccountKey => AccountKey?.PublicKey ?? [];

    /// <summary>The own MLS credential.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.DeviceWaits"/>.</exception>
    public Credential Credential => Mls.Credential.Basic(Certified().Certificate.Encode());

    /// <summary>Certificate and account key.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.DeviceWaits"/>.</exception>
    public (DeviceCertificate Certificate, KeyPair AccountKey) Certified() => Certificate is { } certificate && AccountKey is { } key
        ? (certificate, key)
        : throw new KavalekException(ClientErrors.DeviceWaits, "This device waits to be let in: by one of your other devices, or with your recovery key. Log in again to go on.");

    /// <summary>This device is in, or follows the account to a new key.</summary>
    public void Become(DeviceCertificate certificate, KeyPair accountKey, Secret historyKey)
    {
        // The archive may be at work with those of before: they go with this object.
        if (HistoryKey is { } held) _former.Add(held);
        (KeyPair? oldKey, KeyPair? grantKey) = (AccountKey, GrantKey);
        (AccountKey, HistoryKey, Certificate, GrantKey) = (accountKey, historyKey, certificate, null);
        oldKey?.Dispose();
        grantKey?.Dispose();
    }

    /// <summary>A copy of what the account's devices share, to be handed to another one.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.DeviceWaits"/>.</exception>
    public AccountSecrets Secrets() => new(
        Certified().AccountKey.PrivateKey.Clone(), (HistoryKey ?? throw new InvalidOperationException("a certified device has the history key")).Clone());

    /// <summary>Reads what the profile holds.</summary>
    public static async Task<OwnIdentity> LoadAsync(Profile profile, IClientStore store, CancellationToken cancel)
    {
        byte[]? certificate = await store.GetAsync(CertificateAt, cancel).ConfigureAwait(false);
        return new OwnIdentity
        {
            Instance = profile.Instance,
            Account = profile.Account,
            Device = profile.Device,
            DeviceKey = await ReadAsync(DeviceKeyAt).ConfigureAwait(false) ?? throw new InvalidOperationException("no device key"),
            AccountKey = await ReadAsync(AccountKeyAt).ConfigureAwait(false),
            GrantKey = await ReadAsync(GrantKeyAt).ConfigureAwait(false),
            HistoryKey = await store.GetAsync(HistoryKeyAt, cancel).ConfigureAwait(false) is { } historyKey ? Secret.Own(historyKey) : null,
            Certificate = certificate is null || profile.Phase == ProfilePhase.Waiting ? null : DeviceCertificate.Decode(certificate),
        };

        async Task<KeyPair?> ReadAsync(string key) => await store.GetAsync(key, cancel).ConfigureAwait(false) is { } bytes
            ? new KeyPair(Secret.Copy(bytes.AsSpan(0, PrivateKeyBytes)), bytes[PrivateKeyBytes..])
            : null;
    }

    /// <summary>A key pair as it is stored.</summary>
    public static byte[] Encode(KeyPair pair) => [.. pair.PrivateKey.Span, .. pair.PublicKey];

    /// <summary>Zeroes the private keys.</summary>
    public void Dispose()
    {
        DeviceKey.Dispose();
        AccountKey?.Dispose();
        HistoryKey?.Dispose();
        foreach (Secret former in _former) former.Dispose();
        GrantKey?.Dispose();
    }
}
