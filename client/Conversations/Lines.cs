using System.Buffers.Binary;
using System.Security.Cryptography;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Lines that follow from an entry of the stream: each device of an account says them for itself, and one that was not there finds them in the archive. Both ways lead
/// to the same id, so that nothing stands twice (docs/PROTOCOL.md §10.4).
/// </summary>
static class Lines
{
    /// <summary>Whether the archive keeps it: every text, that one was deleted, and what the account's devices agree on.</summary>
    public static bool IsArchived(MessageRow row) => row.BodyCase is MessageRow.BodyOneofCase.Text or MessageRow.BodyOneofCase.Deletion || row is { BodyCase: MessageRow.BodyOneofCase.System, System.Shared: true };

    /// <summary>The id of a line that follows from an entry.</summary>
    public static Id IdOf(Id stream, ulong seq, SystemRow line)
    {
        byte[] place = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(place, seq);
        BinaryPrimitives.WriteUInt32BigEndian(place.AsSpan(8), line.Kind);
        // Who was in the group before is known to some devices only; these two are once in an entry.
        IEnumerable<byte> whom = (SystemKind)line.Kind is SystemKind.Created or SystemKind.StartedAfresh ? []
            : line.Accounts.Select(account => account.ToByteArray()).OrderBy(Convert.ToHexString, StringComparer.Ordinal).SelectMany(account => account);
        return Id.Read(SHA256.HashData([.. "kavalek/v1/line"u8, .. stream.ToArray(), .. place, .. whom]).AsSpan(0, Limits.IdLength));
    }

    /// <summary>The id of the line that stands for an offer of history: of all that it says, so that another offer never passes for it.</summary>
    public static Id IdOfOffer(SystemRow line) => Id.Read(SHA256.HashData([.. "kavalek/v1/line/offer"u8, .. line.Actor.Span, .. line.Offer.Span,
        .. line.Accounts.Select(account => account.ToByteArray()).OrderBy(Convert.ToHexString, StringComparer.Ordinal).SelectMany(account => account),
        .. System.Text.Encoding.UTF8.GetBytes(line.Text)]).AsSpan(0, Limits.IdLength));

    /// <summary>What a line says of the own account's place in its conversation; <c>null</c> where it says nothing of it.</summary>
    public static ConversationState? Place(SystemRow line, Id own)
    {
        bool me = line.Accounts.Contains(Step.Bytes(own));
        return (SystemKind)line.Kind switch
        {
            SystemKind.Created => ConversationState.Active,
            SystemKind.Joined or SystemKind.DeviceAdded when me => ConversationState.Active,
            SystemKind.Left when me => ConversationState.Left,
            SystemKind.Removed when me => ConversationState.Removed,
            _ => null,
        };
    }
}
