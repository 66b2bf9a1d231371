using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Kavalek.Deployment.Tests;

/// <summary>Requests that no library would send.</summary>
static partial class RawRequest
{
    /// <summary>Sends bytes as they are, and gives all that comes back until the other side closes.</summary>
    public static async Task<string> SendAsync(Stream stream, string request)
    {
        using MemoryStream answer = new();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
            await stream.CopyToAsync(answer, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // Cut off: what came before counts.
        }
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>The same without TLS.</summary>
    public static async Task<string> SendAsync(int port, string request)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        return await SendAsync(tcp.GetStream(), request);
    }

    /// <summary>The status of each answer in it, in order.</summary>
    public static int[] Statuses(string answers) => [.. StatusLine().Matches(answers).Select(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))];

    [GeneratedRegex("HTTP/1\\.1 ([0-9]{3}) ")]
    private static partial Regex StatusLine();
}
