using System.Text;

namespace Kavalek.Mls.Benchmarks;

/// <summary>Clients and groups to measure with. Each environment has a provider of its own, whose key cache starts empty.</summary>
static class World
{
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public static MlsEnvironment Environment() => new(new NativeCryptoProvider(), new TrustEverybody());

    public static async Task<KeyPackageBundle> ClientAsync(MlsEnvironment environment, string name, CipherSuite? suite = null)
    {
        suite ??= CipherSuite.P256Aes128;
        using KeyPair signature = await environment.Crypto.GenerateSignatureKeyPairAsync(suite.Signature);
        return await KeyPackageBundle.CreateAsync(environment, new KeyPackageRequest
        {
            Suite = suite,
            Credential = Credential.Basic(Encoding.UTF8.GetBytes(name)),
            SignatureKey = signature,
            Lifetime = new Lifetime(Now - TimeSpan.FromDays(1), Now + TimeSpan.FromDays(30)),
        });
    }

    public static async Task<KeyPackageBundle[]> ClientsAsync(MlsEnvironment environment, int count, CipherSuite? suite = null)
    {
        KeyPackageBundle[] clients = new KeyPackageBundle[count];
        for (int i = 0; i < count; i++) clients[i] = await ClientAsync(environment, $"member {i}", suite);
        return clients;
    }

    public static async Task<MlsGroup> CreateAsync(MlsEnvironment environment, CipherSuite? suite = null)
    {
        using KeyPackageBundle own = await ClientAsync(environment, "creator", suite);
        return await MlsGroup.CreateAsync(environment, "benchmark"u8.ToArray(), own, []);
    }

    /// <summary>Adds <paramref name="clients"/> in one commit; gives the group and the Welcome.</summary>
    public static async Task<(MlsGroup Group, byte[] Welcome, byte[] Commit)> AddAsync(MlsGroup group, IEnumerable<byte[]> clients)
    {
        var (pending, next) = await group.CommitAsync(new CommitRequest { Add = [.. clients.Select(client => KeyPackage.Decode(client))] }, Now);
        return (pending.Apply(next, Now), pending.Welcome!, pending.Message);
    }

    public static async Task<MlsGroup> JoinAsync(MlsEnvironment environment, byte[] welcome, byte[] bundle)
    {
        KeyPackageBundle own = KeyPackageBundle.Decode(bundle);
        return (await MlsGroup.JoinAsync(environment, welcome, reference => ValueTask.FromResult(reference.Span.SequenceEqual(own.Ref) ? own : null))).Group;
    }

    /// <summary>An empty commit, applied by who makes it.</summary>
    public static async Task<(MlsGroup Group, byte[] Commit)> UpdateAsync(MlsGroup group)
    {
        var (pending, next) = await group.CommitAsync(new CommitRequest(), Now);
        return (pending.Apply(next, Now), pending.Message);
    }

    public static async Task<MlsGroup> FollowAsync(MlsGroup group, byte[] commit) => await group.ProcessAsync(commit, Now) switch
    {
        ProcessResult.CommitReceived received => received.Next,
        var other => throw new InvalidOperationException(other.ToString()),
    };

    /// <summary>A creator and one member of a group of <paramref name="members"/>, all added in one commit: the tree above the leaves is blank.</summary>
    public static async Task<(MlsGroup Creator, MlsGroup Member)> BlankAsync(int members)
    {
        MlsEnvironment environment = Environment();
        KeyPackageBundle[] clients = await ClientsAsync(environment, members - 1);
        var (creator, welcome, _) = await AddAsync(await CreateAsync(environment), clients.Select(client => client.KeyPackage.Encode()));
        return (creator, await JoinAsync(environment, welcome, clients[^1].Encode()));
    }

    /// <summary>A creator and one member of a group of 1,000 in which no parent is blank or has unmerged leaves.</summary>
    public static async Task<(MlsGroup Creator, MlsGroup Member)> FullAsync()
    {
        KeyPackageBundle client = await ClientAsync(Environment(), "the last one");
        var (creator, welcome, _) = await AddAsync(await AlmostFullAsync(), [client.KeyPackage.Encode()]);
        var (member, commit) = await UpdateAsync(await JoinAsync(Environment(), welcome, client.Encode()));
        return (await FollowAsync(creator, commit), member);
    }

    /// <summary>
    /// The creator of such a group while its last leaf is blank; made once. Two siblings are added at a time, and the second renews
    /// its path, which is the first one's too, at once.
    /// </summary>
    public static Task<MlsGroup> AlmostFullAsync() => s_almostFull ??= BuildAsync();

    static Task<MlsGroup>? s_almostFull;

    static async Task<MlsGroup> BuildAsync()
    {
        const int Members = 999;
        MlsEnvironment environment = Environment();
        MlsGroup creator = await CreateAsync(environment);
        for (int count = 1; count < Members;)
        {
            KeyPackageBundle[] clients = await ClientsAsync(environment, Math.Min(Members - count, count == 1 ? 1 : 2));
            (creator, byte[] welcome, _) = await AddAsync(creator, clients.Select(client => client.KeyPackage.Encode()));
            count += clients.Length;
            (_, byte[] commit) = await UpdateAsync(await JoinAsync(environment, welcome, clients[^1].Encode()));
            creator = await FollowAsync(creator, commit);
        }
        return creator;
    }

    sealed class TrustEverybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => true;
    }
}
