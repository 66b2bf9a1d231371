using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Client;

/// <summary>The account's certified devices, as far as this one knows.</summary>
/// <param name="ListNumber">The number of their list.</param>
/// <param name="Certificates">The certificates in force.</param>
sealed record CertifiedDevices(ulong ListNumber, IReadOnlyList<DeviceCertificate> Certificates);

/// <summary>The account's own devices: seen, approved, removed (docs/PROTOCOL.md §3.3, §5.3).</summary>
sealed class OwnDevices(OwnIdentity own, IClientStore store, ICryptoProvider crypto, AuthApi api, VaultWatch vault, EventHub events, TimeProvider clock) : IDisposable
{
    /// <summary>Where the newest verified list is stored, followed by its certificates.</summary>
    public const string ListAt = "device/list";

    /// <summary>Where the ids of the devices are stored that were seen to go, the latest last.</summary>
    public const string GoneAt = "device/gone";

    const int MostGone = 64;

    /// <summary>Called with every list that is shown, before it is judged: the account may have another key by now.</summary>
    public Func<DeviceRecords, CancellationToken, Task> FollowKey { get; set; } = (_, _) => Task.CompletedTask;

    readonly SemaphoreSlim _turn = new(1, 1);
    CertifiedDevices _known = new(0, []);
    // What the server's list lacks of this one's, where both are the account's own.
    IReadOnlySet<Id> _leftOut = new HashSet<Id>();
    byte[] _disputed = [];

    /// <summary>Reads what was known at last.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        if (await store.GetAsync(ListAt, cancel).ConfigureAwait(false) is { } bytes) _known = DeviceListRecord.Decode(bytes);
    }

    /// <summary>The certified devices known at last.</summary>
    public CertifiedDevices Known => Volatile.Read(ref _known);

    /// <summary>All devices, waiting ones too.</summary>
    public async Task<IReadOnlyList<Device>> ListAsync(CancellationToken cancel)
    {
        DeviceRecords records = await FetchAsync(cancel).ConfigureAwait(false);
        return View(records);
    }

    /// <summary>Looks whether the devices changed, and says so; true where conversations have to follow.</summary>
    public async Task<bool> RefreshAsync(CancellationToken cancel)
    {
        ulong before = Known.ListNumber;
        await FetchAsync(cancel).ConfigureAwait(false);
        return Known.ListNumber != before;
    }

    /// <summary>Certifies the device that joined a link, and gives it the account's secrets.</summary>
    public Task<Device> AdmitAsync(DeviceRecord joined, LinkTranscript link, CancellationToken cancel) => ChangeAsync(async (_, accountKey) =>
    {
        DeviceCertificate certificate = await Certification.CertifyAsync(
            crypto, accountKey, own.Instance, own.Account, joined.Device, joined.DeviceKey, clock.GetUtcNow()).ConfigureAwait(false);
        DeviceList list = await NextAsync(accountKey, [.. Known.Certificates, certificate]).ConfigureAwait(false);
        using AccountSecrets held = own.Secrets();
        using AccountSecrets secrets = held with { Head = await ArchiveHead.ReadAsync(store, cancel).ConfigureAwait(false) };
        byte[] grant = await link.SealAsync(crypto, own.Instance, own.Account, joined.Device, joined.GrantKey!, secrets).ConfigureAwait(false);
        await api.CertifyAsync(joined.Device, new CertifyRequest(certificate.Encode(), list.Encode(), grant), cancel).ConfigureAwait(false);
        return new Device(joined.Device, false, false, Day(joined.Added), Day(joined.LastSeen));
    }, cancel);

    /// <summary>Removes a device from the list, a waiting one from the server; or agrees that another own device did (docs/PROTOCOL.md §7.13).</summary>
    public async Task<Device> RemoveAsync(Id device, CancellationToken cancel)
    {
        if (!Volatile.Read(ref _leftOut).Contains(device)) return await RemoveNowAsync(device, cancel).ConfigureAwait(false);
        DeviceCertificate? known = Known.Certificates.FirstOrDefault(c => c.Content.Device == device);
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await store.ApplyAsync(new StoreBatch().Put(GoneAt, Gone(await GoneAsync(cancel).ConfigureAwait(false), [device])), cancel).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
        await FetchAsync(cancel).ConfigureAwait(false);
        DateOnly added = Day(known is null ? 0 : (long)Math.Min(known.Content.Created, long.MaxValue));
        return new Device(device, device == own.Device, IsWaiting: false, added, added);
    }

    Task<Device> RemoveNowAsync(Id device, CancellationToken cancel) => ChangeAsync(async (records, accountKey) =>
    {
        DeviceRecord record = records.Devices.FirstOrDefault(d => d.Device == device) ?? throw ServerErrors.For(ErrorCodes.NotFound);
        DeviceList list = await NextAsync(accountKey, Known.Certificates.Where(c => c.Content.Device != device)).ConfigureAwait(false);
        await api.RemoveDeviceAsync(device, new RemoveDeviceRequest(list.Encode()), cancel).ConfigureAwait(false);
        return new Device(device, device == own.Device, record.Certificate is null, Day(record.Added), Day(record.LastSeen));
    }, cancel);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>Makes a change on the newest list; where another device changed it at the same moment, once more.</summary>
    async Task<Device> ChangeAsync(Func<DeviceRecords, KeyPair, Task<Device>> change, CancellationToken cancel)
    {
        (_, KeyPair accountKey) = own.Certified();
        for (int attempt = 0; ; attempt++)
        {
            DeviceRecords records = await FetchAsync(cancel).ConfigureAwait(false);
            try
            {
                Device changed = await change(records, accountKey).ConfigureAwait(false);
                if (!changed.IsThis) await FetchAsync(cancel).ConfigureAwait(false);
                return changed;
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.StaleDeviceList && attempt < 3)
            {
                // Fetch and try again.
            }
        }
    }

    async Task<DeviceRecords> FetchAsync(CancellationToken cancel)
    {
        own.Certified();
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            DeviceRecords records = await api.DevicesAsync(cancel).ConfigureAwait(false);
            await FollowKey(records, cancel).ConfigureAwait(false);
            records = await RemindAsync(records, cancel).ConfigureAwait(false);
            await TakeAsync(records, cancel).ConfigureAwait(false);
            await vault.TakeAsync(records.Vault, cancel).ConfigureAwait(false);
            return records;
        }
        finally
        {
            _turn.Release();
        }
    }

    // A server that was put back to a backup shows an older list, or another one of the same number, which an own device made since. It is told the newest one that this device has seen,
    // with what was certified since the backup was put back. What it shows then is judged like any other: one that forgets on purpose is found out and refused.
    async Task<DeviceRecords> RemindAsync(DeviceRecords shown, CancellationToken cancel)
    {
        Volatile.Write(ref _leftOut, new HashSet<Id>());
        if (await store.GetAsync(ListAt, cancel).ConfigureAwait(false) is not { } stored || NumberOf(shown.DeviceList) is not { } number || number > Known.ListNumber) return shown;
        KnownDevices known = DeviceListRecord.Read(stored);
        if (shown.DeviceList.AsSpan().SequenceEqual(known.DeviceList)) return shown;
        var (list, certificates) = await Certification.VerifyAsync(crypto, own.Instance, own.Account, own.PublicAccountKey, shown.DeviceList,
            shown.Devices.Where(d => d.Certificate is not null).Select(d => d.Certificate!), newest: 0).ConfigureAwait(false);
        ulong made = DeviceList.Decode(known.DeviceList).Content.Created;
        DeviceCertificate[] later = [.. certificates.Where(c => c.Content.Created > made && !Known.Certificates.Any(held => held.Content.Device == c.Content.Device))];
        // What this device saw removed stays so: its clock, or that of whoever let it in, may have been wrong.
        List<Id> gone = await GoneAsync(cancel).ConfigureAwait(false);
        DeviceCertificate[] all = [.. Known.Certificates.Concat(later).Where(c => !gone.Contains(c.Content.Device))];
        if (number == Known.ListNumber || later.Length > 0 || all.Length != Known.Certificates.Count)
        {
            known = new KnownDevices((await NextAsync(own.Certified().AccountKey, all).ConfigureAwait(false)).Encode(), [.. all.Select(c => c.Encode())]);
        }
        try
        {
            await api.PutDevicesAsync(known, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.StaleDeviceList or ErrorCodes.Invalid or ErrorCodes.NotFound)
        {
            // It knows better, or says so.
            return Disagree(shown, stored, list.Content, certificates, all);
        }
        DeviceRecords reminded = await api.DevicesAsync(cancel).ConfigureAwait(false);
        if (reminded.DeviceList.AsSpan().SequenceEqual(known.DeviceList)) events.Publish(new Notice(Reminded));
        return reminded;
    }

    async ValueTask<List<Id>> GoneAsync(CancellationToken cancel) =>
        await store.GetAsync(GoneAt, cancel).ConfigureAwait(false) is { } stored ? [.. stored.Chunk(Limits.IdLength).Select(id => Id.Read(id))] : [];

    // Another own device has made a list that leaves out some of this one's, though they were certified before: it removed them, or was shown less than it should know. By the server's word
    // alone nobody goes: their person decides, and until then each device keeps to what it knows. Any other list of before is refused.
    DeviceRecords Disagree(DeviceRecords shown, byte[] stored, DeviceListContent list, IReadOnlyList<DeviceCertificate> certificates, DeviceCertificate[] mine)
    {
        DeviceCertificate[] leftOut = [.. mine.Where(c => c.Content.Created < list.Created && certificates.All(other => other.Content.Device != c.Content.Device))];
        if (leftOut.Length == 0) return shown;
        Volatile.Write(ref _leftOut, leftOut.Select(c => c.Content.Device).ToHashSet());
        if (!shown.DeviceList.AsSpan().SequenceEqual(_disputed))
        {
            _disputed = shown.DeviceList;
            events.Publish(new Notice(
                $"Another of your devices has left {(leftOut.Length == 1 ? "a device" : "devices")} out of your account that this one still counts in: {string.Join(", ", leftOut.Select(c => c.Content.Device.ToString()[..8]))}. So it is when it was removed there after the server was put back to a backup. If you did that, remove it here, too; if not, do not trust the server."));
        }
        KnownDevices known = DeviceListRecord.Read(stored);
        return shown with
        {
            DeviceList = known.DeviceList,
            Devices =
            [
                .. Known.Certificates.Select(c => shown.Devices.FirstOrDefault(d => d.Device == c.Content.Device && d.Certificate is not null)
                    ?? new DeviceRecord(c.Content.Device, c.Content.DeviceKey, (long)Math.Min(c.Content.Created, long.MaxValue), 0, null, c.Encode())),
                .. shown.Devices.Where(d => d.Certificate is null),
            ],
        };
    }

    static ulong? NumberOf(byte[] list)
    {
        try
        {
            return DeviceList.Decode(list).Content.Number;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    static byte[] Gone(IEnumerable<Id> before, IEnumerable<Id> now) => [.. before.Except(now).Concat(now).TakeLast(MostGone).SelectMany(id => id.ToArray())];

    const string Reminded = "The server had forgotten what changed among your devices, as it does when a backup is put back. This device has told it again. Nothing for you to do.";

    async Task TakeAsync(DeviceRecords records, CancellationToken cancel)
    {
        CertifiedDevices before = Known;
        var (list, certificates) = await Certification.VerifyAsync(crypto, own.Instance, own.Account, own.PublicAccountKey, records.DeviceList,
            records.Devices.Where(d => d.Certificate is not null).Select(d => d.Certificate!), before.ListNumber).ConfigureAwait(false);
        if (list.Content.Number == before.ListNumber) return;
        Certification.RequireSameKeys(before.Certificates, certificates);
        HashSet<Id> old = [.. before.Certificates.Select(c => c.Content.Device)], now = [.. certificates.Select(c => c.Content.Device)];
        StoreBatch batch = new StoreBatch().Put(ListAt, DeviceListRecord.Encode(list, certificates));
        if (!old.IsSubsetOf(now))
            batch.Put(GoneAt, Gone(await GoneAsync(cancel).ConfigureAwait(false), [.. old.Except(now)]));
        await store.ApplyAsync(batch, cancel).ConfigureAwait(false);
        Volatile.Write(ref _known, new CertifiedDevices(list.Content.Number, certificates));

        // At the very first look there is nothing to compare with, and nothing to report.
        if (before.ListNumber > 0) events.Publish(new DevicesChanged(View(records), [.. now.Except(old)], [.. old.Except(now)]));
        if (!now.Contains(own.Device)) events.Publish(new SessionEnded(ServerErrors.For(ErrorCodes.DeviceRemoved)));
    }

    Task<DeviceList> NextAsync(KeyPair accountKey, IEnumerable<DeviceCertificate> certificates) => Certification.ListAsync(
        crypto, accountKey, own.Instance, own.Account, Known.ListNumber + 1, certificates, clock.GetUtcNow());

    // What the list names is certified, whatever else the server says of it.
    IReadOnlyList<Device> View(DeviceRecords records) => [.. records.Devices.Select(d =>
        new Device(d.Device, d.Device == own.Device, d.Certificate is null, Day(d.Added), Day(d.LastSeen)))];

    static DateOnly Day(long seconds) => DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, 253402300799)).UtcDateTime);
}
