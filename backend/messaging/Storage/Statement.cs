using Kavalek.Protocol;
using Microsoft.Data.Sqlite;

namespace Kavalek.Messaging.Storage;

/// <summary>A prepared statement with its parameters in the order of their names; used by one thread.</summary>
sealed class Statement : IDisposable
{
    readonly SqliteCommand _command;
    readonly SqliteParameter[] _parameters;

    public Statement(SqliteConnection connection, string sql, params ReadOnlySpan<string> names)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        _parameters = new SqliteParameter[names.Length];
        for (int i = 0; i < names.Length; i++)
            _parameters[i] = _command.Parameters.Add(new SqliteParameter(names[i], DBNull.Value));
        _command.Prepare();
    }

    /// <summary>Runs it and answers how many rows changed.</summary>
    public int Run(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return _command.ExecuteNonQuery();
    }

    /// <summary>Runs it and reads what it returns.</summary>
    public SqliteDataReader Read(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return _command.ExecuteReader();
    }

    /// <inheritdoc/>
    public void Dispose() => _command.Dispose();

    void Bind(ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            _parameters[i].Value = values[i] switch
            {
                null => DBNull.Value,
                Id id => id.ToArray(),
                ulong number => checked((long)number),
                bool flag => flag ? 1L : 0L,
                var value => value,
            };
        }
    }
}

/// <summary>Reading the types that rows are made of.</summary>
static class Rows
{
    /// <summary>A seq or an epoch.</summary>
    public static ulong Number(this SqliteDataReader row, int column) => checked((ulong)row.GetInt64(column));

    /// <summary>A seq or an epoch that may be absent.</summary>
    public static ulong? MaybeNumber(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.Number(column);

    /// <summary>An id.</summary>
    public static Id Id(this SqliteDataReader row, int column) => Protocol.Id.Read(row.GetFieldValue<byte[]>(column));

    /// <summary>Bytes.</summary>
    public static byte[] Bytes(this SqliteDataReader row, int column) => row.GetFieldValue<byte[]>(column);
}
