using System.Data;
using System.Data.Common;
using Kavalek.Messaging.Streams;
using Kavalek.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Kavalek.Messaging.Storage;

/// <summary>The service's tables in PostgreSQL, in the schema <c>messaging</c>. Any number of nodes use them at once.</summary>
sealed class PostgresDatabase : Database
{
    readonly PostgresSource _source;

    /// <summary>Connects and applies the schema scripts that the database lacks.</summary>
    public PostgresDatabase(string connection)
    {
        _source = PostgresSource.Of(connection, "messaging", Readers + 8);
        try
        {
            _source.Migrate(typeof(PostgresDatabase).Assembly);
            _source.Watch();
        }
        catch
        {
            _source.Dispose();
            throw;
        }
    }

    public override int Readers => 8;

    /// <summary>A connection of the pool, as PostgreSQL's own.</summary>
    public NpgsqlConnection Connect() => _source.Open();

    public override TimeSpan Silence => _source.Silence;

    public override void RequireThere() => _source.RequireThere();

    public override void Forget() => _source.Forget();

    public override DbConnection OpenReader() => _source.Open();

    public override DbTransaction Snapshot(DbConnection reader)
    {
        try
        {
            return reader.BeginTransaction(IsolationLevel.RepeatableRead);
        }
        catch (InvalidOperationException e) when (PostgresError.IsLost(reader, e))
        {
            throw PostgresError.Lost(e);
        }
    }

    public override StreamStore OpenStore(ILogger log) => new PostgresStreamStore(this);

    public override bool IsBroken(DbException error) => PostgresError.IsBroken(error);

    public override long Size()
    {
        using NpgsqlConnection connection = _source.Open();
        using NpgsqlCommand command = new(PostgresSource.SizeOf("messaging"), connection);
        return (long)command.ExecuteScalar()!;
    }

    public override void Dispose() => _source.Dispose();
}
