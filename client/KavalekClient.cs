using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// A person's account on this device: everything a client does but drawing. Members are safe for concurrent use. What the
/// person can act on is thrown as <see cref="KavalekException"/>.
/// </summary>
public sealed class KavalekClient : IAsyncDisposable
{
    KavalekClient()
    {
    }

    /// <summary>What <paramref name="store"/> holds, without a password.</summary>
    public static ValueTask<ProfileInfo> InspectAsync(IClientStore store, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Makes an account with this as its first device, and logs it in.</summary>
    public static Task<KavalekClient> SignUpAsync(ClientOptions options, SignUp request, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>
    /// Logs in. With an existing profile of that account, resumes it. With an empty one, adds this as a new device that waits until another
    /// device approves it (<see cref="DeviceCode"/>, <see cref="WaitForApprovalAsync"/>).
    /// </summary>
    public static Task<KavalekClient> LogInAsync(ClientOptions options, Uri server, string email, string password, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Opens an existing profile; works offline.</summary>
    public static Task<KavalekClient> UnlockAsync(ClientOptions options, string password, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>The own account.</summary>
    public Account Me => throw new NotImplementedException();

    /// <summary>Opens a new session after <see cref="SessionEnded"/>.</summary>
    public Task LogInAgainAsync(string password, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Drops all keys and closes. What was sent is safe; what is queued goes out after the next unlock.</summary>
    public Task LockAsync() => throw new NotImplementedException();

    /// <summary>Ends the session and closes.</summary>
    /// <param name="removeDevice">Also removes this device from the account and wipes the store: everything on this device is lost.</param>
    /// <param name="cancel">Stops waiting for the server.</param>
    public Task LogOutAsync(bool removeDevice, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Sets what others see in conversations; it goes out encrypted, with the next sync.</summary>
    public Task SetDisplayNameAsync(string name, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Changes what opens this device's wallet; the password of the account stays.</summary>
    public Task ChangeWalletPasswordAsync(string current, string next, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Connects and stays connected, syncing and raising events, until <see cref="StopAsync"/>. Returns at once.</summary>
    public Task StartAsync(CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Disconnects.</summary>
    public Task StopAsync() => throw new NotImplementedException();

    /// <summary>How it is connected.</summary>
    public ConnectionState Connection => throw new NotImplementedException();

    /// <summary>One complete catch-up: what the server holds for this device is processed and the outbox sent when it returns.</summary>
    public Task SyncAsync(CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>All events from this call on, for as long as they are read.</summary>
    public IAsyncEnumerable<ClientEvent> Events(CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>The people a conversation was opened with or accepted from, by name.</summary>
    public IReadOnlyList<Contact> Contacts => throw new NotImplementedException();

    /// <summary>A person this device knows, if only from a group; <c>null</c> where it does not.</summary>
    public Contact? Contact(Id account) => throw new NotImplementedException();

    /// <summary>Looks a handle up, exact match, and pins its key if it is new.</summary>
    public Task<Contact> FindAsync(string handle, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Marks a person as verified if <paramref name="compared"/>, digits or scanned text, is their safety number.</summary>
    public Task<Contact> VerifyAsync(Id account, string compared, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Accepts the changed key of a person; they are unverified then.</summary>
    public Task<Contact> AcceptKeyAsync(Id account, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>The own contact link: whoever adds by it has verified.</summary>
    public string ContactLink => throw new NotImplementedException();

    /// <summary>Adds a person by their contact link, verified.</summary>
    public Task<Contact> AddByLinkAsync(string link, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Blocks or unblocks a person.</summary>
    public Task<Contact> BlockAsync(Id account, bool blocked, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>The account's devices.</summary>
    public Task<IReadOnlyList<Device>> DevicesAsync(CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>What to type into another device to approve this one; <c>null</c> unless it waits.</summary>
    public string? DeviceCode => throw new NotImplementedException();

    /// <summary>Completes when another device has approved this one.</summary>
    public Task WaitForApprovalAsync(CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Approves the waiting device that shows <paramref name="code"/>; it can do everything this one can.</summary>
    public Task<Device> ApproveDeviceAsync(string code, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Removes a device: its session ends, and every conversation gets new keys.</summary>
    public Task RemoveDeviceAsync(Id device, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Makes an invite; for the instance's owner.</summary>
    public Task<Invite> CreateInviteAsync(int uses, TimeSpan validity, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>The invites there are; for the instance's owner.</summary>
    public Task<IReadOnlyList<InviteInfo>> InvitesAsync(CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Revokes an invite; for the instance's owner.</summary>
    public Task RevokeInviteAsync(Id invite, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>All conversations, newest activity first.</summary>
    public IReadOnlyList<Conversation> Conversations => throw new NotImplementedException();

    /// <summary>A conversation by its id.</summary>
    public Conversation? Conversation(Id id) => throw new NotImplementedException();

    /// <summary>The direct conversation with a person: opened if there is none.</summary>
    public Task<Conversation> DirectAsync(Id account, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Makes a group with these people; the own account is its owner.</summary>
    public Task<Conversation> CreateGroupAsync(string title, IReadOnlyList<Id> accounts, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <inheritdoc cref="LockAsync"/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
