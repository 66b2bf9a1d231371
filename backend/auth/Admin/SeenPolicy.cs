using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Kavalek.Auth;

/// <summary>
/// The newest policy that this node has seen, by number and hash, in a file outside the database (docs/PROTOCOL.md §5.12). Every older one was signed as well, so whoever
/// edits the database could put one back out of a backup, or none.
/// </summary>
internal sealed class SeenPolicy(AuthOptions options)
{
    readonly Lock _gate = new();

    string Path { get; } = System.IO.Path.Combine(options.DataFolder, AuthOptions.SeenPolicyFile);

    /// <summary>What was seen; asked before the database is, which then has that or a newer one. <c>null</c> where there never was a policy.</summary>
    /// <exception cref="InvalidOperationException">The file is open to others, or not what it should be.</exception>
    public Seen? Read()
    {
        lock (_gate)
        {
            if (!File.Exists(Path)) return null;
            PrivateFile.RequirePrivate(Path);
            string[] parts = File.ReadAllText(Path).Trim().Split(' ');
            if (parts is [string number, { Length: 2 * SHA256.HashSizeInBytes } hash] && hash.All(char.IsAsciiHexDigit)
                && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long read))
            {
                return new Seen(read, Convert.FromHexString(hash));
            }
            throw new InvalidOperationException($"{Path} does not hold the number and hash of a policy. Restore it from a copy of the folder, or delete it to trust what the database has.");
        }
    }

    /// <summary>Refuses a policy that is older than what was seen, another one of the same number, or none (number 0).</summary>
    /// <exception cref="InvalidOperationException">It is.</exception>
    public void Require(Seen? seen, long number, byte[] body)
    {
        if (seen is null || number > seen.Number || (number == seen.Number && SHA256.HashData(body).AsSpan().SequenceEqual(seen.Hash))) return;
        throw new InvalidOperationException(
            $"The policy in the database (number {number}) is not the one that was in force here (number {seen.Number}): the database was changed, or an older copy of it was put back. If that was meant, delete {Path} and start again.");
    }

    /// <summary>Remembers a policy that was stored, unless a newer one is remembered.</summary>
    public void Note(long number, byte[] body)
    {
        lock (_gate)
        {
            if (number > (Read()?.Number ?? 0))
                PrivateFile.Replace(Path, Encoding.ASCII.GetBytes($"{number.ToString(CultureInfo.InvariantCulture)} {Convert.ToHexStringLower(SHA256.HashData(body))}\n"));
        }
    }

    /// <summary>A policy's number and SHA-256.</summary>
    public sealed record Seen(long Number, byte[] Hash);
}
