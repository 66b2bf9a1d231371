namespace Kavalek.Mls.Tests;

/// <summary>One test a rule of RFC 9420 §6: messages that a real member made wrong, each refused by the others, who stay as they were.</summary>
public static class FramingRuleTests
{
    static readonly byte[] Text = "hello"u8.ToArray();

    [Fact]
    public static async Task What_an_evil_member_makes_honestly_is_accepted()
    {
        Scene scene = await Scene.CreateAsync();
        Assert.Equal("hello", await scene.Bob.ReadAsync(await scene.Eve.PrivateAsync(scene.Eve.Content(Text))));
        Assert.IsType<ProcessResult.ProposalReceived>(await scene.Bob.ReceiveAsync(await scene.Eve.ProposeAsync(new RemoveProposal(new LeafIndex(3)))));
        Assert.IsType<ProcessResult.ProposalReceived>(await scene.Cid.ReceiveAsync(await scene.Eve.PublicAsync(scene.Eve.Content(proposal: new RemoveProposal(new LeafIndex(1))))));
    }

    [Fact]
    public static async Task Section_6_a_message_of_another_group_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.WrongGroup, await scene.Eve.PublicAsync(scene.Eve.Content(proposal: new RemoveProposal(default)) with { GroupId = [1] }));
        Scene other = await Scene.CreateAsync();
        // The same id, but another group's keys.
        await scene.RefusedAsync(MlsError.DecryptionFailed, await other.Eve.PrivateAsync(other.Eve.Content(Text)));
        await scene.RefusedAsync(MlsError.InvalidMembershipTag, await other.Eve.PublicAsync(other.Eve.Content(proposal: new RemoveProposal(default))));
    }

    [Fact]
    public static async Task Section_6_a_message_of_an_epoch_to_come_or_long_gone_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        FramedContent remove = scene.Eve.Content(proposal: new RemoveProposal(default));
        await scene.RefusedAsync(MlsError.EpochInFuture, await scene.Eve.PublicAsync(remove with { Epoch = 2 }));
        await scene.RefusedAsync(MlsError.EpochTooOld, await scene.Eve.PublicAsync(remove with { Epoch = 0 }));
        await scene.RefusedAsync(MlsError.EpochInFuture, await scene.Eve.PublicAsync(remove with { Epoch = ulong.MaxValue }));
    }

    [Fact]
    public static async Task Section_6_2_application_data_in_clear_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.UnencryptedApplicationMessage, await scene.Eve.PublicAsync(scene.Eve.Content(Text)));
    }

    [Theory]
    [InlineData((byte)2)]
    [InlineData((byte)3)]
    [InlineData((byte)4)]
    public static async Task Section_6_a_sender_outside_the_group_is_refused(byte type)
    {
        Scene scene = await Scene.CreateAsync();
        Sender outside = new((SenderType)type, 0);
        await scene.RefusedAsync(MlsError.NotAllowed, await scene.Eve.PublicAsync(scene.Eve.Content(proposal: new RemoveProposal(default)) with { Sender = outside }));
        await scene.RefusedAsync(MlsError.NotAllowed, await scene.Eve.PublicAsync(scene.Eve.Content(commit: new Commit([], await scene.Eve.PathAsync())) with { Sender = outside }));
    }

    [Theory]
    [InlineData(4u)]
    [InlineData(7u)]
    [InlineData(0x7fff_ffffu)]
    [InlineData(0xffff_ffffu)]
    public static async Task Section_6_1_a_sender_that_is_no_member_is_refused(uint leaf)
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.InvalidSender, await scene.Eve.PublicAsync(scene.Eve.Content(proposal: new RemoveProposal(default)) with { Sender = Sender.Member(new LeafIndex(leaf)) }));
    }

    [Fact]
    public static async Task Section_6_1_a_removed_member_can_send_nothing()
    {
        Scene scene = await Scene.CreateAsync();
        PendingCommit removal = await scene.Ann.CommitAsync(new CommitRequest { Remove = [scene.EveHerself.Group.OwnIndex] });
        await scene.Ann.ReceiveAsync(removal.Message);
        await scene.Bob.ReceiveAsync(removal.Message);
        await scene.RefusedAsync(MlsError.EpochTooOld, await scene.Eve.PublicAsync(scene.Eve.Content(proposal: new RemoveProposal(default))));
        FramedContent now = scene.Eve.Content(Text) with { Epoch = scene.Bob.Group.Epoch };
        EvilMember inside = new(scene.Ann.Group);
        await scene.RefusedAsync(MlsError.InvalidSender, await inside.PrivateAsync(now, claim: new LeafIndex(2)));
    }

    [Fact]
    public static async Task Section_6_1_a_message_in_another_members_name_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        FramedContent asAnn = scene.Eve.Content(Text) with { Sender = Sender.Member(new LeafIndex(0)) };
        await scene.RefusedAsync(MlsError.InvalidSignature, await scene.Eve.PrivateAsync(asAnn, claim: new LeafIndex(0)));
        FramedContent proposal = scene.Eve.Content(proposal: new RemoveProposal(new LeafIndex(3))) with { Sender = Sender.Member(new LeafIndex(0)) };
        await scene.RefusedAsync(MlsError.InvalidSignature, await scene.Eve.PublicAsync(proposal));
        await scene.RefusedAsync(MlsError.InvalidSignature, await scene.Eve.PrivateAsync(proposal, claim: new LeafIndex(0)));
    }

    [Fact]
    public static async Task Section_6_1_a_signature_for_the_other_wire_format_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.InvalidSignature, await scene.Eve.PrivateAsync(scene.Eve.Content(Text), signedAs: WireFormat.PublicMessage));
    }

    [Fact]
    public static async Task Section_6_1_a_signature_of_another_epoch_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        EvilMember before = scene.Eve;
        AuthenticatedContent old = await before.Group.Current.SignAsync(WireFormat.PrivateMessage, before.Content(Text), before.State.SignatureKey);
        PendingCommit update = await scene.Ann.CommitAsync(new CommitRequest());
        await scene.DeliverAsync(update.Message);
        AuthenticatedContent moved = old with { Content = old.Content with { Epoch = scene.Eve.Group.Epoch } };
        byte[] message = (await scene.Eve.Group.Current.ProtectAsync(moved, scene.Eve.Group.OwnIndex, 0)).Message.Encode();
        await scene.RefusedAsync(MlsError.InvalidSignature, message);
    }

    [Fact]
    public static async Task Section_6_2_a_wrong_or_shortened_membership_tag_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        FramedContent content = scene.Eve.Content(proposal: new RemoveProposal(new LeafIndex(3)));
        await scene.RefusedAsync(MlsError.InvalidMembershipTag, await scene.Eve.PublicAsync(content, membershipTag: new byte[32]));
        await scene.RefusedAsync(MlsError.InvalidMembershipTag, await scene.Eve.PublicAsync(content, membershipTag: []));
    }

    [Fact]
    public static async Task Section_6_3_1_padding_that_is_not_zero_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        // A byte after the signature of an application message is where padding begins.
        byte[] message = await ForgePlaintextAsync(scene.Eve, plaintext => [.. plaintext, 0, 0, 1]);
        await scene.RefusedAsync(MlsError.InvalidPadding, message);
        Assert.Equal("hello", await scene.Bob.ReadAsync(await ForgePlaintextAsync(scene.Eve, plaintext => [.. plaintext, 0, 0, 0])));
    }

    [Fact]
    public static async Task Section_6_3_1_content_that_does_not_decode_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.Malformed, await ForgePlaintextAsync(scene.Eve, _ => []));
        await scene.RefusedAsync(MlsError.Malformed, await ForgePlaintextAsync(scene.Eve, plaintext => plaintext[..^1]));
    }

    [Fact]
    public static async Task Section_6_3_1_a_content_type_that_was_swapped_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        byte[] message = await scene.Eve.PrivateAsync(scene.Eve.Content(Text));
        TlsReader reader = new(message);
        MlsMessage.ReadHeader(ref reader);
        PrivateMessage decoded = PrivateMessage.Read(ref reader);
        await scene.RefusedAsync(MlsError.DecryptionFailed, (decoded with { ContentType = ContentType.Commit }).Encode());
        await scene.RefusedAsync(MlsError.DecryptionFailed, (decoded with { AuthenticatedData = [1] }).Encode());
    }

    [Theory]
    [InlineData(4u, 0u, MlsError.InvalidSender)]
    [InlineData(0xffff_ffffu, 0u, MlsError.InvalidSender)]
    [InlineData(2u, 0xffff_ffffu, MlsError.GenerationTooFar)]
    [InlineData(2u, 1001u, MlsError.GenerationTooFar)]
    [InlineData(2u, 1u, MlsError.DecryptionFailed)]
    public static async Task Section_6_3_2_sender_data_that_lies_is_refused(uint leaf, uint generation, MlsError error)
    {
        Scene scene = await Scene.CreateAsync();
        TlsReader reader = new(await scene.Eve.PrivateAsync(scene.Eve.Content(Text)));
        MlsMessage.ReadHeader(ref reader);
        PrivateMessage message = PrivateMessage.Read(ref reader);
        SuiteCrypto crypto = scene.Eve.Crypto;
        using SenderDataKeys keys = SenderDataKeys.Derive(crypto, scene.Eve.State.Secrets.SenderData, message.Ciphertext);
        byte[] lie = await crypto.Provider.SealAsync(crypto.Suite.Aead, keys.Key, keys.Nonce.Memory,
            PrivateMessage.SenderDataData(message.GroupId, message.Epoch, message.ContentType), new SenderData(new LeafIndex(leaf), generation, 0).Encode());
        await scene.RefusedAsync(error, (message with { EncryptedSenderData = lie }).Encode());
    }

    [Fact]
    public static async Task Section_6_what_is_no_group_message_is_refused()
    {
        Scene scene = await Scene.CreateAsync();
        await scene.RefusedAsync(MlsError.UnexpectedMessage, (await scene.Ann.PublishAsync()).Encode());
        await scene.RefusedAsync(MlsError.Malformed, []);
        await scene.RefusedAsync(MlsError.UnsupportedVersion, [0, 2, 0, 1]);
        await scene.RefusedAsync(MlsError.Malformed, [0, 1, 0, 9]);
    }

    // K-34
    [Fact]
    public static async Task Section_9_2_a_message_is_read_once_even_after_a_restart()
    {
        Scene scene = await Scene.CreateAsync();
        byte[] message = await scene.Ann.SendAsync("once");
        Assert.Equal("once", await scene.Bob.ReadAsync(message));
        Assert.Equal(new ProcessResult.Ignored(IgnoreReason.Replay), await scene.Bob.ReceiveAsync(message));
        scene.Bob.Restarts = true;
        scene.Bob.Keep(scene.Bob.Group.Prune(Client.Now));
        Assert.Equal(new ProcessResult.Ignored(IgnoreReason.Replay), await scene.Bob.ReceiveAsync(message));
    }

    static async Task<byte[]> ForgePlaintextAsync(EvilMember eve, Func<byte[], byte[]> change)
    {
        AuthenticatedContent signed = await eve.Group.Current.SignAsync(WireFormat.PrivateMessage, eve.Content(Text), eve.State.SignatureKey);
        byte[] plaintext;
        using (TlsWriter writer = new())
        {
            signed.Content.WriteBody(writer);
            signed.WriteAuth(writer);
            plaintext = change(writer.ToArray());
        }
        SuiteCrypto crypto = eve.Crypto;
        using RatchetStep step = eve.Group.Current.Keys.Send(eve.Group.OwnIndex.Value, RatchetKind.Application);
        byte[] guard = new byte[RatchetStep.ReuseGuardLength];
        byte[] ciphertext = await crypto.Provider.SealAsync(crypto.Suite.Aead, step.Key, step.Nonce(guard),
            PrivateMessage.ContentData(eve.Group.GroupId, eve.Group.Epoch, ContentType.Application, []), plaintext);
        using SenderDataKeys keys = SenderDataKeys.Derive(crypto, eve.State.Secrets.SenderData, ciphertext);
        byte[] sender = await crypto.Provider.SealAsync(crypto.Suite.Aead, keys.Key, keys.Nonce.Memory,
            PrivateMessage.SenderDataData(eve.Group.GroupId, eve.Group.Epoch, ContentType.Application), new SenderData(eve.Group.OwnIndex, step.Generation, 0).Encode());
        return new PrivateMessage(eve.Group.GroupId, eve.Group.Epoch, ContentType.Application, [], sender, ciphertext).Encode();
    }
}
