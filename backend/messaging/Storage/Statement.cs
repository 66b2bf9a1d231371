using System.Data.Common;
using Kavalek.Postgres;
using Kavalek.Protocol;
using Microsoft.Data.Sqlite;

namespace Kavalek.Messaging.Storage;

/// <summary>A statement, prepared, with its parameters in the order of their names; used by one thread.</summary>
sealed class Statement : IDisposable
{
    readonly DbCommand _command;
    readonly DbParameter[] _parameters;

    public Statement(DbConnection connection, string sql, params ReadOnlySpan<string> names)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        _parameters = new DbParameter[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            _parameters[i] = _command.CreateParameter();
            (_parameters[i].ParameterName, _parameters[i].Value) = (names[i], DBNull.Value);
            _command.Parameters.Add(_parameters[i]);
        }
        // Npgsql prepares by itself what is used again, once it has seen the values' types.
        if (connection is SqliteConnection)
            _command.Prepare();
    }

    /// <summary>Runs it and answers how many rows changed.</summary>
    public int Run(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        try
        {
            return _command.ExecuteNonQuery();
        }
        catch (InvalidOperationException e) when (PostgresError.IsLost(_command.Connection, e))
        {
            throw PostgresError.Lost(e);
        }
    }

    /// <summary>Runs it and reads what it returns.</summary>
    public DbDataReader Read(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        try
        {
            return _command.ExecuteReader();
        }
        catch (InvalidOperationException e) when (PostgresError.IsLost(_command.Connection, e))
        {
            throw PostgresError.Lost(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _command.Dispose();

    /// <summary>A value as the tables hold it.</summary>
    public static object Stored(object? value) => value switch
    {
        null => DBNull.Value,
        Id id => id.ToArray(),
        ulong number => checked((long)number),
        bool flag => flag ? 1L : 0L,
        _ => value,
    };

    void Bind(ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++)
            _parameters[i].Value = Stored(values[i]);
    }
}

/// <summary>Reading the types that rows are made of.</summary>
static class Rows
{
    /// <summary>A seq or an epoch.</summary>
    public static ulong Number(this DbDataReader row, int column) => checked((ulong)row.GetInt64(column));

    /// <summary>A seq or an epoch that may be absent.</summary>
    public static ulong? MaybeNumber(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Number(column);

    /// <summary>An id.</summary>
    public static Id Id(this DbDataReader row, int column) => Protocol.Id.Read(row.GetFieldValue<byte[]>(column));

    /// <summary>Bytes.</summary>
    public static byte[] Bytes(this DbDataReader row, int column) => row.GetFieldValue<byte[]>(column);
}
