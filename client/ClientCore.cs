using Kavalek.Mls;

namespace Kavalek.Client;

/// <summary>What the parts of an unlocked client share. It lives as long as the client is unlocked.</summary>
sealed class ClientCore : IAsyncDisposable
{
    readonly ClientOptions _options;
    readonly ITransport _transport;
    readonly CancellationTokenSource _over = new();

    ClientCore(ClientOptions options, OpenProfile profile, OwnIdentity identity, StoredSession? session)
    {
        _options = options;
        _transport = options.Transport(profile.Data.Server);
        Profile = profile;
        Identity = identity;
        Rest rest = new(_transport, _over.Token);
        SignIn = new SignInApi(rest);
        Tokens = new Tokens(SignIn, profile.Store, options.Clock, session, reason => Events.Publish(new SessionEnded(reason)),
            ended => Removal!.ExplainAsync(ended));
        Auth = new AuthApi(rest, Tokens);
        Admin = new AdminApi(rest);
        InstanceKey = new InstanceKey(profile.Store);
        Policy = new PolicyInForce(identity.Instance, InstanceKey, profile.Store, options.Crypto, Admin, Events);
        Audit = new AuditMemory(identity.Instance, InstanceKey, profile.Store, options.Crypto, Auth, Events, options.Clock);
        Streams = new StreamsApi(rest, Tokens);
        Archive = new ArchiveApi(rest, Tokens);
        WakeUps = new WakeUps(new PushApi(rest, Tokens));
        Attachments = new AttachmentApi(rest, Tokens);
        Files = new KeptFiles(profile.Store, options.Crypto);
        Link = new ServerLink(_transport, Tokens, Streams, Events, options.Clock, options.Crypto);
        Mls = new MlsEnvironment(options.Crypto, new CertificateAuthentication(options.Crypto, identity.Instance))
        {
            // docs/PROTOCOL.md §7: no external commits or senders, no re-init, no PSKs, and every handshake encrypted.
            Rules = MlsRules.MembersOnly,
            // docs/PROTOCOL.md §5.5: no longer than a server may take, whatever this one took.
            Limits = MlsLimits.Default with { MaxLifetime = TimeSpan.FromDays(92) },
        };
        Vault = new VaultWatch(identity, profile.Store, options.Crypto, Auth, Events);
        Devices = new OwnDevices(identity, profile.Store, options.Crypto, Auth, Vault, Events, options.Clock);
        Removal = new Removal(identity, Devices, profile, SignIn, options.Crypto, () => Wiped?.Invoke());
        People = new People(identity, profile.Data.Server, profile.Store, Mls, Auth, Events, options.Clock) { OwnListNumber = () => Devices.Known.ListNumber };
        KeyPackages = new KeyPackageStock(identity, profile.Store, Mls, Auth, options.Clock, options.KeyPackages);
        NewKey = new NewAccountKey(identity, profile.Store, Mls, Auth, Devices, People, KeyPackages, Events, options.Clock);
        Devices.FollowKey = NewKey.FollowAsync;
        Joining = new Joining(identity, profile, options.Crypto, Auth, Tokens, options.Clock);
        Index = new SearchIndex(this);
        Account = new WholeAccount(options, identity, profile, SignIn, Auth, Joining);
    }

    /// <summary>Builds everything on an open profile, which belongs to it from then on.</summary>
    public static async Task<ClientCore> OpenAsync(ClientOptions options, OpenProfile profile, CancellationToken cancel)
    {
        OwnIdentity identity = await OwnIdentity.LoadAsync(profile.Data, profile.Store, cancel).ConfigureAwait(false);
        ClientCore core = new(options, profile, identity, await Tokens.LoadAsync(profile.Store, cancel).ConfigureAwait(false));
        await core.InstanceKey.LoadAsync(cancel).ConfigureAwait(false);
        await core.Policy.LoadAsync(cancel).ConfigureAwait(false);
        await core.People.LoadAsync(cancel).ConfigureAwait(false);
        await core.Devices.LoadAsync(cancel).ConfigureAwait(false);
        return core;
    }

    /// <summary>The sealed store: what is put into it is encrypted on the way.</summary>
    public IClientStore Store => Profile.Store;

    /// <summary>The words of the messages.</summary>
    public SearchIndex Index { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock => _options.Clock;

    /// <summary>When conversations renew their keys.</summary>
    public RenewalSettings Renewal => _options.Renewal;

    /// <summary>The key that signs what the instance says of itself.</summary>
    public InstanceKey InstanceKey { get; }

    /// <summary>What the instance asks of its clients.</summary>
    public PolicyInForce Policy { get; }

    /// <summary>What was seen of the instance's audit log.</summary>
    public AuditMemory Audit { get; }

    /// <summary>Told of each message that has an end, milliseconds since 1970.</summary>
    public Action<ulong> Ends { get; set; } = _ => { };

    /// <summary>Whether what is read and sent is marked for the archive.</summary>
    public bool IsArchiving { get; set; } = true;

    /// <summary>Told of each text of somebody else: conversation, stream, and its place there.</summary>
    public Action<Protocol.Id, Google.Protobuf.ByteString, ulong> Returned { get; set; } = (_, _, _) => { };

    /// <summary>Told when somebody took an offer of history that this device made.</summary>
    public Action Asked { get; set; } = () => { };

    /// <summary>Told when something was marked.</summary>
    public Action Marked { get; set; } = () => { };

    /// <summary>The own display name, if any.</summary>
    public string? DisplayName => Profile.Data.DisplayName;

    /// <summary>What the store is about, and the way to change it.</summary>
    public OpenProfile Profile { get; }

    /// <summary>What MLS needs: primitives and <see cref="CertificateAuthentication"/>.</summary>
    public MlsEnvironment Mls { get; }

    /// <summary>This device and its account.</summary>
    public OwnIdentity Identity { get; }

    /// <summary>The account's devices; what a conversation must hold of the own account is <see cref="OwnDevices.Known"/>.</summary>
    public OwnDevices Devices { get; }

    /// <summary>How a waiting device becomes certified.</summary>
    public Joining Joining { get; }

    /// <summary>Another account key in the place of one that a lost device holds.</summary>
    public NewAccountKey NewKey { get; }

    /// <summary>What changes the account as a whole.</summary>
    public WholeAccount Account { get; }

    /// <summary>The vault that a recovery key opens.</summary>
    public VaultWatch Vault { get; }

    /// <summary>What happens when this device was removed.</summary>
    public Removal Removal { get; }

    /// <summary>Called when the device was removed and everything here deleted.</summary>
    public Action? Wiped { get; set; }

    /// <summary>Where events go.</summary>
    public EventHub Events { get; } = new();

    /// <summary>Pins, directory, key package claims.</summary>
    public People People { get; }

    /// <summary>Own key packages with their private parts.</summary>
    public KeyPackageStock KeyPackages { get; }

    /// <summary>The session's tokens.</summary>
    public Tokens Tokens { get; }

    /// <summary>The calls without a session.</summary>
    public SignInApi SignIn { get; }

    /// <summary>The calls of the dashboard.</summary>
    public AdminApi Admin { get; }

    /// <summary>The calls of the authentication service.</summary>
    public AuthApi Auth { get; }

    /// <summary>The calls of attachments.</summary>
    public AttachmentApi Attachments { get; }

    /// <summary>The attachments on this device.</summary>
    public KeptFiles Files { get; }

    /// <summary>Told when something is to be deleted at the server.</summary>
    public Action Unwanted { get; set; } = () => { };

    /// <summary>The calls of the archive.</summary>
    public ArchiveApi Archive { get; }

    /// <summary>How a sleeping browser is woken.</summary>
    public WakeUps WakeUps { get; }

    /// <summary>The streams over REST.</summary>
    public StreamsApi Streams { get; }

    /// <summary>The socket.</summary>
    public ServerLink Link { get; }

    /// <summary>Disconnects, drops all keys and closes the store.</summary>
    public ValueTask DisposeAsync() => CloseAsync(keepStore: false);

    /// <summary>Ends all calls to the server: a network that does not answer holds up nothing that comes after.</summary>
    public Task HangUpAsync() => _over.CancelAsync();

    /// <summary>Disconnects and drops all keys, whatever the network does; the store below stays open where its owner still needs it.</summary>
    public async ValueTask CloseAsync(bool keepStore)
    {
        try
        {
            await Link.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Events.Complete();
            Policy.Dispose();
            Audit.Dispose();
            People.Dispose();
            Devices.Dispose();
            KeyPackages.Dispose();
            Tokens.Dispose();
            Identity.Dispose();
            try
            {
                await _transport.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                if (keepStore) await Profile.DropKeysAsync().ConfigureAwait(false);
                else await Profile.DisposeAsync().ConfigureAwait(false);
                _over.Dispose();
            }
        }
    }
}
