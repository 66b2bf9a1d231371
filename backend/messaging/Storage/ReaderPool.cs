using System.Collections.Concurrent;
using System.Data.Common;

namespace Kavalek.Messaging.Storage;

/// <summary>Prepared connections for those who only read, so many at a time; safe to use from many threads.</summary>
/// <param name="database">Where from.</param>
/// <param name="connections">At most so many, and never more than the database allows.</param>
/// <param name="prepare">Makes a reader of a fresh connection, which it owns.</param>
sealed class ReaderPool<T>(Database database, int connections, Func<DbConnection, T> prepare) : IDisposable where T : class, IDisposable
{
    readonly ConcurrentBag<T> _idle = [];
    readonly SemaphoreSlim _free = new(Math.Min(connections, database.Readers));

    /// <summary>Reads. A server that was restarted leaves dead connections behind: what fails on one of them is asked again on a fresh one.</summary>
    public async Task<TResult> WithAsync<TResult>(Func<T, TResult> read)
    {
        database.RequireThere();
        await _free.WaitAsync();
        try
        {
            database.RequireThere();
            try
            {
                return Read(_idle.TryTake(out T? idle) ? idle : prepare(database.OpenReader()), read);
            }
            catch (DbException e) when (database.IsBroken(e))
            {
                database.Forget(); // first, or those that are cleared are what is opened next
                Clear();
                return Read(prepare(database.OpenReader()), read);
            }
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose()
    {
        Clear();
        _free.Dispose();
    }

    TResult Read<TResult>(T reader, Func<T, TResult> read)
    {
        bool good = false;
        try
        {
            TResult result = read(reader);
            good = true;
            return result;
        }
        finally
        {
            if (good)
                _idle.Add(reader);
            else
                reader.Dispose();
        }
    }

    void Clear()
    {
        while (_idle.TryTake(out T? reader))
            reader.Dispose();
    }
}
