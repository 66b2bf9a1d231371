using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Finds the places of texts that come from elsewhere than their stream (docs/PROTOCOL.md §10.5): in the order of the stream, else of time.</summary>
sealed class Restoring(Step step)
{
    // The row above the next place, and the nearest one beneath that, as far as it was looked for.
    ulong _above = ConversationThread.QueuedPositions;
    (ulong Position, MessageRow Row)? _beneath;
    bool _looked;

    /// <summary>Whether anything was put in.</summary>
    public bool Any { get; private set; }

    /// <summary>What the newest line that was put in says of the own account's place in the conversation.</summary>
    public ConversationState? Place { get; private set; }

    /// <summary>
    /// Puts texts and lines in, the newest first. Each that is here already only takes over what another own device knows of it, and loses its mark for the archive where that has
    /// all that is known here, as does each that comes. How many texts are new.
    /// </summary>
    /// <param name="newestFirst">The texts.</param>
    /// <param name="archived">Whether they come from the archive; those that do not are marked for it.</param>
    public async Task<int> PutAsync(IReadOnlyList<MessageRow> newestFirst, bool archived = true)
    {
        int added = 0;
        foreach (MessageRow row in newestFirst)
        {
            (ulong Position, MessageRow Row)? known = await step.FindRowAsync(row).ConfigureAwait(false);
            if (known is { } here)
            {
                if (!archived) continue;
                if (here.Row.PassedBy.IsEmpty || !row.PassedBy.IsEmpty)
                {
                    await MatchAsync(here.Position, here.Row, row).ConfigureAwait(false);
                    continue;
                }
            }
            if (row.Ends != 0 && row.Ends <= step.NowMilliseconds) continue;
            row.Received = Math.Min(row.Received, step.NowMilliseconds); // a time to come would keep the conversation on top
            // An own device had it from who wrote it: what another member said of it makes room.
            bool changed = known is { } passed && step.Displace(passed, row);
            _looked &= known is null;
            changed |= ActIntake.Apply(step, row);
            ulong position = await PlaceAsync(row).ConfigureAwait(false);
            step.Restore(position, row);
            Sharing.Remember(step, position, row);
            if (!archived || changed) step.Mark(position);
            Any = true;
            if (row.System is { } line)
            {
                Place ??= Lines.Place(line, step.Core.Identity.Account);
                // Whoever is in the conversation by now is, whatever the line says.
                if ((SystemKind)line.Kind is SystemKind.Left or SystemKind.Removed or SystemKind.StartedAfresh) Chronicle.NoteGone(step, line.Accounts.Select(account => Id.Read(account.Span)));
            }
            else if (known is null && row.Deletion is not { Hidden: true }) added++;
        }
        return added;
    }

    async Task MatchAsync(ulong known, MessageRow row, MessageRow archived)
    {
        bool taken = Lines.IsArchived(row) && await step.ReviseAsync(known, message => Acts.Merge(message, archived)).ConfigureAwait(false);
        if (Acts.AreAlike(row, archived)) step.Unmark(known);
        // What was taken back here is still in that segment: it is to go from there, too.
        else if (taken || (row.Deletion is not null && archived.Deletion is null)) step.Mark(known);
    }

    async Task<ulong> PlaceAsync(MessageRow row)
    {
        while (true)
        {
            if (!_looked) (_beneath, _looked) = (await step.BeneathAsync(_above).ConfigureAwait(false), true);
            if (_beneath is not { } beneath)
            {
                // Nothing is older: far enough beneath all others.
                ulong bottom = _above == ConversationThread.QueuedPositions ? Top() : _above - ConversationThread.PositionGap;
                return _above = bottom;
            }
            if (IsBefore(beneath.Row, row))
            {
                if (_above == ConversationThread.QueuedPositions) return _above = Top();
                if (_above - beneath.Position > 1) return _above -= 1;
            }
            // It belongs further down, or there is no room here.
            (_above, _looked) = (beneath.Position, false);
        }
    }

    ulong Top() => step.Thread.Row.NextPosition = ConversationThread.PositionAfter(step.Thread.Row.NextPosition);

    static bool IsBefore(MessageRow stored, MessageRow row) =>
        !stored.Stream.IsEmpty && stored.Stream.Equals(row.Stream) ? stored.Seq < row.Seq : stored.Sent <= row.Sent;
}
