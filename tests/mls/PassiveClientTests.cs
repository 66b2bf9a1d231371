using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>The working group's vectors of other implementations' groups, which a client joins and follows through the public API.</summary>
public static class PassiveClientTests
{
    [Theory]
    [InlineData("passive-client-welcome")]
    [InlineData("passive-client-handling-commit")]
    public static async Task A_passive_client_follows_the_groups_of_the_vectors(string file)
    {
        int number = 0, followed = 0;
        foreach (JsonElement vector in Vectors.Mls(file))
        {
            number++;
            if (Suites.Of(vector) is not { } crypto) continue;
            MlsEnvironment environment = new(crypto.Provider, new Anybody());
            KeyPackage keyPackage = KeyPackage.Decode(vector.Hex("key_package"));
            KeyPackageBundle bundle = new(keyPackage, keyPackage.Ref(environment), crypto.PrivateKey(vector.Hex("init_priv")),
                crypto.PrivateKey(vector.Hex("encryption_priv")), crypto.PrivateKey(vector.Hex("signature_priv")));
            Assert.Equal(keyPackage.InitKey, await crypto.Provider.PublicKeyAsync(crypto.Suite.Kem, bundle.InitKey));
            Assert.Equal(keyPackage.Leaf.EncryptionKey, await crypto.Provider.PublicKeyAsync(crypto.Suite.Kem, bundle.EncryptionKey));

            Dictionary<string, Secret> psks = vector.GetProperty("external_psks").EnumerateArray()
                .ToDictionary(psk => Convert.ToHexString(psk.Hex("psk_id")), psk => psk.Secret("psk"));
            Secret? Lookup(ReadOnlyMemory<byte> id) => psks.GetValueOrDefault(Convert.ToHexString(id.Span));
            byte[]? tree = vector.GetProperty("ratchet_tree").ValueKind == JsonValueKind.Null ? null : vector.Hex("ratchet_tree");

            JoinedGroup joined = await MlsGroup.JoinAsync(environment, vector.Hex("welcome"),
                reference => ValueTask.FromResult(reference.Span.SequenceEqual(bundle.Ref) ? bundle : null),
                new() { ExternalPsk = Lookup, RatchetTree = tree is null ? null : (ReadOnlyMemory<byte>?)tree });
            MlsGroup group = joined.Group;
            Assert.Equal(vector.Hex("initial_epoch_authenticator"), group.EpochAuthenticator);

            ProcessOptions options = new() { ExternalPsk = Lookup };
            foreach (JsonElement epoch in vector.GetProperty("epochs").EnumerateArray())
            {
                foreach (JsonElement proposal in epoch.GetProperty("proposals").EnumerateArray())
                {
                    ProcessResult result = await group.ProcessAsync(Convert.FromHexString(proposal.GetString()!), Client.Now, options);
                    group = Assert.IsType<ProcessResult.ProposalReceived>(result, exactMatch: true).Next;
                }
                ProcessResult committed = await group.ProcessAsync(epoch.Hex("commit"), Client.Now, options);
                Assert.True(committed is ProcessResult.CommitReceived, $"case {number}: {committed}");
                group = ((ProcessResult.CommitReceived)committed).Next;
                Assert.Equal(epoch.Hex("epoch_authenticator"), group.EpochAuthenticator);
                group = MlsGroup.Load(environment, group.Changes(null));
            }
            followed++;
        }
        Assert.Equal(number / 7 * Suites.InVectors, followed);
    }

    sealed class Anybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => true;
    }
}
