using Kavalek.Client;

namespace Kavalek.Scenario.Tests;

/// <summary>Somebody with a profile folder of their own, who talks to the server over real sockets.</summary>
sealed class Person(string handle, string folder, Uri server) : IAsyncDisposable
{
    readonly string _folder = Path.Combine(folder, handle);
    readonly List<Recorder> _recorders = [];
    KavalekClient? _client;

    public string Handle => handle;
    public string Email { get; init; } = $"{handle}@example.org";
    public string Password { get; init; } = $"a long password of {handle}";
    public string? DisplayName { get; init; }
    public string Folder => _folder;
    public KavalekClient Client => _client ?? throw new InvalidOperationException($"{handle} is not here");

    /// <summary>Every byte this person's clients sent.</summary>
    public byte[] Sent => [.. _recorders.SelectMany(r => r.Sent)];

    /// <summary>Every byte this person's clients received.</summary>
    public byte[] Received => [.. _recorders.SelectMany(r => r.Received)];

    public async Task SignUpAsync(string invite) =>
        _client = await KavalekClient.SignUpAsync(await OptionsAsync(), new SignUp(server, invite, Email, handle, Password, DisplayName), Cancel);

    /// <summary>Opens the profile again, as after a restart.</summary>
    public async Task ComeBackAsync() => _client = await KavalekClient.UnlockAsync(await OptionsAsync(), Password, Cancel);

    /// <summary>Goes, without a word to the server.</summary>
    public async Task GoAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await client.DisposeAsync();
        }
    }

    /// <summary>The direct conversation with another person, opened on this side and accepted on theirs.</summary>
    public async Task<Conversation> TalkToAsync(Person other)
    {
        Contact contact = await Client.FindAsync(other.Handle, Cancel);
        Conversation mine = await Client.DirectAsync(contact.Account, Cancel);
        await Client.SyncAsync(Cancel);
        await other.Client.SyncAsync(Cancel);
        Conversation theirs = other.Client.Conversation(mine.Id)!;
        if (theirs.State == ConversationState.Request)
        {
            await theirs.AcceptAsync(Cancel);
        }
        await other.Client.SyncAsync(Cancel);
        await Client.SyncAsync(Cancel);
        return mine;
    }

    /// <summary>All texts of a conversation as this person sees them, in order.</summary>
    public async Task<IReadOnlyList<string>> TextsAsync(Conversation conversation)
    {
        Conversation own = Client.Conversation(conversation.Id)!;
        IReadOnlyList<Message> messages = await own.MessagesAsync(int.MaxValue, cancel: Cancel);
        return [.. messages.Select(m => m.Body).OfType<TextBody>().Select(b => b.Text)];
    }

    public ValueTask DisposeAsync() => new(GoAsync());

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    async Task<ClientOptions> OptionsAsync() => new()
    {
        Store = await SqliteClientStore.OpenAsync(_folder, cancel: Cancel),
        Transport = address =>
        {
            var recorder = new Recorder(new HttpTransport(address));
            _recorders.Add(recorder);
            return recorder;
        },
    };
}
