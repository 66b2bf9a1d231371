using System.Text;

namespace Kavalek.Cli.Input;

/// <summary>The text of a message to send: from the command line, or all of standard input.</summary>
static class MessageText
{
    /// <summary>Bytes of UTF-8 that one message may have (docs/PROTOCOL.md §7.3).</summary>
    public const int MaximumBytes = 65_536;

    /// <summary>Checks a text and gives it without line breaks at its end.</summary>
    /// <exception cref="CliException">It is empty or too long.</exception>
    public static string Checked(string text)
    {
        text = text.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n');
        if (string.IsNullOrWhiteSpace(text))
            throw new CliException(ExitCode.Usage, "The message is empty. Nothing was sent.");
        int bytes;
        try
        {
            bytes = new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            throw NotText();
        }
        if (bytes > MaximumBytes)
            throw TooLong(bytes);
        return text;
    }

    /// <summary>All of standard input.</summary>
    /// <exception cref="CliException">It is not UTF-8, empty, or too long.</exception>
    public static async Task<string> FromInputAsync(CancellationToken cancel)
    {
        await using Stream input = Console.OpenStandardInput();
        byte[] buffer = new byte[MaximumBytes + 16];
        int length = await input.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        if (length == buffer.Length)
            throw TooLong(null);    // how much longer, only the rest of the input would tell
        try
        {
            // A byte order mark is how some editors begin a file; nobody wrote it.
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, length);
            return Checked(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes));
        }
        catch (DecoderFallbackException)
        {
            throw NotText();
        }
    }

    static CliException TooLong(int? bytes) => new(ExitCode.Usage,
        $"The message is too long: one may have {MaximumBytes:#,0} bytes, and it has {(bytes is int all ? $"{all:#,0}" : "more")}. Nothing was sent; split it.");

    static CliException NotText() => new(ExitCode.Usage, "The message is not UTF-8 text. Nothing was sent; convert it first, for instance with iconv.");
}
