using System.Text.Json;

namespace Kavalek.Mls.Tests;

/// <summary>The working group's vectors for framing, message protection and Welcomes.</summary>
public static class MessageVectorTests
{
    [Fact]
    public static void Vector_headers_are_read_as_in_the_vectors()
    {
        foreach (JsonElement vector in Vectors.Mls("deserialization"))
        {
            byte[] header = vector.Hex("vlbytes_header");
            TlsReader reader = new(header);
            Assert.Equal(vector.Int("length"), reader.ReadHeader());
            reader.End();
            Assert.Equal(header.Length, TlsWriter.HeaderLength(vector.Int("length")));
        }
    }

    [Fact]
    public static async Task Messages_of_the_vectors_are_read_and_own_messages_are_read_back()
    {
        int run = 0;
        foreach (JsonElement vector in Vectors.Mls("message-protection"))
        {
            if (Suites.Of(vector) is not { } crypto) continue;
            run++;
            Proposal proposal = TlsReader.ReadAll(vector.Hex("proposal"), Proposal.Read);
            Commit commit = TlsReader.ReadAll(vector.Hex("commit"), Commit.Read);
            byte[] application = vector.Hex("application");
            FramedContent Content(byte[]? data, Proposal? proposed, Commit? committed) =>
                new(vector.Hex("group_id"), vector.GetProperty("epoch").GetUInt64(), Sender.Member(Sender1), [], data, proposed, committed);

            await AssertPrivateAsync(crypto, vector, "proposal_priv", Content(null, proposal, null));
            await AssertPrivateAsync(crypto, vector, "commit_priv", Content(null, null, commit));
            await AssertPrivateAsync(crypto, vector, "application_priv", Content(application, null, null));
            await AssertPublicAsync(crypto, vector, "proposal_pub", Content(null, proposal, null));
            await AssertPublicAsync(crypto, vector, "commit_pub", Content(null, null, commit));
        }
        Assert.Equal(Suites.InVectors, run);
    }

    [Fact]
    public static async Task Welcomes_of_the_vectors_open()
    {
        int run = 0;
        foreach (JsonElement vector in Vectors.Mls("welcome"))
        {
            if (Suites.Of(vector) is not { } crypto) continue;
            run++;
            KeyPackage keyPackage = KeyPackage.Decode(vector.Hex("key_package"));
            Assert.Equal(vector.Hex("key_package"), keyPackage.Encode());
            Welcome welcome = Welcome.Decode(vector.Hex("welcome"));
            Assert.Equal(vector.Hex("welcome"), welcome.Encode());
            byte[] reference = crypto.KeyPackageRef(keyPackage.EncodeBare());
            EncryptedGroupSecrets entry = welcome.Secrets.Single(secrets => secrets.NewMember.AsSpan().SequenceEqual(reference));
            using Secret? opened = await crypto.DecryptWithLabelAsync(crypto.PrivateKey(vector.Hex("init_priv")), "Welcome", welcome.EncryptedGroupInfo, entry.Secrets);
            using GroupSecrets secrets = TlsReader.ReadAll(opened!.Span, GroupSecrets.Read);
            using Secret noPsk = Secret.Zero(crypto.HashLength);
            GroupInfo? info = await welcome.OpenAsync(crypto, secrets.JoinerSecret, noPsk);
            Assert.NotNull(info);
            Assert.True(await crypto.VerifyWithLabelAsync(vector.Hex("signer_pub"), "GroupInfoTBS", info.ToBeSigned(), info.Signature));
            EpochSecrets epoch = EpochSecrets.FromJoiner(crypto, secrets.JoinerSecret, noPsk, info.Context.Encoded);
            Assert.True(epoch.VerifyConfirmationTag(info.Context.ConfirmedTranscriptHash, info.ConfirmationTag));
        }
        Assert.Equal(Suites.InVectors, run);
    }

    static readonly LeafIndex Sender1 = new(1);

    static MessageEpoch EpochOf(SuiteCrypto crypto, JsonElement vector)
    {
        GroupContext context = new(
            crypto.Suite.Id, vector.Hex("group_id"), vector.GetProperty("epoch").GetUInt64(), vector.Hex("tree_hash"), vector.Hex("confirmed_transcript_hash"), []);
        LeafNode member = new([], vector.Hex("signature_pub"), Credential.Basic([]), Capabilities.For(crypto.Suite), LeafNodeSource.Update, null, null, [], []);
        return new(crypto, context.GroupId, context.Epoch, context.Encoded, PersistentArray<LeafNode>.Empty.With(Sender1.Value, member),
            vector.Secret("sender_data_secret"), SecretTree.Start(crypto, vector.Secret("encryption_secret"), 2));
    }

    static async Task AssertPrivateAsync(SuiteCrypto crypto, JsonElement vector, string name, FramedContent expected)
    {
        await AssertReadAsync(vector.Hex(name));

        MessageEpoch epoch = EpochOf(crypto, vector);
        AuthenticatedContent signed = await epoch.SignAsync(WireFormat.PrivateMessage, expected, crypto.PrivateKey(vector.Hex("signature_priv")));
        if (expected.Commit is not null) signed = signed with { ConfirmationTag = new byte[crypto.HashLength] };
        (PrivateMessage own, _) = await epoch.ProtectAsync(signed, Sender1, padding: 100);
        await AssertReadAsync(own.Encode());

        async Task AssertReadAsync(byte[] encoded)
        {
            PrivateMessage message = Read(encoded, PrivateMessage.Read, WireFormat.PrivateMessage);
            Assert.Equal(encoded, message.Encode());
            MessageEpoch receiver = EpochOf(crypto, vector);
            SenderData sender = await receiver.OpenSenderAsync(message);
            Assert.Equal(Sender1, sender.Leaf);
            (AuthenticatedContent content, _, _) = await receiver.UnprotectAsync(message, sender, RetentionPolicy.Default);
            AssertSameBody(expected, content.Content);
        }
    }

    static async Task AssertPublicAsync(SuiteCrypto crypto, JsonElement vector, string name, FramedContent expected)
    {
        await AssertReadAsync(vector.Hex(name));

        MessageEpoch epoch = EpochOf(crypto, vector);
        AuthenticatedContent signed = await epoch.SignAsync(WireFormat.PublicMessage, expected, crypto.PrivateKey(vector.Hex("signature_priv")));
        if (expected.Commit is not null) signed = signed with { ConfirmationTag = new byte[crypto.HashLength] };
        byte[] tag = crypto.Mac(vector.Secret("membership_key"), PublicMessage.Tagged(signed, epoch.Context));
        await AssertReadAsync(new PublicMessage(signed, tag).Encode());

        async Task AssertReadAsync(byte[] encoded)
        {
            PublicMessage message = Read(encoded, PublicMessage.Read, WireFormat.PublicMessage);
            Assert.Equal(encoded, message.Encode());
            MessageEpoch receiver = EpochOf(crypto, vector);
            Assert.True(crypto.VerifyMac(vector.Secret("membership_key"), PublicMessage.Tagged(message.Message, receiver.Context), message.MembershipTag));
            await receiver.VerifyAsync(message.Message);
            AssertSameBody(expected, message.Message.Content);
        }
    }

    static void AssertSameBody(FramedContent expected, FramedContent actual)
    {
        static byte[] Body(FramedContent content)
        {
            using TlsWriter writer = new();
            content.WriteBody(writer);
            return writer.ToArray();
        }
        Assert.Equal(Body(expected), Body(actual));
    }

    static T Read<T>(byte[] encoded, TlsRead<T> read, WireFormat format)
    {
        TlsReader reader = new(encoded);
        MlsMessage.ReadHeader(ref reader, format);
        T message = read(ref reader);
        reader.End();
        return message;
    }
}
