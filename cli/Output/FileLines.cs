using System.Globalization;
using Kavalek.Cli.Text;
using Kavalek.Client;

namespace Kavalek.Cli.Output;

/// <summary>Files as lines.</summary>
static class FileLines
{
    /// <summary>1.4 MB, 312 kB, 17 bytes.</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 1_000 => $"{bytes} bytes",
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000.0:0.#} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000.0:0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000_000.0:0.##} GB"),
    };

    /// <summary>A text, as it is shown, with a line for each of its files.</summary>
    public static string Text(TextBody body, string text) => body.Attachments.Count == 0 ? text
        : string.Join('\n', body.Attachments.Select(Of).Prepend(text).Where(line => line.Length > 0));

    /// <summary>[file report.pdf, 1.4 MB].</summary>
    public static string Of(Attachment attachment) => attachment.Length == default
        ? $"[file {SafeText.Line(attachment.Name)}, {Size(attachment.Size)}]"
        : $"[{(attachment.IsVoice ? "voice message" : "sound")} {SafeText.Line(attachment.Name)}, {Time(attachment.Length)}, {Size(attachment.Size)}]";

    /// <summary>Minutes and seconds: 3:07.</summary>
    static string Time(TimeSpan length) => string.Create(CultureInfo.InvariantCulture, $"{(int)length.TotalMinutes}:{length.Seconds:00}");
}
