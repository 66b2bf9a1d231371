using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>
/// The way back for a device that cannot follow a conversation (docs/PROTOCOL.md §7.12): it asks in the stream, and the first member that can
/// takes it out and in again. No person is needed on either side.
/// </summary>
sealed class Returns(ClientCore core, ConversationEngine engine, Intents intents) : IDisposable
{
    // An entry lasts 30 days on the server, a key package 90; both have some left when the next one is made.
    static readonly TimeSpan AskAgain = TimeSpan.FromDays(20);

    readonly SemaphoreSlim _asking = new(1);
    int _said;

    /// <summary>Asks to be let into a stream again, once in each of its epochs.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="epoch">Its epoch, as the server says.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>The server's refusal: the stream is in another epoch, or this device is no subscriber; <c>null</c> where there is none.</returns>
    /// <exception cref="KavalekException">No connection: asked again at the next one.</exception>
    public async Task<AppendRefused?> AskAsync(Id stream, ulong epoch, CancellationToken cancel)
    {
        await _asking.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ReturnRow? row = await core.Store.GetAsync(StoreKeys.Return(stream), cancel).ConfigureAwait(false) is { } stored ? ReturnRow.Parser.ParseFrom(stored) : null;
            if (row is null || row.Epoch != epoch || IsOld(row)) row = await MakeAsync(stream, epoch, row, cancel).ConfigureAwait(false);
            else if (row.Placed) return null;
            if ((await core.Link.AppendAsync([Entry(stream, row)], engine.IsConnected, cancel).ConfigureAwait(false))[0] is AppendRefused refused) return refused;
            row.Placed = true;
            await core.Store.ApplyAsync(new StoreBatch().Put(StoreKeys.Return(stream), row.ToByteArray()), cancel).ConfigureAwait(false);
            return null;
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>There is something to ask for: in the background, where the client is connected.</summary>
    public void Begin() => engine.LookAfterLost();

    /// <summary>The same in a while: the very commit that was seen may be the one that let this device in, and its Welcome is on the way.</summary>
    public void BeginSoon() => engine.LookAfterLostSoon();

    /// <summary>Says once that this profile is an older copy.</summary>
    public void SayOlderCopy()
    {
        if (Interlocked.Exchange(ref _said, 1) == 0)
            core.Events.Publish(new Notice("The data of this device is an older copy than it had before. It finds its way back into its conversations by itself; what was written meanwhile may be missing here."));
    }

    /// <summary>Somebody's device asks: noted, to be done at once by the member at the lowest leaf, and by the others after a while.</summary>
    public async Task NoteAsync(Step step, GroupStream stream, ReturnRequest request, ulong epoch)
    {
        if (request.Epoch != epoch || step.Thread.State != ConversationState.Active || stream.Row.Leaving) return;
        if (await CheckAsync(stream, request, step.Now).ConfigureAwait(false) is not { } device) return;
        LeafIndex? asking = stream.Devices.FirstOrDefault(d => d.Device == device.Device)?.Leaf;
        bool first = stream.Devices.First(d => d.Leaf != asking).Leaf == stream.Group!.OwnIndex;
        TimeSpan delay = first ? TimeSpan.Zero : TimeSpan.FromMilliseconds(core.Mls.Crypto.Between(2_000, 10_000));
        foreach ((ulong number, IntentRow known) in stream.Intents.ToArray())
            if (IsReturn(known) && Id.Read(known.KeyPackages[0].Device.Span) == device.Device) intents.Done(step, stream, number);
        IntentRow intent = new() { Kind = (uint)IntentKind.Return, NotBefore = step.NowMilliseconds + (ulong)delay.TotalMilliseconds };
        intent.KeyPackages.Add(new KeyPackageRow { Account = Step.Bytes(device.Account), Device = Step.Bytes(device.Device), KeyPackage = ByteString.CopyFrom(request.KeyPackage) });
        _ = intents.Ask(step, stream, intent);
        ConversationThread thread = step.Thread;
        step.Afterwards(() => engine.Later(thread, delay));
    }

    /// <summary>An epoch ended: who asked in it and was not let in asks again in the next.</summary>
    public void EpochEnded(Step step, GroupStream stream)
    {
        foreach ((ulong number, IntentRow intent) in stream.Intents.ToArray())
            if (IsReturn(intent)) intents.Done(step, stream, number);
    }

    /// <summary>Holds those who ask against the newest device lists: a removed device stays out.</summary>
    /// <exception cref="KavalekException">No connection.</exception>
    public async Task ConfirmAsync(ConversationThread thread, CancellationToken cancel)
    {
        List<(Id Stream, ulong Number, Id Account, byte[] Identity)> due = await engine.StepAsync(thread, step => Task.FromResult<List<(Id, ulong, Id, byte[])>>(
            [.. from stream in thread.Streams.Values
                from intent in stream.Intents
                where IsReturn(intent.Value) && !intent.Value.Confirmed && IsDue(intent.Value, step)
                let keyPackage = KeyPackage.Decode(intent.Value.KeyPackages[0].KeyPackage.Span)
                select (stream.Id, intent.Key, Id.Read(intent.Value.KeyPackages[0].Account.Span), keyPackage.Credential.Content)]), cancel).ConfigureAwait(false);
        foreach ((Id id, ulong number, Id account, byte[] identity) in due)
        {
            bool good = (await InForceAsync(account, cancel).ConfigureAwait(false)).Any(certificate => certificate.Encode().AsSpan().SequenceEqual(identity));
            await engine.StepAsync(thread, step =>
            {
                if (thread.Streams.GetValueOrDefault(id) is not { } stream || !stream.Intents.TryGetValue(number, out IntentRow? intent)) return Task.FromResult(false);
                if (!good)
                {
                    intents.Done(step, stream, number);
                    return Task.FromResult(true);
                }
                intent.Confirmed = true;
                step.Batch.Put(StoreKeys.Intent(id, number), intent.ToByteArray());
                step.Touch(stream);
                return Task.FromResult(true);
            }, cancel).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _asking.Dispose();

    /// <summary>Whether an intent is to let a device in again.</summary>
    public static bool IsReturn(IntentRow intent) => (IntentKind)intent.Kind == IntentKind.Return;

    /// <summary>Whether an intent may be done now.</summary>
    public static bool IsReady(IntentRow intent, Step step) => !IsReturn(intent) || (intent.Confirmed && IsDue(intent, step));

    static bool IsDue(IntentRow intent, Step step) => step.NowMilliseconds >= intent.NotBefore;

    bool IsOld(ReturnRow row) => core.Clock.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds((long)row.Asked) > AskAgain;

    // The key package is stored with its private part before anybody hears of it; one that nobody used serves in the next epoch, too.
    async Task<ReturnRow> MakeAsync(Id stream, ulong epoch, ReturnRow? before, CancellationToken cancel)
    {
        StoreBatch batch = new();
        byte[] keyPackage = before is not null && !IsOld(before) ? before.KeyPackage.ToByteArray() : await core.KeyPackages.SpareAsync(batch).ConfigureAwait(false);
        byte[] signature = await core.Mls.Crypto.SignAsync(SignatureAlgorithm.EcdsaP256Sha256, core.Identity.DeviceKey.PrivateKey,
            ReturnRequest.SignedBytes(core.Identity.Instance, stream, epoch, keyPackage)).ConfigureAwait(false);
        ReturnRow row = new()
        {
            Entry = Step.Bytes(core.Mls.Crypto.NewId()),
            KeyPackage = ByteString.CopyFrom(keyPackage),
            Epoch = epoch,
            Signature = ByteString.CopyFrom(signature),
            Asked = before is not null && !IsOld(before) ? before.Asked : (ulong)Math.Max(0, core.Clock.GetUtcNow().ToUnixTimeMilliseconds()),
        };
        await core.Store.ApplyAsync(batch.Put(StoreKeys.Return(stream), row.ToByteArray()), cancel).ConfigureAwait(false);
        return row;
    }

    static Wire.Append Entry(Id stream, ReturnRow row) => new()
    {
        Stream = Step.Bytes(stream),
        Id = row.Entry,
        Kind = Wire.Kind.Proposal,
        Epoch = row.Epoch,
        Payload = ByteString.CopyFrom(new ReturnRequest(row.KeyPackage.ToByteArray(), row.Epoch, row.Signature.ToByteArray()).Encode()),
    };

    // The device that asks, if it may: of an account in the group, under the same key; in its place nobody but itself comes.
    async Task<MemberDevice?> CheckAsync(GroupStream stream, ReturnRequest request, DateTimeOffset now)
    {
        try
        {
            KeyPackage keyPackage = KeyPackage.Decode(request.KeyPackage);
            if (keyPackage.Suite != ConversationSuite.Suite || keyPackage.IsLastResort) return null;
            MemberDevice device = MemberDevice.Of(keyPackage);
            if (device.Device == core.Identity.Device || !stream.Devices.Any(d => d.SameAccount(device))) return null;
            if (stream.Devices.Any(d => d.Device == device.Device && !device.Replaces(d))) return null;
            await keyPackage.ValidateAsync(core.Mls, now).ConfigureAwait(false);
            byte[] said = ReturnRequest.SignedBytes(core.Identity.Instance, stream.Id, request.Epoch, request.KeyPackage);
            return await core.Mls.Crypto.VerifyAsync(SignatureAlgorithm.EcdsaP256Sha256, keyPackage.SignatureKey, said, request.Signature).ConfigureAwait(false) ? device : null;
        }
        catch (Exception e) when (e is MlsException or FormatException)
        {
            return null;
        }
    }

    async Task<IReadOnlyList<DeviceCertificate>> InForceAsync(Id account, CancellationToken cancel)
    {
        if (account == core.Identity.Account)
        {
            await core.Devices.RefreshAsync(cancel).ConfigureAwait(false);
            return core.Devices.Known.Certificates;
        }
        try
        {
            return (await core.People.RefreshAsync(account, cancel).ConfigureAwait(false)).Certificates;
        }
        catch (KavalekException e) when (e.Code is ClientErrors.KeyChanged or ClientErrors.DeviceListRefused or ErrorCodes.NotFound)
        {
            return [];
        }
    }
}
