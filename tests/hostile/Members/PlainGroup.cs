using Kavalek.Mls;

namespace Kavalek.Hostile.Tests;

/// <summary>MLS groups without conversations around them: for what is tried at every position of a tree.</summary>
static class PlainGroup
{
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    static readonly MlsEnvironment Environment = new(NativeCryptoProvider.Shared, new EvilMemberTests.Anybody()) { Rules = MlsRules.MembersOnly };

    /// <summary>The members of a group of so many, each as it sees the group; every one has renewed its path, so that no node is blank.</summary>
    public static async Task<MlsGroup[]> CreateAsync(int size)
    {
        Dictionary<string, KeyPackageBundle> bundles = [];
        List<KeyPackageBundle> own = [];
        for (int i = 0; i < size; i++)
        {
            KeyPair key = await Environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
            KeyPackageBundle bundle = await KeyPackageBundle.CreateAsync(Environment, new KeyPackageRequest
            {
                Suite = CipherSuite.P256Aes128,
                Credential = Credential.Basic(BitConverter.GetBytes(i)),
                SignatureKey = key,
                Lifetime = Lifetime.Starting(Now, TimeSpan.FromDays(90)),
            });
            own.Add(bundle);
            bundles[Convert.ToHexString(bundle.Ref)] = bundle;
        }
        MlsGroup[] members = new MlsGroup[size];
        members[0] = await MlsGroup.CreateAsync(Environment, "a group"u8.ToArray(), own[0], []);
        (PendingCommit adding, MlsGroup next) = await members[0].CommitAsync(new CommitRequest { Add = [.. own.Skip(1).Select(bundle => bundle.KeyPackage)] }, Now);
        members[0] = adding.Apply(next, Now);
        for (int i = 1; i < size; i++)
        {
            KeyPackageBundle mine = own[i];
            members[i] = (await MlsGroup.JoinAsync(Environment, adding.Welcome!,
                reference => ValueTask.FromResult(mine.Ref.AsSpan().SequenceEqual(reference.Span) ? mine : null))).Group;
        }
        for (int committer = 0; committer < size; committer++)
        {
            (PendingCommit update, MlsGroup with) = await members[committer].CommitAsync(new CommitRequest { ForcePath = true }, Now);
            for (int i = 0; i < size; i++)
                if (i != committer) members[i] = ((ProcessResult.CommitReceived)await members[i].ProcessAsync(update.Message, Now)).Next;
            members[committer] = update.Apply(with, Now);
        }
        return members;
    }
}
