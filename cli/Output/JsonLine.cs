using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Kavalek.Cli.Output;

/// <summary>
/// One JSON value a line. Text is exact, but control, format and direction characters are escaped, so that even JSON does nothing to a terminal.
/// </summary>
static class JsonLine
{
    static readonly JsonWriterOptions Options = new() { Encoder = Encoder() };

    /// <summary>The line of one value, without its end.</summary>
    public static string Of(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, checked((int)buffer.Length));
    }

    /// <summary>The line of one object.</summary>
    public static string Object(Action<Utf8JsonWriter> members) => Of(json =>
    {
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    });

    static JavaScriptEncoder Encoder()
    {
        var settings = new TextEncoderSettings(UnicodeRanges.All);
        settings.ForbidRange(UnicodeRange.Create('\u0080', '\u009F'));
        settings.ForbidCharacters('\u00AD', '\u061C', '\u180E', '\uFEFF');
        settings.ForbidRange(UnicodeRange.Create('\u200B', '\u200F'));
        settings.ForbidRange(UnicodeRange.Create('\u2028', '\u202E'));
        settings.ForbidRange(UnicodeRange.Create('\u2060', '\u206F'));
        settings.ForbidRange(UnicodeRange.Create('\uFFF0', '\uFFFB'));
        settings.ForbidRange(UnicodeRange.Create('\uE000', '\uF8FF'));
        return JavaScriptEncoder.Create(settings);
    }
}
