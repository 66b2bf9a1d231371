using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Contents that come after later ones of the same device: a server can hold back and reorder, but not renumber (docs/PROTOCOL.md §7.3). They stand
/// where their sender put them, and are not counted as missing any more.
/// </summary>
static class LateContents
{
    // How far back a place is looked for. What is later than that stands at the end, under the time that its sender gave it.
    const int Looked = 512;

    // Neighbours of one device stand so far apart: it leaves room for all that a gap between two messages can hold of one device in order.
    const ulong Apart = 1 << 8;

    /// <summary>What the line about missing contents remembers.</summary>
    public static SystemRow Gap(GroupStream stream, Id device, ulong after, ulong before) =>
        new() { Device = Step.Bytes(device), Stream = Step.Bytes(stream.Id), After = after, Before = before };

    /// <summary>One of those that a line says are missing has come.</summary>
    public static async Task CameAsync(Step step, GroupStream stream, Id device, ulong number)
    {
        byte[] deviceBytes = device.ToArray(), streamBytes = stream.Id.ToArray();
        foreach ((ulong position, MessageRow row) in await step.NewestAsync(Looked).ConfigureAwait(false))
        {
            if (row.System is not { Kind: (uint)SystemKind.MessagesMissing } gap || number <= gap.After || number >= gap.Before
                || !gap.Device.Span.SequenceEqual(deviceBytes) || !gap.Stream.Span.SequenceEqual(streamBytes)) continue;
            if (gap.Count > 1) await step.ChangeAsync(position, line => line.System.Count--).ConfigureAwait(false);
            else await step.RemoveAsync(position).ConfigureAwait(false);
            return;
        }
    }

    /// <summary>The place before the first later message of the device; <c>null</c> where there is none, or no room.</summary>
    public static async Task<ulong?> PlaceAsync(Step step, GroupStream stream, Id device, ulong number)
    {
        byte[] deviceBytes = device.ToArray(), streamBytes = stream.Id.ToArray();
        IReadOnlyList<(ulong Position, MessageRow Row)> newest = await step.NewestAsync(Looked).ConfigureAwait(false);
        int next = -1;
        for (int i = 0; i < newest.Count; i++)
            if (newest[i].Row.Number > number && newest[i].Row.Device.Span.SequenceEqual(deviceBytes) && newest[i].Row.Stream.Span.SequenceEqual(streamBytes)) next = i;
        if (next < 0) return null;
        (ulong above, MessageRow later) = newest[next];
        ulong beneath = next + 1 < newest.Count ? newest[next + 1].Position : above > ConversationThread.PositionGap ? above - ConversationThread.PositionGap : 0;
        if (above - beneath < 2) return null;
        // Beside its neighbours of the same device, so that others of them find room, too; where somebody else's stands there, half-way.
        ulong distance = later.Number - number;
        return distance <= (above - beneath - 1) / Apart ? above - (distance * Apart) : beneath + ((above - beneath) / 2);
    }
}
