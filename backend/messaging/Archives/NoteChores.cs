using System.Data.Common;
using Kavalek.Messaging.Storage;
using Kavalek.Messaging.Streams;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Archives;

/// <summary><c>PUT archive/notes</c>: the successor of what is stored.</summary>
sealed class PutNotesChore(Id account, ulong version, byte[] notes) : Chore
{
    public override int Bytes => 128 + notes.Length;

    public override void Run(StreamStore store)
    {
        store.Alone(account);
        ulong stored = 0;
        using (DbCommand command = Command(store, "SELECT version FROM note WHERE account = @account", ("@account", account)))
        using (DbDataReader row = command.ExecuteReader())
        {
            if (row.Read())
                stored = row.Number(0);
        }
        if (version != stored + 1)
        {
            Outcome = new Outcome(ErrorCodes.StaleArchive, 0, stored);
            return;
        }
        Execute(store, """
            INSERT INTO note (account, version, sealed) VALUES (@account, @version, @sealed)
                ON CONFLICT (account) DO UPDATE SET version = excluded.version, sealed = excluded.sealed
            """, ("@account", account), ("@version", (long)version), ("@sealed", notes));
    }
}
