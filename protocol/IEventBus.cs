namespace Kavalek.Protocol;

/// <summary>
/// What the parts of the server tell each other: within one process now, between nodes once there are several. An event is news,
/// never the only copy of anything: whoever misses one finds the same in the database.
/// </summary>
public interface IEventBus
{
    /// <summary>
    /// Tells every listener, and returns without waiting for them to act. Events of one publisher about one stream arrive in the order they
    /// were published. Publish after the database has committed.
    /// </summary>
    void Publish(BusEvent news);

    /// <summary>Whether there may be other nodes.</summary>
    bool IsShared { get; }

    /// <summary>Whether news of other nodes' streams arrive at once at present; where not, the database is asked for them.</summary>
    bool IsLive { get; }

    /// <summary>Returns when every <see cref="Listen(StreamName, Action{StreamEvent})"/> made before is in force everywhere, or cannot be for now.</summary>
    Task SettledAsync();

    /// <summary>Hears every event that is not about a single stream's content. Disposing the result ends it.</summary>
    /// <param name="listener">Called on the publisher's thread; it returns soon and does not throw.</param>
    IDisposable Listen(Action<BusEvent> listener);

    /// <summary>Hears what happens in one stream, from now on. Disposing the result ends it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="listener">Called on the publisher's thread, one event at a time; it returns soon and does not throw.</param>
    IDisposable Listen(StreamName stream, Action<StreamEvent> listener);
}

/// <summary>
/// Names a stream inside the server. An inbox has its device's id; the two kinds have separate name spaces, so nobody can take the
/// name of another device's inbox.
/// </summary>
/// <param name="Id">The stream's id, or the device's.</param>
/// <param name="Inbox">Whether this is the inbox of the device <paramref name="Id"/>.</param>
public readonly record struct StreamName(Id Id, bool Inbox);
