using Kavalek.Client;

namespace Kavalek.Cli.CommandLine;

/// <summary>The end of a connection that was held: what was still to be said, such as that messages were read, is said first.</summary>
static class Farewell
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Disconnects. What could not be said now is stored, and said at the next connection.</summary>
    public static async Task StopAsync(KavalekClient client)
    {
        bool online = client.Connection == ConnectionState.Online;
        await client.StopAsync();
        if (!online)
            return;
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            await client.SyncAsync(patience.Token);
        }
        catch (Exception e) when (e is KavalekException or OperationCanceledException)
        {
            // The server went away meanwhile.
        }
    }
}
