using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace Kavalek.Protocol;

/// <summary>Reads protobuf that somebody else sent.</summary>
public static class UntrustedMessage
{
    /// <summary>
    /// Reads one message; false where the bytes are none. For a length near 2^31 the library's own limit overflows, and it reads past the end of
    /// the bytes until a bounds check of the runtime stops it: that is caught here, so that it is malformed input like any other.
    /// </summary>
    /// <param name="parser">Of what message.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="message">What it says.</param>
    public static bool TryRead<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out T? message) where T : class, IMessage<T>
    {
        ArgumentNullException.ThrowIfNull(parser);
        try
        {
            message = parser.ParseFrom(bytes);
            return true;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or IndexOutOfRangeException or ArgumentOutOfRangeException or OverflowException)
        {
            message = null;
            return false;
        }
    }
}
