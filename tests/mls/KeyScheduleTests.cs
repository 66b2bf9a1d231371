namespace Kavalek.Mls.Tests;

public static class KeyScheduleTests
{
    [Fact]
    public static async Task Every_epoch_secret_matches_the_vectors_of_every_suite()
    {
        int externalKeys = 0;
        foreach (var vector in Vectors.Mls("key-schedule"))
        {
            SuiteCrypto crypto = Suites.HashesOf(vector);
            Secret init = vector.Secret("initial_init_secret");
            foreach (var epoch in vector.GetProperty("epochs").EnumerateArray())
            {
                byte[] context = epoch.Hex("group_context");
                using Secret psk = epoch.Secret("psk_secret");
                using Secret joiner = EpochSecrets.DeriveJoiner(crypto, init, epoch.Secret("commit_secret"), context);
                Assert.Equal(epoch.Secret("joiner_secret"), joiner);
                Assert.Equal(epoch.Secret("welcome_secret"), EpochSecrets.DeriveWelcome(crypto, joiner, psk));

                EpochSecrets secrets = EpochSecrets.FromJoiner(crypto, joiner, psk, context);
                Assert.Equal(epoch.Secret("init_secret"), secrets.Init);
                Assert.Equal(epoch.Secret("sender_data_secret"), secrets.SenderData);
                Assert.Equal(epoch.Secret("exporter_secret"), secrets.Exporter);
                Assert.Equal(epoch.Secret("epoch_authenticator"), secrets.EpochAuthenticator);
                Assert.Equal(epoch.Secret("external_secret"), secrets.External);
                Assert.Equal(epoch.Secret("confirmation_key"), secrets.Confirmation);
                Assert.Equal(epoch.Secret("membership_key"), secrets.Membership);
                Assert.Equal(epoch.Secret("resumption_psk"), secrets.Resumption);

                using SecretTree tree = secrets.StartSecretTree(2);
                SecretTreeRecord root = Assert.Single(tree.Records());
                Assert.Equal(epoch.Secret("encryption_secret"), root.Value);

                var exporter = epoch.GetProperty("exporter");
                Assert.Equal(exporter.Secret("secret"), secrets.Export(exporter.Text("label"), exporter.Hex("context"), exporter.Int("length")));
                if (Suites.Of(vector) is not null)
                {
                    using KeyPair external = await secrets.ExternalKeyPairAsync();
                    Assert.Equal(epoch.Hex("external_pub"), external.PublicKey);
                    externalKeys++;
                }
                init = secrets.Init;
            }
        }
        Assert.True(externalKeys >= 3);
    }

    [Fact]
    public static void Psk_secrets_match_the_vectors_of_every_suite()
    {
        int run = 0;
        foreach (var vector in Vectors.Mls("psk_secret"))
        {
            List<(byte[], Secret)> psks = [];
            foreach (var psk in vector.GetProperty("psks").EnumerateArray())
            {
                using TlsWriter id = new();
                id.WriteUInt8(1); // external (§8.4)
                id.WriteVector(psk.Hex("psk_id"));
                id.WriteVector(psk.Hex("psk_nonce"));
                psks.Add((id.ToArray(), psk.Secret("psk")));
            }
            Assert.Equal(vector.Secret("psk_secret"), PskSecret.Combine(Suites.HashesOf(vector), psks));
            run++;
        }
        Assert.Equal(77, run);
    }

    [Fact]
    public static void Transcript_hashes_and_confirmation_tags_match_the_vectors_of_every_suite()
    {
        int run = 0;
        foreach (var vector in Vectors.Mls("transcript-hashes"))
        {
            SuiteCrypto crypto = Suites.HashesOf(vector);
            AuthenticatedContent commit = TlsReader.ReadAll(vector.Hex("authenticated_content"), AuthenticatedContent.Read);
            byte[] confirmed = TranscriptHash.Confirmed(crypto, vector.Hex("interim_transcript_hash_before"), commit.TranscriptInput());
            Assert.Equal(vector.Hex("confirmed_transcript_hash_after"), confirmed);
            Assert.Equal(vector.Hex("interim_transcript_hash_after"), TranscriptHash.Interim(crypto, confirmed, commit.ConfirmationTag));
            Assert.True(crypto.VerifyMac(vector.Secret("confirmation_key"), confirmed, commit.ConfirmationTag));
            run++;
        }
        Assert.Equal(7, run);
    }

    [Fact]
    public static void Stored_epoch_secrets_come_back_without_the_encryption_secret()
    {
        using EpochSecrets before = EpochSecrets.FromEpochSecret(Suites.P256, Secret.Zero(32));
        using TlsWriter writer = new();
        before.Write(writer);
        TlsReader reader = new(writer.Written);
        using EpochSecrets after = EpochSecrets.Read(Suites.P256, ref reader);
        reader.End();
        Assert.Equal(before.SenderData, after.SenderData);
        Assert.Equal(before.Membership, after.Membership);
        Assert.Equal(before.Resumption, after.Resumption);
        Assert.Equal(before.EpochAuthenticator, after.EpochAuthenticator);
        Assert.Equal(before.Init, after.Init);
        Assert.Throws<InvalidOperationException>(() => after.StartSecretTree(2));
    }

    [Fact]
    public static void Disposed_epoch_secrets_cannot_be_read()
    {
        EpochSecrets secrets = EpochSecrets.FromEpochSecret(Suites.P256, Secret.Zero(32));
        secrets.Dispose();
        Assert.Throws<ObjectDisposedException>(() => secrets.Init.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => secrets.Export("label", [], 32));
    }
}
