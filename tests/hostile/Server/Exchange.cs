using System.Text.Json;
using Kavalek.Protocol;

namespace Kavalek.Hostile.Tests;

/// <summary>Who speaks to the server, as the server itself knows it: from the access token.</summary>
sealed record Caller(Id Account, Id Device)
{
    /// <summary>Reads the claims of a token, which the server behind verifies; <c>null</c> where there are none.</summary>
    public static Caller? OfToken(string? token)
    {
        if (token?.Split('.') is not [_, { } claims, _]) return null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(claims));
            return json.RootElement.TryGetProperty("dev", out JsonElement device) && json.RootElement.TryGetProperty("sub", out JsonElement account)
                && Id.TryParse(device.GetString(), out Id deviceId) && Id.TryParse(account.GetString(), out Id accountId)
                ? new Caller(accountId, deviceId)
                : null;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }
}

/// <summary>One HTTP request on its way to the server.</summary>
/// <param name="Method">Upper case.</param>
/// <param name="Path">Path and query, without the leading slash.</param>
/// <param name="Headers">All of them, in lower case.</param>
/// <param name="Body">Empty where there is none.</param>
sealed record Request(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>Who asks; <c>null</c> without a token.</summary>
    public Caller? Caller { get; } = Headers.TryGetValue("authorization", out string? value) && value.StartsWith("Bearer ", StringComparison.Ordinal)
        ? Caller.OfToken(value["Bearer ".Length..])
        : null;

    /// <summary>Whether method and path are these; a star stands for anything.</summary>
    public bool Is(string method, string pattern)
    {
        if (Method != method) return false;
        string[] parts = pattern.Split('*');
        if (parts.Length == 1) return Path == pattern;
        if (!Path.StartsWith(parts[0], StringComparison.Ordinal) || Path.Length < parts.Sum(part => part.Length)) return false;
        int at = parts[0].Length;
        foreach (string part in parts[1..^1])
        {
            int found = Path.IndexOf(part, at, StringComparison.Ordinal);
            if (found < 0) return false;
            at = found + part.Length;
        }
        return Path.Length - at >= parts[^1].Length && Path.EndsWith(parts[^1], StringComparison.Ordinal);
    }
}

/// <summary>One HTTP answer on its way to the client.</summary>
sealed record Answer(int Status, string? ContentType, byte[] Body)
{
    public const string Protobuf = "application/x-protobuf", Json = "application/json";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>A refusal with a code of docs/PROTOCOL.md.</summary>
    public static Answer Problem(int status, string code, ulong? epoch = null) => new(status, "application/problem+json", JsonSerializer.SerializeToUtf8Bytes(
        epoch is { } number ? new Dictionary<string, object> { ["code"] = code, ["status"] = status, ["title"] = code, ["epoch"] = number }
        : new Dictionary<string, object> { ["code"] = code, ["status"] = status, ["title"] = code }));

    public static Answer Message(Google.Protobuf.IMessage message) => new(200, Protobuf, Google.Protobuf.MessageExtensions.ToByteArray(message));
}

/// <summary>The connection breaks here, whatever the server did with the request.</summary>
sealed class LostException() : Exception("lost on the way");

/// <summary>One binary message of the socket.</summary>
/// <param name="Link">The connection it is of.</param>
/// <param name="FromClient">Its direction.</param>
/// <param name="Bytes">A <c>ClientFrame</c> or a <c>ServerFrame</c>.</param>
sealed record Frame(SocketLink Link, bool FromClient, byte[] Bytes);

/// <summary>One socket connection through the hostile server; rules may say things on it that nobody sent.</summary>
abstract class SocketLink
{
    /// <summary>Who is at its end, once its first frame has passed.</summary>
    public Caller? Caller { get; set; }

    /// <summary>Says something to the client, past all rules.</summary>
    public abstract Task ToClientAsync(byte[] bytes);

    /// <summary>Says something to the server, past all rules.</summary>
    public abstract Task ToServerAsync(byte[] bytes);

    /// <summary>Breaks the connection.</summary>
    public abstract void Break();
}
