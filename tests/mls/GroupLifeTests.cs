namespace Kavalek.Mls.Tests;

public static class GroupLifeTests
{
    /// <summary>A group of clients that took every step together.</summary>
    static async Task<List<Client>> GroupOfAsync(int size, bool restarts = false)
    {
        List<Client> clients = [];
        for (int i = 0; i < size; i++)
        {
            Client client = await Client.CreateAsync($"client {i}");
            client.Restarts = restarts;
            clients.Add(client);
        }
        await clients[0].CreateGroupAsync();
        await AddAsync(clients[0], [], [.. clients.Skip(1)]);
        return clients;
    }

    static async Task AddAsync(Client committer, IEnumerable<Client> others, params Client[] added)
    {
        List<KeyPackage> keyPackages = [];
        foreach (Client client in added) keyPackages.Add(await client.PublishAsync());
        PendingCommit pending = await committer.CommitAsync(new() { Add = keyPackages });
        byte[] welcome = pending.Welcome!;
        await DeliverAsync(pending.Message, [committer, .. others]);
        foreach (Client client in added) await client.JoinAsync(welcome);
    }

    static async Task DeliverAsync(byte[] commit, IEnumerable<Client> clients)
    {
        foreach (Client client in clients)
        {
            ProcessResult result = await client.ReceiveAsync(commit);
            Assert.True(result is ProcessResult.CommitReceived or ProcessResult.OwnCommitConfirmed, $"{client.Name}: {result}");
        }
    }

    static void AssertAgree(IEnumerable<Client> clients)
    {
        Client[] all = [.. clients];
        foreach (Client client in all)
        {
            Assert.Equal(all[0].Group.Epoch, client.Group.Epoch);
            Assert.Equal(all[0].Group.EpochAuthenticator, client.Group.EpochAuthenticator);
            Assert.Equal(all[0].Group.ExportRatchetTree(), client.Group.ExportRatchetTree());
        }
    }

    static async Task AssertAllHearEachOtherAsync(List<Client> clients)
    {
        foreach (Client sender in clients)
        {
            byte[] message = await sender.SendAsync($"from {sender.Name}");
            foreach (Client receiver in clients)
            {
                if (receiver != sender) Assert.Equal($"from {sender.Name}", await receiver.ReadAsync(message));
                else Assert.Equal(new ProcessResult.Ignored(IgnoreReason.OwnMessage), await receiver.ReceiveAsync(message));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task A_group_lives_through_adds_removes_updates_and_messages(bool restarts)
    {
        List<Client> clients = await GroupOfAsync(5, restarts);
        AssertAgree(clients);
        await AssertAllHearEachOtherAsync(clients);

        // Everybody renews its keys: the tree fills.
        foreach (Client committer in clients)
        {
            await DeliverAsync((await committer.CommitAsync(new())).Message, clients);
            AssertAgree(clients);
        }
        await AssertAllHearEachOtherAsync(clients);

        // One is removed, and reads nothing after that.
        Client removed = clients[2];
        PendingCommit pending = await clients[1].CommitAsync(new() { Remove = [removed.Group.OwnIndex] });
        var gone = Assert.IsType<ProcessResult.RemovedFromGroup>(await removed.ReceiveAsync(pending.Message));
        Assert.Equal("client 2", System.Text.Encoding.UTF8.GetString(Assert.Single(gone.Effects.Removed).Credential.Content));
        clients.Remove(removed);
        await DeliverAsync(pending.Message, clients);
        AssertAgree(clients);
        byte[] after = await clients[0].SendAsync("without you");
        Assert.Equal(MlsError.EpochInFuture, Assert.IsType<ProcessResult.Refused>(await removed.ReceiveAsync(after)).Error);

        // Two come in its place and beside it, with a path in the same commit.
        Client[] added = [await Client.CreateAsync("client 5"), await Client.CreateAsync("client 6")];
        KeyPackage[] keyPackages = [await added[0].PublishAsync(), await added[1].PublishAsync()];
        pending = await clients[3].CommitAsync(new() { Add = keyPackages, ForcePath = true });
        byte[] welcome = pending.Welcome!;
        await DeliverAsync(pending.Message, clients);
        foreach (Client client in added) await client.JoinAsync(welcome);
        clients.AddRange(added);
        AssertAgree(clients);
        await AssertAllHearEachOtherAsync(clients);
        foreach (Client committer in clients)
        {
            await DeliverAsync((await committer.CommitAsync(new())).Message, clients);
            AssertAgree(clients);
        }
        await AssertAllHearEachOtherAsync(clients);
    }

    [Fact]
    public static async Task Proposals_are_committed_by_reference()
    {
        List<Client> clients = await GroupOfAsync(4, restarts: true);
        Client newcomer = await Client.CreateAsync("newcomer");
        KeyPackage keyPackage = await newcomer.PublishAsync();
        byte[][] proposals =
        [
            await clients[1].ProposeAsync(group => group.ProposeUpdateAsync()),
            await clients[2].ProposeAsync(group => group.ProposeRemoveAsync(group.OwnIndex)),
            await clients[3].ProposeAsync(group => group.ProposeAddAsync(keyPackage, Client.Now)),
        ];
        foreach (byte[] proposal in proposals)
            foreach (Client client in clients)
                Assert.True(await client.ReceiveAsync(proposal) is ProcessResult.ProposalReceived or ProcessResult.Ignored { Reason: IgnoreReason.OwnMessage });
        MlsException refusal = await Assert.ThrowsAsync<MlsException>(async () => await clients[0].Group.ProtectAsync("too early"u8.ToArray()));
        Assert.Equal(MlsError.CommitRequired, refusal.Error);

        PendingCommit pending = await clients[0].CommitAsync(new());
        Assert.Equal(new LeafIndex(2), Assert.Single(pending.Effects.Proposers).Value);
        byte[] welcome = pending.Welcome!;
        Assert.IsType<ProcessResult.RemovedFromGroup>(await clients[2].ReceiveAsync(pending.Message));
        clients.RemoveAt(2);
        await DeliverAsync(pending.Message, clients);
        JoinedGroup joined = await newcomer.JoinAsync(welcome);
        Assert.Equal("client 0", System.Text.Encoding.UTF8.GetString(joined.Inviter.Credential.Content));
        clients.Add(newcomer);
        AssertAgree(clients);
        await AssertAllHearEachOtherAsync(clients);
    }
}
