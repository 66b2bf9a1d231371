namespace Kavalek.Mls.Tests;

/// <summary>Every suite this library knows, the post-quantum ones too, through the life of a group with restarts in between.</summary>
public static class SuiteTests
{
    public static TheoryData<ushort> All => [.. CipherSuite.Known.Select(suite => suite.Id)];

    [Theory, MemberData(nameof(All))]
    public static async Task A_group_lives_on_every_suite(ushort id)
    {
        CipherSuite suite = CipherSuite.Find(id)!;
        Assert.True(NativeCryptoProvider.Shared.Supports(suite), $"{suite.Name} is not available on this system");
        List<Client> clients = [];
        for (int i = 0; i < 4; i++)
        {
            Client client = await Client.CreateAsync($"client {i}", suite: suite);
            client.Restarts = true;
            clients.Add(client);
        }
        await clients[0].CreateGroupAsync();
        PendingCommit added = await clients[0].CommitAsync(new() { Add = [await clients[1].PublishAsync(), await clients[2].PublishAsync(), await clients[3].PublishAsync()] });
        byte[] welcome = added.Welcome!;
        Assert.IsType<ProcessResult.OwnCommitConfirmed>(await clients[0].ReceiveAsync(added.Message));
        foreach (Client client in clients.Skip(1)) await client.JoinAsync(welcome);
        foreach (Client committer in clients.ToArray()) await CommitAsync(clients, committer, new());
        await CommitAsync(clients, clients[1], new() { Remove = [clients[3].Group.OwnIndex] });

        foreach (Client sender in clients)
        {
            byte[] message = await sender.SendAsync($"from {sender.Name}");
            foreach (Client receiver in clients.Where(client => client != sender)) Assert.Equal($"from {sender.Name}", await receiver.ReadAsync(message));
        }
    }

    static async Task CommitAsync(List<Client> clients, Client committer, CommitRequest request)
    {
        byte[] commit = (await committer.CommitAsync(request)).Message;
        foreach (Client client in clients.ToArray())
            if (await client.ReceiveAsync(commit) is not (ProcessResult.CommitReceived or ProcessResult.OwnCommitConfirmed)) clients.Remove(client);
        Assert.Equal(4 - request.Remove.Count, clients.Count);
        Assert.Single(clients.Select(client => Convert.ToHexString(client.Group.EpochAuthenticator)).Distinct());
    }

    [Fact]
    public static async Task Without_OpenSSL_the_suites_on_NIST_curves_remain_and_the_others_say_what_is_missing()
    {
        NativeCryptoProvider provider = new(openSsl: false);
        foreach (CipherSuite suite in CipherSuite.Known)
        {
            bool nist = suite.Signature is not (SignatureAlgorithm.Ed25519 or SignatureAlgorithm.Ed448);
            Assert.Equal(nist, provider.Supports(suite));
            if (nist)
            {
                SuiteCrypto crypto = new(suite, provider);
                using KeyPair pair = await crypto.GenerateKeyPairAsync();
                Assert.True(await crypto.IsPublicKeyAsync(pair.PublicKey));
            }
            else
            {
                Assert.Throws<PlatformNotSupportedException>(() => new SuiteCrypto(suite, provider));
                var missing = await Assert.ThrowsAsync<PlatformNotSupportedException>(async () => await provider.GenerateSignatureKeyPairAsync(suite.Signature));
                Assert.Contains("OpenSSL 3", missing.Message, StringComparison.Ordinal);
                Assert.Contains(LibCrypto.Places.Advice, missing.Message, StringComparison.Ordinal);
                Assert.All(LibCrypto.Places.Files, file => Assert.Contains(file, missing.Message, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public static void A_suite_has_one_number_and_a_number_one_suite()
    {
        Assert.Equal(CipherSuite.Known.Count, CipherSuite.Known.Select(suite => suite.Id).Distinct().Count());
        Assert.Equal(CipherSuite.Known.Count, CipherSuite.Known.Select(suite => suite.Name).Distinct().Count());
        Assert.All(CipherSuite.Known, suite => Assert.Same(suite, CipherSuite.Find(suite.Id)));
        Assert.Null(CipherSuite.Find(0x0A0A));
    }
}
