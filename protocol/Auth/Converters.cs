using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kavalek.Protocol.Auth;

/// <summary>Bytes as base64url without padding (RFC 4648 §5).</summary>
public sealed class Base64UrlConverter : JsonConverter<byte[]>
{
    /// <inheritdoc/>
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string text = reader.GetString() ?? throw new JsonException();
        // The decoder would also take padding and white space: then one value would have many spellings.
        if (text.AsSpan().IndexOfAny("= \t\r\n") >= 0) throw new JsonException("not base64url without padding");
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException e)
        {
            throw new JsonException("not base64url", e);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Base64Url.EncodeToString(value));
}

/// <summary>Ids as 32 lower-case hexadecimal digits.</summary>
public sealed class IdConverter : JsonConverter<Id>
{
    /// <inheritdoc/>
    public override Id Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Id.TryParse(reader.GetString(), out Id id) ? id : throw new JsonException("not an id");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Id value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
