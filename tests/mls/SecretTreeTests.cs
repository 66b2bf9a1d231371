using System.Security.Cryptography;

namespace Kavalek.Mls.Tests;

public static class SecretTreeTests
{
    static readonly RetentionPolicy Retention = RetentionPolicy.Default;
    static readonly byte[] NoGuard = new byte[RatchetStep.ReuseGuardLength];

    [Fact]
    public static void Keys_and_nonces_match_the_vectors_of_every_suite()
    {
        int run = 0;
        foreach (var vector in Vectors.Mls("secret-tree"))
        {
            SuiteCrypto crypto = Suites.HashesOf(vector);
            var senderData = vector.GetProperty("sender_data");
            using SenderDataKeys keys = SenderDataKeys.Derive(crypto, senderData.Secret("sender_data_secret"), senderData.Hex("ciphertext"));
            Assert.Equal(senderData.Secret("key"), keys.Key);
            Assert.Equal(senderData.Secret("nonce"), keys.Nonce);

            var leaves = vector.GetProperty("leaves").EnumerateArray().ToArray();
            SecretTree tree = SecretTree.Start(crypto, vector.Secret("encryption_secret"), (uint)leaves.Length);
            for (uint leaf = 0; leaf < leaves.Length; leaf++)
            {
                foreach (var generation in leaves[leaf].EnumerateArray())
                {
                    foreach (RatchetKind kind in Enum.GetValues<RatchetKind>())
                    {
                        string name = kind == RatchetKind.Handshake ? "handshake" : "application";
                        using RatchetStep step = tree.Receive(leaf, kind, generation.UInt("generation"), Retention);
                        Assert.Equal(generation.Secret($"{name}_key"), step.Key);
                        Assert.Equal(generation.Hex($"{name}_nonce"), step.Nonce(NoGuard));
                        step.Accept();
                        tree = step.Next;
                    }
                }
            }
            tree.Dispose();
            run++;
        }
        Assert.Equal(21, run);
    }

    [Fact]
    public static void Sender_and_receiver_derive_the_same_keys_in_any_order_of_leaves()
    {
        SecretTree sender = Tree(64), receiver = Tree(64);
        foreach (uint leaf in (uint[])[5, 63, 0, 5, 31, 32, 63, 5])
        {
            using RatchetStep sent = sender.Send(leaf, RatchetKind.Application);
            using RatchetStep received = receiver.Receive(leaf, RatchetKind.Application, sent.Generation, Retention);
            Assert.Equal(sent.Key, received.Key);
            Assert.Equal(sent.Nonce([1, 2, 3, 4]), received.Nonce([1, 2, 3, 4]));
            sent.Accept();
            received.Accept();
            (sender, receiver) = (sent.Next, received.Next);
        }
    }

    [Fact]
    public static void A_step_that_is_dropped_leaves_the_tree_as_it_was()
    {
        using SecretTree tree = Tree(16);
        string before = Fingerprint(tree.Records());
        Secret first;
        using (RatchetStep dropped = tree.Receive(3, RatchetKind.Application, 7, Retention)) first = dropped.Key.Clone();
        Assert.Equal(before, Fingerprint(tree.Records()));
        using RatchetStep again = tree.Receive(3, RatchetKind.Application, 7, Retention);
        Assert.Equal(first, again.Key);
    }

    [Fact]
    public static void A_dropped_use_of_a_skipped_key_leaves_that_key_usable()
    {
        using SecretTree tree = Stepped(Tree(4), 1, 5);
        using (RatchetStep dropped = tree.Receive(1, RatchetKind.Application, 2, Retention)) Assert.Equal(2u, dropped.Generation);
        using RatchetStep again = tree.Receive(1, RatchetKind.Application, 2, Retention);
        Assert.Equal(16, again.Key.Span.Length);
    }

    [Fact]
    public static void An_accepted_step_zeroes_what_the_key_came_from()
    {
        SecretTree tree = Tree(8);
        using RatchetStep step = tree.Send(2, RatchetKind.Application);
        step.Accept();
        Assert.Throws<ObjectDisposedException>(() => tree.Send(2, RatchetKind.Application));
        // The root secret and those on the way to leaf 2 are gone: only the three siblings on that way remain.
        Assert.Equal((uint[])[1, 6, 11], step.Next.Records().Where(r => r.Key.Part == SecretTreePart.Node).Select(r => r.Key.Index).Order());
    }

    [Fact]
    public static void Late_messages_open_within_the_limits_and_each_only_once()
    {
        SecretTree tree = Stepped(Tree(4), 1, 9);
        foreach (uint late in (uint[])[3, 0, 8])
        {
            using RatchetStep step = tree.Receive(1, RatchetKind.Application, late, Retention);
            step.Accept();
            tree = step.Next;
        }
        foreach (uint replayed in (uint[])[3, 0, 8, 9]) AssertRefused(MlsError.SecretReuse, tree, 1, replayed, Retention);
    }

    [Fact]
    public static void Too_old_too_far_and_replayed_are_told_apart()
    {
        RetentionPolicy strict = new() { MaxForward = 20, MaxSkipped = 4 };
        SecretTree tree = Tree(4);
        AssertRefused(MlsError.GenerationTooFar, tree, 1, 21, strict);
        AssertRefused(MlsError.GenerationTooFar, tree, 1, uint.MaxValue, strict);
        AssertRefused(MlsError.InvalidSender, tree, 4, 0, strict);
        tree = Stepped(tree, 1, 20, strict);
        AssertRefused(MlsError.GenerationTooOld, tree, 1, 15, strict);
        AssertRefused(MlsError.SecretReuse, tree, 1, 20, strict);
        AssertRefused(MlsError.GenerationTooFar, tree, 1, 42, strict);
        Assert.Equal(4, tree.Records().Count(record => record.Key.Part == SecretTreePart.SkippedApplication));

        // Skipping again drops the oldest kept keys first.
        tree = Stepped(tree, 1, 24, strict);
        AssertRefused(MlsError.GenerationTooOld, tree, 1, 18, strict);
        foreach (uint kept in (uint[])[19, 21, 22, 23])
        {
            using RatchetStep step = tree.Receive(1, RatchetKind.Application, kept, strict);
            step.Accept();
            tree = step.Next;
        }
    }

    // K-49
    [Fact]
    public static void A_hostile_generation_costs_no_work()
    {
        using SecretTree tree = Tree(1024);
        string before = Fingerprint(tree.Records());
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(MlsError.GenerationTooFar, tree, 9, 0xFFFF_FFFE, Retention);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < 100_000);
        Assert.Equal(before, Fingerprint(tree.Records()));
    }

    [Fact]
    public static void Stored_records_follow_every_step()
    {
        SecretTree tree = Tree(1024);
        Dictionary<SecretTreeKey, byte[]> stored = tree.Records().ToDictionary(record => record.Key, record => record.Value!.Span.ToArray());
        Random random = new(7);
        Dictionary<uint, uint> next = [];
        for (int i = 0; i < 500; i++)
        {
            uint leaf = (uint)random.Next(40) * 25;
            next[leaf] = next.GetValueOrDefault(leaf) + (uint)random.Next(3) + 1;
            using RatchetStep step = tree.Receive(leaf, RatchetKind.Application, next[leaf] - 1, Retention);
            SecretTreeRecord[] changes = [.. step.Changes];
            foreach (SecretTreeRecord change in changes)
            {
                SecretTreeKey key = SecretTreeKey.Decode(change.Key.Encode());
                if (change.Value is null) Assert.True(stored.Remove(key)); else stored[key] = change.Value.Span.ToArray();
            }
            // TARGETS.md: one message's change writes at most 2 kB.
            Assert.InRange(changes.Sum(change => SecretTreeKey.EncodedLength + (change.Value?.Length ?? 0)), 1, 2048);
            step.Accept();
            tree = step.Next;
        }
        SecretTreeRecord[] records = [.. stored.Select(entry => new SecretTreeRecord(entry.Key, Secret.Copy(entry.Value)))];
        Assert.Equal(Fingerprint(tree.Records()), Fingerprint(records));

        SecretTree restored = SecretTree.Restore(Suites.P256, 1024, records);
        Assert.Equal(Fingerprint(tree.Records()), Fingerprint(restored.Records()));
        using RatchetStep live = tree.Receive(999, RatchetKind.Handshake, 1, Retention), reloaded = restored.Receive(999, RatchetKind.Handshake, 1, Retention);
        Assert.Equal(live.Key, reloaded.Key);
    }

    [Fact]
    public static void Records_that_make_no_tree_are_refused()
    {
        SecretTreeRecord[] records = [.. Stepped(Tree(4), 1, 3).Records()];
        Assert.All(
            (SecretTreePart[])[SecretTreePart.HandshakeRatchet, SecretTreePart.ApplicationRatchet],
            missing => Assert.Equal(MlsError.InvalidState, Assert.Throws<MlsException>(
                () => SecretTree.Restore(Suites.P256, 4, records.Where(record => record.Key.Part != missing))).Error));
    }

    static SecretTree Tree(uint leaves) => SecretTree.Start(Suites.P256, Secret.Copy(SHA256.HashData([1])), leaves);

    static SecretTree Stepped(SecretTree tree, uint leaf, uint generation, RetentionPolicy? retention = null)
    {
        using RatchetStep step = tree.Receive(leaf, RatchetKind.Application, generation, retention ?? Retention);
        step.Accept();
        return step.Next;
    }

    static void AssertRefused(MlsError error, SecretTree tree, uint leaf, uint generation, RetentionPolicy retention) =>
        Assert.Equal(error, Assert.Throws<MlsException>(() => tree.Receive(leaf, RatchetKind.Application, generation, retention)).Error);

    static string Fingerprint(IEnumerable<SecretTreeRecord> records) => string.Join('\n', records
        .Select(record => Convert.ToHexString(record.Key.Encode()) + ":" + Convert.ToHexString(record.Value!.Span)).Order(StringComparer.Ordinal));
}
