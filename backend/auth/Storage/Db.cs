using System.Data.Common;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Statements on one connection, inside the transaction it is in. Ids are stored as their 16 bytes.</summary>
internal readonly struct Db(DbConnection connection)
{
    /// <summary>Runs a statement and tells how many rows it changed.</summary>
    public async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using DbCommand command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>All rows.</summary>
    public async Task<List<T>> AllAsync<T>(string sql, Func<DbDataReader, T> row, params (string Name, object? Value)[] parameters)
    {
        await using DbCommand command = Command(sql, parameters);
        await using DbDataReader reader = await command.ExecuteReaderAsync();
        List<T> rows = [];
        while (await reader.ReadAsync()) rows.Add(row(reader));
        return rows;
    }

    /// <summary>The first row, or <c>null</c>.</summary>
    public async Task<T?> FirstAsync<T>(string sql, Func<DbDataReader, T> row, params (string Name, object? Value)[] parameters) where T : class
    {
        List<T> rows = await AllAsync(sql, row, parameters);
        return rows.Count == 0 ? null : rows[0];
    }

    /// <summary>Whether there is a row.</summary>
    public async Task<bool> AnyAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using DbCommand command = Command(sql, parameters);
        await using DbDataReader reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync();
    }

    /// <summary>The number in the only column of the only row.</summary>
    public async Task<long> NumberAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using DbCommand command = Command(sql, parameters);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    DbCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        DbCommand command = connection.CreateCommand();
        // Every text is a constant of a store; values go in as parameters.
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value is Id id ? id.ToArray() : value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }
        return command;
    }
}

/// <summary>Reads columns by position.</summary>
internal static class Columns
{
    public static Id Id(this DbDataReader row, int column) => Protocol.Id.Read(row.GetFieldValue<byte[]>(column));

    public static byte[] Bytes(this DbDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    public static byte[]? BytesOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Bytes(column);

    /// <summary>A condition, which PostgreSQL answers as such and SQLite as a number.</summary>
    public static bool Flag(this DbDataReader row, int column) => row.GetValue(column) is bool flag ? flag : row.GetInt64(column) != 0;
}
