using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>A Welcome that was opened and found good, not kept yet.</summary>
/// <param name="Joined">The group.</param>
/// <param name="Extension">What its members agree on.</param>
/// <param name="Members">Its members, this device included.</param>
/// <param name="Inviter">Who added this device.</param>
sealed record OpenedWelcome(JoinedGroup Joined, ConversationExtension Extension, IReadOnlyList<MemberDevice> Members, MemberDevice Inviter);

/// <summary>Opens Welcomes: only what passes every check leaves anything behind (docs/PROTOCOL.md §6.1, §7).</summary>
sealed class Welcomes(ClientCore core, Renewal renewal)
{
    /// <summary>Opens a Welcome; <c>null</c> where it breaks a rule, or cannot be opened: with a key package that is not here any more, or none for this device.</summary>
    public async Task<(OpenedWelcome? Opened, bool Unreadable)> OpenAsync(Id stream, byte[] welcome)
    {
        JoinedGroup joined;
        try
        {
            joined = await MlsGroup.JoinAsync(core.Mls, welcome, core.KeyPackages.FindAsync).ConfigureAwait(false);
        }
        catch (MlsException)
        {
            return (null, true);
        }
        try
        {
            ConversationExtension extension = CommitPolicy.Read(joined.Group.Extensions);
            MemberDevice[] members = [.. joined.Group.Members.Select(MemberDevice.Of)];
            MemberDevice own = MemberDevice.Of(joined.Group.Own), inviter = MemberDevice.Of(joined.Inviter);
            int accounts = members.Select(d => d.Account).Distinct().Count();
            bool good = joined.Group.GroupId.AsSpan().SequenceEqual(stream.ToArray())
                && own.Account == core.Identity.Account && own.Device == core.Identity.Device
                && CommitPolicy.Standing(extension, members) is null
                && (extension.Kind == ConversationKind.Group || accounts == 2);
            if (good) return (new OpenedWelcome(joined, extension, members, inviter), false);
        }
        catch (FormatException)
        {
            // Not a conversation of this protocol.
        }
        joined.Group.Dispose();
        return (null, false);
    }

    /// <summary>
    /// Whether this device came into the group by a Welcome to this very epoch before. A key package of last resort stays, and who repeats
    /// its Welcome would take the device back to an old epoch, to old members and to keys that were used.
    /// </summary>
    public static bool IsRepeated(GroupStream known, OpenedWelcome opened) => known.Row.Joined.Contains(EpochOf(opened));

    /// <summary>Makes the opened group a stream of the conversation.</summary>
    /// <param name="step">The step.</param>
    /// <param name="id">The stream.</param>
    /// <param name="seq">Where the commit stands in it.</param>
    /// <param name="opened">What was opened.</param>
    /// <param name="returned">This device was in it before, and nobody took its account out: that needs no line.</param>
    public async Task KeepAsync(Step step, Id id, ulong seq, OpenedWelcome opened, bool returned)
    {
        ConversationThread thread = step.Thread;
        ulong nextIntent = 0;
        List<ByteString> joined = opened.Joined.LastResort ? [EpochOf(opened)] : [];
        if (thread.Streams.Remove(id, out GroupStream? old))
        {
            nextIntent = old.Row.NextIntent;
            joined.AddRange(old.Row.Joined);
            old.End(StreamState.Ended, step.Batch);
            step.Batch.DeletePrefix(StoreKeys.Intents(id));
        }
        step.Batch.Delete(StoreKeys.Return(id));
        GroupStream stream = new(id, new StreamRow
        {
            Conversation = Step.Bytes(thread.Id),
            State = (uint)StreamState.Live,
            NextSeq = seq + 1,
            // Corrected by the first entry, or by the server's answer to the first append.
            Epoch = opened.Joined.Group.Epoch,
            Created = opened.Extension.Created,
            ProfileDue = true,
            NextIntent = nextIntent,
            Joined = { joined },
            JoinedAt = opened.Joined.Group.Epoch,
        });
        stream.Advance(opened.Joined.Group);
        thread.Streams.Add(id, stream);
        renewal.Joined(step, stream);
        step.Touch(stream);
        if (!opened.Joined.LastResort) KeyPackageStock.Spend(step.Batch, opened.Joined.KeyPackageRef);

        step.Place = (id, seq);
        thread.ChooseLive();
        if (thread.Newest == stream) thread.Row.Title = opened.Extension.Title;
        HashSet<Id> met = Chronicle.Known(step);
        foreach (MemberDevice member in opened.Members)
        {
            await Chronicle.MeetAsync(step, stream, member).ConfigureAwait(false);
            // Nothing is said in epoch 0, where its creator is alone: what the first content leaves out was withheld.
            if (opened.Joined.Group.Epoch == 1) Chronicle.SetNumber(step, stream, member.Device, 0);
        }
        await SayHowJoinedAsync(step, stream, opened, returned, met).ConfigureAwait(false);
        if (thread.Live == stream) Chronicle.EndForgotten(step);
    }

    async Task SayHowJoinedAsync(Step step, GroupStream stream, OpenedWelcome opened, bool returned, HashSet<Id> known)
    {
        ConversationThread thread = step.Thread;
        Id me = core.Identity.Account;
        if (returned) return; // one line said that something is missing; that all is well again needs none
        Id by = opened.Inviter.Account;
        if (thread.Kind == ConversationKind.Group && thread.Streams.Count > 1 && opened.Extension.Continues == thread.Id) await Chronicle.SayAfreshAsync(step, stream, by, known).ConfigureAwait(false);
        else if (thread.Kind == ConversationKind.Direct && (by != me || thread.Streams.Count > 1)) return; // a request says so itself, and another group of the pair is the same conversation
        else if (by == me && opened.Joined.Group.Epoch == 1) await step.SayAsync(SystemKind.Created, me, opened.Members.Select(d => d.Account).Distinct().Where(account => account != me)).ConfigureAwait(false);
        // Where the account was in it before, the archive tells how it came in.
        else await step.SayAsync(by == me || thread.Row.NextPosition != 0 ? SystemKind.DeviceAdded : SystemKind.Joined, by, [me]).ConfigureAwait(false);
    }

    static ByteString EpochOf(OpenedWelcome opened) => ByteString.CopyFrom(SHA256.HashData(opened.Joined.Group.EpochAuthenticator));

    /// <summary>A new conversation for an opened group.</summary>
    public ConversationThread Begin(ConversationEngine engine, Id id, OpenedWelcome opened)
    {
        Id me = core.Identity.Account;
        ConversationRow row = new() { Kind = (uint)opened.Extension.Kind, Inviter = opened.Inviter.Account == me ? ByteString.Empty : Step.Bytes(opened.Inviter.Account) };
        if (opened.Extension.Kind == ConversationKind.Direct) row.Peer = Step.Bytes(Peer(opened));
        return new ConversationThread(engine, id, row);
    }

    /// <summary>The id of the conversation of a direct group.</summary>
    public Id PairOf(OpenedWelcome opened) => ConversationThread.PairId(core.Identity.Instance, core.Identity.Account, Peer(opened));

    /// <summary>An id for a group whose own is taken by a conversation that it does not carry on.</summary>
    public static Id OtherId(Id stream) => Id.Read(SHA256.HashData([.. "kavalek/v1/other"u8, .. stream.ToArray()]).AsSpan(0, Limits.IdLength));

    Id Peer(OpenedWelcome opened) => opened.Members.First(d => d.Account != core.Identity.Account).Account;
}
