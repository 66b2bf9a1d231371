namespace Kavalek.Mls.Tests;

/// <summary>Random lives of groups that are open to those outside: they join by themselves, return after a loss, propose, and mix in what only some know.</summary>
public static class RandomOpenGroupTests
{
    static readonly MlsRules Rules = MlsRules.Open with { CustomProposals = [new(0xf00d)] };
    static readonly Capabilities Able = Capabilities.For([CipherSuite.P256Aes128], [], [0xf00d]);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public static async Task A_random_life_with_joins_from_outside_keeps_everybody_in_agreement(int seed)
    {
        Random random = new(seed);
        int named = 0;
        async Task<Client> NewcomerAsync()
        {
            Client client = await Client.CreateAsync($"client {named++}", rules: Rules with { SendPublicHandshakes = random.Next(3) == 0 });
            client.Capabilities = Able;
            return client;
        }
        List<Client> members = [await NewcomerAsync()];
        using KeyPair doorKey = await members[0].Environment.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256);
        await members[0].CreateGroupAsync(ExternalSender.ToExtension([new(doorKey.PublicKey, Credential.Basic([1]))]));
        OutsideProposer door = new(members[0].Environment, CipherSuite.P256Aes128, 0, doorKey.PrivateKey);
        for (int step = 0; step < 40; step++)
        {
            foreach (Client member in members) member.Restarts = random.Next(4) == 0;
            Client one = members[random.Next(members.Count)];
            switch (random.Next(members.Count < 4 ? 2 : 8))
            {
                case 0 or 1: await JoinAsync(members, await NewcomerAsync(), one); break;
                case 2: await ReturnAsync(members, one, members.First(member => member != one)); break;
                case 3: await ProposedAsync(random, members, door, await NewcomerAsync(), one); break;
                case 4: await members.CommitAsync(one, new() { ResumptionPsks = [new(one.Group.GroupId, one.Group.Epoch)], Custom = [new(0xf00d, [(byte)step])] }); break;
                case 5: await LoseAsync(members, one, await NewcomerAsync()); break;
                default: await RemoveAsync(members, one, members.First(member => member != one)); break;
            }
            GroupLifeTests.AssertAgree(members);
            Client speaker = members[random.Next(members.Count)];
            byte[] message = await speaker.SendAsync("heard");
            foreach (Client member in members.Where(member => member != speaker)) Assert.Equal("heard", await member.ReadAsync(message));
        }
    }

    static async Task JoinAsync(List<Client> members, Client newcomer, Client guide)
    {
        ExternalJoin joined = await newcomer.JoinExternallyAsync(await guide.InfoAsync());
        await members.DeliverAsync(joined.Message);
        members.Add(newcomer);
    }

    static async Task ReturnAsync(List<Client> members, Client returning, Client guide)
    {
        ExternalJoin joined = await returning.JoinExternallyAsync(await guide.InfoAsync(), new() { EarlierSelf = returning.Group.OwnIndex });
        await members.DeliverAsync(joined.Message, but: returning);
    }

    /// <summary>Two commit at once, one of them from outside: whoever came second is told so and tries again.</summary>
    static async Task LoseAsync(List<Client> members, Client rival, Client newcomer)
    {
        ExternalJoin lost = await newcomer.JoinExternallyAsync(await rival.InfoAsync());
        await members.CommitAsync(rival);
        lost.Group.Dispose();
        foreach (Client member in members) await member.RefusesAsync(MlsError.EpochTooOld, lost.Message);
        ExternalJoin again = await newcomer.JoinExternallyAsync(await rival.InfoAsync());
        await members.DeliverAsync(again.Message);
        members.Add(newcomer);
    }

    static async Task ProposedAsync(Random random, List<Client> members, OutsideProposer door, Client newcomer, Client committer)
    {
        (byte[] groupId, ulong epoch) = (committer.Group.GroupId, committer.Group.Epoch);
        await members.HearAsync(random.Next(2) == 0
            ? await door.ProposeAddAsync(groupId, epoch, await newcomer.PublishAsync())
            : await OutsideProposer.ProposeOneselfAsync(newcomer.Environment, groupId, epoch, await newcomer.OfferAsync()));
        PendingCommit pending = await committer.CommitAsync(new());
        byte[] welcome = pending.Welcome!;
        await members.DeliverAsync(pending.Message);
        await newcomer.JoinAsync(welcome);
        members.Add(newcomer);
    }

    static async Task RemoveAsync(List<Client> members, Client committer, Client gone)
    {
        PendingCommit pending = await committer.CommitAsync(new() { Remove = [gone.Group.OwnIndex] });
        Assert.IsType<ProcessResult.RemovedFromGroup>(await gone.ReceiveAsync(pending.Message));
        members.Remove(gone);
        await members.DeliverAsync(pending.Message);
    }
}
