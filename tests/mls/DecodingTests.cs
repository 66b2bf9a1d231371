namespace Kavalek.Mls.Tests;

/// <summary>
/// Any bytes into any decoder give a value or an <see cref="MlsException"/>, in time and memory that follow the input's size.
/// KAVALEK_FUZZ sets the rounds for each decoder (20,000 without it).
/// </summary>
public static class DecodingTests
{
    static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("KAVALEK_FUZZ"), out int rounds) ? rounds : 20_000;

    /// <summary>A decoder: takes bytes, gives what encoding its result gives.</summary>
    sealed record Decoder(string Name, Func<byte[], byte[]?> RoundTrip, IReadOnlyList<byte[]> Samples);

    // K-50
    [Fact]
    public static async Task Any_bytes_give_a_value_or_the_one_typed_error()
    {
        foreach (Decoder decoder in await DecodersAsync())
        {
            Random random = new(decoder.Name.Length * 7919);
            foreach (byte[] sample in decoder.Samples) Assert.Equal(sample, decoder.RoundTrip(sample) ?? sample);
            for (int i = 0; i < Rounds; i++)
            {
                byte[] input = i % 4 == 0 || decoder.Samples.Count == 0 ? Noise(random) : Mutated(random, decoder.Samples);
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    if (decoder.RoundTrip(input) is { } encoded) Assert.Equal(input, encoded);
                }
                catch (MlsException)
                {
                }
                catch (Exception e)
                {
                    Assert.Fail($"{decoder.Name} threw {e.GetType().Name} for {Convert.ToHexString(input)}\n{e}");
                }
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < 65_536 + 256L * input.Length, $"{decoder.Name} allocated {allocated:N0} bytes for {input.Length}: {Convert.ToHexString(input)}");
            }
        }
    }

    [Fact]
    public static async Task Trailing_bytes_and_each_shorter_length_are_malformed()
    {
        foreach (Decoder decoder in await DecodersAsync())
        {
            foreach (byte[] sample in decoder.Samples.Where(sample => decoder.RoundTrip(sample) is not null))
            {
                Assert.Equal(MlsError.Malformed, Assert.Throws<MlsException>(() => decoder.RoundTrip([.. sample, 0])).Error);
                for (int length = 0; length < sample.Length; length++) Assert.Throws<MlsException>(() => decoder.RoundTrip(sample[..length]));
            }
        }
    }

    // K-50
    [Fact]
    public static async Task Any_bytes_given_to_a_group_or_a_joiner_leave_everything_as_it_was()
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        Client dan = await Client.CreateAsync("dan");
        PendingCommit pending = await scene.Ann.CommitAsync(new CommitRequest { Add = [await dan.PublishAsync()], ForcePath = true });
        byte[] proposal = await scene.Cid.ProposeAsync(group => group.ProposeRemoveAsync(new LeafIndex(2))), text = await scene.EveHerself.SendAsync("hello");
        byte[] inClear = await scene.Eve.PublicAsync(scene.Eve.Content(proposal: new RemoveProposal(new LeafIndex(3))));
        byte[][] samples = [pending.Message, pending.Welcome!, proposal, text, inClear];
        string before = scene.Bob.Snapshot();
        Random random = new(99);
        for (int i = 0; i < Rounds / 10; i++)
        {
            byte[] input = i % 8 == 0 ? Noise(random) : Mutated(random, samples);
            if (samples.Any(sample => sample.AsSpan().SequenceEqual(input))) continue;
            Assert.True(await scene.Bob.Group.ProcessAsync(input, Client.Now) is ProcessResult.Refused or ProcessResult.Ignored, Convert.ToHexString(input));
            await Assert.ThrowsAsync<MlsException>(() => dan.JoinAsync(input));
        }
        Assert.Equal(before, scene.Bob.Snapshot());
        Assert.Equal("hello", await scene.Bob.ReadAsync(text));
        await dan.JoinAsync(pending.Welcome!);
    }

    [Fact]
    public static async Task Damaged_state_is_refused_as_such()
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        await scene.Bob.ReadAsync(await scene.Ann.SendAsync("hello"));
        await scene.Bob.ReceiveAsync(await scene.Cid.ProposeAsync(group => group.ProposeUpdateAsync()));
        IReadOnlyList<StateRecord> records = scene.Bob.Group.Changes(null);
        byte[] pending = (await scene.Bob.CommitAsync(new CommitRequest())).Encode();
        Random random = new(5);
        for (int i = 0; i < Rounds / 40; i++)
        {
            int at = random.Next(records.Count);
            StateRecord damaged = records[at] with { Value = Mutated(random, [records[at].Value!]) };
            try
            {
                MlsGroup.Load(scene.Bob.Environment, records.Select((record, index) => index == at ? damaged : record)).Changes(null);
            }
            catch (MlsException refused)
            {
                Assert.Equal(MlsError.InvalidState, refused.Error);
            }
            try
            {
                PendingCommit.Decode(scene.Bob.Group, Mutated(random, [pending])).Dispose();
            }
            catch (MlsException refused)
            {
                Assert.True(refused.Error is MlsError.InvalidState or MlsError.EpochTooOld, refused.Message);
            }
        }
        Assert.Equal(MlsError.InvalidState, Assert.Throws<MlsException>(() => MlsGroup.Load(scene.Bob.Environment, records.Where(record => record.Key != "epoch"))).Error);
    }

    static byte[] Noise(Random random)
    {
        byte[] noise = new byte[random.Next(random.Next(2) == 0 ? 20 : 400)];
        random.NextBytes(noise);
        return noise;
    }

    static byte[] Mutated(Random random, IReadOnlyList<byte[]> samples)
    {
        List<byte> bytes = [.. samples[random.Next(samples.Count)]];
        for (int times = random.Next(1, 4); times > 0 && bytes.Count > 0; times--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, random.Next(1, bytes.Count - at + 1)); break;
                case 3: bytes.InsertRange(at, Noise(random)); break;
                // Lengths at and beyond every limit of the variable-length header.
                case 4: bytes.InsertRange(at, ((byte[][])[[0x80, 0, 0, 1], [0xbf, 0xff, 0xff, 0xff], [0x40, 1], [0x7f, 0xff], [0xc0, 0, 0, 0], [0x3f]])[random.Next(6)]); break;
                default:
                    byte[] other = samples[random.Next(samples.Count)];
                    int from = random.Next(other.Length);
                    bytes.InsertRange(at, other[from..random.Next(from, other.Length)]);
                    break;
            }
        }
        return [.. bytes];
    }

    static async Task<Decoder[]> DecodersAsync()
    {
        using KeyPackageBundle bundle = await (await Client.CreateAsync("marie")).BundleAsync(), other = await (await Client.CreateAsync("noor")).BundleAsync(lastResort: true);
        byte[] point = bundle.KeyPackage.InitKey, hash = new byte[32];
        PreSharedKeyId external = PreSharedKeyId.External([1, 2], hash), resumption = PreSharedKeyId.Resumption(ResumptionUsage.Application, [3], 4, hash);
        UpdatePath path = new(bundle.KeyPackage.Leaf, [new UpdatePathNode(point, [new HpkeCiphertext(point, new byte[48]), new HpkeCiphertext(point, new byte[48])]), new UpdatePathNode(point, [])]);
        Proposal[] proposals =
        [
            new AddProposal(bundle.KeyPackage), new UpdateProposal(other.KeyPackage.Leaf), new RemoveProposal(new LeafIndex(3)), new PskProposal(external), new PskProposal(resumption),
            new ReInitProposal([1], 1, 2, [new Extension(5, [1])]), new ExternalInitProposal(point), new GroupContextExtensionsProposal([new Extension(0xf000, [1, 2, 3])]),
        ];
        Commit commit = new([.. proposals.Select(proposal => new ProposalOrRef(proposal, null)), new ProposalOrRef(null, hash)], path);
        FramedContent[] contents =
        [
            new([1], 2, Sender.Member(new LeafIndex(1)), [9], [1, 2, 3], null, null), new([1], 2, new Sender(SenderType.External, 0), [], null, proposals[2], null),
            new([1], 2, new Sender(SenderType.NewMemberCommit, 0), [], null, null, commit),
        ];
        Secret joiner = Secret.Copy(hash);
        GroupContext context = new(2, [1, 2, 3], 7, hash, hash, [new Extension(3, [0, 0, 0])]);
        HpkeCiphertext ciphertext = new(point, new byte[48]);
        LeafNode leaf = bundle.KeyPackage.Leaf;
        RatchetTree tree = RatchetTree.From(Suites.P256, [leaf, null, other.KeyPackage.Leaf], [new ParentNode(point, hash, []), new ParentNode(point, [], [2])], 4);
        GroupInfo info = new(context, [new Extension(Extension.RatchetTree, tree.Encode())], hash, new LeafIndex(2), new byte[70]);
        return
        [
            new("welcome", bytes => Welcome.Decode(bytes).Encode(), [new Welcome(2, [new(hash, ciphertext), new(hash, ciphertext)], new byte[99]).Encode()]),
            new("ratchet tree", bytes => RatchetTree.Decode(Suites.P256, bytes, MlsLimits.Default).Encode(), [tree.Encode()]),
            Of("group info", GroupInfo.Read, (writer, value) => value.Write(writer), [info]),
            Of("group secrets", GroupSecrets.Read, (writer, value) => writer.WriteRaw(value.Encode().Span), [new GroupSecrets(joiner, joiner, [external]), new GroupSecrets(joiner, null, [])]),
            Of("private message", ReadPrivate, (writer, value) => writer.WriteRaw(value.Encode()), [new PrivateMessage([1], 2, ContentType.Commit, [3], new byte[28], new byte[99])]),
            Of("public message", ReadPublic, (writer, value) => writer.WriteRaw(value.Encode()), contents.Select(content =>
                new PublicMessage(new AuthenticatedContent(WireFormat.PublicMessage, content, hash, content.Commit is null ? null : hash), content.Sender.Type == SenderType.Member ? hash : null))),
            new("key package", bytes => KeyPackage.Decode(bytes).Encode(), [bundle.KeyPackage.Encode(), other.KeyPackage.Encode()]),
            new("stored key package", bytes => KeyPackageBundle.Decode(bytes).Encode(), [bundle.Encode(), other.Encode()]),
            new("outside of a message", bytes => { MlsMessage.Peek(bytes); return null; }, [bundle.KeyPackage.Encode()]),
            Of("proposal", Proposal.Read, (writer, value) => value.Write(writer), proposals),
            Of("commit", Commit.Read, (writer, value) => value.Write(writer), [commit, new Commit([], null)]),
            Of("update path", UpdatePath.Read, (writer, value) => value.Write(writer), [path]),
            Of("pre-shared key id", PreSharedKeyId.Read, (writer, value) => value.Write(writer), [external, resumption]),
            Of("group context", GroupContext.Read, (writer, value) => value.Write(writer), [context]),
            Of("parent node", ParentNode.Read, (writer, value) => value.Write(writer), [new ParentNode(point, hash, [1, 5, 9])]),
            Of("authenticated content", AuthenticatedContent.Read, (writer, value) => writer.WriteRaw(value.Encode()),
                contents.Select(content => new AuthenticatedContent(WireFormat.PublicMessage, content, hash, content.Commit is null ? null : hash))),
        ];
    }

    static PrivateMessage ReadPrivate(ref TlsReader reader)
    {
        MlsMessage.ReadHeader(ref reader, WireFormat.PrivateMessage);
        return PrivateMessage.Read(ref reader);
    }

    static PublicMessage ReadPublic(ref TlsReader reader)
    {
        MlsMessage.ReadHeader(ref reader, WireFormat.PublicMessage);
        return PublicMessage.Read(ref reader);
    }

    static Decoder Of<T>(string name, TlsRead<T> read, Action<TlsWriter, T> write, IEnumerable<T> samples)
    {
        byte[] Encode(T value)
        {
            using TlsWriter writer = new();
            write(writer, value);
            return writer.ToArray();
        }
        return new(name, bytes => Encode(TlsReader.ReadAll(bytes, read)), [.. samples.Select(Encode)]);
    }
}
