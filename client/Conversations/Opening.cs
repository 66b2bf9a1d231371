using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Opens new groups: everything is stored before the server hears of it, so that an opening that was cut off is completed later.</summary>
sealed class Opening(ClientCore core, Intents intents, Renewal renewal)
{
    /// <summary>Claims key packages of all devices of these accounts.</summary>
    /// <exception cref="KavalekException">Somebody has no usable device, changed key, or the server refuses.</exception>
    public async Task<IReadOnlyList<KeyPackageRow>> ClaimAsync(IEnumerable<Id> accounts, CancellationToken cancel)
    {
        List<KeyPackageRow> rows = [];
        foreach (Id account in accounts)
        {
            IReadOnlyList<ClaimedDevice> devices = await core.People.ClaimAsync(account, cancel).ConfigureAwait(false);
            if (devices.Count == 0 && account != core.Identity.Account)
                throw new KavalekException(ErrorCodes.NotFound, $"{core.People.Find(account)?.Name ?? "This person"} has no device that can be reached yet. Nothing changed; try again later.");
            rows.AddRange(devices.Where(d => d.Certificate.Content.Device != core.Identity.Device).Select(d => new KeyPackageRow
            {
                Account = Step.Bytes(account),
                Device = Step.Bytes(d.Certificate.Content.Device),
                KeyPackage = ByteString.CopyFrom(d.KeyPackage.Encode()),
            }));
        }
        return rows;
    }

    /// <summary>Makes a group of this device alone and asks to add the others. The task completes when they are in.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.NotAllowed"/> by the instance's policy.</exception>
    public async Task<Task> BeginAsync(Step step, Id id, ConversationExtension extension, IReadOnlyList<KeyPackageRow> others)
    {
        core.Policy.RequireSuite(ConversationSuite.Suite);
        KeyPackageRequest request = new()
        {
            Suite = ConversationSuite.Suite,
            Credential = core.Identity.Credential,
            SignatureKey = core.Identity.DeviceKey,
            Lifetime = Lifetime.Starting(step.Now, TimeSpan.FromDays(90)),
            Capabilities = ConversationSuite.Capabilities,
        };
        using KeyPackageBundle own = await KeyPackageBundle.CreateAsync(core.Mls, request).ConfigureAwait(false);
        MlsGroup group = await MlsGroup.CreateAsync(core.Mls, id.ToArray(), own, CommitPolicy.Write(extension)).ConfigureAwait(false);
        ConversationThread thread = step.Thread;
        GroupStream stream = new(id, new StreamRow
        {
            Conversation = Step.Bytes(thread.Id),
            State = (uint)StreamState.Creating,
            NextSeq = 1,
            EpochKnown = true,
            Created = extension.Created,
            ProfileDue = true,
        });
        stream.Advance(group);
        thread.Streams.Add(id, stream);
        thread.Row.Live = Step.Bytes(id);
        thread.Row.Title = extension.Title;
        thread.Row.Inviter = ByteString.Empty;
        thread.State = ConversationState.Active;
        thread.Row.Activity = step.NowMilliseconds;
        renewal.Joined(step, stream);
        IntentRow intent = new() { Kind = (uint)IntentKind.AddAccounts };
        intent.KeyPackages.AddRange(others);
        return intents.Ask(step, stream, intent);
    }
}
