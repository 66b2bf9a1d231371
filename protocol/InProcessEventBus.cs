using System.Collections.Concurrent;

namespace Kavalek.Protocol;

/// <summary>The event bus of a server that is one process: listeners are called at once, on the publisher's thread.</summary>
public sealed class InProcessEventBus : IEventBus
{
    readonly ConcurrentDictionary<StreamName, Action<StreamEvent>> _streams = new();
    readonly Lock _gate = new();
    Action<BusEvent>? _listeners;

    /// <inheritdoc/>
    public bool IsShared => false;

    /// <inheritdoc/>
    public bool IsLive => true;

    /// <inheritdoc/>
    public Task SettledAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void Publish(BusEvent news)
    {
        if (news is not StreamEvent ofStream)
        {
            _listeners?.Invoke(news);
        }
        else if (_streams.TryGetValue(ofStream.Stream, out Action<StreamEvent>? listeners))
        {
            listeners(ofStream);
        }
    }

    /// <inheritdoc/>
    public IDisposable Listen(Action<BusEvent> listener)
    {
        lock (_gate)
        {
            _listeners += listener;
        }
        return new Listening(() =>
        {
            lock (_gate)
            {
                _listeners -= listener;
            }
        });
    }

    /// <inheritdoc/>
    public IDisposable Listen(StreamName stream, Action<StreamEvent> listener)
    {
        lock (_gate)
        {
            _streams.AddOrUpdate(stream, listener, (_, others) => others + listener);
        }
        return new Listening(() =>
        {
            lock (_gate)
            {
                if (_streams.TryGetValue(stream, out Action<StreamEvent>? listeners))
                {
                    if ((listeners - listener) is { } rest)
                    {
                        _streams[stream] = rest;
                    }
                    else
                    {
                        _streams.TryRemove(stream, out Action<StreamEvent>? _);
                    }
                }
            }
        });
    }

    sealed class Listening(Action stop) : IDisposable
    {
        Action? _stop = stop;

        public void Dispose() => Interlocked.Exchange(ref _stop, null)?.Invoke();
    }
}
