using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>All conversations of the device: fed by the link, one operation at a time in each conversation.</summary>
sealed class ConversationEngine : IAsyncDisposable
{
    /// <summary>Loads what is stored.</summary>
    public static Task<ConversationEngine> OpenAsync(ClientCore core, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Processes what the link brings and sends what waits, until cancelled.</summary>
    public Task RunAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>One complete catch-up over REST, or over the link where it is up.</summary>
    public Task SyncAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Newest activity first.</summary>
    public IReadOnlyList<Conversation> All => throw new NotImplementedException();

    /// <summary>A conversation by its id.</summary>
    public Conversation? Find(Id id) => throw new NotImplementedException();

    /// <summary>Opens or returns the direct conversation with an account.</summary>
    public Task<Conversation> DirectAsync(Id account, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Makes a group.</summary>
    public Task<Conversation> CreateGroupAsync(string title, IReadOnlyList<Id> accounts, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The own devices changed: add what is new and remove what is gone, in every conversation.</summary>
    public Task OwnDevicesChangedAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Trust, name or blocking of a person changed.</summary>
    public Task ContactChangedAsync(Contact contact, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The own display name changed: tell every conversation.</summary>
    public Task ProfileChangedAsync(CancellationToken cancel) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
