using System.Text;

namespace Kavalek.Mls.Tests;

/// <summary>
/// One group and its delivery service, which accepts one commit an epoch and keeps handshakes in order. Members take them when
/// their turn comes, so that some are epochs behind; messages reach them in any order, twice, or never; they restart, lose their
/// state, and do not know every pre-shared key. Whatever a member refuses leaves it bit for bit.
/// </summary>
sealed class RandomLife(Random random)
{
    const int MostMembers = 60;

    sealed record Handshake(ulong Epoch, byte[] Message, bool IsCommit);

    sealed record Letter(ulong Epoch, string Text, byte[] Message);

    /// <summary>A member, and what it has taken of the handshakes.</summary>
    sealed class Seat(Client client, int taken)
    {
        public Client Client => client;
        public MlsGroup Group => client.Group;
        public int Taken { get; set; } = taken;
        public ulong Since { get; } = client.Group.Epoch;
        public bool IsStuck { get; set; }
        public List<Letter> Inbox { get; } = [];
        public HashSet<string> Known { get; } = [];
    }

    readonly List<Handshake> _log = [];
    readonly List<Seat> _seats = [];
    readonly Dictionary<ulong, byte[]> _agreed = [];
    ulong _epoch;
    int _named, _texts;

    public int Epochs => (int)_epoch;

    public int Read { get; private set; }

    public static async Task<RandomLife> BeginAsync(Random random)
    {
        RandomLife life = new(random);
        Client founder = await life.NewcomerAsync();
        await founder.CreateGroupAsync();
        life._seats.Add(new(founder, 0));
        await life.CommitAsync(life._seats[0], random.Next(2, 40));
        return life;
    }

    public async Task StepAsync()
    {
        Seat seat = Any(_seats);
        switch (random.Next(20))
        {
            case <= 4: await SendAsync(seat); break;
            case <= 8: for (int i = random.Next(12); i > 0; i--) await ReadAsync(Any(_seats)); break;
            case <= 11: foreach (Seat one in _seats.ToArray()) if (random.Next(2) == 0) await CatchUpAsync(one, random.Next(1, 4)); break;
            case 12: await ProposeAsync(await CurrentAsync()); break;
            case 13: seat.Client.Restarts = !seat.Client.Restarts; break;
            case 14: await TamperAsync(seat); break;
            case 15: await JoinAsync(await CurrentAsync()); break;
            case 16: await ReturnAsync(seat); break;
            // Members behind commit too, in vain.
            case 17: await CommitAsync(seat, random.Next(3)); break;
            default: await CommitAsync(await CurrentAsync(), random.Next(_seats.Count < MostMembers / 2 ? 12 : 4)); break;
        }
    }

    /// <summary>In the end everybody has caught up, agrees, and hears everybody.</summary>
    public async Task SettleAsync()
    {
        foreach (Seat seat in _seats.ToArray()) await CatchUpAsync(seat, int.MaxValue);
        foreach (Seat seat in _seats.Where(seat => seat.IsStuck).ToArray()) await ReturnAsync(seat);
        foreach (Seat seat in _seats.ToArray()) await CatchUpAsync(seat, int.MaxValue);
        Assert.DoesNotContain(_seats, seat => seat.IsStuck);
        // Whoever was added but never came goes, and nobody else comes who was proposed.
        HashSet<string> here = Here();
        LeafIndex[] absent = [.. _seats[0].Group.Members.Where(member => !here.Contains(NameOf(member))).Select(member => member.Index)];
        Post(_epoch, (await _seats[0].Client.CommitAsync(new() { Remove = absent, IncludeProposals = false })).Message, isCommit: true);
        foreach (Seat seat in _seats.ToArray()) await CatchUpAsync(seat, int.MaxValue);
        GroupLifeTests.AssertAgree(_seats.Select(seat => seat.Client));
        Assert.All(_seats, seat => Assert.Equal(_seats.Count, seat.Group.MemberCount));
        foreach (Seat sender in _seats)
        {
            byte[] message = await sender.Client.SendAsync("the end");
            foreach (Seat receiver in _seats)
                if (receiver != sender) Assert.Equal("the end", await receiver.Client.ReadAsync(message));
        }
    }

    async Task SendAsync(Seat sender)
    {
        if (sender.Group.HasProposals)
        {
            string before = sender.Client.Snapshot();
            await OpenGroup.RefusesAsync(MlsError.CommitRequired, () => sender.Client.SendAsync("too early"));
            Assert.Equal(before, sender.Client.Snapshot());
            return;
        }
        string text = $"message {_texts++}";
        Letter letter = new(sender.Group.Epoch, text, await sender.Client.SendAsync(text));
        foreach (Seat receiver in _seats)
            if (receiver != sender && random.Next(8) > 0) receiver.Inbox.Add(letter);
    }

    async Task ReadAsync(Seat reader)
    {
        if (reader.Inbox.Count == 0) return;
        Letter letter = Any(reader.Inbox);
        bool again = random.Next(4) == 0;
        string before = reader.Client.Snapshot();
        ProcessResult result = await reader.Client.ReceiveAsync(letter.Message);
        if (result is ProcessResult.ApplicationReceived received)
        {
            Assert.Equal(letter.Text, Encoding.UTF8.GetString(received.Content));
            Assert.True(reader.Known.Add(letter.Text), "read twice");
            Read++;
        }
        else
        {
            Assert.Equal(before, reader.Client.Snapshot());
            switch (result)
            {
                case ProcessResult.Ignored: Assert.Contains(letter.Text, reader.Known); break;
                case ProcessResult.Refused { Error: MlsError.EpochInFuture }: Assert.True(letter.Epoch > reader.Group.Epoch); again = true; break;
                case ProcessResult.Refused { Error: MlsError.EpochTooOld }:
                    Assert.True(letter.Epoch < reader.Since || reader.Group.Epoch - letter.Epoch > (ulong)RetentionPolicy.Default.PastEpochs, "refused too early");
                    break;
                default: Assert.Fail($"{letter} at {reader.Group.Epoch}: {result}"); break;
            }
        }
        if (!again) reader.Inbox.Remove(letter);
    }

    /// <summary>Takes what handshakes come next, until one that it cannot follow: then it is as before.</summary>
    async Task CatchUpAsync(Seat seat, int most)
    {
        for (; most > 0 && seat.Taken < _log.Count && !seat.IsStuck; most--)
        {
            Handshake next = _log[seat.Taken];
            string before = seat.Client.Snapshot();
            ProcessResult result = await seat.Client.ReceiveAsync(next.Message);
            switch (result)
            {
                case ProcessResult.CommitReceived or ProcessResult.OwnCommitConfirmed: Agree(seat.Group); break;
                case ProcessResult.ProposalReceived or ProcessResult.Ignored: Assert.False(next.IsCommit, result.ToString()); break;
                case ProcessResult.RemovedFromGroup: _seats.Remove(seat); return;
                case ProcessResult.Refused { Error: MlsError.UnknownPsk }:
                    Assert.Equal(before, seat.Client.Snapshot());
                    seat.IsStuck = true;
                    return;
                default: Assert.Fail($"{seat.Client.Name} at {seat.Group.Epoch}: {next}: {result}"); break;
            }
            seat.Taken++;
        }
    }

    async Task ProposeAsync(Seat proposer)
    {
        Func<MlsGroup, ValueTask<OutgoingMessage>> propose;
        if (random.Next(3) == 0 && _seats.Count < MostMembers)
        {
            // Whose Welcome is never delivered: a member that only the tree knows, until somebody removes it.
            KeyPackage package = await (await NewcomerAsync()).PublishAsync();
            propose = group => group.ProposeAddAsync(package, Client.Now);
        }
        else if (random.Next(2) == 0)
        {
            propose = group => group.ProposeRemoveAsync(Any([.. group.Members]).Index);
        }
        else
        {
            propose = group => group.ProposeUpdateAsync();
        }
        Post(proposer.Group.Epoch, await proposer.Client.ProposeAsync(propose), isCommit: false);
    }

    /// <summary>A commit of all kinds of things; accepted where it is the first of its epoch.</summary>
    async Task CommitAsync(Seat seat, int newcomers)
    {
        if (seat.Client.Pending is not null) return;
        List<Client> added = [];
        List<KeyPackage> packages = [];
        for (int i = Math.Min(newcomers, MostMembers - seat.Group.MemberCount); i > 0; i--)
        {
            added.Add(await NewcomerAsync());
            packages.Add(await added[^1].PublishAsync());
        }
        HashSet<string> here = Here();
        LeafIndex[] removed =
        [
            .. seat.Group.Members.Where(member => member.Index != seat.Group.OwnIndex && random.Next(here.Contains(NameOf(member)) ? 25 : 2) == 0).Select(member => member.Index),
        ];
        bool renews = random.Next(4) == 0, mixes = random.Next(6) == 0 && seat.Client.ExternalPsk is not null;
        ulong earlier = seat.Group.Epoch - Math.Min(seat.Group.Epoch, (ulong)random.Next(3));
        bool resumes = random.Next(6) == 0 && earlier >= seat.Since;
        PendingCommit pending = await seat.Client.CommitAsync(new()
        {
            Add = packages,
            Remove = removed,
            ForcePath = random.Next(2) == 0,
            IncludeProposals = random.Next(4) > 0,
            ExternalPsks = mixes ? ["between us"u8.ToArray()] : [],
            ResumptionPsks = resumes ? [new(seat.Group.GroupId, earlier)] : [],
            OwnLeaf = renews ? new() { SignatureKey = await seat.Client.Environment.Crypto.GenerateSignatureKeyPairAsync(seat.Client.Suite.Signature) } : null,
        });
        (byte[] message, byte[]? welcome) = (pending.Message, pending.Welcome);
        if (!Post(seat.Group.Epoch, message, isCommit: true))
        {
            // Refused by the delivery service. It is dropped now, or when the commit that won arrives.
            if (random.Next(2) == 0) return;
            pending.Dispose();
            seat.Client.Pending = null;
            return;
        }
        foreach (Client client in added)
        {
            JoinOptions options = new() { ExternalPsk = client.ExternalPsk, Groups = _ => seat.Group };
            if (mixes && client.ExternalPsk is null)
            {
                await OpenGroup.RefusesAsync(MlsError.UnknownPsk, () => client.JoinAsync(welcome!, options));
                continue;
            }
            await client.JoinAsync(welcome!, options);
            Agree(client.Group);
            _seats.Add(new(client, _log.Count));
        }
        if (random.Next(2) == 0) await CatchUpAsync(seat, int.MaxValue);
    }

    /// <summary>Somebody joins by itself, or tries to on a GroupInfo that is out of date by then.</summary>
    async Task JoinAsync(Seat guide)
    {
        if (guide.Group.MemberCount >= MostMembers) return;
        Client client = await NewcomerAsync();
        ExternalJoin joined = await client.JoinExternallyAsync(await guide.Client.InfoAsync());
        if (random.Next(4) == 0) await CommitAsync(guide, 0);
        Enter(client, joined);
    }

    /// <summary>A member that lost its state comes back in place of itself.</summary>
    async Task ReturnAsync(Seat lost)
    {
        if (await FindCurrentAsync(but: lost) is not { } guide) return;
        _seats.Remove(lost);
        lost.Client.Pending?.Dispose();
        lost.Client.Pending = null;
        LeafIndex? earlier = guide.Group.Members.FirstOrDefault(member => NameOf(member) == lost.Client.Name)?.Index;
        if (earlier is null && guide.Group.MemberCount >= MostMembers) return;
        Enter(lost.Client, await lost.Client.JoinExternallyAsync(await guide.Client.InfoAsync(), new() { EarlierSelf = earlier }));
    }

    void Enter(Client client, ExternalJoin joined)
    {
        if (Post(joined.Group.Epoch - 1, joined.Message, isCommit: true))
        {
            Agree(client.Group);
            _seats.Add(new(client, _log.Count));
        }
        else
        {
            joined.Group.Dispose();
        }
    }

    /// <summary>Bytes changed on the way are refused, of a handshake or of a message.</summary>
    async Task TamperAsync(Seat seat)
    {
        byte[]? message = random.Next(2) == 0 && seat.Inbox.Count > 0 ? Any(seat.Inbox).Message : seat.Taken < _log.Count ? _log[seat.Taken].Message : null;
        if (message is null) return;
        byte[] changed = [.. message];
        if (random.Next(3) == 0) changed = changed[..random.Next(changed.Length)];
        else changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
        string before = seat.Client.Snapshot();
        ProcessResult result = await seat.Client.Group.ProcessAsync(changed, Client.Now, new() { Pending = seat.Client.Pending, ExternalPsk = seat.Client.ExternalPsk });
        Assert.True(result is ProcessResult.Refused or ProcessResult.Ignored, result.ToString());
        Assert.Equal(before, seat.Client.Snapshot());
    }

    /// <summary>A member that has taken everything: whoever made the last commit can.</summary>
    async Task<Seat> CurrentAsync() => await FindCurrentAsync() ?? throw new InvalidOperationException("nobody follows the group any more");

    async Task<Seat?> FindCurrentAsync(Seat? but = null)
    {
        foreach (Seat seat in _seats.Where(seat => seat != but && !seat.IsStuck).OrderBy(_ => random.Next()).ToArray())
        {
            await CatchUpAsync(seat, int.MaxValue);
            if (!seat.IsStuck && _seats.Contains(seat)) return seat;
        }
        return null;
    }

    bool Post(ulong epoch, byte[] message, bool isCommit)
    {
        if (epoch != _epoch) return false;
        _log.Add(new(epoch, message, isCommit));
        if (isCommit) _epoch++;
        return true;
    }

    void Agree(MlsGroup group)
    {
        if (_agreed.TryGetValue(group.Epoch, out byte[]? authenticator)) Assert.Equal(authenticator, group.EpochAuthenticator);
        else _agreed[group.Epoch] = group.EpochAuthenticator;
    }

    async Task<Client> NewcomerAsync()
    {
        Client client = await Client.CreateAsync($"client {_named++}", rules: MlsRules.Open with { SendPublicHandshakes = random.Next(4) == 0 });
        client.Restarts = random.Next(4) == 0;
        // Few do not have it; who founds the group does.
        if (_named == 1 || random.Next(12) > 0) client.ExternalPsk = _ => Secret.Copy("between us, and nobody else"u8);
        return client;
    }

    HashSet<string> Here() => [.. _seats.Select(seat => seat.Client.Name)];

    static string NameOf(Member member) => Encoding.UTF8.GetString(member.Credential.Content);

    T Any<T>(List<T> list) => list[random.Next(list.Count)];
}
