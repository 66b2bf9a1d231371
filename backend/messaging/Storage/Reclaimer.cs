using System.Data.Common;
using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;

namespace Kavalek.Messaging.Storage;

/// <summary>
/// Gives the room of deleted rows back to their table soon. Messages are deleted seconds after they were stored; left to PostgreSQL's own clock, which strikes once a minute, the table
/// would grow by all of them meanwhile, and storing into new room costs twice what storing into used room does.
/// </summary>
sealed class Reclaimer(PostgresDatabase database) : IDisposable
{
    /// <summary>Deleted rows that are worth it; at most 64 MiB.</summary>
    const int Enough = 8_192;

    /// <summary>It takes at most this part of the time, however large the table is.</summary>
    const int Share = 20;

    // Where another node, or PostgreSQL itself, is at it, it is done. What is free at the end is not given back to the disk: it is needed again.
    const string Vacuum = "VACUUM (SKIP_LOCKED, TRUNCATE OFF) run";

    const int VacuumSeconds = 3_600;

    readonly Lock _gate = new();
    readonly CancellationTokenSource _stop = new();
    Task _working = Task.CompletedTask;
    long _rows, _notBefore;
    bool _stopping;

    /// <summary>So many rows were deleted; returns at once.</summary>
    public void Deleted(long rows)
    {
        lock (_gate)
        {
            _rows += Math.Max(rows, 0);
            if (_rows < Enough || !_working.IsCompleted || _stopping || Stopwatch.GetTimestamp() < _notBefore)
                return;
            _rows = 0;
            _working = Task.Run(WorkAsync);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
        }
        _stop.Cancel();
        _working.Wait();
        _stop.Dispose();
    }

    async Task WorkAsync()
    {
        long begin = Stopwatch.GetTimestamp();
        try
        {
            using NpgsqlConnection connection = database.Connect();
            using NpgsqlCommand command = new(Vacuum, connection) { CommandTimeout = VacuumSeconds };
            await command.ExecuteNonQueryAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or OperationCanceledException or IOException or SocketException)
        {
            // Also where there is no connection, or it was found closed. PostgreSQL's own clock does it.
        }
        finally
        {
            lock (_gate)
            {
                _notBefore = Stopwatch.GetTimestamp() + (Share * (Stopwatch.GetTimestamp() - begin));
            }
        }
    }
}
