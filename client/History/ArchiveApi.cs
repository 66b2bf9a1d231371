using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>The calls of the archive (docs/PROTOCOL.md §10.1). Failures are <see cref="KavalekException"/> with the server's code.</summary>
sealed class ArchiveApi(Rest rest, Tokens tokens)
{
    const string Archive = "api/v1/archive";

    public Task<Wire.ArchiveInfo> InfoAsync(CancellationToken cancel) => tokens.WithMessagingAsync(
        (token, stop) => rest.ProtobufAsync(HttpMethod.Get, Archive, token, null, Wire.ArchiveInfo.Parser, stop), cancel);

    public Task<Wire.ArchiveInfo> PutAsync(Wire.PutArchive put, CancellationToken cancel) => tokens.WithMessagingAsync(
        (token, stop) => rest.ProtobufAsync(HttpMethod.Put, Archive, token, put, Wire.ArchiveInfo.Parser, stop), cancel);

    public Task<Wire.ArchiveNotes> NotesAsync(CancellationToken cancel) => tokens.WithMessagingAsync(
        (token, stop) => rest.ProtobufAsync(HttpMethod.Get, $"{Archive}/notes", token, null, Wire.ArchiveNotes.Parser, stop), cancel);

    public Task PutNotesAsync(Wire.ArchiveNotes notes, CancellationToken cancel) => tokens.WithMessagingAsync(
        (token, stop) => rest.SendAsync(HttpMethod.Put, $"{Archive}/notes", token, Rest.Protobuf(notes), stop), cancel);

    public Task AppendAsync(Wire.ArchiveSegment segment, CancellationToken cancel) => tokens.WithMessagingAsync(
        (token, stop) => rest.SendAsync(HttpMethod.Post, $"{Archive}/segments", token, Rest.Protobuf(segment), stop), cancel);

    /// <summary>Segments downwards from below a number.</summary>
    public Task<Wire.ArchivePage> BelowAsync(Id archive, ulong before, int limit, CancellationToken cancel) => PageAsync(archive, "before", before, limit, cancel);

    /// <summary>Segments upwards from above a number.</summary>
    public Task<Wire.ArchivePage> AboveAsync(Id archive, ulong after, int limit, CancellationToken cancel) => PageAsync(archive, "after", after, limit, cancel);

    async Task<Wire.ArchivePage> PageAsync(Id archive, string from, ulong number, int limit, CancellationToken cancel)
    {
        Wire.ArchivePage page = await tokens.WithMessagingAsync((token, stop) => rest.ProtobufAsync(
            HttpMethod.Get, $"{Archive}/segments?archive={archive}&{from}={number}&limit={limit}", token, null, Wire.ArchivePage.Parser, stop), cancel).ConfigureAwait(false);
        if (page.Segments.Count > limit) throw ServerErrors.Misbehaves("sent more of the archive than was asked for");
        return page;
    }
}
