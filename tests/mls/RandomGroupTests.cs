namespace Kavalek.Mls.Tests;

/// <summary>Random lives of groups: members come, go, renew, propose, talk, restart, and hear things late; after each epoch they agree.</summary>
public static class RandomGroupTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public static async Task A_random_life_keeps_everybody_in_agreement(int seed)
    {
        Random random = new(seed);
        Client founder = await Client.CreateAsync("founder");
        await founder.CreateGroupAsync();
        List<Client> members = [founder];
        List<(Client Receiver, ulong Epoch, byte[] Message, string Text)> late = [];
        int named = 0;
        for (int step = 0; step < 30; step++)
        {
            foreach (Client member in members) member.Restarts = random.Next(4) == 0;
            await TalkAsync(random, members, late);
            if (random.Next(3) == 0) await ProposeAsync(random, members);

            Client committer = members[random.Next(members.Count)];
            List<Client> added = [];
            List<KeyPackage> keyPackages = [];
            for (int i = random.Next(step < 10 ? 5 : 3); i > 0; i--)
            {
                Client client = await Client.CreateAsync($"client {named++}");
                added.Add(client);
                keyPackages.Add(await client.PublishAsync());
            }
            LeafIndex[] removed = [.. members.Where(member => member != committer && random.Next(8) == 0).Select(member => member.Group.OwnIndex)];
            PendingCommit pending = await committer.CommitAsync(new() { Add = keyPackages, Remove = removed, ForcePath = random.Next(2) == 0 });
            byte[] message = pending.Message;
            byte[]? welcome = pending.Welcome;
            HashSet<LeafIndex> gone = [.. pending.Effects.Removed.Select(member => member.Index)];
            foreach (Client client in members.Where(member => gone.Contains(member.Group.OwnIndex)))
                Assert.IsType<ProcessResult.RemovedFromGroup>(await client.ReceiveAsync(message));
            members.RemoveAll(member => gone.Contains(member.Group.OwnIndex));
            late.RemoveAll(item => !members.Contains(item.Receiver));
            await GroupLifeTests.DeliverAsync(message, members);
            foreach (Client client in added) await client.JoinAsync(welcome!);
            members.AddRange(added);
            GroupLifeTests.AssertAgree(members);

            // What was held back arrives after its epoch has ended, in any order, while that epoch is kept.
            if (random.Next(2) == 0 && late.All(item => members[0].Group.Epoch - item.Epoch < 4)) continue;
            (Client Receiver, ulong Epoch, byte[] Message, string Text)[] arriving = [.. late];
            late.Clear();
            random.Shuffle(arriving);
            foreach ((Client receiver, _, byte[] old, string text) in arriving) Assert.Equal(text, await receiver.ReadAsync(old));
        }
    }

    static async Task TalkAsync(Random random, List<Client> members, List<(Client, ulong, byte[], string)> late)
    {
        for (int i = random.Next(4); i > 0; i--)
        {
            Client sender = members[random.Next(members.Count)];
            string text = $"{random.Next()}";
            byte[] message = await sender.SendAsync(text);
            foreach (Client receiver in members)
            {
                if (receiver == sender) continue;
                if (random.Next(6) == 0) late.Add((receiver, sender.Group.Epoch, message, text));
                else Assert.Equal(text, await receiver.ReadAsync(message));
            }
        }
    }

    static async Task ProposeAsync(Random random, List<Client> members)
    {
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            Client proposer = members[random.Next(members.Count)];
            byte[] proposal = random.Next(3) == 0 && members.Count > 3
                ? await proposer.ProposeAsync(group => group.ProposeRemoveAsync(group.OwnIndex))
                : await proposer.ProposeAsync(group => group.ProposeUpdateAsync());
            foreach (Client member in members)
                Assert.True(await member.ReceiveAsync(proposal) is ProcessResult.ProposalReceived or ProcessResult.Ignored);
        }
    }
}
