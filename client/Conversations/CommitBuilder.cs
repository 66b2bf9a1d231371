using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Makes the next own commit of a group from what was asked for and what others proposed (docs/PROTOCOL.md §8).</summary>
sealed class CommitBuilder(Intents intents)
{
    /// <summary>
    /// Builds a commit and puts it into the step, or gives <c>false</c> where none is needed. What is done already, or not allowed any more,
    /// is dropped on the way with its reason.
    /// </summary>
    /// <param name="step">The step.</param>
    /// <param name="stream">The group; it has no pending commit.</param>
    /// <param name="always">Commit even where nothing was asked for: proposals, or fresh keys.</param>
    public async Task<bool> BuildAsync(Step step, GroupStream stream, bool always)
    {
        while (stream.Intents.Any(asked => Returns.IsReady(asked.Value, step)))
        {
            (ulong number, IntentRow intent) = stream.Intents.First(asked => Returns.IsReady(asked.Value, step));
            object decision = Decide(step, stream, intent, out ConversationExtension? agreed);
            if (decision is CommitRequest request)
            {
                if (await CommitAsync(step, stream, request, agreed, [number]).ConfigureAwait(false) is not { } failure) return true;
                intents.Fail(step, stream, number, failure);
            }
            else if (decision is KavalekException why) intents.Fail(step, stream, number, why);
            else await intents.DoneAsync(step, stream, number).ConfigureAwait(false);
        }
        if (!always) return false;
        return await CommitAsync(step, stream, new CommitRequest { ForcePath = true }, null, []).ConfigureAwait(false) is null;
    }

    // A request to commit, an exception where it may not be, or Done where it is done.
    static object Decide(Step step, GroupStream stream, IntentRow intent, out ConversationExtension? agreed)
    {
        agreed = null;
        IReadOnlyList<MemberDevice> devices = stream.Devices;
        ConversationExtension extension = stream.Extension!;
        switch ((IntentKind)intent.Kind)
        {
            case IntentKind.AddAccounts or IntentKind.AddDevices:
                {
                    List<KeyPackage> add = [];
                    foreach (KeyPackageRow row in intent.KeyPackages)
                    {
                        Id account = Id.Read(row.Account.Span), device = Id.Read(row.Device.Span);
                        if (devices.Any(d => d.Account == account && d.Device == device)) continue;
                        if ((IntentKind)intent.Kind == IntentKind.AddDevices && devices.All(d => d.Account != account)) continue;
                        add.Add(KeyPackage.Decode(row.KeyPackage.Span));
                    }
                    return add.Count == 0 ? Done : new CommitRequest { Add = add };
                }
            case IntentKind.Return:
                {
                    KeyPackage again = KeyPackage.Decode(intent.KeyPackages[0].KeyPackage.Span);
                    MemberDevice device = MemberDevice.Of(again);
                    LeafIndex[] place = [.. devices.Where(d => d.Device == device.Device).Select(d => d.Leaf)];
                    // Who leaves is not brought back.
                    if (!devices.Any(d => d.SameAccount(device)) || place.Any(stream.ProposedRemovals.Contains)) return Done;
                    return new CommitRequest { Add = [again], Remove = place };
                }
            case IntentKind.Seat:
                {
                    List<KeyPackage> again = [];
                    List<LeafIndex> places = [];
                    foreach (KeyPackageRow row in intent.KeyPackages)
                    {
                        Id device = Id.Read(row.Device.Span);
                        if (stream.SeatedAt(device) >= intent.Asked || devices.FirstOrDefault(d => d.Device == device) is not { } seat || stream.ProposedRemovals.Contains(seat.Leaf)) continue;
                        again.Add(KeyPackage.Decode(row.KeyPackage.Span));
                        places.Add(seat.Leaf);
                    }
                    return again.Count == 0 ? Done : new CommitRequest { Add = again, Remove = places };
                }
            case IntentKind.RemoveAccount:
                {
                    Id account = Id.Read(intent.Account.Span);
                    LeafIndex[] leaves = [.. devices.Where(d => d.Account == account).Select(d => d.Leaf)];
                    return leaves.Length == 0 ? Done : new CommitRequest { Remove = leaves };
                }
            case IntentKind.RemoveDevices:
                {
                    HashSet<Id> gone = [.. intent.Devices.Select(d => Id.Read(d.Span))];
                    Id account = Id.Read(intent.Account.Span);
                    LeafIndex[] leaves = [.. devices.Where(d => d.Account == account && gone.Contains(d.Device)).Select(d => d.Leaf)];
                    return leaves.Length == 0 ? Done : new CommitRequest { Remove = leaves };
                }
            case IntentKind.Rename:
                if (extension.Title == intent.Title) return Done;
                agreed = extension.WithTitle(intent.Title);
                return new CommitRequest();
            case IntentKind.SetRole:
                {
                    Id account = Id.Read(intent.Account.Span);
                    if (devices.All(d => d.Account != account)) return new KavalekException(ErrorCodes.NotFound, "That person is not in the group any more. Nothing changed.");
                    if (extension.RoleOf(account) == (Role)intent.Role) return Done;
                    agreed = extension.WithRole(account, (Role)intent.Role);
                    return new CommitRequest();
                }
            case IntentKind.SetTimer:
                if (extension.Timer == intent.Timer) return Done;
                agreed = extension with { Timer = intent.Timer };
                return new CommitRequest();
            case IntentKind.GoOver:
                {
                    OwnIdentity own = step.Core.Identity;
                    MemberDevice me = devices.First(d => d.Leaf == stream.Group!.OwnIndex);
                    if (me.AccountKey.AsSpan().SequenceEqual(own.PublicAccountKey)) return Done;
                    // The others come in again by what the new key certifies: an account is in a group under one key.
                    return new CommitRequest
                    {
                        OwnLeaf = new LeafChange { Credential = own.Credential },
                        Remove = [.. devices.Where(d => d.Account == me.Account && d.Leaf != me.Leaf).Select(d => d.Leaf)],
                    };
                }
            case IntentKind.Renew:
                return stream.Row.Renewed >= intent.Asked ? Done : new CommitRequest { ForcePath = true };
            default:
                return Done;
        }
    }

    static readonly object Done = new();

    // Null where the commit is in the step; else why it cannot be.
    static async Task<KavalekException?> CommitAsync(
        Step step, GroupStream stream, CommitRequest request, ConversationExtension? agreed, IReadOnlyList<ulong> done)
    {
        MlsGroup group = stream.Group!;
        ConversationExtension extension = WithoutWhoGoes(stream, request, agreed ?? stream.Extension!);
        if (!extension.Encode().AsSpan().SequenceEqual(stream.Extension!.Encode())) request = request with { Extensions = CommitPolicy.Write(extension) };

        PendingCommit pending;
        MlsGroup next;
        try
        {
            (pending, next) = await group.CommitAsync(request, step.Now).ConfigureAwait(false);
        }
        catch (MlsException e)
        {
            return new KavalekException(ErrorCodes.Invalid, "The change could not be made: a device could not be added. Try again.", nothingChanged: true, e);
        }
        CommitFacts facts = CommitFacts.Of(group, pending.Effects);
        if (CommitPolicy.Breach(facts) is { } breach)
        {
            pending.Dispose();
            next.DisposeExcept(group);
            return new KavalekException(ClientErrors.NotAllowed, $"Your role in this conversation does not allow that ({breach}). Nothing changed.");
        }
        PendingRow row = new() { Entry = Step.Bytes(step.Core.Mls.Crypto.NewId()), Commit = ByteString.CopyFrom(pending.Encode()) };
        row.Add.AddRange(facts.Added.Select(d => Step.Bytes(d.Device)));
        row.Remove.AddRange(facts.Removed.Select(r => Step.Bytes(r.Device.Device)));
        row.Intents.AddRange(done);
        stream.Advance(next);
        stream.SetPending(pending, row, step.Batch);
        step.Touch(stream);
        return null;
    }

    static ConversationExtension WithoutWhoGoes(GroupStream stream, CommitRequest request, ConversationExtension extension)
    {
        HashSet<LeafIndex> gone = [.. stream.ProposedRemovals, .. request.Remove];
        HashSet<Id> staying = [.. stream.Devices.Where(d => !gone.Contains(d.Leaf)).Select(d => d.Account), .. request.Add.Select(keyPackage => MemberDevice.Of(keyPackage).Account)];
        return extension.Without(extension.Roles.Keys.Where(account => !staying.Contains(account)));
    }
}
