namespace Kavalek.Mls.Tests;

/// <summary>One device in a test: its identity, its key packages and its view of one group, stored in a dictionary after each step.</summary>
sealed class Client
{
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    readonly Dictionary<string, KeyPackageBundle> _bundles = [];
    readonly Dictionary<string, byte[]> _store = [];
    MlsGroup? _group;

    Client(string name, CipherSuite suite, MlsEnvironment environment, KeyPair signatureKey)
    {
        Name = name;
        Suite = suite;
        Environment = environment;
        SignatureKey = signatureKey;
    }

    public string Name { get; }

    public CipherSuite Suite { get; }

    public MlsEnvironment Environment { get; }

    public KeyPair SignatureKey { get; }

    public PendingCommit? Pending { get; set; }

    /// <summary>Of the key packages it makes; those of the suite where <c>null</c>.</summary>
    public Capabilities? Capabilities { get; set; }

    /// <summary>The pre-shared keys that it knows.</summary>
    public ExternalPskLookup? ExternalPsk { get; set; }

    /// <summary>Whether each step is followed by a restart from the stored records.</summary>
    public bool Restarts { get; set; }

    public MlsGroup Group => _group ?? throw new InvalidOperationException($"{Name} is in no group");

    public long StoredBytes => _store.Sum(entry => entry.Key.Length + (long)entry.Value.Length);

    public static async Task<Client> CreateAsync(
        string name, IAuthenticationService? authentication = null, RetentionPolicy? retention = null, CipherSuite? suite = null, MlsRules? rules = null)
    {
        suite ??= CipherSuite.P256Aes128;
        MlsEnvironment environment = new(NativeCryptoProvider.Shared, authentication ?? new Everybody())
        {
            Retention = retention ?? RetentionPolicy.Default,
            Rules = rules ?? MlsRules.Default,
        };
        return new(name, suite, environment, await environment.Crypto.GenerateSignatureKeyPairAsync(suite.Signature));
    }

    public async Task<KeyPackageBundle> BundleAsync(Capabilities? capabilities = null, bool lastResort = false) => await KeyPackageBundle.CreateAsync(Environment, new()
    {
        Suite = Suite,
        Credential = Credential.Basic(System.Text.Encoding.UTF8.GetBytes(Name)),
        SignatureKey = SignatureKey,
        Lifetime = Lifetime.Starting(Now, TimeSpan.FromDays(90)),
        Capabilities = capabilities ?? Capabilities,
        LastResort = lastResort,
    });

    public async Task<KeyPackage> PublishAsync(Capabilities? capabilities = null) =>
        KeyPackage.Decode((await OfferAsync(capabilities)).KeyPackage.Encode());

    /// <summary>A key package that is kept for its Welcome.</summary>
    public async Task<KeyPackageBundle> OfferAsync(Capabilities? capabilities = null)
    {
        KeyPackageBundle bundle = KeyPackageBundle.Decode((await BundleAsync(capabilities)).Encode());
        return _bundles[Convert.ToHexString(bundle.Ref)] = bundle;
    }

    public async Task CreateGroupAsync(params Extension[] extensions) =>
        Keep(await MlsGroup.CreateAsync(Environment, "a group"u8.ToArray(), await BundleAsync(), extensions));

    public async Task<JoinedGroup> JoinAsync(byte[] welcome, JoinOptions? options = null, MlsEnvironment? environment = null)
    {
        JoinedGroup joined = await MlsGroup.JoinAsync(environment ?? Environment, welcome,
            reference => ValueTask.FromResult(_bundles.GetValueOrDefault(Convert.ToHexString(reference.Span))), options);
        Take(joined.Group);
        return joined;
    }

    /// <summary>Joins by a commit of its own, which is for the others to receive.</summary>
    public async Task<ExternalJoin> JoinExternallyAsync(byte[] groupInfo, ExternalJoinOptions? options = null)
    {
        ExternalJoin joined = await MlsGroup.JoinExternallyAsync(Environment, groupInfo, await BundleAsync(), options);
        Take(joined.Group);
        return joined;
    }

    /// <summary>Is in this group from now on, and no longer in the one before.</summary>
    public void Take(MlsGroup group)
    {
        _store.Clear();
        _group = null;
        Keep(group);
    }

    public async Task<PendingCommit> CommitAsync(CommitRequest request)
    {
        (PendingCommit pending, MlsGroup next) = await Group.CommitAsync(request, Now, ExternalPsk);
        Keep(next);
        return Pending = Restarts ? PendingCommit.Decode(Group, pending.Encode()) : pending;
    }

    public async Task<byte[]> SendAsync(string text)
    {
        OutgoingMessage sent = await Group.ProtectAsync(System.Text.Encoding.UTF8.GetBytes(text));
        Keep(sent.Next);
        return sent.Message;
    }

    public async Task<byte[]> ProposeAsync(Func<MlsGroup, ValueTask<OutgoingMessage>> propose)
    {
        OutgoingMessage sent = await propose(Group);
        Keep(sent.Next);
        return sent.Message;
    }

    /// <summary>Processes a message and keeps what comes of it.</summary>
    public async Task<ProcessResult> ReceiveAsync(byte[] message)
    {
        ProcessResult result = await Group.ProcessAsync(message, Now, new() { Pending = Pending, ExternalPsk = ExternalPsk });
        switch (result)
        {
            case ProcessResult.ApplicationReceived received: Keep(received.Next); break;
            case ProcessResult.ProposalReceived received: Keep(received.Next); break;
            case ProcessResult.CommitReceived received: Keep(received.Next); Pending?.Dispose(); Pending = null; break;
            case ProcessResult.OwnCommitConfirmed confirmed: Keep(confirmed.Next); Pending = null; break;
            default: break;
        }
        return result;
    }

    public async Task<string> ReadAsync(byte[] message)
    {
        ProcessResult result = await ReceiveAsync(message);
        return result is ProcessResult.ApplicationReceived received ? System.Text.Encoding.UTF8.GetString(received.Content) : result.ToString()!;
    }

    /// <summary>The stored records, in one string to compare.</summary>
    public string Snapshot() => string.Join('\n', Group.Changes(null).OrderBy(record => record.Key, StringComparer.Ordinal).Select(record => $"{record.Key}={Convert.ToHexString(record.Value!)}"));

    public void Keep(MlsGroup next)
    {
        MlsGroup? old = _group;
        foreach (StateRecord change in next.Changes(old))
        {
            if (change.Value is { } value) _store[change.Key] = value;
            else Assert.True(_store.Remove(change.Key), $"{change.Key} is deleted but was not stored");
        }
        old?.DisposeExcept(next);
        _group = Restarts ? MlsGroup.Load(Environment, _store.Select(entry => new StateRecord(entry.Key, entry.Value))) : next;
        if (Restarts) Assert.Equal(_store.Count, Group.Changes(null).Count);
    }

    sealed class Everybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => old.Credential == next.Credential;
    }
}
