using System.Text;

namespace Kavalek.Mls.Tests;

/// <summary>
/// Random groups under random operations: adds, removes, updates, rival commits, messages lost, late and doubled, restarts. After
/// each epoch all members agree, and what was sent is read by whom it was for, once, or refused for the one reason allowed.
/// </summary>
public static class AgreementTests
{
    const int Steps = 150;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public static async Task Random_groups_stay_in_agreement(int seed)
    {
        World world = await World.CreateAsync(new Random(seed), clients: 10);
        for (int step = 0; step < Steps; step++) await world.StepAsync();
        await world.SettleAsync();
        Assert.True(world.Epochs > 10, $"only {world.Epochs} epochs");
        Assert.True(world.Read > 25, $"only {world.Read} messages read");
    }

    sealed record Letter(ulong Epoch, string Text, byte[] Message);

    sealed class World(Random random)
    {
        readonly List<Client> _members = [];
        readonly List<Client> _others = [];
        readonly Dictionary<Client, List<Letter>> _inbox = [];
        readonly Dictionary<Client, HashSet<string>> _known = [];
        int _texts;

        public int Epochs { get; private set; }

        public int Read { get; private set; }

        public static async Task<World> CreateAsync(Random random, int clients)
        {
            World world = new(random);
            for (int i = 0; i < clients; i++) world._others.Add(await Client.CreateAsync($"client {i}"));
            Client creator = world._others[0];
            world._others.RemoveAt(0);
            await creator.CreateGroupAsync();
            world.Admit(creator);
            await world.CommitAsync();
            return world;
        }

        public async Task StepAsync()
        {
            switch (random.Next(10))
            {
                case <= 2: await SendAsync(Any(_members)); break;
                case <= 5: await ReadSomeAsync(Any(_members)); break;
                case 6: Restart(Any(_members)); break;
                case 7 when random.Next(2) == 0: await ProposeAsync(Any(_members)); break;
                default: await CommitAsync(); break;
            }
        }

        /// <summary>In the end everybody reads everybody.</summary>
        public async Task SettleAsync()
        {
            await CommitAsync();
            foreach (Client sender in _members)
            {
                byte[] message = await sender.SendAsync("the end");
                foreach (Client receiver in _members)
                    if (receiver != sender) Assert.Equal("the end", await receiver.ReadAsync(message));
            }
        }

        async Task SendAsync(Client sender)
        {
            if (sender.Group.HasProposals)
            {
                Assert.Equal(MlsError.CommitRequired, (await Assert.ThrowsAsync<MlsException>(() => sender.SendAsync("too early"))).Error);
                return;
            }
            string text = $"message {_texts++}";
            Letter letter = new(sender.Group.Epoch, text, await sender.SendAsync(text));
            foreach (Client receiver in _members)
                if (receiver != sender && random.Next(8) > 0) _inbox[receiver].Add(letter);
        }

        async Task ReadSomeAsync(Client reader)
        {
            List<Letter> inbox = _inbox[reader];
            for (int count = random.Next(12); count > 0 && inbox.Count > 0; count--)
            {
                int at = random.Next(inbox.Count);
                Letter letter = inbox[at];
                if (random.Next(4) > 0) inbox.RemoveAt(at); // else it comes twice
                string before = reader.Snapshot();
                switch (await reader.ReceiveAsync(letter.Message))
                {
                    case ProcessResult.ApplicationReceived received:
                        Assert.Equal(letter.Text, Encoding.UTF8.GetString(received.Content));
                        Assert.True(_known[reader].Add(letter.Text), "read twice");
                        Read++;
                        break;
                    case ProcessResult.Ignored:
                        Assert.Contains(letter.Text, _known[reader]);
                        Assert.Equal(before, reader.Snapshot());
                        break;
                    case ProcessResult.Refused refused:
                        Assert.Equal(MlsError.EpochTooOld, refused.Error);
                        Assert.True(reader.Group.Epoch - letter.Epoch > (ulong)RetentionPolicy.Default.PastEpochs, "refused too early");
                        Assert.Equal(before, reader.Snapshot());
                        break;
                    case var other:
                        Assert.Fail(other.ToString());
                        break;
                }
            }
        }

        async Task ProposeAsync(Client proposer)
        {
            Client target = Any(_members);
            byte[] message = random.Next(3) switch
            {
                0 when _others.Count > 0 => await proposer.ProposeAsync(await AddOf(Any(_others))),
                1 => await proposer.ProposeAsync(group => group.ProposeRemoveAsync(target.Group.OwnIndex)),
                _ => await proposer.ProposeAsync(group => group.ProposeUpdateAsync()),
            };
            foreach (Client member in _members) Assert.IsNotType<ProcessResult.Refused>(await member.ReceiveAsync(message));

            static async Task<Func<MlsGroup, ValueTask<OutgoingMessage>>> AddOf(Client newcomer)
            {
                KeyPackage package = await newcomer.PublishAsync();
                return group => group.ProposeAddAsync(package, Client.Now);
            }
        }

        /// <summary>Up to three commit at once, and one wins.</summary>
        async Task CommitAsync()
        {
            Client[] rivals = [.. _members.OrderBy(_ => random.Next()).Take(random.Next(1, 4))];
            List<PendingCommit> commits = [];
            foreach (Client rival in rivals) commits.Add(await rival.CommitAsync(await RequestAsync(rival)));
            PendingCommit won = commits[random.Next(commits.Count)];
            (byte[] message, byte[]? welcome) = (won.Message, won.Welcome);

            foreach (Client member in _members.ToArray())
            {
                switch (await member.ReceiveAsync(message))
                {
                    case ProcessResult.CommitReceived or ProcessResult.OwnCommitConfirmed: break;
                    case ProcessResult.RemovedFromGroup:
                        _members.Remove(member);
                        _others.Add(member);
                        member.Pending = null;
                        break;
                    case var other: Assert.Fail(other.ToString()); break;
                }
            }
            if (welcome is not null)
            {
                foreach (Client newcomer in _others.ToArray())
                {
                    try
                    {
                        await newcomer.JoinAsync(welcome);
                    }
                    catch (MlsException stranger) when (stranger.Error == MlsError.NoMatchingKeyPackage)
                    {
                        continue;
                    }
                    _others.Remove(newcomer);
                    Admit(newcomer);
                }
            }
            Epochs++;
            Assert.Single(_members.Select(member => Convert.ToHexString(member.Group.EpochAuthenticator)).Distinct());
            Assert.Single(_members.Select(member => Convert.ToHexString(member.Group.ExportRatchetTree())).Distinct());
            Assert.All(_members, member => Assert.Equal(_members.Count, member.Group.MemberCount));
            Assert.All(_members, member => Assert.False(member.Group.HasProposals));
        }

        async Task<CommitRequest> RequestAsync(Client committer)
        {
            List<KeyPackage> add = [];
            foreach (Client newcomer in _others.OrderBy(_ => random.Next()).Take(_members.Count < 4 ? 3 : random.Next(3))) add.Add(await newcomer.PublishAsync());
            LeafIndex[] remove = random.Next(3) == 0 && _members.Count > 3
                ? [.. _members.Where(member => member != committer).OrderBy(_ => random.Next()).Take(random.Next(1, 3)).Select(member => member.Group.OwnIndex)]
                : [];
            return new CommitRequest { Add = add, Remove = remove, ForcePath = random.Next(2) == 0, IncludeProposals = random.Next(4) > 0 };
        }

        void Restart(Client client)
        {
            client.Restarts = true;
            client.Keep(client.Group.Prune(Client.Now));
            client.Restarts = random.Next(4) == 0;
        }

        void Admit(Client client)
        {
            _members.Add(client);
            _inbox[client] = [];
            _known[client] = [];
        }

        T Any<T>(List<T> list) => list[random.Next(list.Count)];
    }
}
