using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Attachments;

/// <summary>What an account declares before it sends the first byte.</summary>
/// <param name="Id">Chosen at random by the client.</param>
/// <param name="Account">Who declares it.</param>
/// <param name="Size">Bytes, all of them.</param>
/// <param name="Lives">Seconds it is kept once it is whole.</param>
/// <param name="Reader">SHA-256 of what readers show.</param>
sealed record Declaration(Id Id, Id Account, long Size, long Lives, byte[] Reader);

/// <summary><c>PUT</c>: a place for an attachment, or the same one again. <see cref="Outcome.Seq"/> says how many bytes are there.</summary>
/// <param name="declared">What is declared.</param>
/// <param name="quota">Bytes that the account's attachments may take together: what the options say, or the policy where that is less.</param>
/// <param name="options">The other bounds.</param>
sealed class DeclareAttachmentChore(Declaration declared, long quota, MessagingOptions options) : Chore
{
    /// <summary>Seconds in which what was declared has to be whole.</summary>
    const long AttemptSeconds = 24 * 3600;

    public override void Run(StreamStore store)
    {
        store.Alone(declared.Account);
        using (DbCommand command = Command(store, "SELECT account, size, received, reader FROM attachment WHERE id = @id", ("@id", declared.Id)))
        using (DbDataReader row = command.ExecuteReader())
        {
            if (row.Read())
            {
                bool same = row.Id(0) == declared.Account && row.GetInt64(1) == declared.Size && row.Bytes(3).AsSpan().SequenceEqual(declared.Reader);
                Outcome = same ? new Outcome(null, row.Number(2)) : Outcome.Refused(ErrorCodes.IdTaken);
                return;
            }
        }
        long day = Now / 86_400;
        (long bytes, long files, long today) = Use(store, day);
        if (bytes + declared.Size > quota || files >= options.AttachmentAccountFiles || today + declared.Size > options.AttachmentDayBytes)
        {
            Outcome = Outcome.Refused(ErrorCodes.OverQuota);
            return;
        }
        // Room that is declared is taken, so nobody takes it all without sending anything. One file always goes, however large it may be.
        long begun = Keys(store, "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM attachment WHERE account = @account AND received < size", ("@account", declared.Account))[0];
        if (begun > 0 && begun + declared.Size > options.AttachmentUnfinishedBytes)
        {
            Outcome = Outcome.Refused(ErrorCodes.RateLimited);
            return;
        }
        // The instance's room is counted by one node at a time.
        store.Alone(default);
        if (Keys(store, "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM attachment_use")[0] + declared.Size > options.AttachmentTotalBytes)
        {
            Outcome = Outcome.Refused(ErrorCodes.StorageFull);
            return;
        }
        Execute(store, """
            INSERT INTO attachment (id, account, size, received, lives, expires, reader) VALUES (@id, @account, @size, 0, @lives, @expires, @reader)
            """, ("@id", declared.Id), ("@account", declared.Account), ("@size", declared.Size), ("@lives", declared.Lives),
            ("@expires", Now + AttemptSeconds), ("@reader", declared.Reader));
        Execute(store, """
            INSERT INTO attachment_use (account, bytes, files, day, today) VALUES (@account, @size, 1, @day, @size)
                ON CONFLICT (account) DO UPDATE SET bytes = attachment_use.bytes + @size, files = attachment_use.files + 1, day = @day, today = @today
            """, ("@account", declared.Account), ("@size", declared.Size), ("@day", day), ("@today", today + declared.Size));
    }

    (long Bytes, long Files, long Today) Use(StreamStore store, long day)
    {
        using DbCommand command = Command(store, "SELECT bytes, files, day, today FROM attachment_use WHERE account = @account", ("@account", declared.Account));
        using DbDataReader row = command.ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2) == day ? row.GetInt64(3) : 0) : (0, 0, 0);
    }
}

/// <summary>Bytes up to <paramref name="received"/> are on the disk: more than before, or fewer where some were lost. With the last one its life begins.</summary>
sealed class AdvanceAttachmentChore(Id id, Id account, long from, long received) : Chore
{
    public override void Run(StreamStore store)
    {
        using DbCommand command = Command(store, """
            UPDATE attachment
               SET received = @received, expires = CASE WHEN @received = size THEN @now + lives ELSE expires END
             WHERE id = @id AND account = @account AND received = @from
            """, ("@id", id), ("@account", account), ("@from", from), ("@received", received), ("@now", Now));
        if (command.ExecuteNonQuery() == 0) Outcome = Outcome.Refused(ErrorCodes.NotFound);
    }
}

/// <summary>Rows that go; their files are deleted afterwards, and where that is cut short, when the server starts again.</summary>
abstract class DropAttachmentsChore : Chore
{
    /// <summary>What went.</summary>
    public List<Id> Dropped { get; } = [];

    protected void Drop(StreamStore store, string which, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        List<(Id Id, Id Account, long Size)> rows = [];
        using (DbCommand command = Command(store, $"DELETE FROM attachment WHERE {which} RETURNING id, account, size", parameters))
        using (DbDataReader row = command.ExecuteReader())
        {
            while (row.Read())
                rows.Add((row.Id(0), row.Id(1), row.GetInt64(2)));
        }
        // In one order, so that two nodes never wait for each other.
        foreach (IGrouping<Id, (Id Id, Id Account, long Size)> account in rows.GroupBy(gone => gone.Account).OrderBy(group => group.Key.ToString(), StringComparer.Ordinal))
        {
            Execute(store, "UPDATE attachment_use SET bytes = bytes - @size, files = files - @files WHERE account = @account",
                ("@size", account.Sum(gone => gone.Size)), ("@files", (long)account.Count()), ("@account", account.Key));
        }
        Dropped.AddRange(rows.Select(gone => gone.Id));
    }
}

/// <summary><c>DELETE</c> by the account that put it there.</summary>
sealed class DeleteAttachmentChore(Id id, Id account) : DropAttachmentsChore
{
    public override void Run(StreamStore store)
    {
        Drop(store, "id = @id AND account = @account", ("@id", id), ("@account", account));
        if (Dropped.Count == 0) Outcome = Outcome.Refused(ErrorCodes.NotFound);
    }
}

/// <summary>What is over, and attempts that were given up.</summary>
sealed class ExpireAttachmentsChore : DropAttachmentsChore
{
    public override void Run(StreamStore store)
    {
        Drop(store, "expires <= @now", ("@now", Now));
        Execute(store, "DELETE FROM attachment_use WHERE files = 0 AND day < @day", ("@day", Now / 86_400));
    }
}

/// <summary>What was whole by a time, of one account or of all: whoever runs the instance makes room.</summary>
sealed class PurgeAttachmentsChore(Id? account, long before) : DropAttachmentsChore
{
    /// <summary>Which those are; a whole one's life began when it came.</summary>
    public const string OfAll = "received = size AND expires - lives <= @before", OfOne = $"{OfAll} AND account = @account";

    public override void Run(StreamStore store)
    {
        if (account is { } whose) Drop(store, OfOne, ("@before", before), ("@account", whose));
        else Drop(store, OfAll, ("@before", before));
    }
}

/// <summary>
/// An account is gone, or begun afresh under keys that open nothing of it: its archive goes, with its notes and attachments. News are heard by every node, and again by each that
/// starts: what is not newer than what was done already is done no more, because what is there by now is of the time after.
/// </summary>
sealed class DropAccountChore(Id account, ulong number) : DropAttachmentsChore
{
    public override void Run(StreamStore store)
    {
        store.Alone(account);
        if (number == AccountClosed.ForGood)
        {
            Execute(store, "DELETE FROM begun_afresh WHERE account = @account", ("@account", account));
        }
        else
        {
            if (Keys(store, "SELECT number FROM begun_afresh WHERE account = @account", ("@account", account)) is [var done] && number <= (ulong)done)
                return;
            Execute(store, """
                INSERT INTO begun_afresh (account, number) VALUES (@account, @number)
                    ON CONFLICT (account) DO UPDATE SET number = excluded.number
                """, ("@account", account), ("@number", number));
        }
        Execute(store, "DELETE FROM archive_segment WHERE account = @account", ("@account", account));
        Execute(store, "DELETE FROM archive WHERE account = @account", ("@account", account));
        Execute(store, "DELETE FROM note WHERE account = @account", ("@account", account));
        Drop(store, "account = @account", ("@account", account));
        Execute(store, "DELETE FROM attachment_use WHERE account = @account", ("@account", account));
    }
}
