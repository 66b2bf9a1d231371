namespace Kavalek.Mls.Tests;

/// <summary>A group of four: Ann made it, Bob receives, Eve is evil, Cid is there.</summary>
sealed class Scene
{
    Scene(Client ann, Client bob, Client eve, Client cid) => (Ann, Bob, EveHerself, Cid) = (ann, bob, eve, cid);

    public Client Ann { get; }

    public Client Bob { get; }

    public Client EveHerself { get; }

    public Client Cid { get; }

    public EvilMember Eve => new(EveHerself.Group);

    /// <summary>Three are added in one commit, so that all nodes above the leaves but Ann's are blank; with <paramref name="filled"/> all renew their path.</summary>
    public static async Task<Scene> CreateAsync(bool filled = false, IAuthenticationService? authentication = null, params Extension[] extensions)
    {
        Client[] all = [await Client.CreateAsync("ann", authentication), await Client.CreateAsync("bob", authentication),
            await Client.CreateAsync("eve", authentication), await Client.CreateAsync("cid", authentication)];
        await all[0].CreateGroupAsync(extensions);
        List<KeyPackage> packages = [];
        foreach (Client client in all.Skip(1)) packages.Add(await client.PublishAsync());
        PendingCommit pending = await all[0].CommitAsync(new CommitRequest { Add = packages });
        await all[0].ReceiveAsync(pending.Message);
        foreach (Client client in all.Skip(1)) await client.JoinAsync(pending.Welcome!);
        if (filled)
        {
            foreach (Client committer in all)
            {
                PendingCommit update = await committer.CommitAsync(new CommitRequest());
                byte[] message = update.Message;
                foreach (Client client in all) await client.ReceiveAsync(message);
            }
        }
        return new(all[0], all[1], all[2], all[3]);
    }

    /// <summary>Bob refuses the message, and is as he was bit for bit.</summary>
    public async Task RefusedAsync(byte[] message)
    {
        string before = Bob.Snapshot();
        Assert.IsType<ProcessResult.Refused>(await Bob.Group.ProcessAsync(message, Client.Now));
        Assert.Equal(before, Bob.Snapshot());
    }

    /// <summary>
    /// Bob refuses the message for this reason, is as he was bit for bit, and reads Ann's next honest message.
    /// </summary>
    public async Task RefusedAsync(MlsError error, byte[] message)
    {
        string before = Bob.Snapshot();
        ProcessResult result = await Bob.Group.ProcessAsync(message, Client.Now);
        ProcessResult.Refused refused = Assert.IsType<ProcessResult.Refused>(result);
        Assert.True(error == refused.Error, $"{error} was expected, but: {refused}");
        Assert.Equal(before, Bob.Snapshot());
        // Messages wait while proposals do (§12.4).
        if (!Ann.Group.HasProposals) Assert.Equal("still here", await Bob.ReadAsync(await Ann.SendAsync("still here")));
    }

    /// <summary>Everybody takes a handshake message from one of them.</summary>
    public async Task DeliverAsync(byte[] message)
    {
        foreach (Client client in (Client[])[Ann, Bob, EveHerself, Cid])
            Assert.IsNotType<ProcessResult.Refused>(await client.ReceiveAsync(message));
    }
}
