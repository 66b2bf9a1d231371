using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Contents that come after later ones of the same device: a server can hold back and reorder, but not renumber (docs/PROTOCOL.md §7.3). Those that were
/// said to be missing stand where their sender put them, and are not counted as missing any more.
/// </summary>
static class LateContents
{
    // How far back a place is looked for. What is later than that stands at the end, under the time that its sender gave it.
    const int Looked = 512;

    // Runs of numbers that are remembered of one gap.
    const int MostRuns = 128;

    // Neighbours of one device stand so far apart: it leaves room for all that a gap between two messages can hold of one device in order.
    const ulong Apart = 1 << 8;

    /// <summary>What the line about missing contents remembers.</summary>
    public static SystemRow Gap(GroupStream stream, Id device, ulong after, ulong before) =>
        new() { Device = Step.Bytes(device), Stream = Step.Bytes(stream.Id), After = after, Before = before };

    /// <summary>
    /// One of those that a line says are missing has come, and for the first time: then it is counted as missing no more, and has its place among the others. What no line
    /// told of was not withheld: its number is its sender's word alone, who could put an answer above a question by it.
    /// </summary>
    public static async Task<bool> CameAsync(Step step, GroupStream stream, Id device, ulong number)
    {
        byte[] deviceBytes = device.ToArray(), streamBytes = stream.Id.ToArray();
        foreach ((ulong position, MessageRow row) in await step.NewestAsync(Looked).ConfigureAwait(false))
        {
            if (row.System is not { Kind: (uint)SystemKind.MessagesMissing } gap || number <= gap.After || number >= gap.Before
                || !gap.Device.Span.SequenceEqual(deviceBytes) || !gap.Stream.Span.SequenceEqual(streamBytes)) continue;
            if (!Note([.. gap.Came], number, out List<ulong> came)) return false;
            if (gap.Count > 1)
                await step.ChangeAsync(position, line =>
                {
                    line.System.Count--;
                    line.System.Came.Clear();
                    line.System.Came.AddRange(came);
                }).ConfigureAwait(false);
            else await step.RemoveAsync(position).ConfigureAwait(false);
            return true;
        }
        return false;
    }

    // Runs of numbers, as pairs of the first and the last. False where the number is in one, or where there are too many to remember one more.
    static bool Note(List<ulong> runs, ulong number, out List<ulong> with)
    {
        with = runs;
        int at = 0;
        while (at < runs.Count && runs[at + 1] < number) at += 2;
        if (at < runs.Count && runs[at] <= number) return false;
        bool joinsBelow = at > 0 && runs[at - 1] + 1 == number, joinsAbove = at < runs.Count && number + 1 == runs[at];
        if (joinsBelow && joinsAbove) runs.RemoveRange(at - 1, 2);
        else if (joinsBelow) runs[at - 1] = number;
        else if (joinsAbove) runs[at] = number;
        else if (runs.Count >= 2 * MostRuns) return false;
        else runs.InsertRange(at, [number, number]);
        return true;
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
