namespace Kavalek.Mls.Tests;

/// <summary>Groups under other rules than the default ones.</summary>
static class OpenGroup
{
    /// <summary>A group of clients that took every step together; by default it is open to those outside.</summary>
    public static async Task<List<Client>> OfAsync(
        int size, MlsRules? rules = null, bool restarts = false, IAuthenticationService? authentication = null, CipherSuite? suite = null,
        Capabilities? capabilities = null, params Extension[] extensions)
    {
        List<Client> clients = [];
        for (int i = 0; i < size; i++)
        {
            Client client = await Client.CreateAsync($"client {i}", authentication, suite: suite, rules: rules ?? MlsRules.Open);
            client.Restarts = restarts;
            client.Capabilities = capabilities;
            clients.Add(client);
        }
        await clients[0].CreateGroupAsync(extensions);
        if (size > 1) await GroupLifeTests.AddAsync(clients[0], [], [.. clients.Skip(1)]);
        return clients;
    }

    public static async Task<byte[]> InfoAsync(this Client client, bool withTree = true) => await client.Group.ExportGroupInfoAsync(withTree);

    /// <summary>The client refuses the message for this reason, and is as it was bit for bit.</summary>
    public static async Task RefusesAsync(this Client client, MlsError error, byte[] message, ProcessOptions? options = null)
    {
        string before = client.Snapshot();
        ProcessResult result = await client.Group.ProcessAsync(message, Client.Now, options);
        Assert.True(result is ProcessResult.Refused refused && refused.Error == error, $"{error} was expected, but: {result}");
        Assert.Equal(before, client.Snapshot());
    }

    public static async Task RefusesAsync(MlsError error, Func<Task> action)
    {
        MlsException refusal = await Assert.ThrowsAsync<MlsException>(action);
        Assert.True(error == refusal.Error, $"{error} was expected, but: {refusal.Message}");
    }

    /// <summary>All but one of them, who did it already, take a commit.</summary>
    public static Task DeliverAsync(this IEnumerable<Client> clients, byte[] commit, Client? but = null) =>
        GroupLifeTests.DeliverAsync(commit, clients.Where(client => client != but));

    /// <summary>Everybody but its maker takes a proposal.</summary>
    public static async Task HearAsync(this IEnumerable<Client> clients, byte[] proposal)
    {
        foreach (Client client in clients)
        {
            ProcessResult result = await client.ReceiveAsync(proposal);
            Assert.True(result is ProcessResult.ProposalReceived or ProcessResult.Ignored, $"{client.Name}: {result}");
        }
    }

    /// <summary>One of them commits what it knows and is asked to, and everybody follows.</summary>
    public static async Task<PendingCommit> CommitAsync(this List<Client> clients, Client committer, CommitRequest? request = null)
    {
        PendingCommit pending = await committer.CommitAsync(request ?? new());
        await GroupLifeTests.DeliverAsync(pending.Message, clients);
        GroupLifeTests.AssertAgree(clients);
        return pending;
    }
}
