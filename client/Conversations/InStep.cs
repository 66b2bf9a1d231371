using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>
/// Whether all members are in the same epoch of the same history (docs/PROTOCOL.md §7.10). What cannot be read may be anybody's rubbish and stops
/// nothing; it makes members say, signed, where they stand. Only the signed word of a member who stands elsewhere stops sending.
/// </summary>
sealed class InStep(ClientCore core)
{
    /// <summary>Notes the standing that a new epoch of the group or the stream brought.</summary>
    public static void Note(Step step, GroupStream stream, Id? begun = null)
    {
        if (stream.Group is null) return;
        Id by = begun ?? (stream.Lineage.Newest is { } newest && newest.Epoch == stream.Group.Epoch ? newest.Begun : default);
        if (stream.Lineage.Newest is { } last && last.StreamEpoch == stream.Row.Epoch && last.Epoch == stream.Group.Epoch && begun is null) return;
        if (stream.Lineage.Note(Standing.Of(stream.Group, stream.Row.Epoch, by))) step.Batch.Put(StoreKeys.Lineage(stream.Id), stream.Lineage.Row.ToByteArray());
    }

    /// <summary>Something could not be read: say where this device stands, once in an epoch of the stream.</summary>
    public static void Suspect(Step step, GroupStream stream)
    {
        if (stream.Row.ClaimDue || IsClaimed(stream) || IsSuperseded(step.Thread, stream)) return;
        stream.Row.ClaimDue = true;
        step.Touch(stream);
    }

    /// <summary>A device was heard in this very epoch.</summary>
    public static void Heard(Step step, GroupStream stream, Id device)
    {
        stream.HeardAt[device] = stream.Row.Epoch;
        Clear(step, stream, device);
    }

    /// <summary>The claim to send.</summary>
    public async Task<byte[]> ClaimAsync(Step step, GroupStream stream)
    {
        Note(step, stream);
        byte[] claim = await EpochClaim.SignAsync(
            core.Mls.Crypto, core.Identity, stream.Id, stream.Lineage.Newest!, stream.Row.AnswerTo.IsEmpty ? null : stream.Row.AnswerTo.ToByteArray(),
            forgotten: IsRewound(step, stream)).ConfigureAwait(false);
        ClaimsHere(stream).Add(HashOf(claim));
        return claim;
    }

    /// <summary>The own claim is in the stream, or will never be.</summary>
    public static void Claimed(Step step, GroupStream stream, ulong streamEpoch)
    {
        (stream.Row.ClaimDue, stream.Row.Claimed) = (false, streamEpoch + 1);
        if (!stream.Row.AnswerTo.IsEmpty) (stream.Row.AnswerTo, stream.Row.Answered) = (ByteString.Empty, streamEpoch + 1);
        step.Touch(stream);
    }

    /// <summary>Another device says where it stands; true where this one has to find its way back to it.</summary>
    public async Task<bool> ReceiveAsync(Step step, GroupStream stream, Wire.Entry entry)
    {
        if (IsSuperseded(step.Thread, stream) || EpochClaim.Read(entry.Payload.Span) is not { } claim) return false;
        if (claim.Stream != stream.Id || claim.Instance != core.Identity.Instance || claim.Device == core.Identity.Device) return false;
        if (stream.Devices.FirstOrDefault(d => d.Device == claim.Device) is not { } device || stream.Group!.Find(device.Leaf) is not { } member) return false;
        if (!await claim.VerifyAsync(core.Mls.Crypto, member.SignatureKey).ConfigureAwait(false)) return false;
        Note(step, stream);
        ulong there = claim.Standing.StreamEpoch, here = stream.Row.Epoch;
        if ((claim.Forgotten || IsRewound(step, stream)) && !Standing.Of(stream.Group!, here, default).IsSame(claim.Standing))
        {
            // Nobody took a wrong turn: the server forgot. Those who had seen less follow those who had seen more.
            if (IsAhead(claim.Standing, stream)) return true;
            Suspect(step, stream);
            return false;
        }
        // Held against where this device stood in the very epoch of the stream that the other one names.
        Standing? own = stream.Lineage.At(there);
        bool same = own?.IsSame(claim.Standing) == true;
        if (same && there == here)
        {
            ClaimsHere(stream).Add(HashOf(entry.Payload.Span));
            Heard(step, stream, claim.Device);
            // Whoever stands elsewhere hears it from that one.
            if (stream.Row is { ClaimDue: true, AnswerTo.IsEmpty: true }) Claimed(step, stream, here);
            return false;
        }
        // An old one that somebody repeats, or of a device that was left behind: if it answers what was said in this epoch, it is no old one.
        bool behind = same && ClaimsHere(stream).Contains(Convert.ToHexString(claim.Answers));
        bool elsewhere = own is null ? there > here : !same;
        if (!behind && !elsewhere)
        {
            if (same) Suspect(step, stream);
            return false;
        }
        if (await HeardAtAsync(stream, claim.Device).ConfigureAwait(false) > there) return false;
        if (stream.Row.Answered != here + 1)
        {
            stream.Row.ClaimDue = true;
            stream.Row.AnswerTo = ByteString.CopyFrom(Convert.FromHexString(HashOf(entry.Payload.Span)));
        }
        ByteString name = Step.Bytes(claim.Device);
        step.Touch(stream);
        if (stream.Row.Apart.Contains(name) || stream.Row.Dismissed.Contains(name)) return false;
        stream.Row.Apart.Add(name);
        step.Say(SystemKind.Apart, PartedBy(stream, own ?? stream.Lineage.Newest!, claim.Standing), [device.Account]);
        step.Publish(new ConversationChanged(step.Thread.Face));
        return false;
    }

    /// <summary>Whether the server went back lately, so that members can stand apart without anybody's doing.</summary>
    public static bool IsRewound(Step step, GroupStream stream) =>
        stream.Row.Rewound != 0 && step.NowMilliseconds - stream.Row.Rewound < Limits.RetentionSeconds * 1000UL;

    // In one order for all, so that they meet.
    static bool IsAhead(Standing other, GroupStream stream)
    {
        Standing own = Standing.Of(stream.Group!, 0, default);
        return other.Epoch != own.Epoch ? other.Epoch > own.Epoch : other.State.AsSpan().SequenceCompareTo(own.State) > 0;
    }

    static string HashOf(ReadOnlySpan<byte> claim) => Convert.ToHexString(SHA256.HashData(claim));

    static HashSet<string> ClaimsHere(GroupStream stream)
    {
        if (stream.Claims.StreamEpoch != stream.Row.Epoch) stream.Claims = (stream.Row.Epoch, []);
        return stream.Claims.Hashes;
    }

    /// <summary>Goes on with those who are in step: the others' claims in this stream no longer count.</summary>
    public static void Dismiss(Step step, GroupStream stream)
    {
        stream.Row.Dismissed.AddRange(stream.Row.Apart);
        stream.Row.Apart.Clear();
        step.Touch(stream);
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    /// <summary>A group that was started afresh: the old one is only read.</summary>
    public static bool IsSuperseded(ConversationThread thread, GroupStream stream) =>
        thread.Kind == ConversationKind.Group && thread.Live is { } live && live != stream;

    /// <summary>Forgets that a device stood elsewhere.</summary>
    public static void Clear(Step step, GroupStream stream, Id device)
    {
        if (!stream.Row.Apart.Remove(Step.Bytes(device))) return;
        step.Touch(stream);
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    static bool IsClaimed(GroupStream stream) => stream.Row.Claimed == stream.Row.Epoch + 1;

    async Task<ulong> HeardAtAsync(GroupStream stream, Id device)
    {
        if (stream.HeardAt.TryGetValue(device, out ulong heard)) return heard;
        return await core.Store.GetAsync(StoreKeys.Device(stream.Id, device)).ConfigureAwait(false) is { } stored ? DeviceRow.Parser.ParseFrom(stored).InStep : 0;
    }

    // Whose commit one side took and the other could not: the account to ask, or to leave out. In a fork both sides took one, and it was the server.
    static Id? PartedBy(GroupStream stream, Standing own, Standing other)
    {
        Id? device = own.Epoch == other.Epoch ? null
            : own.Epoch > other.Epoch ? stream.Lineage.BegunBy(other.Epoch + 1)
            : other.Epoch == own.Epoch + 1 && other.Begun != default ? other.Begun : null;
        return stream.Devices.FirstOrDefault(d => d.Device == device)?.Account;
    }
}
