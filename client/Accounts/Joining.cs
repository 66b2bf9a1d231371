using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>How a waiting device gets in: another one lets it (docs/PROTOCOL.md §5.3), or the recovery key (§5.6).</summary>
sealed class Joining(OwnIdentity own, OpenProfile profile, ICryptoProvider crypto, AuthApi api, Tokens tokens, TimeProvider clock)
{
    /// <summary>Where the link is stored that a person has confirmed, until the grant came.</summary>
    public const string LinkAt = "device/link";

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // The link itself, and what the other device and the way to it may take.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(Limits.LinkSeconds + 15);

    (Id Link, OfferedLink Offered, byte[] Nonce, long Since)? _joined;
    LinkTranscript? _seen;

    /// <summary>Joins the link that shows this code on another device.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongLinkCode"/>, <see cref="ClientErrors.LinkExpired"/>.</exception>
    public async Task JoinAsync(string code, CancellationToken cancel)
    {
        if (!own.IsWaiting) throw new KavalekException(ErrorCodes.Invalid, "This device is in already. Type the code into the new one.");
        OfferedLink offered = await OrExpiredAsync(() => api.OfferedLinkAsync(cancel)).ConfigureAwait(false);
        if (!LinkTranscript.Matches(offered.Commitment, code))
            throw new KavalekException(ClientErrors.WrongLinkCode,
                "That is not the code that your other device shows now. Nothing was granted; read it again. If it is right, somebody may be interfering.");
        byte[] nonce = new byte[LinkTranscript.HashBytes];
        crypto.Random(nonce);
        try
        {
            await OrExpiredAsync(async () =>
            {
                await api.JoinLinkAsync(offered.Link, new JoinLink(nonce), cancel).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.Forbidden)
        {
            throw new KavalekException(ClientErrors.LetInUnseen,
                "Another device of yours let this one in before, but here nobody had said that the digits were the same, so this one has no keys. Come in with your recovery key; or delete this profile, remove this device on the other one, and log in here as a new one.", inner: e);
        }
        _joined = (offered.Link, offered, nonce, clock.GetTimestamp());
    }

    /// <summary>Waits for the other device's part, and gives what both screens must show alike.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.LinkExpired"/>; <see cref="ClientErrors.ServerMisbehaves"/>: what came is not what was committed to.</exception>
    public async Task<string> MatchingCodeAsync(CancellationToken cancel)
    {
        (Id link, OfferedLink offered, byte[] nonce, _) = _joined ?? throw new InvalidOperationException("no link was joined");
        while (true)
        {
            LinkNonce answer = await OrExpiredAsync(() => api.LinkNonceAsync(link, cancel)).ConfigureAwait(false);
            if (answer.Nonce is { } granterNonce)
            {
                if (!LinkTranscript.Commit(own.Instance, own.Account, offered.AccountKey, granterNonce).AsSpan().SequenceEqual(offered.Commitment))
                    throw ServerErrors.Misbehaves("passed on something else than your other device had begun with");
                KeyPair grantKey = own.GrantKey ?? throw new InvalidOperationException("a waiting device has a grant key");
                _seen = LinkTranscript.Of(offered.Commitment, offered.AccountKey, granterNonce, own.Device, own.DeviceKey.PublicKey, grantKey.PublicKey, nonce);
                return _seen.MatchingCode;
            }
            await Task.Delay(Pause, clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The person has compared: from now on a grant of this link, and of no other, is taken.</summary>
    public async Task ConfirmAsync(CancellationToken cancel)
    {
        LinkTranscript seen = _seen ?? throw new InvalidOperationException("there is no matching code yet");
        await profile.Store.ApplyAsync(new StoreBatch().Put(LinkAt, seen.Encode()), cancel).ConfigureAwait(false);
    }

    /// <summary>Asks again and again until the other device has let this one in.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.LinkExpired"/>: it has not, and will not.</exception>
    public async Task WaitAsync(CancellationToken cancel)
    {
        while (own.IsWaiting && !await TryFinishAsync(cancel).ConfigureAwait(false))
        {
            if (_joined is { } joined && clock.GetElapsedTime(joined.Since) > Patience) throw DeviceLink.Expired();
            await Task.Delay(Pause, clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the grant of a confirmed link, if there is one by now, or what was begun with a recovery key, and makes this a certified device.</summary>
    public async Task<bool> TryFinishAsync(CancellationToken cancel)
    {
        OwnDevice state = await api.OwnDeviceAsync(cancel).ConfigureAwait(false);
        if (state.Certificate is not { } certificate) return false;
        using AccountSecrets? secrets = await SecretsAsync(state, cancel).ConfigureAwait(false);
        if (secrets is null) return false;
        byte[] publicKey = await PublicKeyAsync(secrets).ConfigureAwait(false);
        if (!publicKey.AsSpan().SequenceEqual(state.AccountKey)) throw ServerErrors.Misbehaves("delivered an approval for another account");
        await FinishAsync(secrets, publicKey, await CheckAsync(certificate, state.DeviceList, publicKey).ConfigureAwait(false), state.Handle, cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Opens the vault and certifies this device.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.WrongRecoveryKey"/>, <see cref="ClientErrors.VaultRefused"/>, <see cref="ClientErrors.NoVault"/>.</exception>
    public async Task RecoverAsync(RecoveryKey recoveryKey, CancellationToken cancel)
    {
        if (!own.IsWaiting) throw new KavalekException(ErrorCodes.Invalid, "This device is in already, and needs no recovery key.");
        VaultRecord record = await FetchVaultAsync(cancel).ConfigureAwait(false);
        Vault vault = Vault.Decode(record.Vault);
        if (vault.Number != record.Number) throw Vault.Refused("bears another number than the server says");
        using AccountSecrets secrets = await vault.OpenAsync(crypto, recoveryKey, own.Instance, own.Account).ConfigureAwait(false);
        byte[] publicKey = await PublicKeyAsync(secrets).ConfigureAwait(false);
        VaultStatement statement = new(own.Instance, own.Account, record.Number, SHA256.HashData(record.Vault));
        if (!await crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, publicKey, statement.SignedBytes(), record.Signature).ConfigureAwait(false))
            throw Vault.Refused("is not signed by your account");

        KeyPair accountKey = new(secrets.AccountKey.Clone(), publicKey);
        using (accountKey)
        {
            for (int attempt = 0; ; attempt++)
            {
                OwnDevice state = await api.OwnDeviceAsync(cancel).ConfigureAwait(false);
                if (!publicKey.AsSpan().SequenceEqual(state.AccountKey))
                    throw Vault.Refused("opens, but holds another account key than the server shows as yours: either the vault is an old one, or the server lies");
                DeviceList list = await VerifiedListAsync(state, publicKey).ConfigureAwait(false);
                if (state.Certificate is { } already)
                {
                    // It was put before, and the answer got lost.
                    await FinishAsync(secrets, publicKey, await CheckAsync(already, state.DeviceList, publicKey).ConfigureAwait(false), state.Handle, cancel).ConfigureAwait(false);
                    break;
                }
                DeviceCertificate certificate = await Certification.CertifyAsync(
                    crypto, accountKey, own.Instance, own.Account, own.Device, own.DeviceKey.PublicKey, clock.GetUtcNow()).ConfigureAwait(false);
                DeviceListContent next = list.Content with
                {
                    Number = list.Content.Number + 1,
                    Created = (ulong)clock.GetUtcNow().ToUnixTimeSeconds(),
                    Devices = [.. list.Content.Devices, Certification.Hash(certificate)],
                };
                byte[] signature = await crypto.SignAsync(SignatureAlgorithm.EcdsaP256Sha256, accountKey.PrivateKey, next.SignedBytes()).ConfigureAwait(false);
                // The keys are stored first: whatever becomes of the answer, the next start finds a device that is in.
                await profile.Store.ApplyAsync(new StoreBatch()
                    .Put(OwnIdentity.AccountKeyAt, OwnIdentity.Encode(accountKey))
                    .Put(OwnIdentity.HistoryKeyAt, secrets.HistoryKey.Span.ToArray()), cancel).ConfigureAwait(false);
                try
                {
                    await api.CertifySelfAsync(new CertifySelf(certificate.Encode(), new DeviceList(next, signature).Encode()), cancel).ConfigureAwait(false);
                }
                catch (KavalekException e) when (e.Code == ErrorCodes.StaleDeviceList && attempt < 3)
                {
                    continue;
                }
                await FinishAsync(secrets, publicKey, certificate, state.Handle, cancel).ConfigureAwait(false);
                break;
            }
        }
        await profile.Store.ApplyAsync(new StoreBatch().Put(VaultWatch.PinAt, VaultWatch.Pin(record.Number, SHA256.HashData(record.Vault))), cancel).ConfigureAwait(false);
    }

    async Task<VaultRecord> FetchVaultAsync(CancellationToken cancel)
    {
        try
        {
            return await api.VaultAsync(cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            throw new KavalekException(ClientErrors.NoVault, "This account has no recovery key. Let another device of yours let this one in, or begin afresh.", inner: e);
        }
    }

    // From the grant of the confirmed link, or from what a recovery key had opened before the last start.
    async Task<AccountSecrets?> SecretsAsync(OwnDevice state, CancellationToken cancel)
    {
        if (state.Grant is { } grant && await profile.Store.GetAsync(LinkAt, cancel).ConfigureAwait(false) is { } stored)
        {
            LinkTranscript confirmed = LinkTranscript.Decode(stored);
            if (!confirmed.AccountKey.AsSpan().SequenceEqual(state.AccountKey)) throw ServerErrors.Misbehaves("shows another account key than your other device");
            KeyPair grantKey = own.GrantKey ?? throw new InvalidOperationException("a waiting device has a grant key");
            return await confirmed.OpenAsync(crypto, own.Instance, own.Account, own.Device, grantKey, grant).ConfigureAwait(false)
                ?? throw ServerErrors.Misbehaves("delivered an approval that is not for this device");
        }
        return own.AccountKey is null && await profile.Store.GetAsync(OwnIdentity.AccountKeyAt, cancel).ConfigureAwait(false) is { } key
            && await profile.Store.GetAsync(OwnIdentity.HistoryKeyAt, cancel).ConfigureAwait(false) is { } history
                ? new AccountSecrets(Secret.Copy(key.AsSpan(0, AccountSecrets.KeyBytes)), Secret.Own(history))
                : own is { AccountKey: { } held, HistoryKey: { } heldHistory } ? new AccountSecrets(held.PrivateKey.Clone(), heldHistory.Clone()) : null;
    }

    async Task FinishAsync(AccountSecrets secrets, byte[] publicKey, DeviceCertificate certificate, string handle, CancellationToken cancel)
    {
        KeyPair accountKey = new(secrets.AccountKey.Clone(), publicKey);
        StoreBatch batch = new();
        if (secrets.Head.Serial > 0) batch.Put(StoreKeys.History, secrets.Head.ToRow().ToByteArray());
        await profile.SaveAsync(data => data with { Phase = ProfilePhase.Active, Handle = handle }, batch
            .Put(OwnIdentity.AccountKeyAt, OwnIdentity.Encode(accountKey))
            .Put(OwnIdentity.HistoryKeyAt, secrets.HistoryKey.Span.ToArray())
            .Put(OwnIdentity.CertificateAt, certificate.Encode())
            .Delete(LinkAt)
            .Delete(OwnIdentity.GrantKeyAt), cancel).ConfigureAwait(false);
        own.Become(certificate, accountKey, secrets.HistoryKey.Clone());
        // The tokens so far say that the device waits. The grant may stay a while if this fails; nobody else can open it.
        await tokens.RefreshAsync(cancel).ConfigureAwait(false);
        await api.DeleteGrantAsync(cancel).ConfigureAwait(false);
    }

    async Task<byte[]> PublicKeyAsync(AccountSecrets secrets) =>
        await crypto.PublicKeyAsync(KemAlgorithm.DhkemP256, secrets.AccountKey).ConfigureAwait(false)
            ?? throw ServerErrors.Misbehaves("delivered a key that is none");

    async Task<DeviceList> VerifiedListAsync(OwnDevice state, byte[] accountKey)
    {
        try
        {
            DeviceList list = DeviceList.Decode(state.DeviceList);
            DeviceListContent content = list.Content;
            bool mine = content.Instance == own.Instance && content.Account == own.Account && content.AccountKey.AsSpan().SequenceEqual(accountKey)
                && await crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, accountKey, content.SignedBytes(), list.Signature).ConfigureAwait(false);
            return mine ? list : throw ServerErrors.Misbehaves("shows a device list that your account did not sign");
        }
        catch (FormatException e)
        {
            throw ServerErrors.Misbehaves("shows a device list that cannot be read", e);
        }
    }

    async Task<DeviceCertificate> CheckAsync(byte[] certificateBytes, byte[] listBytes, byte[] accountKey)
    {
        try
        {
            DeviceCertificate certificate = DeviceCertificate.Decode(certificateBytes);
            DeviceListContent list = DeviceList.Decode(listBytes).Content;
            DeviceCertificateContent content = certificate.Content;
            byte[] hash = SHA256.HashData(certificateBytes);
            bool mine = content.Instance == own.Instance && content.Account == own.Account && content.Device == own.Device
                && content.DeviceKey.AsSpan().SequenceEqual(own.DeviceKey.PublicKey)
                && content.AccountKey.AsSpan().SequenceEqual(accountKey)
                && list.Devices.Any(device => device.AsSpan().SequenceEqual(hash))
                && await crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, accountKey, content.SignedBytes(), certificate.Signature).ConfigureAwait(false);
            return mine ? certificate : throw ServerErrors.Misbehaves("delivered an approval that does not fit this device");
        }
        catch (FormatException e)
        {
            throw ServerErrors.Misbehaves("delivered an approval that cannot be read", e);
        }
    }

    static async Task<T> OrExpiredAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
        {
            throw DeviceLink.Expired();
        }
    }
}
