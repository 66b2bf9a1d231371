using System.Buffers.Text;
using System.Text.Json;
using Kavalek.Protocol;

namespace Kavalek.Client.Browser;

/// <summary>The parameters of a request. The page is ours: what is malformed is a defect.</summary>
readonly struct Parameters(JsonElement element)
{
    public string Text(string name) => element.GetProperty(name).GetString() ?? throw Malformed(name);

    public string? MaybeText(string name) => element.GetProperty(name).GetString();

    /// <summary>Bytes in base64url without padding, as browsers give them.</summary>
    public byte[] Bytes(string name) => Base64Url.DecodeFromChars(Text(name));

    public int Number(string name) => element.GetProperty(name).GetInt32();

    public bool Flag(string name) => element.GetProperty(name).GetBoolean();

    public Id Id(string name) => Id(element.GetProperty(name), name);

    public Id? MaybeId(string name) => element.GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? Id(value, name) : null;

    public IReadOnlyList<Id> Ids(string name) => [.. element.GetProperty(name).EnumerateArray().Select(item => Id(item, name))];

    /// <summary>A length of time in seconds; <c>null</c> for none.</summary>
    public TimeSpan? Seconds(string name)
    {
        JsonElement value = element.GetProperty(name);
        return value.ValueKind == JsonValueKind.Null ? null : TimeSpan.FromSeconds(value.GetDouble());
    }

    /// <summary>Milliseconds since 1970; beyond all dates for good, <c>null</c> for none.</summary>
    public DateTimeOffset? MaybeTime(string name)
    {
        JsonElement value = element.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Null) return null;
        double milliseconds = value.GetDouble();
        return milliseconds >= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.MaxValue : DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds);
    }

    public MessageId? MaybeMessage(string name) => element.GetProperty(name).ValueKind == JsonValueKind.Null ? null : Message(name);

    public MessageId Message(string name) => Message(Text(name), name);

    static MessageId Message(string text, string name)
    {
        return text.Split('-') is [var account, var content] && Protocol.Id.TryParse(account, out Id a) && Protocol.Id.TryParse(content, out Id c)
            ? new MessageId(a, c)
            : throw Malformed(name);
    }

    public IReadOnlyList<MessageId> Messages(string name)
    {
        string[] texts = [.. element.GetProperty(name).EnumerateArray().Select(item => item.GetString() ?? throw Malformed(name))];
        return [.. texts.Select(text => Message(text, name))];
    }

    /// <summary>Whom a text names; nobody where nothing is said.</summary>
    public IReadOnlyList<Mention> Mentions(string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(item => new Mention(Id(item.GetProperty("account"), name), item.GetProperty("start").GetInt32(), item.GetProperty("length").GetInt32()))]
        : [];

    public MessagePosition? MaybePosition(string name) =>
        MaybeText(name) is { } text ? new MessagePosition(Convert.ToUInt64(text, 16)) : null;

    /// <summary>Files that the page gives, by the numbers that <c>files.ts</c> has put in their places.</summary>
    public IReadOnlyList<OutgoingFile> Files(string name) => [.. element.GetProperty(name).EnumerateArray().Select(item =>
    {
        JsonElement blob = item.GetProperty("blob");
        long size = blob.GetProperty("size").GetInt64();
        return new OutgoingFile(item.GetProperty("name").GetString() ?? "", item.GetProperty("type").GetString() ?? "", size, new PageFileReader(blob.GetProperty("$file").GetInt32(), size))
        {
            Width = item.GetProperty("width").GetInt32(),
            Height = item.GetProperty("height").GetInt32(),
            Preview = item.GetProperty("preview").GetString() is { } preview ? Convert.FromBase64String(preview) : default(ReadOnlyMemory<byte>),
            Length = TimeSpan.FromMilliseconds(item.TryGetProperty("length", out JsonElement length) ? length.GetInt32() : 0),
            Levels = item.TryGetProperty("levels", out JsonElement levels) && levels.GetString() is { } drawn ? Convert.FromBase64String(drawn) : default(ReadOnlyMemory<byte>),
        };
    })];

    /// <summary>Files that were chosen and are not sent; none where nothing is said.</summary>
    public IReadOnlyList<DraftFile> DraftFiles(string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(item => new DraftFile(item.GetProperty("name").GetString() ?? "", item.GetProperty("size").GetInt64()))]
        : [];

    /// <summary>What to pass on; <c>null</c> for nothing.</summary>
    public HistoryShare? MaybeShare(string name)
    {
        JsonElement value = element.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Null) return null;
        return value.TryGetProperty("last", out JsonElement last)
            ? HistoryShare.TheLast(last.GetInt32())
            : HistoryShare.AllSince(DateTimeOffset.FromUnixTimeMilliseconds(value.GetProperty("since").GetInt64()));
    }

    static Id Id(JsonElement value, string name) => Protocol.Id.TryParse(value.GetString(), out Id id) ? id : throw Malformed(name);

    static FormatException Malformed(string name) => new(name);
}
