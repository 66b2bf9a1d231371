using System.Text;
using Kavalek.Mls;

namespace Kavalek.Interop.TsMls.Tests;

/// <summary>A member on this library.</summary>
sealed class OurMember : Member
{
    static readonly MlsEnvironment Environment = new(NativeCryptoProvider.Shared, new Everybody()) { Rules = MlsRules.Open };

    readonly CipherSuite _suite;
    readonly KeyPair _signatureKey;
    KeyPackageBundle? _bundle;
    MlsGroup? _group;
    bool _removed;

    OurMember(string name, CipherSuite suite, KeyPair signatureKey) : base(name)
    {
        _suite = suite;
        _signatureKey = signatureKey;
    }

    public static async Task<OurMember> MakeAsync(string name, CipherSuite suite) =>
        new(name, suite, await Environment.Crypto.GenerateSignatureKeyPairAsync(suite.Signature));

    public MlsGroup Group => _group ?? throw new InvalidOperationException($"{Name} is in no group");

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public override async Task<byte[]> KeyPackageAsync() => (_bundle = await BundleAsync()).KeyPackage.Encode();

    public override Task CreateAsync(byte[] groupId) => CreateAsync(groupId, []);

    public async Task CreateAsync(byte[] groupId, params Extension[] extensions) =>
        _group = await MlsGroup.CreateAsync(Environment, groupId, await BundleAsync(), extensions);

    public override async Task JoinAsync(byte[] welcome)
    {
        JoinedGroup joined = await MlsGroup.JoinAsync(Environment, welcome,
            reference => ValueTask.FromResult(_bundle is not null && reference.Span.SequenceEqual(_bundle.Ref) ? _bundle : null));
        _group = joined.Group;
        _removed = false;
    }

    public override async Task<byte[]> GroupInfoAsync() => await Group.ExportGroupInfoAsync();

    public override async Task<byte[]> JoinExternallyAsync(byte[] groupInfo, bool returning)
    {
        ExternalJoin joined = await MlsGroup.JoinExternallyAsync(Environment, groupInfo, await BundleAsync(), new() { EarlierSelf = returning ? Group.OwnIndex : null });
        _group = joined.Group;
        return joined.Message;
    }

    public override async Task<byte[]> ProposeOneselfAsync(byte[] groupInfo)
    {
        MlsMessage seen = MlsMessage.Peek(groupInfo);
        return await OutsideProposer.ProposeOneselfAsync(Environment, seen.GroupId!, seen.Epoch, _bundle = await BundleAsync());
    }

    public override async Task<SentCommit> CommitAsync(IReadOnlyList<byte[]> add, IReadOnlyList<uint> remove)
    {
        (PendingCommit pending, MlsGroup next) = await Group.CommitAsync(new()
        {
            Add = [.. add.Select(keyPackage => KeyPackage.Decode(keyPackage))],
            Remove = [.. remove.Select(leaf => new LeafIndex(leaf))],
        }, Now);
        SentCommit sent = new(pending.Message, pending.Welcome);
        // The delivery service hands it back, and with that it takes effect.
        ProcessResult result = await next.ProcessAsync(sent.Message, Now, new() { Pending = pending });
        Keep(Assert.IsType<ProcessResult.OwnCommitConfirmed>(result).Next);
        return sent;
    }

    public override async Task<SentCommit> EndAsync(byte[] nextGroupId, ushort nextSuite)
    {
        (PendingCommit pending, MlsGroup next) = await Group.CommitAsync(new() { ReInit = new(nextGroupId, nextSuite, []) }, Now);
        SentCommit sent = new(pending.Message, null);
        Keep(Assert.IsType<ProcessResult.OwnCommitConfirmed>(await next.ProcessAsync(sent.Message, Now, new() { Pending = pending })).Next);
        return sent;
    }

    public override async Task<byte[]> NextKeyPackageAsync(ushort suite)
    {
        CipherSuite next = CipherSuite.Find(suite)!;
        using KeyPair signatureKey = await Environment.Crypto.GenerateSignatureKeyPairAsync(next.Signature);
        return (_bundle = await BundleAsync(next, signatureKey)).KeyPackage.Encode();
    }

    public override async Task<NextGroup> FoundAsync(bool branch, byte[] groupId, IReadOnlyList<byte[]> others)
    {
        KeyPackage[] keyPackages = [.. others.Select(keyPackage => KeyPackage.Decode(keyPackage))];
        FoundedGroup founded = branch
            ? await Group.BranchAsync(groupId, _bundle!, keyPackages, [], Now)
            : await Group.ReInitializeAsync(_bundle!, keyPackages, Now);
        _group = founded.Group;
        return new(founded.Welcome!, null);
    }

    public override async Task JoinNextAsync(bool branch, NextGroup next)
    {
        JoinedGroup joined = await MlsGroup.JoinAsync(Environment, next.Welcome,
            reference => ValueTask.FromResult(reference.Span.SequenceEqual(_bundle!.Ref) ? _bundle : null),
            new() { Groups = _ => Group, RatchetTree = next.Tree });
        _group = joined.Group;
    }

    public override async Task<byte[]> ProposeAddAsync(byte[] keyPackage) => Keep(await Group.ProposeAddAsync(KeyPackage.Decode(keyPackage), Now));

    public override async Task<byte[]> ProposeRemoveAsync(uint leaf) => Keep(await Group.ProposeRemoveAsync(new LeafIndex(leaf)));

    /// <summary>Offers a new leaf for somebody else to commit.</summary>
    public async Task<byte[]> ProposeUpdateAsync() => Keep(await Group.ProposeUpdateAsync());

    public override async Task<byte[]> SendAsync(string text) => Keep(await Group.ProtectAsync(Encoding.UTF8.GetBytes(text)));

    public override async Task<string?> ProcessAsync(byte[] message)
    {
        switch (await Group.ProcessAsync(message, Now, new()))
        {
            case ProcessResult.ApplicationReceived received:
                Keep(received.Next);
                return Encoding.UTF8.GetString(received.Content);
            case ProcessResult.ProposalReceived received:
                Keep(received.Next);
                return null;
            case ProcessResult.CommitReceived received:
                Keep(received.Next);
                return null;
            case ProcessResult.RemovedFromGroup:
                _removed = true;
                return null;
            case ProcessResult.Refused refused:
                throw new RefusedException($"{Name}: {refused.Error}, section {refused.Section}: {refused.Detail}");
            case var other:
                throw new RefusedException($"{Name}: {other}");
        }
    }

    public override Task<View> LookAsync()
    {
        using Secret exported = Group.ExportSecret("interop", "context"u8, 32);
        return Task.FromResult(new View(Group.Epoch, Convert.ToHexStringLower(Group.EpochAuthenticator), Convert.ToHexStringLower(exported.Span)));
    }

    public override Task<bool> IsRemovedAsync() => Task.FromResult(_removed);

    /// <summary>The leaf of a member by its name.</summary>
    public uint LeafOf(string name) => Group.Members.Single(member => Encoding.UTF8.GetString(member.Credential.Content) == name).Index.Value;

    Task<KeyPackageBundle> BundleAsync() => BundleAsync(_suite, _signatureKey);

    async Task<KeyPackageBundle> BundleAsync(CipherSuite suite, KeyPair signatureKey) => await KeyPackageBundle.CreateAsync(Environment, new()
    {
        Suite = suite,
        Credential = Credential.Basic(Encoding.UTF8.GetBytes(Name)),
        SignatureKey = signatureKey,
        Lifetime = Lifetime.Starting(Now, TimeSpan.FromDays(30)),
    });

    byte[] Keep(OutgoingMessage sent)
    {
        Keep(sent.Next);
        return sent.Message;
    }

    void Keep(MlsGroup next)
    {
        _group?.DisposeExcept(next);
        _group = next;
    }

    sealed class Everybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => old.Credential.Equals(next.Credential);
    }
}
