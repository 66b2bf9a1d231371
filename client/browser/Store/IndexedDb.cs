using System.Runtime.InteropServices.JavaScript;

namespace Kavalek.Client.Browser;

/// <summary>The database: <c>frontend-mobile/src/client/worker/indexed-db.ts</c>. Each completes by <see cref="Calls"/>.</summary>
static partial class IndexedDb
{
    const string Module = "kavalek/store";

    /// <summary>Opens a database as its one writer; whoever wrote before is fenced off. Gives its number, 4 bytes.</summary>
    [JSImport("open", Module)]
    internal static partial void Open(int call, string name);

    /// <summary>A value; <c>null</c> where there is none.</summary>
    [JSImport("get", Module)]
    internal static partial void Get(int call, int database, string key);

    /// <summary>Entries, packed.</summary>
    [JSImport("scan", Module)]
    internal static partial void Scan(int call, int database, string from, string to, int limit, bool reverse);

    /// <summary>Applies packed changes in one transaction, durable when it completes; where they are postponable, some time later.</summary>
    [JSImport("apply", Module)]
    internal static partial void Apply(int call, int database, byte[] changes, bool postponable);

    /// <summary>Closes it.</summary>
    [JSImport("close", Module)]
    internal static partial void Close(int database);
}
