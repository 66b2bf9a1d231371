namespace Kavalek.Mls.Tests;

/// <summary>
/// What one hostile input can make a member do and hold: counted in operations of the primitives and in bytes, not on a clock, which would tell as
/// much of the machine's other work (docs/PROTOCOL.md §1).
/// </summary>
public static class WorkTests
{
    const long Most = 10_000_000;

    // K-49
    [Theory]
    [InlineData(0xffff_ffffu)]
    [InlineData(0xffff_fffeu)]
    [InlineData(1_001u)]
    public static async Task A_generation_far_ahead_costs_nothing(uint generation)
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        PrivateMessage message = Read(await scene.Eve.PrivateAsync(scene.Eve.Content("hello"u8.ToArray())));
        SuiteCrypto crypto = scene.Eve.Crypto;
        using SenderDataKeys keys = SenderDataKeys.Derive(crypto, scene.Eve.State.Secrets.SenderData, message.Ciphertext);
        byte[] lie = await crypto.Provider.SealAsync(crypto.Suite.Aead, keys.Key, keys.Nonce.Memory,
            PrivateMessage.SenderDataData(message.GroupId, message.Epoch, message.ContentType), new SenderData(scene.Eve.Group.OwnIndex, generation, 0).Encode());
        await BoundedAsync(scene, MlsError.GenerationTooFar, (message with { EncryptedSenderData = lie }).Encode(), most: 200_000);
        Assert.Equal("hello", await scene.Bob.ReadAsync(message.Encode()));
    }

    // K-49
    [Theory]
    [InlineData(1ul)]
    [InlineData(1_000_000ul)]
    [InlineData(ulong.MaxValue)]
    public static async Task An_epoch_far_ahead_costs_nothing(ulong ahead)
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        byte[] honest = await scene.Eve.PrivateAsync(scene.Eve.Content("hello"u8.ToArray()));
        PrivateMessage message = Read(honest);
        ulong epoch = ahead > ulong.MaxValue - message.Epoch ? ulong.MaxValue : message.Epoch + ahead;
        await BoundedAsync(scene, MlsError.EpochInFuture, (message with { Epoch = epoch }).Encode(), most: 200_000);
        Assert.Equal("hello", await scene.Bob.ReadAsync(honest));
    }

    // K-49
    [Fact]
    public static async Task Thousands_of_proposals_fill_their_limit_and_no_more()
    {
        Scene scene = await Scene.CreateAsync();
        int limit = MlsLimits.Default.MaxProposals;
        for (int i = 0; i < limit; i++) Assert.IsType<ProcessResult.ProposalReceived>(await scene.Bob.ReceiveAsync(await ProposalAsync(scene, i)));
        long held = scene.Bob.StoredBytes;
        Assert.True(held < Most, $"{held:N0} bytes are held");
        byte[] oneMore = await ProposalAsync(scene, limit);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var refused = Assert.IsType<ProcessResult.Refused>(await scene.Bob.ReceiveAsync(oneMore));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < Most);
        Assert.Equal(MlsError.LimitExceeded, refused.Error);
        Assert.Equal(held, scene.Bob.StoredBytes);
        await WorkAsync(scene, oneMore);
        // What waits makes nothing else dearer: neither what comes beside it, nor the commit that leaves it all out.
        await WorkAsync(scene, await ProposalAsync(scene, 0));
        PendingCommit commit = await scene.Ann.CommitAsync(new() { IncludeProposals = false });
        await WorkAsync(scene, commit.Message);
        await scene.DeliverAsync(commit.Message);
        Assert.False(scene.Bob.Group.HasProposals);
        Assert.Equal("at last", await scene.Bob.ReadAsync(await scene.Ann.SendAsync("at last")));
    }

    // K-49
    [Fact]
    public static async Task A_commit_of_more_proposals_than_the_limit_is_refused()
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        Proposal[] many = [.. Enumerable.Range(0, MlsLimits.Default.MaxProposals + 1).Select(_ => new RemoveProposal(new LeafIndex(3)))];
        await BoundedAsync(scene, MlsError.LimitExceeded, await scene.Eve.CommitAsync(await scene.Eve.PathAsync(), many), Most);
    }

    // K-49
    [Fact]
    public static void A_list_is_read_up_to_its_limit_and_no_further()
    {
        int read = 0;
        List<byte> Read(int most) => TlsReader.ReadAll(Vector(new byte[1_000]), (ref TlsReader reader) => reader.ReadList((ref TlsReader items) =>
        {
            read++;
            return items.ReadUInt8();
        }, most));
        Assert.Equal(1_000, Read(1_000).Count);
        read = 0;
        Assert.Equal(MlsError.LimitExceeded, Assert.Throws<MlsException>(() => Read(3)).Error);
        Assert.Equal(3, read);
    }

    // K-49
    [Fact]
    public static async Task Millions_of_tiny_entries_are_refused_before_they_take_memory()
    {
        using KeyPackageBundle bundle = await (await Client.CreateAsync("eve")).BundleAsync();
        byte[] zeros = new byte[6_000_000], leaf = bundle.KeyPackage.Leaf.Encoded;
        // References of no bytes; extensions of one type after the other; pre-shared keys without a name or a nonce.
        byte[] references = Repeated([2, 0]), psks = Repeated([1, 0, 0]), typed = new byte[3 * 65_536];
        for (int i = 0; i < 65_536; i++) (typed[3 * i], typed[3 * i + 1]) = ((byte)(i >> 8), (byte)(i & 0xff));
        // One node of a path with all the ciphertexts, and thirty with a share each.
        byte[] node = [0, .. Vector(zeros)], share = [0, .. Vector(new byte[200_000])];
        Refused([0, 1, 0, 3, 0, 2, .. Vector(zeros), 0], bytes => Welcome.Decode(bytes));
        Refused([.. Vector(references), 0], bytes => TlsReader.ReadAll(bytes, Commit.Read));
        Refused([.. leaf, .. Vector(zeros)], bytes => TlsReader.ReadAll(bytes, UpdatePath.Read));
        Refused([.. leaf, .. Vector(node)], bytes => TlsReader.ReadAll(bytes, UpdatePath.Read));
        Refused([.. leaf, .. Vector([.. Enumerable.Repeat(share, ListLimits.PathNodes).SelectMany(bytes => bytes)])], bytes => TlsReader.ReadAll(bytes, UpdatePath.Read));
        Refused(Vector(typed), bytes => TlsReader.ReadAll(bytes, (ref TlsReader reader) => Extension.ReadList(ref reader)));
        Refused([0, 0, .. Vector(psks)], bytes => TlsReader.ReadAll(bytes, GroupSecrets.Read));

        static byte[] Repeated(byte[] entry) => [.. Enumerable.Repeat(entry, 2_000_000).SelectMany(bytes => bytes)];

        static void Refused(byte[] bytes, Action<byte[]> read)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(MlsError.LimitExceeded, Assert.Throws<MlsException>(() => read(bytes)).Error);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < Most, $"{allocated:N0} bytes for {bytes.Length:N0}");
        }
    }

    [Fact]
    public static async Task A_refused_handshake_leaves_nothing_of_its_step_and_the_group_its_own()
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        byte[] refused = await scene.Eve.CommitAsync(await scene.Eve.PathAsync());
        MessageEpoch epoch = scene.Bob.Group.Current;
        PrivateMessage message = Read(refused);
        SenderData sender = await epoch.OpenSenderAsync(message);
        (AuthenticatedContent content, _, SecretTree keys) = await epoch.UnprotectAsync(message, sender, scene.Bob.Environment.Retention);
        var why = await Assert.ThrowsAsync<MlsException>(async () => await scene.Bob.Group.ProcessHandshakeAsync(content, keys, Client.Now, null));
        Assert.Equal(MlsError.InvalidConfirmationTag, why.Error);
        Assert.Throws<ObjectDisposedException>(() => keys.Send(sender.Leaf.Value, RatchetKind.Handshake));
        Assert.Equal("hello", await scene.Bob.ReadAsync(await scene.EveHerself.SendAsync("hello")));
    }

    // K-49
    [Fact]
    public static async Task A_tree_of_blanks_costs_what_it_takes_to_read_it()
    {
        Scene scene = await Scene.CreateAsync();
        LeafNode first = scene.Ann.Group.Own.Leaf, last = scene.Bob.Group.Own.Leaf;
        byte[] Tree(int leaves)
        {
            LeafNode?[] nodes = new LeafNode?[leaves];
            (nodes[0], nodes[^1]) = (first, last);
            return RatchetTree.From(Suites.P256, nodes, new ParentNode?[leaves - 1], (uint)leaves).Encode();
        }
        byte[] largest = Tree(MlsLimits.Default.MaxLeaves), larger = Tree(2 * MlsLimits.Default.MaxLeaves);
        long before = GC.GetAllocatedBytesForCurrentThread();
        CountedCrypto work = new();
        SuiteCrypto counted = new(CipherSuite.P256Aes128, work);
        RatchetTree tree = RatchetTree.Decode(counted, largest, MlsLimits.Default);
        tree.TreeHash();
        TreeValidation.CheckParents(tree);
        TreeValidation.CheckParentHashes(tree);
        TreeValidation.CheckLeaves(tree, []);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < Most, $"{allocated:N0} bytes");
        work.IsBounded();
        Assert.NotEqual(0, work.Symmetric);
        Assert.Equal(MlsError.LimitExceeded, Assert.Throws<MlsException>(() => RatchetTree.Decode(Suites.P256, larger, MlsLimits.Default)).Error);
    }

    // K-68
    [Theory]
    [InlineData(256, 0x0002)]
    [InlineData(2_048, 0x0002)]
    [InlineData(2_048, 0x0005)]
    [InlineData(2_048, 0x0007)]
    public static async Task Messages_padded_to_one_size_are_of_one_length(int size, ushort suite)
    {
        List<Client> clients = await OpenGroup.OfAsync(2, suite: CipherSuite.Find(suite));
        HashSet<int> lengths = [];
        for (int length = 0; length < size; length += size / 32)
        {
            OutgoingMessage sent = await clients[0].Group.ProtectAsync(new byte[length], padding: size - length);
            lengths.Add(sent.Message.Length);
            clients[0].Keep(sent.Next);
            var received = Assert.IsType<ProcessResult.ApplicationReceived>(await clients[1].ReceiveAsync(sent.Message));
            Assert.Equal(length, received.Content.Length);
        }
        Assert.Single(lengths);
    }

    static byte[] Vector(byte[] content)
    {
        using TlsWriter writer = new(content.Length + 4);
        writer.WriteVector(content);
        return writer.ToArray();
    }

    static Task<byte[]> ProposalAsync(Scene scene, int number) =>
        scene.Eve.PublicAsync(scene.Eve.Content(proposal: new PskProposal(PreSharedKeyId.External(BitConverter.GetBytes(number), new byte[32]))));

    static async Task BoundedAsync(Scene scene, MlsError error, byte[] message, long most)
    {
        string state = scene.Bob.Snapshot();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ProcessResult result = await scene.Bob.Group.ProcessAsync(message, Client.Now);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(result is ProcessResult.Refused refused && refused.Error == error, $"{error} was expected, but: {result}");
        Assert.True(allocated < most, $"{allocated:N0} bytes were allocated");
        Assert.Equal(state, scene.Bob.Snapshot());
        await WorkAsync(scene, message);
    }

    // The same member with its primitives counted.
    static async Task WorkAsync(Scene scene, byte[] message)
    {
        CountedCrypto work = new();
        using MlsGroup bob = MlsGroup.Load(scene.Bob.Environment with { Crypto = work }, scene.Bob.Group.Changes(null));
        await bob.ProcessAsync(message, Client.Now);
        work.IsBounded();
    }

    static PrivateMessage Read(byte[] message)
    {
        TlsReader reader = new(message);
        MlsMessage.ReadHeader(ref reader);
        return PrivateMessage.Read(ref reader);
    }
}
