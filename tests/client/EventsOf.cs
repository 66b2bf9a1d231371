using System.Threading.Channels;

namespace Kavalek.Client.Tests;

/// <summary>Waits for what a connected client reports; a test ends by what it waits for, or after a minute that nothing needs.</summary>
sealed class EventsOf : IAsyncDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly Channel<ClientEvent> _events = Channel.CreateUnbounded<ClientEvent>();
    readonly Task _reading;

    public EventsOf(KavalekClient client)
    {
        IAsyncEnumerable<ClientEvent> events = client.Events(_stop.Token);
        _reading = Task.Run(async () =>
        {
            await foreach (ClientEvent item in events) _events.Writer.TryWrite(item);
        });
    }

    /// <summary>The next event that is wanted.</summary>
    public async Task<T> NextAsync<T>(Func<T, bool>? wanted = null) where T : ClientEvent
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(90));
        await foreach (ClientEvent item in _events.Reader.ReadAllAsync(late.Token))
            if (item is T found && (wanted is null || wanted(found))) return found;
        throw new InvalidOperationException("the events ended");
    }

    /// <summary>The text of the next message of somebody else.</summary>
    public async Task<string> NextTextAsync() =>
        ((TextBody)(await NextAsync<MessageAdded>(m => m.Message is { IsMine: false, Body: TextBody })).Message.Body).Text;

    /// <summary>Waits until an own text has got that far.</summary>
    public Task NextStateAsync(string text, MessageState state) =>
        NextAsync<MessageChanged>(m => m.Message.Body is TextBody body && body.Text == text && m.Message.State == state);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _reading;
        }
        catch (OperationCanceledException)
        {
            // As asked.
        }
        _stop.Dispose();
    }
}
