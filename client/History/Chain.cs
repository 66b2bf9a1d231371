using System.Security.Cryptography;
using Kavalek.Client.Archived;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>A segment that was looked at.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Link">Its link.</param>
/// <param name="Batch">What it holds; <c>null</c> where that is gone or does not open.</param>
/// <param name="IsGone">Whether the server has nothing but the header of it.</param>
/// <param name="Generation">Of the history key that it opened under; 0 where it did not.</param>
/// <param name="IsSmall">Whether it is of the smallest size and without end.</param>
sealed record LookedAt(SegmentHeader Header, byte[] Link, ArchiveBatch? Batch, uint Generation, bool IsGone, bool IsSmall);

/// <summary>Reads segments and says whether they follow from what is known (docs/PROTOCOL.md §10.3).</summary>
static class Chain
{
    /// <summary>Opens a segment as it came in a page.</summary>
    public static async Task<LookedAt?> LookAsync(SegmentSeal seal, Id archive, Wire.ArchiveSegment segment)
    {
        bool gone = segment.Sealed.IsEmpty;
        if (segment.Previous.Length != SHA256.HashSizeInBytes || (gone && segment.Digest.Length != SHA256.HashSizeInBytes) || segment.Replaces.Count > Limits.ArchivePageSegments) return null;
        SegmentHeader header = new(archive, segment.Number, segment.Previous.ToByteArray(), segment.Expires, [.. segment.Replaces]);
        byte[] digest = gone ? segment.Digest.ToByteArray() : SHA256.HashData(segment.Sealed.Span);
        Opened<ArchiveBatch>? opened = gone ? null : await seal.OpenAsync(header, segment.Sealed.Memory).ConfigureAwait(false);
        return new LookedAt(header, seal.Link(header, digest), opened?.What, opened?.Generation ?? 0, gone, header.Expires == 0 && segment.Sealed.Length == SegmentSeal.SmallBytes);
    }

    /// <summary>Whether it may be that there is nothing in it any more: it has expired, or a later segment takes its place.</summary>
    public static bool MayBeGone(LookedAt segment, IEnumerable<ulong> replaced, ulong nowSeconds) =>
        (segment.Header.Expires > 0 && segment.Header.Expires <= nowSeconds + ClockSlack) || replaced.Contains(segment.Header.Number);

    // Two clocks are never one; a day is less than what an expiry is rounded by where it matters.
    const ulong ClockSlack = 3_600;
}
