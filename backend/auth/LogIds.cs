using System.Security.Cryptography;
using Kavalek.Protocol;

namespace Kavalek.Auth;

/// <summary>Names an account or device in a log by a value that is keyed anew at each start, so that two logs cannot be joined.</summary>
internal sealed class LogIds
{
    readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>Twelve hexadecimal digits.</summary>
    public string Of(Id id) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, id.ToArray())[..6]);
}
