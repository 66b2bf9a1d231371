using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Protocol.Auth;

namespace Kavalek.Messaging.Admin;

/// <summary>Conversations as those who run the instance see them (docs/PROTOCOL.md §5.11): days and classes of size, so that nobody's memberships follow from them.</summary>
sealed class GroupList(Database database)
{
    /// <summary>Groups of one page, at most.</summary>
    public const int MostGroups = 100;

    const string Page = """
        SELECT key, created, rekeyed,
               (SELECT COUNT(*) FROM subscriber WHERE subscriber.stream = stream.key AND subscriber.last IS NULL),
               CAST((SELECT COALESCE(SUM(LENGTH(run.ids) + LENGTH(run.entries) + COALESCE(LENGTH(run.payload), 0)), 0) FROM run WHERE run.stream = stream.key) AS BIGINT),
               CAST((SELECT COALESCE(SUM(LENGTH(welcome.payload)), 0) FROM welcome WHERE welcome.stream = stream.key) AS BIGINT)
          FROM stream
         WHERE inbox = 0 AND key < @before
         ORDER BY key DESC LIMIT @limit
        """;

    static readonly int[] s_classes = [2, 5, 10, 25, 50, 100, 250, 500, 1_000];

    /// <summary>Those before a number, the newest first.</summary>
    /// <exception cref="DbException">The database is away.</exception>
    public GroupsPage Read(long before, int limit)
    {
        using DbConnection connection = database.OpenReader();
        List<GroupRecord> groups = [];
        using (Statement page = new(connection, Page, "@before", "@limit"))
        using (DbDataReader row = page.Read(before, (long)limit + 1))
        {
            while (row.Read())
            {
                long devices = row.GetInt64(3), bytes = row.GetInt64(4) + row.GetInt64(5);
                groups.Add(new GroupRecord(row.GetInt64(0), UpTo(devices), (bytes + 1_023) / 1_024 * 1_024, Day(row.GetInt64(1)), Day(row.GetInt64(2))));
            }
        }
        using Statement count = new(connection, "SELECT COUNT(*) FROM stream WHERE inbox = 0");
        using DbDataReader all = count.Read();
        all.Read();
        bool more = groups.Count > limit;
        if (more) groups.RemoveAt(limit);
        return new GroupsPage([.. groups], all.GetInt64(0), more ? groups[^1].Group : null);
    }

    /// <summary>The smallest class that so many are in.</summary>
    public static int UpTo(long devices) => s_classes.FirstOrDefault(most => devices <= most, s_classes[^1]);

    static long? Day(long day) => day == 0 ? null : day * 86_400;
}
