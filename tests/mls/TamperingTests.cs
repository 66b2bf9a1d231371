namespace Kavalek.Mls.Tests;

/// <summary>K-33: what is changed on the way is refused, and leaves the group bit for bit.</summary>
public static class TamperingTests
{
    // K-33
    [Theory]
    [InlineData("application")]
    [InlineData("proposal")]
    [InlineData("commit")]
    public static async Task A_message_changed_at_any_byte_or_cut_at_any_length_leaves_the_group_bit_for_bit(string kind)
    {
        List<Client> clients = await GroupLifeTests.GroupOfAsync(3);
        Client sender = clients[1], receiver = clients[0];
        byte[] message = kind switch
        {
            "application" => await sender.SendAsync("hello"),
            "proposal" => await sender.ProposeAsync(group => group.ProposeRemoveAsync(new LeafIndex(2))),
            _ => (await sender.CommitAsync(new())).Message,
        };
        string before = receiver.Snapshot();
        for (int i = 0; i < message.Length; i++)
        {
            byte[] changed = [.. message];
            changed[i] ^= (byte)(1 << (i % 8));
            await AssertNothingAsync(changed);
            await AssertNothingAsync(message[..i]);
        }
        await AssertNothingAsync([.. message, 0]);
        Assert.Equal(before, receiver.Snapshot());
        Assert.False(await receiver.ReceiveAsync(message) is ProcessResult.Refused or ProcessResult.Ignored);
        if (kind == "application") Assert.Equal("still here", await receiver.ReadAsync(await sender.SendAsync("still here")));

        async Task AssertNothingAsync(byte[] bytes) => Assert.IsType<ProcessResult.Refused>(await receiver.Group.ProcessAsync(bytes, Client.Now));
    }

    // K-33
    [Theory]
    [InlineData("application")]
    [InlineData("proposal")]
    [InlineData("commit")]
    public static async Task A_signature_or_tag_cut_to_any_length_is_refused(string kind)
    {
        Scene scene = await Scene.CreateAsync(filled: true);
        EvilMember eve = scene.Eve;
        FramedContent content = kind switch
        {
            "application" => eve.Content("hello"u8.ToArray()),
            "proposal" => eve.Content(proposal: new RemoveProposal(new LeafIndex(3))),
            _ => eve.Content(commit: new Commit([], await eve.PathAsync())),
        };
        foreach (WireFormat format in (WireFormat[])[WireFormat.PrivateMessage, WireFormat.PublicMessage])
        {
            AuthenticatedContent signed = await eve.SignAsync(format, content);
            for (int length = 0; length < signed.Signature.Length; length++)
                await AssertRefusedAsync(format, signed with { Signature = signed.Signature[..length] });
            for (int length = 0; length < (signed.ConfirmationTag?.Length ?? 0); length++)
                await AssertRefusedAsync(format, signed with { ConfirmationTag = signed.ConfirmationTag![..length] });
        }
        AuthenticatedContent clear = await eve.SignAsync(WireFormat.PublicMessage, content);
        byte[] tag = eve.Crypto.Mac(eve.State.Secrets.Membership, PublicMessage.Tagged(clear, eve.State.Context.Encoded));
        for (int length = 0; length < tag.Length; length++) await scene.RefusedAsync(new PublicMessage(clear, tag[..length]).Encode());
        // Whole, it is what was sent; a commit's tag alone is still wrong, since Eve does not know the epoch that it begins.
        byte[] whole = await eve.PrivateAsync(content);
        if (kind == "commit") await scene.RefusedAsync(MlsError.InvalidConfirmationTag, whole);
        else Assert.False(await scene.Bob.ReceiveAsync(whole) is ProcessResult.Refused or ProcessResult.Ignored);

        async Task AssertRefusedAsync(WireFormat format, AuthenticatedContent cut)
        {
            byte[] membership = eve.Crypto.Mac(eve.State.Secrets.Membership, PublicMessage.Tagged(cut, eve.State.Context.Encoded));
            await scene.RefusedAsync(format == WireFormat.PublicMessage
                ? new PublicMessage(cut, membership).Encode()
                : (await eve.Group.Current.ProtectAsync(cut, eve.Group.OwnIndex, padding: 0)).Message.Encode());
        }
    }

    // K-33
    [Fact]
    public static async Task A_welcome_changed_at_any_byte_or_cut_at_any_length_makes_no_group()
    {
        List<Client> clients = await GroupLifeTests.GroupOfAsync(2);
        Client newcomer = await Client.CreateAsync("newcomer");
        byte[] welcome = (await clients[0].CommitAsync(new() { Add = [await newcomer.PublishAsync()] })).Welcome!;
        for (int i = 0; i < welcome.Length; i++)
        {
            byte[] changed = [.. welcome];
            changed[i] ^= (byte)(1 << (i % 8));
            await Assert.ThrowsAsync<MlsException>(() => newcomer.JoinAsync(changed));
            await Assert.ThrowsAsync<MlsException>(() => newcomer.JoinAsync(welcome[..i]));
        }
        Assert.Throws<InvalidOperationException>(() => newcomer.Group);
        await newcomer.JoinAsync(welcome);
        await clients.DeliverAsync(clients[0].Pending!.Message);
        Assert.Equal("hello", await newcomer.ReadAsync(await clients[1].SendAsync("hello")));
    }

    [Fact]
    public static async Task A_refused_policy_drops_the_next_epoch_and_the_group_goes_on()
    {
        List<Client> clients = await GroupLifeTests.GroupOfAsync(3);
        string before = clients[0].Snapshot();
        PendingCommit pending = await clients[1].CommitAsync(new() { Remove = [new LeafIndex(2)] });
        var received = Assert.IsType<ProcessResult.CommitReceived>(await clients[0].Group.ProcessAsync(pending.Message, Client.Now));
        received.Next.DisposeExcept(clients[0].Group);
        Assert.Equal(before, clients[0].Snapshot());
        clients[1].Pending!.Dispose();
        clients[1].Pending = null;
        await GroupLifeTests.AssertAllHearEachOtherAsync(clients);
        await GroupLifeTests.DeliverAsync((await clients[2].CommitAsync(new())).Message, clients);
        GroupLifeTests.AssertAgree(clients);
    }

    [Fact]
    public static async Task A_superseded_group_holds_no_key_that_its_successor_does_not()
    {
        List<Client> clients = await GroupLifeTests.GroupOfAsync(2);
        MlsGroup before = clients[0].Group;
        byte[] message = await clients[1].SendAsync("once");
        Assert.Equal("once", await clients[0].ReadAsync(message));
        // The old group was disposed of but for what its successor holds: the key that was used is gone from both.
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await before.ProcessAsync(message, Client.Now));
        Assert.Equal("twice", await clients[0].ReadAsync(await clients[1].SendAsync("twice")));
    }

    // K-33
    [Fact]
    public static async Task A_commit_in_clear_is_followed_where_its_membership_tag_is_right()
    {
        List<Client> clients = await GroupLifeTests.GroupOfAsync(3);
        (CommitDraft draft, _) = await CommitDraft.CreateAsync(clients[1].Group, new(), Client.Now, null, privately: false);
        clients[1].Pending = draft.Pending;
        byte[] honest = draft.Pending.Message;
        string before = clients[0].Snapshot();
        for (int i = 0; i < honest.Length; i++)
        {
            byte[] changed = [.. honest];
            changed[i] ^= (byte)(1 << (i % 8));
            var refused = Assert.IsType<ProcessResult.Refused>(await clients[0].ReceiveAsync(changed));
            if (i == honest.Length - 1) Assert.Equal(MlsError.InvalidMembershipTag, refused.Error);
            Assert.IsType<ProcessResult.Refused>(await clients[0].ReceiveAsync(honest[..i]));
        }
        Assert.Equal(before, clients[0].Snapshot());
        await GroupLifeTests.DeliverAsync(draft.Pending.Message, clients);
        GroupLifeTests.AssertAgree(clients);
    }

    // K-33
    [Fact]
    public static async Task Application_data_in_clear_is_refused_however_well_signed()
    {
        List<Client> clients = await GroupLifeTests.GroupOfAsync(2);
        MlsGroup sender = clients[1].Group;
        FramedContent content = new(sender.GroupId, sender.Epoch, Sender.Member(sender.OwnIndex), [], "in clear"u8.ToArray(), null, null);
        AuthenticatedContent signed = await sender.Current.SignAsync(WireFormat.PublicMessage, content, sender.State.SignatureKey);
        byte[] tag = sender.State.Crypto.Mac(sender.State.Secrets.Membership, PublicMessage.Tagged(signed, sender.State.Context.Encoded));
        string before = clients[0].Snapshot();
        ProcessResult result = await clients[0].ReceiveAsync(new PublicMessage(signed, tag).Encode());
        Assert.Equal(MlsError.UnencryptedApplicationMessage, Assert.IsType<ProcessResult.Refused>(result).Error);
        Assert.Equal(before, clients[0].Snapshot());
        Assert.Equal("encrypted", await clients[0].ReadAsync(await clients[1].SendAsync("encrypted")));
    }
}
