using Kavalek.Mls;
using Kavalek.Protocol;
using static Kavalek.Client.Tests.TestConversations;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>Every byte of what travels, changed; everything cut to every shorter length.</summary>
[Collection(nameof(Cast))]
public sealed class TamperingTests(Cast cast)
{
    // K-33
    [Fact]
    public async Task No_changed_or_shortened_message_commit_or_proposal_moves_a_group_and_the_honest_one_still_does()
    {
        Conversation[] group = await GroupAsync("Samples", cast.Marie, cast.Karim);
        Id stream = await cast.Karim.StreamAsync(group[1]);
        MlsGroup sender = await cast.Marie.GroupAsync(stream), reader = await cast.Karim.GroupAsync(stream);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        OutgoingMessage message = await sender.ProtectAsync(new byte[40]);
        OutgoingMessage proposal = await message.Next.ProposeRemoveAsync(sender.OwnIndex);
        (PendingCommit commit, _) = await message.Next.CommitAsync(new CommitRequest { ForcePath = true }, now);
        string before = EvilMemberTests.Snapshot(reader);
        foreach (byte[] sample in (byte[][])[message.Message, proposal.Message, commit.Message])
        {
            foreach (byte[] changed in Changed(sample))
                Assert.IsType<ProcessResult.Refused>(await reader.ProcessAsync(changed, now));
            Assert.Equal(before, EvilMemberTests.Snapshot(reader));
        }
        Assert.IsType<ProcessResult.ProposalReceived>(await reader.ProcessAsync(proposal.Message, now));
        Assert.IsType<ProcessResult.CommitReceived>(await reader.ProcessAsync(commit.Message, now));
        Assert.IsType<ProcessResult.ApplicationReceived>(await reader.ProcessAsync(message.Message, now));
    }

    // K-33
    [Fact]
    public async Task No_changed_or_shortened_Welcome_or_key_package_is_taken_and_the_honest_one_is()
    {
        KavalekClient joiner = await cast.PersonAsync();
        await using var _ = joiner;
        await joiner.SyncAsync();
        ClaimedDevice device = Assert.Single(await cast.Marie.Core.People.ClaimAsync((await cast.Marie.FindAsync(joiner.Me.Handle)).Account, default));
        byte[] package = device.KeyPackage.Encode();
        foreach (byte[] changed in Changed(package)) Assert.True(await IsRefusedAsync(changed), "a changed key package was taken");
        Assert.False(await IsRefusedAsync(package));

        Conversation opened = await cast.Marie.CreateGroupAsync("Sample", [joiner.Me.Id]);
        byte[] welcome = (await joiner.Core.Streams.WelcomeAsync(await cast.Marie.StreamAsync(opened), 1, default))!;
        string before = await joiner.StateAsync();
        int step = 0;
        foreach (byte[] changed in Changed(welcome))
        {
            // The first bytes, which say what it is and for whom, one by one; the long ciphertext behind them at every eleventh place.
            if (step++ > 1_500 && step % 11 != 0) continue;
            await Assert.ThrowsAsync<MlsException>(async () => await MlsGroup.JoinAsync(joiner.Core.Mls, changed, joiner.Core.KeyPackages.FindAsync));
        }
        Assert.Equal(before, await joiner.StateAsync());
        await joiner.SyncAsync();
        Assert.NotNull(joiner.Conversation(opened.Id));

        async Task<bool> IsRefusedAsync(byte[] bytes)
        {
            try
            {
                KeyPackage read = KeyPackage.Decode(bytes);
                await read.ValidateAsync(cast.Marie.Core.Mls, DateTimeOffset.UtcNow);
                // What is valid by itself must still be the certified device's.
                return !read.Credential.Content.AsSpan().SequenceEqual(device.Certificate.Encode());
            }
            catch (MlsException)
            {
                return true;
            }
        }
    }

    // K-33
    [Fact]
    public async Task What_the_server_changes_on_the_way_reaches_no_screen_and_no_state_and_the_next_honest_message_does()
    {
        Conversation[] group = await GroupAsync("On the way", cast.Marie, cast.Karim);
        Id stream = await cast.Karim.StreamAsync(group[1]);
        Random random = new(7);
        bool lies = false;
        using IDisposable lie = cast.Hostile.Lie(new StreamLens(cast.Karim.Me.Device, stream, entries => !lies ? entries : entries.SelectMany(entry => Enumerable.Range(0, 20).Select(_ =>
        {
            byte[] bytes = entry.Payload.ToByteArray();
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            return new Wire.Entry(entry) { Payload = Google.Protobuf.ByteString.CopyFrom(random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes) };
        }))));
        await SyncAsync(cast.Marie, cast.Karim);
        await SyncAsync(cast.Marie, cast.Karim);
        string before = await cast.Karim.StateAsync("conv/e/");
        lies = true;
        await group[0].SendAsync("never seen so");
        await cast.Marie.SyncAsync();
        await cast.Karim.SyncAsync();
        lies = false;
        Assert.Equal(before, await cast.Karim.StateAsync("conv/e/"));
        await group[0].SendAsync("seen");
        await SyncAsync(cast.Marie, cast.Karim);
        Assert.Equal(["seen"], await group[1].TextsAsync());
        Assert.Contains(SystemKind.MessagesMissing, await group[1].KindsAsync());

        // Application data in clear is none.
        await using RawMember plain = await RawMember.OpenAsync(cast.Marie, group[0].Id);
        before = await cast.Karim.StateAsync("conv/e/");
        MlsGroup sender = plain.Group;
        FramedContent content = new(sender.GroupId, sender.Epoch, Mls.Sender.Member(sender.OwnIndex), [], "in clear"u8.ToArray(), null, null);
        AuthenticatedContent signed = await sender.Current.SignAsync(WireFormat.PublicMessage, content, sender.State.SignatureKey);
        byte[] tag = sender.State.Crypto.Mac(sender.State.Secrets.Membership, PublicMessage.Tagged(signed, sender.State.Context.Encoded));
        byte[] clear = new PublicMessage(signed, tag).Encode();
        Assert.Equal(MlsError.UnencryptedApplicationMessage, Assert.IsType<ProcessResult.Refused>(await (await cast.Karim.GroupAsync(stream)).ProcessAsync(clear, DateTimeOffset.UtcNow)).Error);
        await plain.AppendAsync(Wire.Kind.Application, clear, null);
        await cast.Karim.SyncAsync();
        Assert.Equal(before, await cast.Karim.StateAsync("conv/e/"));
    }

    // Each byte with one bit changed, and every shorter length, none at all included.
    static IEnumerable<byte[]> Changed(byte[] sample)
    {
        for (int at = 0; at < sample.Length; at++)
        {
            byte[] flipped = [.. sample];
            flipped[at] ^= (byte)(1 << (at % 8));
            yield return flipped;
        }
        for (int length = 0; length < sample.Length; length++) yield return sample[..length];
    }
}
