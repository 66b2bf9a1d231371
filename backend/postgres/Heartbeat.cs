using System.Data.Common;
using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;

namespace Kavalek.Postgres;

/// <summary>
/// Asks a database every second whether it is there. Where a line is cut nobody is told: whoever asks something waits for as long as a command may take, and then so does the next one.
/// So one asks for all; and while nobody answers it, all are told at once, and may go to a node that is better off.
/// </summary>
sealed class Heartbeat : IDisposable
{
    const int PatienceSeconds = 2;

    static readonly TimeSpan s_every = TimeSpan.FromSeconds(1), s_whileSilent = TimeSpan.FromMilliseconds(250);

    readonly NpgsqlDataSource _source;
    readonly ManualResetEventSlim _stopping = new();
    readonly Thread _thread;
    volatile bool _silent;
    long _answered = Stopwatch.GetTimestamp();

    /// <param name="connection">What the others connect with. It has a connection of its own beside theirs, so that it does not wait for one of them; and a thread, so that a busy process does not look like a silent database.</param>
    public Heartbeat(string connection)
    {
        _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { Pooling = false, KeepAlive = 0, Timeout = PatienceSeconds, CommandTimeout = PatienceSeconds });
        _thread = new Thread(Beat) { IsBackground = true, Name = "heartbeat" };
        _thread.Start();
    }

    /// <summary>Where nobody answers, for how long; else zero.</summary>
    public TimeSpan Silence => _silent ? Stopwatch.GetElapsedTime(Volatile.Read(ref _answered)) : TimeSpan.Zero;

    /// <summary>Whether nobody answers.</summary>
    public bool IsSilent => _silent;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Set();
        _thread.Join();
        _source.Dispose();
        _stopping.Dispose();
    }

    void Beat()
    {
        NpgsqlConnection? connection = null;
        while (!_stopping.Wait(_silent ? s_whileSilent : s_every))
        {
            try
            {
                connection = Ask(connection);
                Volatile.Write(ref _answered, Stopwatch.GetTimestamp());
                _silent = false;
            }
            catch (Exception e) when (IsNoAnswer(e))
            {
                connection = null;
                _silent = true;
            }
        }
        connection?.Dispose();
    }

    /// <summary>The connection to ask on the next time.</summary>
    NpgsqlConnection? Ask(NpgsqlConnection? connection)
    {
        if (connection is not null)
        {
            try
            {
                return AskOn(connection);
            }
            catch (Exception e) when (IsNoAnswer(e) && e is not DbException { InnerException: TimeoutException })
            {
                // A server that was restarted leaves it behind: another one is tried. Where it is silent, that was tried already, in vain: to have the question cancelled.
            }
        }
        try
        {
            return AskOn(_source.OpenConnection());
        }
        catch (PostgresException e) when (!PostgresError.IsBroken(e))
        {
            return null; // A refusal, as for too many connections, is an answer.
        }
    }

    static NpgsqlConnection AskOn(NpgsqlConnection connection)
    {
        try
        {
            using NpgsqlCommand command = new("SELECT 1", connection);
            command.ExecuteScalar();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    static bool IsNoAnswer(Exception e) => e is DbException or SocketException or TimeoutException or IOException or InvalidOperationException;
}
