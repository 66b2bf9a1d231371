using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>All conversations of the device: fed by the link, one operation at a time in each conversation.</summary>
sealed class ConversationEngine : IAsyncDisposable
{
    readonly List<Conversation> _all = [];

    Task Nothing => _all.Count == 0 ? Task.CompletedTask : throw new NotImplementedException();

    /// <summary>Loads what is stored.</summary>
    public static Task<ConversationEngine> OpenAsync(ClientCore core, CancellationToken cancel) => Task.FromResult(new ConversationEngine());

    /// <summary>Processes what the link brings and sends what waits, until cancelled.</summary>
    public Task RunAsync(CancellationToken cancel) => Nothing;

    /// <summary>One complete catch-up over REST, or over the link where it is up.</summary>
    public Task SyncAsync(CancellationToken cancel) => Nothing;

    /// <summary>Newest activity first.</summary>
    public IReadOnlyList<Conversation> All => _all;

    /// <summary>A conversation by its id.</summary>
    public Conversation? Find(Id id) => _all.Find(c => c.Id == id);

    /// <summary>Opens or returns the direct conversation with an account.</summary>
    public Task<Conversation> DirectAsync(Id account, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Makes a group.</summary>
    public Task<Conversation> CreateGroupAsync(string title, IReadOnlyList<Id> accounts, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>The own devices changed: add what is new and remove what is gone, in every conversation.</summary>
    public Task OwnDevicesChangedAsync(CancellationToken cancel) => Nothing;

    /// <summary>Trust, name or blocking of a person changed.</summary>
    public Task ContactChangedAsync(Contact contact, CancellationToken cancel) => Nothing;

    /// <summary>The own display name changed: tell every conversation.</summary>
    public Task ProfileChangedAsync(CancellationToken cancel) => Nothing;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
