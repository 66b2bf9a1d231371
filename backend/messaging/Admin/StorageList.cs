using System.Data.Common;
using Kavalek.Messaging.Attachments;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Messaging.Admin;

/// <summary>What the server keeps by account, in sizes (docs/PROTOCOL.md §5.11), and what a purge would take.</summary>
sealed class StorageList(Database database, TimeProvider clock)
{
    /// <summary>Accounts of one page, at most.</summary>
    public const int MostAccounts = 100;

    const string Sizes = """
        SELECT account, CAST(SUM(attached) AS BIGINT) AS attached, CAST(SUM(files) AS BIGINT) AS files, CAST(SUM(archived) AS BIGINT) AS archived
          FROM (SELECT account, bytes AS attached, files, 0 AS archived FROM attachment_use WHERE files > 0
                UNION ALL SELECT account, 0, 0, bytes FROM archive WHERE bytes > 0) AS kept
         GROUP BY account
        """;

    /// <summary>The largest first.</summary>
    /// <exception cref="DbException">The database is away.</exception>
    public StoragePage Read(int skip, int limit)
    {
        using DbConnection connection = database.OpenReader();
        List<StorageRecord> accounts = [];
        using (Statement page = new(connection, $"SELECT * FROM ({Sizes}) AS sizes ORDER BY attached + archived DESC, account LIMIT @limit OFFSET @skip", "@limit", "@skip"))
        using (DbDataReader row = page.Read((long)limit, (long)skip))
        {
            while (row.Read())
                accounts.Add(new StorageRecord(row.Id(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)));
        }
        using Statement count = new(connection, $"SELECT COUNT(*) FROM ({Sizes}) AS sizes");
        using DbDataReader all = count.Read();
        all.Read();
        return new StoragePage([.. accounts], all.GetInt64(0));
    }

    /// <summary>What is older than so many days, of one account or of all.</summary>
    /// <exception cref="DbException">The database is away.</exception>
    public PurgePreview Preview(int days, Id? account)
    {
        using DbConnection connection = database.OpenReader();
        string which = account is null ? PurgeAttachmentsChore.OfAll : PurgeAttachmentsChore.OfOne;
        long before = clock.GetUtcNow().ToUnixTimeSeconds() - (days * 86_400L);
        using Statement sum = new(connection, $"SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM attachment WHERE {which}", account is null ? ["@before"] : ["@before", "@account"]);
        using DbDataReader row = account is null ? sum.Read(before) : sum.Read(before, account);
        row.Read();
        return new PurgePreview(row.GetInt64(0), row.GetInt64(1));
    }
}
