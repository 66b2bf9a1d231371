using System.Buffers.Binary;
using System.Security.Cryptography;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>
/// Puts another account key in the place of the one that a lost device holds, and follows where another own device did so (docs/PROTOCOL.md §5.8).
/// </summary>
sealed class NewAccountKey(
    OwnIdentity own, IClientStore store, MlsEnvironment mls, AuthApi api, OwnDevices devices, People people, KeyPackageStock keyPackages, EventHub events, TimeProvider clock)
{
    /// <summary>Where a new account key stands while the server is asked to take it: key pair, the history key that comes with it, then the own certificate.</summary>
    public const string NextAt = "account/key/next";

    const SignatureAlgorithm Ecdsa = SignatureAlgorithm.EcdsaP256Sha256;
    const int ReferenceBytes = 48, KeyPairBytes = AccountSecrets.KeyBytes + 65;
    const int HistoryAt = KeyPairBytes + 4;
    const int KemOutputBytes = 1_153;

    /// <summary>Removes a device and replaces the account key that it knows, in one change at the server. The account has no recovery key from then on.</summary>
    /// <exception cref="KavalekException">
    /// <see cref="ErrorCodes.NotFound"/>: no such device. <see cref="ClientErrors.DeviceNotReady"/>: a device that stays cannot be given the new key; nothing was changed.
    /// </exception>
    public async Task ReplaceAsync(Id lost, CancellationToken cancel)
    {
        for (int attempt = 0; ; attempt++)
        {
            await devices.RefreshAsync(cancel).ConfigureAwait(false);
            using KeyPair next = await mls.Crypto.GenerateSignatureKeyPairAsync(Ecdsa).ConfigureAwait(false);
            using Secret nextHistory = HistoryKeys.Next(mls.Crypto, History);
            ReplaceAccountKey request = await PrepareAsync(lost, next, nextHistory, cancel).ConfigureAwait(false);
            // Stored first: whatever becomes of the answer, the key of what the server has is here.
            byte[] certificate = request.Certificates.First(bytes => DeviceCertificate.Decode(bytes).Content.Device == own.Device);
            await store.ApplyAsync(new StoreBatch().Put(NextAt, Prepared(next, nextHistory, certificate)), cancel).ConfigureAwait(false);
            try
            {
                await api.ReplaceAccountKeyAsync(request, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.StaleDeviceList && attempt < 3)
            {
                continue; // another device changed the list at the same moment
            }
            await devices.RefreshAsync(cancel).ConfigureAwait(false);
            return;
        }
    }

    /// <summary>
    /// Takes over the key that a device list is signed by, where it is not the one this device knows: the own new one, or that of another own device, if
    /// a device of the last list says so and gives this one the secrets. What does not hold changes nothing; the list is refused then. Called by one at a time.
    /// </summary>
    public async Task FollowAsync(DeviceRecords shown, CancellationToken cancel)
    {
        try
        {
            byte[] key = DeviceList.Decode(shown.DeviceList).Content.AccountKey;
            if (key.AsSpan().SequenceEqual(own.PublicAccountKey)) return;
            if (await store.GetAsync(NextAt, cancel).ConfigureAwait(false) is { } prepared && prepared.AsSpan(AccountSecrets.KeyBytes, 65).SequenceEqual(key))
            {
                int history = BinaryPrimitives.ReadInt32BigEndian(prepared.AsSpan(KeyPairBytes));
                await AdoptAsync(new KeyPair(Secret.Copy(prepared.AsSpan(0, AccountSecrets.KeyBytes)), key), Secret.Copy(prepared.AsSpan(HistoryAt, history)),
                    DeviceCertificate.Decode(prepared.AsSpan(HistoryAt + history)), new StoreBatch(), cancel).ConfigureAwait(false);
            }
            else await FollowOtherAsync(shown, key, cancel).ConfigureAwait(false);
        }
        catch (FormatException)
        {
            // Refused with the list.
        }
    }

    Secret History => own.HistoryKey ?? throw new InvalidOperationException("a certified device has the history keys");

    static byte[] Prepared(KeyPair key, Secret history, byte[] certificate)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, history.Length);
        return [.. OwnIdentity.Encode(key), .. length, .. history.Span, .. certificate];
    }

    async Task<ReplaceAccountKey> PrepareAsync(Id lost, KeyPair next, Secret nextHistory, CancellationToken cancel)
    {
        CertifiedDevices known = devices.Known;
        (DeviceCertificate mine, KeyPair old) = own.Certified();
        DeviceCertificate[] staying = [.. known.Certificates.Where(c => c.Content.Device != lost)];
        if (staying.Length == known.Certificates.Count) throw ServerErrors.For(ErrorCodes.NotFound);
        DateTimeOffset now = clock.GetUtcNow();
        List<DeviceCertificate> certificates = [];
        foreach (DeviceCertificateContent device in staying.Select(c => c.Content))
        {
            // Not before the one it takes the place of, whatever the clocks say.
            DateTimeOffset created = DateTimeOffset.FromUnixTimeSeconds(Math.Max(now.ToUnixTimeSeconds(), (long)device.Created));
            certificates.Add(await Certification.CertifyAsync(mls.Crypto, next, own.Instance, own.Account, device.Device, device.DeviceKey, created).ConfigureAwait(false));
        }
        DeviceList removal = await Certification.ListAsync(mls.Crypto, old, own.Instance, own.Account, known.ListNumber + 1, staying, now).ConfigureAwait(false);
        DeviceList list = await Certification.ListAsync(mls.Crypto, next, own.Instance, own.Account, known.ListNumber + 2, certificates, now).ConfigureAwait(false);
        KeyChangeContent change = new(own.Instance, own.Account, old.PublicKey, next.PublicKey, list.Content.Number, mine.Encode());
        KeyChange signed = new(change,
            await mls.Crypto.SignAsync(Ecdsa, old.PrivateKey, change.SignedBytes()).ConfigureAwait(false),
            await mls.Crypto.SignAsync(Ecdsa, own.DeviceKey.PrivateKey, change.SignedBytes()).ConfigureAwait(false));
        return new ReplaceAccountKey(next.PublicKey, signed.Encode(), removal.Encode(), [.. certificates.Select(c => c.Encode())], list.Encode(),
            await GrantsAsync(staying, next, nextHistory, cancel).ConfigureAwait(false));
    }

    async Task<DeviceGrant[]> GrantsAsync(DeviceCertificate[] staying, KeyPair next, Secret nextHistory, CancellationToken cancel)
    {
        if (staying.All(c => c.Content.Device == own.Device)) return [];
        IReadOnlyList<ClaimedDevice> claimed = await people.ClaimAsync(own.Account, cancel).ConfigureAwait(false);
        using AccountSecrets secrets = new(next.PrivateKey.Clone(), nextHistory.Clone());
        List<DeviceGrant> grants = [];
        foreach (DeviceCertificate certificate in staying.Where(c => c.Content.Device != own.Device))
        {
            // The very certificate of the list: whoever has the lost device can certify its id for another key, and the server can show that.
            Id device = certificate.Content.Device;
            KeyPackage keyPackage = claimed.FirstOrDefault(c => c.Certificate.Encode().AsSpan().SequenceEqual(certificate.Encode()))?.KeyPackage
                ?? throw new KavalekException(ClientErrors.DeviceNotReady,
                    $"Your device {device.ToString()[..8]} has not been connected yet since you let it in, so it cannot be given the new key. Connect it first, or remove it, too. Nothing was changed.");
            grants.Add(new DeviceGrant(device, await SealAsync(device, next.PublicKey, keyPackage, secrets).ConfigureAwait(false)));
        }
        return [.. grants];
    }

    /// <summary>The secrets under a new key, sealed to a device's key package.</summary>
    public async Task<byte[]> SealAsync(Id device, byte[] key, KeyPackage keyPackage, AccountSecrets secrets)
    {
        using Secret encoded = secrets.Encode();
        HpkeCiphertext sealedSecrets = await new SuiteCrypto(ConversationSuite.Suite, mls.Crypto)
            .EncryptWithLabelAsync(keyPackage.InitKey, GrantLabel, Context(device, key), encoded.Memory).ConfigureAwait(false)
                ?? throw ServerErrors.Misbehaves("shows a key package whose key is none");
        return [.. keyPackage.Ref(mls), .. sealedSecrets.KemOutput, .. sealedSecrets.Ciphertext];
    }

    const string GrantLabel = "kavalek/v1/grant";

    byte[] Context(Id device, byte[] key) => [.. own.Instance.ToArray(), .. own.Account.ToArray(), .. device.ToArray(), .. key];

    async Task FollowOtherAsync(DeviceRecords shown, byte[] key, CancellationToken cancel)
    {
        OwnDevice state = await api.OwnDeviceAsync(cancel).ConfigureAwait(false);
        if (await SaidByAsync(state.KeyChanges ?? [], key).ConfigureAwait(false) is not { } by) return;
        var (_, certificates) = await Certification.VerifyAsync(mls.Crypto, own.Instance, own.Account, key, shown.DeviceList,
            shown.Devices.Where(d => d.Certificate is not null).Select(d => d.Certificate!), devices.Known.ListNumber).ConfigureAwait(false);
        DeviceCertificate? mine = certificates.FirstOrDefault(c => c.Content.Device == own.Device && c.Content.DeviceKey.AsSpan().SequenceEqual(own.DeviceKey.PublicKey));
        if (mine is null || state.Grant is not { Length: > ReferenceBytes + KemOutputBytes } grant) return;
        byte[] reference = grant[..ReferenceBytes];
        using KeyPackageBundle? bundle = await keyPackages.FindAsync(reference).ConfigureAwait(false);
        if (bundle is null) return;
        using Secret? opened = await bundle.DecryptWithLabelAsync(mls, GrantLabel, Context(own.Device, key),
            new HpkeCiphertext(grant[ReferenceBytes..(ReferenceBytes + KemOutputBytes)], grant[(ReferenceBytes + KemOutputBytes)..])).ConfigureAwait(false);
        using AccountSecrets? secrets = opened is null ? null : AccountSecrets.Decode(opened);
        if (secrets is null || await mls.Crypto.PublicKeyAsync(KemAlgorithm.DhkemP256, secrets.AccountKey).ConfigureAwait(false) is not { } publicKey
            || !publicKey.AsSpan().SequenceEqual(key)) return;

        StoreBatch batch = new();
        if (!bundle.KeyPackage.IsLastResort) KeyPackageStock.Spend(batch, reference);
        await AdoptAsync(new KeyPair(secrets.AccountKey.Clone(), key), secrets.HistoryKey.Clone(), mine, batch, cancel).ConfigureAwait(false);
        events.Publish(new Notice(
            $"Your device {by.ToString()[..8]} removed a lost device and gave your account a new key. Your contacts see that; the old recovery words open nothing any more. If that was none of you, tell your contacts by another way."));
        await api.DeleteGrantAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Follows the changes from the key this device knows to the one that is shown: each signed by the key before it and by a device that it had certified,
    /// the first by a device that this one knows to be in force.
    /// </summary>
    /// <returns>The device that made the last change; <c>null</c> where the changes do not lead there.</returns>
    async Task<Id?> SaidByAsync(IEnumerable<byte[]> changes, byte[] shown)
    {
        (byte[] key, ulong number, Id? by) = (own.PublicAccountKey, devices.Known.ListNumber, null);
        foreach (KeyChange change in changes.Select(bytes => KeyChange.Decode(bytes)).Where(c => c.Content.Number > devices.Known.ListNumber))
        {
            KeyChangeContent content = change.Content;
            DeviceCertificate certificate = DeviceCertificate.Decode(content.Certificate);
            byte[] hash = SHA256.HashData(content.Certificate);
            bool sound = content.Instance == own.Instance && content.Account == own.Account && content.Number > number && content.OldKey.AsSpan().SequenceEqual(key)
                && certificate.Content.Instance == own.Instance && certificate.Content.Account == own.Account && certificate.Content.AccountKey.AsSpan().SequenceEqual(key)
                && (by is not null || devices.Known.Certificates.Any(known => Certification.Hash(known).AsSpan().SequenceEqual(hash)))
                && await mls.Crypto.VerifyAsync(Ecdsa, key, certificate.Content.SignedBytes(), certificate.Signature).ConfigureAwait(false)
                && await mls.Crypto.VerifyAsync(Ecdsa, key, content.SignedBytes(), change.AccountSignature).ConfigureAwait(false)
                && await mls.Crypto.VerifyAsync(Ecdsa, certificate.Content.DeviceKey, content.SignedBytes(), change.DeviceSignature).ConfigureAwait(false);
            if (!sound) return null;
            (key, number, by) = (content.NewKey, content.Number, certificate.Content.Device);
        }
        return by is not null && key.AsSpan().SequenceEqual(shown) ? by : null;
    }

    // The vault of the old key is gone at the server; what is shown from now on must be signed by the new one.
    async Task AdoptAsync(KeyPair key, Secret historyKey, DeviceCertificate certificate, StoreBatch batch, CancellationToken cancel)
    {
        await store.ApplyAsync(batch
            .Put(OwnIdentity.AccountKeyAt, OwnIdentity.Encode(key))
            .Put(OwnIdentity.HistoryKeyAt, historyKey.Span.ToArray())
            .Put(OwnIdentity.CertificateAt, certificate.Encode())
            .Delete(VaultWatch.PinAt)
            .Delete(NextAt), cancel).ConfigureAwait(false);
        own.Become(certificate, key, historyKey);
    }
}
