namespace Kavalek.Mls.Benchmarks;

/// <summary>Key packages with a signature key of their own.</summary>
static class KeyPackages
{
    public static async Task RunAsync(PlatformLimits platform, Table table)
    {
        MlsEnvironment environment = World.Environment();
        double microseconds = await Measure.MicrosecondsAsync(7, 200, async () => (await World.ClientAsync(environment, "someone")).Dispose());
        table.Rate("key package, own signature key", "key-package", 1e6 / microseconds, 1e6 / (3 * platform.Generate + 2 * platform.Sign), new(2044, Work.Sign, 1.5));
    }
}

/// <summary>A new group, and members added to it in one commit: verify their key packages, encrypt a Welcome to each.</summary>
static class Adds
{
    public static async Task RunAsync(PlatformLimits platform, Table table)
    {
        foreach (var (members, runs, mlspp, target) in Rows)
        {
            byte[][] clients = [.. (await World.ClientsAsync(World.Environment(), members)).Select(client => client.KeyPackage.Encode())];
            double time = await Measure.MillisecondsAsync(runs,
                () => Task.FromResult(World.Environment()),
                async environment => await World.AddAsync(await World.CreateAsync(environment), clients), warmUp: members < 100 ? 20 : 3);
            double limit = members * (platform.Import + 2 * platform.Verify + platform.HpkeSeal) / 1000;
            table.Time($"create + add {members:N0} in one commit", $"add-{members}", time, limit, new(mlspp, Work.Verify, target));
        }
    }

    static readonly (int Members, int Runs, double MlsPp, double? Target)[] Rows = [(2, 51, 2.6, null), (10, 31, 9.8, null), (100, 15, 99, 0.5), (1000, 7, 1810, 0.5)];
}

/// <summary>Joining from a Welcome that holds the tree: decode it, verify every leaf, hash the tree.</summary>
static class Joins
{
    public static async Task RunAsync(PlatformLimits platform, Table table)
    {
        foreach (var (members, runs, mlspp) in ((int, int, double)[])[(100, 31, 14), (1000, 11, 125)])
        {
            MlsEnvironment environment = World.Environment();
            KeyPackageBundle[] clients = await World.ClientsAsync(environment, members - 1);
            var (_, welcome, _) = await World.AddAsync(await World.CreateAsync(environment), clients.Select(client => client.KeyPackage.Encode()));
            byte[] own = clients[^1].Encode();
            double time = await Measure.MillisecondsAsync(runs, () => Task.FromResult(World.Environment()), joiner => World.JoinAsync(joiner, welcome, own), warmUp: 5);
            table.Time($"join from Welcome at {members:N0}", $"join-{members}", time, members * (platform.Import + platform.Verify) / 1000, new(mlspp, Work.Verify, 0.8));
        }
    }
}

/// <summary>An empty commit: a new path by who makes it, its processing by a member.</summary>
static class Commits
{
    const int Members = 1000;

    public static async Task BlankAsync(PlatformLimits platform, Table table)
    {
        var (creator, member) = await World.BlankAsync(Members);
        await RunAsync(platform, table, "blank", creator, member, Members, new(290, Work.Agree, 0.6), new(20, Work.Verify, 0.25));
    }

    public static async Task FullAsync(PlatformLimits platform, Table table)
    {
        var (creator, member) = await World.FullAsync();
        await RunAsync(platform, table, "full", creator, member, 10, new(23, Work.Verify, 0.5), new(27, Work.Verify, 0.2));
    }

    static async Task RunAsync(PlatformLimits platform, Table table, string tree, MlsGroup by, MlsGroup of, int encryptions, Goal create, Goal process)
    {
        byte[] commit = [];
        double made = await Measure.MillisecondsAsync(11, () => Task.FromResult(by), async group =>
        {
            var (pending, next) = await group.CommitAsync(new CommitRequest(), World.Now);
            commit = pending.Message;
            pending.Apply(next, World.Now);
        }, warmUp: 3);
        double followed = await Measure.MillisecondsAsync(21, () => Task.FromResult(of), group => World.FollowAsync(group, commit), warmUp: 10);
        double createLimit = (encryptions * (platform.Generate + platform.Agree) + 11 * platform.Generate + 2 * platform.Sign) / 1000;
        double processLimit = (2 * platform.Verify + platform.Agree + 10 * platform.Generate) / 1000;
        table.Time($"empty commit, {tree} tree of 1,000, create", $"commit-{tree}-create", made, createLimit, create);
        table.Time($"empty commit, {tree} tree of 1,000, process", $"commit-{tree}-process", followed, processLimit, process);
    }
}

/// <summary>Application messages of 1 KiB, one after the other, with the records that a store must write for each.</summary>
static class Messages
{
    const int Calls = 500;

    // The runtime goes on compiling what is hot, with what it has learned, for some thousand calls.
    const int WarmUpRounds = 20;

    public static async Task RunAsync(PlatformLimits platform, Table table)
    {
        foreach (var (members, encrypt, decrypt) in ((int, double, double)[])[(3, 7950, 3450), (1000, 8070, 3600)])
        {
            var (sender, receiver) = await World.BlankAsync(members);
            byte[] content = new byte[1024];
            List<byte[]> sent = [];
            List<double> sending = [], receiving = [];
            for (int round = -WarmUpRounds; round < 15; round++)
            {
                sent.Clear();
                double send = await Measure.OnceAsync(Calls, async _ =>
                {
                    OutgoingMessage message = await sender.ProtectAsync(content);
                    message.Next.Changes(sender);
                    sender.DisposeExcept(message.Next);
                    sender = message.Next;
                    sent.Add(message.Message);
                });
                double receive = await Measure.OnceAsync(Calls, async i =>
                {
                    if (await receiver.ProcessAsync(sent[i], World.Now) is not ProcessResult.ApplicationReceived received)
                        throw new InvalidOperationException("a message did not open");
                    received.Next.Changes(receiver);
                    receiver.DisposeExcept(received.Next);
                    receiver = received.Next;
                });
                if (round < 0) continue;
                sending.Add(send);
                receiving.Add(receive);
            }
            // A signature or a verification, two AEAD operations, five key derivations.
            double rest = 5 * platform.Expand + platform.Seal;
            table.Rate($"encrypt 1 KiB, {members:N0} members", $"encrypt-{members}", 1e6 / Measure.Median(sending), 1e6 / (platform.Sign + platform.Seal + rest), new(encrypt, Work.Sign, 2));
            table.Rate($"decrypt 1 KiB, {members:N0} members", $"decrypt-{members}", 1e6 / Measure.Median(receiving), 1e6 / (platform.Verify + platform.Open + rest), new(decrypt, Work.Verify, 3));
        }
    }
}

/// <summary>What a store holds of a group, and what one message changes of it.</summary>
static class State
{
    public static async Task RunAsync(Table table)
    {
        var (creator, member) = await World.BlankAsync(1000);
        table.Size("stored state at 1,000, blank tree", "stored-blank", Bytes(creator.Changes(null)), 600_000);
        (creator, member) = await World.FullAsync();
        table.Size("stored state at 1,000, full tree", "stored-full", Bytes(creator.Changes(null)), 1_100_000);

        OutgoingMessage first = await creator.ProtectAsync(new byte[1024]), second = await first.Next.ProtectAsync(new byte[1024]);
        table.Size("written for a message sent, first of a sender", null, Bytes(first.Next.Changes(creator)), 2000);
        table.Size("written for a message sent, later", null, Bytes(second.Next.Changes(first.Next)), 2000);
        var one = (ProcessResult.ApplicationReceived)await member.ProcessAsync(first.Message, World.Now);
        var two = (ProcessResult.ApplicationReceived)await one.Next.ProcessAsync(second.Message, World.Now);
        table.Size("written for a message received, first of a sender", null, Bytes(one.Next.Changes(member)), 2000);
        table.Size("written for a message received, later", null, Bytes(two.Next.Changes(one.Next)), 2000);
    }

    static long Bytes(IReadOnlyList<StateRecord> records) => records.Sum(record => (long)record.Key.Length + (record.Value?.Length ?? 0));
}
