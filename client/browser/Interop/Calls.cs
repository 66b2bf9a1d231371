using System.Collections.Concurrent;
using System.Runtime.InteropServices.JavaScript;

namespace Kavalek.Client.Browser;

/// <summary>
/// Calls into the browser that answer later. JavaScript gets a number and completes it: awaiting its promises costs a turn of the timer
/// each, a thousand times as much (docs/browser.md).
/// </summary>
static partial class Calls
{
    static readonly ConcurrentDictionary<int, TaskCompletionSource<byte[]?>> s_open = new();
    static int s_last;

    /// <summary>Begins a call, which <paramref name="start"/> hands over under its number, and waits for its end.</summary>
    /// <returns>What JavaScript gave: <c>null</c> where it found the input wrong.</returns>
    /// <exception cref="IOException">It failed; the message is the name of the error.</exception>
    public static async ValueTask<byte[]?> RunAsync(Action<int> start)
    {
        int call = Interlocked.Increment(ref s_last);
        TaskCompletionSource<byte[]?> done = new();
        s_open[call] = done;
        try
        {
            start(call);
        }
        catch
        {
            s_open.TryRemove(call, out _);
            throw;
        }
        return await done.Task.ConfigureAwait(false);
    }

    /// <summary>Ends a call; for JavaScript.</summary>
    [JSExport]
    internal static void Complete(int call, byte[]? result, string? error)
    {
        if (!s_open.TryRemove(call, out TaskCompletionSource<byte[]?>? done)) return;
        if (error is null) done.TrySetResult(result);
        else done.TrySetException(error == "Fenced" ? new FencedException() : new IOException(error));
    }
}

/// <summary>Another tab holds the store now; nothing was written.</summary>
sealed class FencedException() : IOException("another tab holds the account");
