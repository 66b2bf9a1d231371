using System.Net;
using Kavalek.Postgres;
using Npgsql;

namespace Kavalek.Host;

/// <summary>Does not start on a password that somebody could guess: what PostgreSQL and Redis hold, and whom they speak to, hangs on it (K-79).</summary>
internal static class StrongSecrets
{
    const int Least = 16, LeastDistinct = 8;

    /// <summary>Looks at what the options' secret files held.</summary>
    /// <exception cref="InvalidOperationException">A password is missing or weak; the message says whose, and how to make one.</exception>
    public static void Require(ServerOptions options)
    {
        if (options.Postgres is { } connection)
        {
            NpgsqlConnectionStringBuilder postgres = PostgresSource.Read(connection);
            // A client's certificate or a password file takes a password's place.
            if (postgres is { SslCertificate: null, Passfile: null }) Require("PostgreSQL", postgres.Host ?? "", postgres.Password, postgres.Username);
        }
        if (options.Redis is { } redis)
        {
            RedisAddress address = RedisAddress.Parse(redis);
            Require("Redis", address.Host, address.Password, address.User);
        }
    }

    static void Require(string whose, string host, string? password, string? user)
    {
        // Without a password, only who is on this machine is asked in.
        if (string.IsNullOrEmpty(password) && IsHere(host)) return;
        if (password is { Length: >= Least } && password.Distinct().Count() >= LeastDistinct && !password.Contains(user ?? "\0", StringComparison.OrdinalIgnoreCase)) return;
        throw new InvalidOperationException($"The password of {whose} is missing or could be guessed. Make one with: openssl rand -hex 32");
    }

    static bool IsHere(string host) => host is "localhost" || host.StartsWith('/') || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));
}
