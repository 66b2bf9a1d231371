namespace Kavalek.Mls.Benchmarks;

/// <summary>Key packages with a signature key of their own.</summary>
static class KeyPackages
{
    public static async Task RunAsync(PlatformLimits platform)
    {
        MlsEnvironment environment = World.Environment();
        double microseconds = await Measure.MicrosecondsAsync(7, 200, async () => (await World.ClientAsync(environment, "someone")).Dispose());
        Table.Rate("key package, own signature key", 1e6 / microseconds, 1e6 / (3 * platform.Generate + 2 * platform.Sign), 2044, 632, 671, 1.5 * 2044);
    }
}

/// <summary>A new group, and members added to it in one commit: verify their key packages, encrypt a Welcome to each.</summary>
static class Adds
{
    public static async Task RunAsync(PlatformLimits platform)
    {
        foreach (var (members, runs, mlspp, openMls, tsMls, target) in Rows)
        {
            byte[][] clients = [.. (await World.ClientsAsync(World.Environment(), members)).Select(client => client.KeyPackage.Encode())];
            double time = await Measure.MillisecondsAsync(runs,
                () => Task.FromResult(World.Environment()),
                async environment => await World.AddAsync(await World.CreateAsync(environment), clients), warmUp: members < 100 ? 20 : 3);
            double limit = members * (platform.Import + 2 * platform.Verify + platform.HpkeSeal) / 1000;
            Table.Time($"create + add {members:N0} in one commit", time, limit, mlspp, openMls, tsMls, target);
        }
    }

    static readonly (int Members, int Runs, double MlsPp, double OpenMls, double TsMls, double? Target)[] Rows =
    [
        (2, 51, 2.6, 5.8, 19, null),
        (10, 31, 9.8, 16, 61, null),
        (100, 15, 99, 137, 600, 0.5 * 99),
        (1000, 7, 1810, 2390, 7300, 0.5 * 1810),
    ];
}

/// <summary>Joining from a Welcome that holds the tree: decode it, verify every leaf, hash the tree.</summary>
static class Joins
{
    public static async Task RunAsync(PlatformLimits platform)
    {
        foreach (var (members, runs, mlspp, openMls, tsMls) in ((int, int, double, double, double)[])[(100, 31, 14, 73, 380), (1000, 11, 125, 834, 3200)])
        {
            MlsEnvironment environment = World.Environment();
            KeyPackageBundle[] clients = await World.ClientsAsync(environment, members - 1);
            var (_, welcome, _) = await World.AddAsync(await World.CreateAsync(environment), clients.Select(client => client.KeyPackage.Encode()));
            byte[] own = clients[^1].Encode();
            double time = await Measure.MillisecondsAsync(runs, () => Task.FromResult(World.Environment()), joiner => World.JoinAsync(joiner, welcome, own), warmUp: 5);
            Table.Time($"join from Welcome at {members:N0}", time, members * (platform.Import + platform.Verify) / 1000, mlspp, openMls, tsMls, 0.8 * mlspp);
        }
    }
}

/// <summary>An empty commit: a new path by who makes it, its processing by a member.</summary>
static class Commits
{
    public static async Task RunAsync(PlatformLimits platform)
    {
        const int Members = 1000;
        var (creator, member) = await World.BlankAsync(Members);
        await RunAsync("blank", creator, member, Members, (290, 601, 1140, 0.6 * 290), (20, 16, 178, 0.25 * 20));
        (creator, member) = await World.FullAsync(Members);
        await RunAsync("full", creator, member, 10, (23, 27, 299, 0.5 * 23), (27, 17, 201, 0.2 * 27));

        async Task RunAsync(
            string tree, MlsGroup by, MlsGroup of, int encryptions,
            (double MlsPp, double OpenMls, double TsMls, double Target) create, (double MlsPp, double OpenMls, double TsMls, double Target) process)
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
            Table.Time($"empty commit, {tree} tree of 1,000, create", made, createLimit, create.MlsPp, create.OpenMls, create.TsMls, create.Target);
            Table.Time($"empty commit, {tree} tree of 1,000, process", followed, processLimit, process.MlsPp, process.OpenMls, process.TsMls, process.Target);
        }
    }
}

/// <summary>Application messages of 1 KiB, one after the other, with the records that a store must write for each.</summary>
static class Messages
{
    const int Calls = 500;

    public static async Task RunAsync(PlatformLimits platform)
    {
        foreach (var (members, encrypt, decrypt) in ((int, (double, double, double), (double, double, double))[])[(3, (7950, 1522, 1014), (3450, 1685, 344)), (1000, (8070, 289, 581), (3600, 243, 327))])
        {
            var (sender, receiver) = await World.BlankAsync(members);
            byte[] content = new byte[1024];
            List<byte[]> sent = [];
            List<double> sending = [], receiving = [];
            for (int round = -6; round < 15; round++)
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
            Table.Rate($"encrypt 1 KiB, {members:N0} members", 1e6 / Measure.Median(sending), 1e6 / (platform.Sign + platform.Seal + rest), encrypt.Item1, encrypt.Item2, encrypt.Item3, 2 * encrypt.Item1);
            Table.Rate($"decrypt 1 KiB, {members:N0} members", 1e6 / Measure.Median(receiving), 1e6 / (platform.Verify + platform.Open + rest), decrypt.Item1, decrypt.Item2, decrypt.Item3, 3 * decrypt.Item1);
        }
    }
}

/// <summary>What a store holds of a group, and what one message changes of it.</summary>
static class State
{
    public static async Task RunAsync()
    {
        var (creator, member) = await World.BlankAsync(1000);
        Table.Size("stored state at 1,000, blank tree", Bytes(creator.Changes(null)), 1_070_000, 600_000);
        (creator, member) = await World.FullAsync(1000);
        Table.Size("stored state at 1,000, full tree", Bytes(creator.Changes(null)), 1_880_000, 1_100_000);

        OutgoingMessage first = await creator.ProtectAsync(new byte[1024]), second = await first.Next.ProtectAsync(new byte[1024]);
        Table.Size("written for a message sent, first of a sender", Bytes(first.Next.Changes(creator)), null, 2000);
        Table.Size("written for a message sent, later", Bytes(second.Next.Changes(first.Next)), null, 2000);
        var one = (ProcessResult.ApplicationReceived)await member.ProcessAsync(first.Message, World.Now);
        var two = (ProcessResult.ApplicationReceived)await one.Next.ProcessAsync(second.Message, World.Now);
        Table.Size("written for a message received, first of a sender", Bytes(one.Next.Changes(member)), null, 2000);
        Table.Size("written for a message received, later", Bytes(two.Next.Changes(one.Next)), null, 2000);
    }

    static long Bytes(IReadOnlyList<StateRecord> records) => records.Sum(record => (long)record.Key.Length + (record.Value?.Length ?? 0));
}
