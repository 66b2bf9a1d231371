using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What a new epoch means for the conversation: lines that say who came and went, and the books that follow from it.</summary>
static class Chronicle
{
    /// <summary>Everything that follows from an accepted commit. The stream has advanced to the new epoch already.</summary>
    public static async Task EpochBeganAsync(Step step, GroupStream stream, CommitFacts facts)
    {
        ConversationThread thread = step.Thread;
        Unseal(step, stream);
        stream.Proposals = null;
        step.Batch.Delete(StoreKeys.Proposals(stream.Id));
        stream.CommitProposalsAt = null;
        step.Touch(stream);

        foreach (RemovedDevice removed in facts.Removed)
        {
            stream.Numbers.Remove(removed.Device.Device);
            InStep.Clear(step, stream, removed.Device.Device);
            step.Batch.Delete(StoreKeys.Device(stream.Id, removed.Device.Device));
        }
        // Behind the removals: a device that comes back counts anew.
        foreach (MemberDevice device in facts.Added)
        {
            stream.HeardAt[device.Device] = stream.Row.Epoch;
            SetNumber(step, stream, device.Device, 0);
            if (facts.Removed.Any(removed => removed.Device.Device == device.Device)) stream.Seat(device.Device, step.NowMilliseconds);
        }
        // What goes on in a group that was started afresh concerns nobody here any more.
        if (InStep.IsSuperseded(thread, stream)) return;
        HashSet<Id> known = Known(step);
        foreach (MemberDevice device in facts.Added.Concat(facts.Renewed.Select(r => r.After))) await MeetAsync(step, stream, device).ConfigureAwait(false);
        await SayMembersAsync(step, stream, facts, known).ConfigureAwait(false);
        if (facts.Epoch == 0) EndForgotten(step);
        await SayAgreementAsync(step, facts).ConfigureAwait(false);
        AcceptForNewDevices(step, facts);
        if (stream.Extension is { } extension && thread.Newest == stream) thread.Row.Title = extension.Title;
        step.Publish(new ConversationChanged(thread.Face));
    }

    /// <summary>Groups that the server had forgotten are over once another one carries the conversation on.</summary>
    public static void EndForgotten(Step step)
    {
        foreach (GroupStream old in step.Thread.Streams.Values.Where(s => s.State == StreamState.Forgotten).ToArray())
        {
            old.End(StreamState.Ended, step.Batch);
            step.Touch(old);
        }
    }

    /// <summary>Says, to the others and to the account's own devices, that the conversation is wanted.</summary>
    public static void Accept(Step step)
    {
        Content content = step.NewContent();
        content.Accepted = new();
        step.Queue(content);
    }

    // A device that somebody else let in cannot know that its account has accepted long ago.
    static void AcceptForNewDevices(Step step, CommitFacts facts)
    {
        Id me = step.Core.Identity.Account;
        if (step.Thread.State == ConversationState.Active && facts.Committer.Account != me
            && facts.Added.Any(d => d.Account == me) && facts.Before.Any(d => d.Account == me)) Accept(step);
    }

    /// <summary>Notes the key a member is known under here; a changed one is said, and holds back what was written before.</summary>
    public static async Task MeetAsync(Step step, GroupStream stream, MemberDevice device)
    {
        if (device.Account == step.Core.Identity.Account) return;
        if (stream.Group?.Find(device.Leaf) is { } member && CertificateAuthentication.Read(member.Credential) is { } certificate)
            await step.Core.People.ObserveAsync(certificate, borneOut: false, default).ConfigureAwait(false);
        byte[] hash = SHA256.HashData(device.AccountKey);
        AccountRow row = step.Account(device.Account);
        if (row.KeyHash.IsEmpty)
        {
            // Nothing that was said before they came counts as not delivered to them.
            row.Delivered = row.Read = step.Thread.Row.NextPosition;
        }
        if (row.KeyHash.IsEmpty ? step.Core.People.IsDoubtful(device.Account, device.AccountKey) : !row.KeyHash.Span.SequenceEqual(hash))
        {
            step.Thread.Row.KeyChanges++;
            await step.SayAsync(SystemKind.KeyChanged, null, [device.Account]).ConfigureAwait(false);
        }
        row.KeyHash = ByteString.CopyFrom(hash);
    }

    /// <summary>The number of the newest content of a device, how many of its contents had a life, and what is missing of them.</summary>
    public static void SetNumber(Step step, GroupStream stream, Id device, ulong number, ulong timed = 0, IEnumerable<GapRow>? gaps = null) =>
        Keep(step, stream, device, new DeviceRow { Number = number, Timed = timed, Heard = step.NowMilliseconds, InStep = stream.HeardAt.GetValueOrDefault(device), Gaps = { gaps ?? [] } });

    /// <summary>What was counted of a device's contents changed.</summary>
    public static void Keep(Step step, GroupStream stream, Id device, DeviceRow row)
    {
        stream.Numbers[device] = row;
        step.Batch.Put(StoreKeys.Device(stream.Id, device), row.ToByteArray());
    }

    /// <summary>What was encrypted in the old epoch and is not in the stream by now can never be: it is encrypted anew.</summary>
    /// <param name="step">The step.</param>
    /// <param name="stream">The group.</param>
    /// <param name="anew">Under another id, too: where the first one may be in the stream, unseen.</param>
    public static void Unseal(Step step, GroupStream stream, bool anew = false)
    {
        foreach ((ulong number, OutboxRow row) in step.Thread.Outbox)
        {
            if (row.Sealed is null || !row.Sealed.Stream.Span.SequenceEqual(stream.Id.ToArray())) continue;
            row.Sealed = null;
            step.Thread.OnServer.Remove(Id.Read(row.Entry.Span));
            if (anew) row.Entry = Step.Bytes(step.Core.Mls.Crypto.NewId());
            step.Keep(number, row);
        }
    }

    static async Task SayMembersAsync(Step step, GroupStream stream, CommitFacts facts, HashSet<Id> known)
    {
        HashSet<Id> before = [.. facts.Before.Select(d => d.Account)], after = [.. facts.After.Select(d => d.Account)];
        Id committer = facts.Committer.Account;
        Id[] joined = [.. after.Except(before)];
        NoteGone(step, before.Except(after));
        NoteBack(step, joined);
        if (facts.Epoch == 0)
        {
            // Another group of a pair is the same conversation.
            if (step.Thread is { Kind: ConversationKind.Direct, Streams.Count: > 1 }) return;
            if (stream.Extension!.Continues is null) await step.SayAsync(SystemKind.Created, committer, joined).ConfigureAwait(false);
            else await SayAfreshAsync(step, stream, committer, known).ConfigureAwait(false);
            return;
        }
        if (joined.Length > 0) await step.SayAsync(SystemKind.Joined, committer, joined).ConfigureAwait(false);
        foreach (Id gone in before.Except(after))
        {
            bool left = facts.Removed.Any(removed => removed.Device.Account == gone && removed.Proposer == gone);
            await step.SayAsync(left ? SystemKind.Left : SystemKind.Removed, left ? gone : committer, [gone]).ConfigureAwait(false);
        }
        foreach (Id account in facts.Added.Where(d => !facts.Removed.Any(r => facts.Returns(r.Device) && d.Device == r.Device.Device)).Select(d => d.Account).Distinct().Where(before.Contains))
            await step.SayAsync(SystemKind.DeviceAdded, committer, [account]).ConfigureAwait(false);
        if (facts.GoesOver == step.Core.Identity.Account) await step.SayAsync(SystemKind.KeyChanged, step.Core.Identity.Account, [step.Core.Identity.Account]).ConfigureAwait(false);
        foreach (Id account in facts.Removed.Where(r => !facts.Returns(r.Device)).Select(r => r.Device.Account).Distinct().Where(account => after.Contains(account) && account != facts.GoesOver))
            await step.SayAsync(SystemKind.DeviceRemoved, committer, [account]).ConfigureAwait(false);
    }

    /// <summary>
    /// The conversation goes on in another group: who was in the one before and is not in this one was left out; who comes in with it is said, and gets nothing of what was
    /// written for those who were there.
    /// </summary>
    /// <param name="step">The step.</param>
    /// <param name="stream">The group.</param>
    /// <param name="by">Who began it.</param>
    /// <param name="known">Whom this device knew in the conversation before; empty where it knows nothing of that.</param>
    public static async Task SayAfreshAsync(Step step, GroupStream stream, Id by, IReadOnlySet<Id> known)
    {
        GroupStream? before = step.Thread.Streams.Values.Where(s => s != stream && s.Group is not null).MaxBy(s => s.Row.Created);
        HashSet<Id> now = [.. stream.Devices.Select(d => d.Account)], then = [.. before?.Devices.Select(d => d.Account) ?? []];
        Id[] leftOut = [.. then.Except(now)], added = known.Count == 0 && then.Count == 0 ? [] : [.. now.Except(then).Except(known).Where(account => account != step.Core.Identity.Account)];
        await step.SayAsync(SystemKind.StartedAfresh, by, leftOut).ConfigureAwait(false);
        NoteGone(step, leftOut);
        if (added.Length > 0) await step.SayAsync(SystemKind.Joined, by, added).ConfigureAwait(false);
        // Whoever waited for a removal wrote for those who would stay.
        bool isBack = before?.Intents.Values.Any(intent => (IntentKind)intent.Kind == IntentKind.RemoveAccount && now.Contains(Id.Read(intent.Account.Span))) == true;
        if (added.Length > 0 || isBack) step.Thread.Row.KeyChanges++;
    }

    /// <summary>Whom this device knows in the conversation, beside the own account: met there, and not gone.</summary>
    public static HashSet<Id> Known(Step step) => [.. step.Thread.Accounts.Where(entry => !entry.Value.KeyHash.IsEmpty && !entry.Value.Gone).Select(entry => entry.Key)];

    /// <summary>These left, were removed or left out: no group that somebody begins afresh brings them back (docs/PROTOCOL.md §7.11).</summary>
    public static void NoteGone(Step step, IEnumerable<Id> accounts)
    {
        if (step.Thread.Kind != ConversationKind.Group) return;
        foreach (Id account in accounts)
            if (account != step.Core.Identity.Account) step.Account(account).Gone = true;
    }

    // A commit brought them in, in the epoch that this device was in: who made it had the right to, and knew who was there.
    static void NoteBack(Step step, IEnumerable<Id> accounts)
    {
        foreach (Id account in accounts)
            if (step.Thread.Accounts.GetValueOrDefault(account) is { Gone: true }) step.Account(account).Gone = false;
    }

    static async Task SayAgreementAsync(Step step, CommitFacts facts)
    {
        ConversationExtension before = CommitPolicy.Read(facts.ExtensionsBefore), after = CommitPolicy.Read(facts.ExtensionsAfter);
        if (before.Title != after.Title) await step.SayAsync(SystemKind.Renamed, facts.Committer.Account, [], after.Title).ConfigureAwait(false);
        if (before.Timer != after.Timer) await step.SayAsync(SystemKind.TimerChanged, facts.Committer.Account, [], after.Timer.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
        HashSet<Id> staying = [.. facts.After.Select(d => d.Account)];
        foreach (Id account in before.Roles.Keys.Union(after.Roles.Keys).Where(staying.Contains))
            if (before.RoleOf(account) != after.RoleOf(account))
                await step.SayAsync(SystemKind.RoleChanged, facts.Committer.Account, [account], after.RoleOf(account).ToString()).ConfigureAwait(false);
    }
}
