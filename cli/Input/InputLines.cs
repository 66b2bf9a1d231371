using System.Text;
using System.Threading.Channels;

namespace Kavalek.Cli.Input;

/// <summary>
/// The lines of standard input, read on a thread of its own: a read of a pipe or terminal can be neither awaited nor cancelled, and nobody is
/// to wait for one. The thread ends with the process.
/// </summary>
static class InputLines
{
    /// <summary>Lines that are read ahead; whoever writes more waits.</summary>
    const int Ahead = 64;

    /// <summary>The lines from now on, without their ends.</summary>
    public static IAsyncEnumerable<string> ReadAsync(CancellationToken cancel)
    {
        var lines = Channel.CreateBounded<string>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        new Thread(() => Read(lines.Writer)) { IsBackground = true, Name = "input" }.Start();
        return lines.Reader.ReadAllAsync(cancel);
    }

    static void Read(ChannelWriter<string> lines)
    {
        try
        {
            using var reader = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            while (reader.ReadLine() is string line)
            {
                while (!lines.TryWrite(line))
                    lines.WaitToWriteAsync().AsTask().Wait();
            }
        }
        catch (IOException)
        {
            // The other end is gone; that is the end of the input.
        }
        lines.TryComplete();
    }
}
