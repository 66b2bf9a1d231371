using System.Collections.Concurrent;
using System.Security.Cryptography;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;
using Microsoft.Extensions.Logging;

namespace Kavalek.Messaging.Attachments;

/// <summary>Attachments: rows in the database, files in <see cref="BlobFolder"/>, and how the two stay true to each other.</summary>
sealed class AttachmentStore(GroupCommit writer, AttachmentQueries rows, BlobFolder files, MessagingOptions options, TimeProvider clock, ILogger<AttachmentStore> log)
{
    /// <summary>How long a file without a row stays: an operator who started the wrong database has time to see it.</summary>
    static readonly TimeSpan StrayAfter = TimeSpan.FromDays(1);

    // One part of an attachment at a time: where a client has lost a connection that this server has not, it waits.
    readonly ConcurrentDictionary<Id, byte> _writing = new();

    // What the instance's policy asks; null until it is known.
    PolicyChanged? _policy;

    /// <summary>Bytes that an upload may have: what the command line says, or the policy where that is less.</summary>
    public long Largest => Math.Min(options.AttachmentBytes, Volatile.Read(ref _policy) is { } policy ? UploadOf(policy.AttachmentBytes) : long.MaxValue);

    long Quota => Math.Min(options.AttachmentAccountBytes, Volatile.Read(ref _policy)?.AttachmentQuota ?? long.MaxValue);

    long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>From now on this is asked of attachments; those that are there stay.</summary>
    public void Follow(PolicyChanged policy) => Volatile.Write(ref _policy, policy);

    /// <summary>Declares one; <see cref="Outcome.Seq"/> says how far it got before.</summary>
    public Task<Outcome> DeclareAsync(Declaration declared, Func<bool> isOver) =>
        files.HasRoom(declared.Size) ? writer.DoAsync(new DeclareAttachmentChore(declared, Quota, options) { IsOver = isOver }) : Task.FromResult(Outcome.Refused(ErrorCodes.StorageFull));

    /// <summary>What the account has there; <c>null</c> for what is not there or somebody else's.</summary>
    public async Task<StoredAttachment?> OwnAsync(Id id, Id account) => await rows.FindAsync(id, Now) is { } found && found.Account == account ? found : null;

    /// <summary>Takes the part from <paramref name="at"/> on.</summary>
    public async Task<Outcome> AppendAsync(Id id, Id account, long at, Func<Memory<byte>, ValueTask<int>> body, Func<bool> isOver, CancellationToken cancel)
    {
        if (await OwnAsync(id, account) is null) return Outcome.Refused(ErrorCodes.NotFound);
        if (!_writing.TryAdd(id, 0)) return Outcome.Refused(ErrorCodes.Unavailable);
        try
        {
            // Looked at again: another part may have come before this one had its turn.
            if (await OwnAsync(id, account) is not { } present) return Outcome.Refused(ErrorCodes.NotFound);
            if (at != present.Received || present.IsWhole) return new Outcome(ErrorCodes.StaleUpload, 0, (ulong)present.Received);
            // A backup holds nothing unfinished: what was put back from one is sent again from where it ends.
            if (files.LengthOf(id) is var there && there < at)
            {
                Outcome rewound = await writer.DoAsync(new AdvanceAttachmentChore(id, account, at, there));
                return rewound.Code is null ? new Outcome(ErrorCodes.StaleUpload, 0, (ulong)there) : rewound;
            }
            if (!files.HasRoom(present.Size - at)) return Outcome.Refused(ErrorCodes.StorageFull);
            long written = await files.WriteAsync(id, at, present.Size - at, body, cancel);
            if (written <= 0) return Outcome.Refused(ErrorCodes.Invalid);
            if (isOver()) return Outcome.Refused(ErrorCodes.Unauthenticated);
            if (at + written == present.Size) files.Finish(id);
            return await writer.DoAsync(new AdvanceAttachmentChore(id, account, at, at + written) { IsOver = isOver });
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Deleted while it was written.
            return Outcome.Refused(ErrorCodes.NotFound);
        }
        finally
        {
            _writing.TryRemove(id, out _);
            // Deleted while it was written: what came after goes, too.
            if (!await rows.IsKnownAsync(id)) files.Delete(id);
        }
    }

    /// <summary>Opens one for whoever shows its capability, whoever that is; <c>null</c> for all else.</summary>
    public async Task<FileStream?> OpenAsync(Id id, byte[] capability) =>
        await rows.FindAsync(id, Now) is { IsWhole: true } found && CryptographicOperations.FixedTimeEquals(SHA256.HashData(capability), found.Reader) ? files.Open(id) : null;

    /// <summary>Deletes one of the account's.</summary>
    public Task<Outcome> DeleteAsync(Id id, Id account) => DropAsync(new DeleteAttachmentChore(id, account));

    /// <summary>Deletes what is over.</summary>
    public Task<Outcome> ExpireAsync() => DropAsync(new ExpireAttachmentsChore());

    /// <summary>Deletes what was whole by a time, of one account or, of the default id, of all.</summary>
    public Task<Outcome> PurgeAsync(Id? account, long before) => DropAsync(new PurgeAttachmentsChore(account, before));

    /// <summary>Deletes all that an account has, its archive and notes, too.</summary>
    public Task<Outcome> DropAccountAsync(Id account, ulong number) => DropAsync(new DropAccountChore(account, number));

    /// <summary>
    /// Deletes files that have had no row for a day: a row comes before its file and goes before it, so these are what a crash left. Where more files are without a row than
    /// with one, the folder is another database's, or the database was put back to what it was long ago: then nothing is deleted.
    /// </summary>
    public async Task SweepAsync()
    {
        int known = 0;
        List<string> strays = [];
        foreach ((string path, Id id) in files.All())
        {
            if (await rows.IsKnownAsync(id)) known++;
            else if (BlobFolder.LastWritten(path) <= clock.GetUtcNow() - StrayAfter) strays.Add(path);
        }
        if (strays.Count <= known) DeleteEach(strays, File.Delete);
        else log.LogWarning("{Count} files of attachments are unknown to the database, most there are: none was deleted.", strays.Count);
    }

    // The server sees classes of sizes alone (docs/PROTOCOL.md §12.2): what encrypts and pads a file is less than an eighth of it, and 2 KiB of a small one.
    static long UploadOf(long file) => file == 0 ? 0 : (file / 8 * 9) + 2_048;

    async Task<Outcome> DropAsync(DropAttachmentsChore chore)
    {
        Outcome outcome = await writer.DoAsync(chore);
        if (outcome.Code is null) DeleteEach(chore.Dropped, files.Delete);
        return outcome;
    }

    // Nobody reads a file whose row is gone: one that cannot be deleted keeps none of the others, and has its turn again in the daily sweep.
    void DeleteEach<T>(List<T> which, Action<T> delete)
    {
        int left = 0;
        Exception? why = null;
        foreach (T one in which)
        {
            try
            {
                delete(one);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                (left, why) = (left + 1, e);
            }
        }
        if (why is not null) log.LogWarning("{Count} files of attachments could not be deleted: {Type}. The daily sweep tries again.", left, why.GetType().Name);
    }
}
