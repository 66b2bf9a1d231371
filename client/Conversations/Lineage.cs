using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Where this device stood in the latest epochs of a stream, and where others last were in step with it: what their claims are held against
/// (docs/PROTOCOL.md §7.10).
/// </summary>
sealed class Lineage(LineageRow row)
{
    /// <summary>Epochs of the stream that are remembered.</summary>
    const int Kept = 16;

    /// <summary>What is stored of it.</summary>
    public LineageRow Row { get; } = row;

    /// <summary>The present one; <c>null</c> before the first entry of the stream.</summary>
    public Standing? Newest => Row.Standings.Count == 0 ? null : Read(Row.Standings[^1]);

    /// <summary>Where this device stood in an epoch of the stream.</summary>
    public Standing? At(ulong streamEpoch) => Row.Standings.LastOrDefault(s => s.StreamEpoch == streamEpoch) is { } found ? Read(found) : null;

    /// <summary>Who began an MLS epoch, as far as it is remembered.</summary>
    public Id? BegunBy(ulong epoch) => Row.Standings.LastOrDefault(s => s.Epoch == epoch) is { } found && Id.Read(found.Begun.Span) is var device && device != default ? device : null;

    /// <summary>Notes where this device stands now; true where that is news.</summary>
    public bool Note(Standing standing)
    {
        if (Newest is { } newest && newest.StreamEpoch == standing.StreamEpoch && newest.IsSame(standing)) return false;
        Row.Standings.Add(new StandingRow
        {
            StreamEpoch = standing.StreamEpoch,
            Epoch = standing.Epoch,
            State = ByteString.CopyFrom(standing.State),
            Begun = ByteString.CopyFrom(standing.Begun.ToArray()),
        });
        while (Row.Standings.Count > Kept) Row.Standings.RemoveAt(0);
        return true;
    }

    static Standing Read(StandingRow row) => new(row.StreamEpoch, row.Epoch, row.State.ToByteArray(), Id.Read(row.Begun.Span));
}
