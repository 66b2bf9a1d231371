using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Contents that come after later ones of the same device: a server can hold back and reorder, but not renumber (docs/PROTOCOL.md §7.3). Those that were
/// said to be missing stand where their sender put them, and are not counted as missing any more.
/// </summary>
static class LateContents
{
    // Gaps of one device that are remembered: the newest. What is missing from others stays missing, and stands at the end if it comes.
    const int MostGaps = 32;

    // Runs of numbers that are remembered of one gap.
    const int MostRuns = 128;

    // Neighbours of one device stand so far apart: it leaves room for all that a gap between two messages can hold of one device in order.
    const ulong Apart = 1 << 8;

    /// <summary>Says that contents of a device are missing between two numbers, and remembers where it was said.</summary>
    public static void Say(Step step, GroupStream stream, MemberDevice sender, DeviceRow known, ulong before, ulong missing)
    {
        SystemRow gap = new() { Device = Step.Bytes(sender.Device), Stream = Step.Bytes(stream.Id), After = known.Number, Before = before };
        ulong position = step.Say(SystemKind.MessagesMissing, null, [sender.Account], count: Math.Min(missing, 1_000_000), about: gap);
        if (known.Gaps.Count == MostGaps) known.Gaps.RemoveAt(0);
        known.Gaps.Add(new GapRow { Position = position, After = known.Number, Before = before });
    }

    /// <summary>
    /// One of those that a line says are missing has come, and for the first time: then it is counted as missing no more, and has its place among the others. What no line
    /// told of was not withheld: its number is its sender's word alone, who could put an answer above a question by it.
    /// </summary>
    public static async Task<bool> CameAsync(Step step, GroupStream stream, Id device, DeviceRow known, ulong number)
    {
        if (known.Gaps.FirstOrDefault(open => number > open.After && number < open.Before) is not { } gap
            || (await step.RowAsync(gap.Position).ConfigureAwait(false))?.System is not { Kind: (uint)SystemKind.MessagesMissing } said || said.After != gap.After
            || !Note([.. said.Came], number, out List<ulong> came)) return false;
        if (said.Count > 1)
        {
            await step.ChangeAsync(gap.Position, line =>
            {
                line.System.Count--;
                line.System.Came.Clear();
                line.System.Came.AddRange(came);
            }).ConfigureAwait(false);
            return true;
        }
        await step.RemoveAsync(gap.Position).ConfigureAwait(false);
        known.Gaps.Remove(gap);
        Chronicle.Keep(step, stream, device, known);
        return true;
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
        ByteString deviceBytes = Step.Bytes(device), streamBytes = Step.Bytes(stream.Id);
        IReadOnlyList<NumberedMessage> newest = await step.NewestAsync().ConfigureAwait(false);
        int next = -1;
        for (int i = 0; i < newest.Count; i++)
            if (newest[i].Number > number && newest[i].Device.Equals(deviceBytes) && newest[i].Stream.Equals(streamBytes)) next = i;
        if (next < 0) return null;
        NumberedMessage later = newest[next];
        ulong above = later.Position;
        ulong beneath = next + 1 < newest.Count ? newest[next + 1].Position : above > ConversationThread.PositionGap ? above - ConversationThread.PositionGap : 0;
        if (above - beneath < 2) return null;
        // Beside its neighbours of the same device, so that others of them find room, too; where somebody else's stands there, half-way.
        ulong distance = later.Number - number;
        return distance <= (above - beneath - 1) / Apart ? above - (distance * Apart) : beneath + ((above - beneath) / 2);
    }
}
