using System.Text;

namespace Kavalek.Mls.Tests;

/// <summary>The examples of mls/README.md, compiled and run here: they must be the same, line for line.</summary>
public static class ReadmeTests
{
    const int MostLines = 30;

    [Fact]
    public static async Task The_example_of_the_readme_runs()
    {
        StringWriter output = new();
        await ExampleAsync(new Everybody(), new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero), output);
        Assert.Equal("alice: hello, 2 members", output.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public static async Task The_example_of_a_commit_over_a_restart_runs(bool overtaken)
    {
        List<Client> clients = await OpenGroup.OfAsync(4);
        PendingCommit rival = await clients[1].CommitAsync(new());
        Dictionary<string, byte[]> store = [];
        byte[] sent = [];
        PendingCommit pending = await StoredAsync(clients[0].Environment, clients[0].Group, clients[0].Group.Find(clients[3].Group.OwnIndex)!,
            Client.Now, store, message => sent = message, () => overtaken ? rival.Message : sent);
        MlsGroup now = MlsGroup.Load(clients[0].Environment, store.Select(entry => new StateRecord(entry.Key, entry.Value)));
        Assert.Equal(overtaken ? 4 : 3, now.MemberCount);
        Assert.Equal(now.Epoch, overtaken ? pending.Epoch : pending.Epoch + 1);
        if (overtaken) Assert.Equal(3, pending.Apply(now, Client.Now).MemberCount);
    }

    [Theory]
    [InlineData(0, "The example")]
    [InlineData(1, "The second example")]
    public static void The_example_of_the_readme_is_the_one_that_runs(int number, string name)
    {
        string[] source = File.ReadAllLines(Path.Combine(Repository.Root, "tests", "mls", "ReadmeTests.cs"));
        int from = Array.FindIndex(source, line => line.Trim() == $"// {name} begins."), to = Array.FindIndex(source, line => line.Trim() == $"// {name} ends.");
        string[] example = [.. source[(from + 1)..to].Select(line => line.Length > 8 ? line[8..] : "")];
        string[] readme = File.ReadAllLines(Path.Combine(Repository.Root, "mls", "README.md"));
        int begin = Array.IndexOf(readme, "```csharp");
        for (int i = 0; i < number; i++) begin = Array.IndexOf(readme, "```csharp", begin + 1);
        int end = Array.IndexOf(readme, "```", begin);
        Assert.Equal(example, readme[(begin + 1)..end]);
        Assert.True(example.Length <= MostLines, $"{example.Length} lines");
    }

    static async Task ExampleAsync(IAuthenticationService authentication, DateTimeOffset now, TextWriter output)
    {
        // The example begins.
        MlsEnvironment mls = new(NativeCryptoProvider.Shared, authentication);
        async Task<KeyPackageBundle> ClientAsync(string name) => await KeyPackageBundle.CreateAsync(mls, new()
        {
            Suite = CipherSuite.MlKem768P256Aes256,
            Credential = Credential.Basic(Encoding.UTF8.GetBytes(name)),
            SignatureKey = await mls.Crypto.GenerateSignatureKeyPairAsync(CipherSuite.MlKem768P256Aes256.Signature),
            Lifetime = Lifetime.Starting(now, TimeSpan.FromDays(90)),
        });

        // Bob has published a key package. Alice creates a group and adds him; her commit waits until the server has accepted it.
        KeyPackageBundle bobs = await ClientAsync("bob");
        MlsGroup alice = await MlsGroup.CreateAsync(mls, Guid.NewGuid().ToByteArray(), await ClientAsync("alice"), []);
        (PendingCommit pending, alice) = await alice.CommitAsync(new() { Add = [KeyPackage.Decode(bobs.KeyPackage.Encode())] }, now);
        alice = pending.Apply(alice, now);

        // Bob joins by the Welcome, and Alice writes to him. Store sent.Next.Changes(alice) before sent.Message leaves.
        MlsGroup bob = (await MlsGroup.JoinAsync(mls, pending.Welcome!, name => ValueTask.FromResult(name.Span.SequenceEqual(bobs.Ref) ? bobs : null))).Group;
        OutgoingMessage sent = await alice.ProtectAsync("hello"u8.ToArray());

        // Bob reads it. What a peer sends never throws: it comes back as one of a few results. Store Next, then show Content.
        switch (await bob.ProcessAsync(sent.Message, now))
        {
            case ProcessResult.ApplicationReceived { Sender: var from, Content: var text, Next: var next }:
                output.Write($"{Encoding.UTF8.GetString(from.Credential.Content)}: {Encoding.UTF8.GetString(text)}, {next.MemberCount} members");
                break;
            case ProcessResult.CommitReceived commit: output.Write($"{commit.Effects.Added.Count} added, if the application agrees"); break;
            case ProcessResult.Refused refused: output.Write($"{refused.Error}, section {refused.Section}"); break;
        }
        // The example ends.
    }

    static async Task<PendingCommit> StoredAsync(
        MlsEnvironment mls, MlsGroup group, Member leaver, DateTimeOffset now, Dictionary<string, byte[]> store, Action<byte[]> send, Func<byte[]> receive)
    {
        // The second example begins.
        // What a group holds is records by name, here in a dictionary: write what changed, in one transaction.
        void Save(MlsGroup next, MlsGroup? before)
        {
            foreach (StateRecord record in next.Changes(before))
                if (record.Value is null) store.Remove(record.Key);
                else store[record.Key] = record.Value;
        }

        // A commit is stored together with the group it leaves behind; then it is sent.
        Save(group, null);
        (PendingCommit pending, MlsGroup next) = await group.CommitAsync(new() { Remove = [leaver.Index] }, now);
        Save(next, group);
        byte[] kept = pending.Encode();
        send(pending.Message);

        // The program ends and starts again. Which commit the server gives back first decides.
        group = MlsGroup.Load(mls, store.Select(entry => new StateRecord(entry.Key, entry.Value)));
        pending = PendingCommit.Decode(group, kept);
        switch (await group.ProcessAsync(receive(), now, new() { Pending = pending }))
        {
            case ProcessResult.OwnCommitConfirmed won: // its own bytes: pending.Welcome, where there is one, may go out
                Save(won.Next, group);
                break;
            case ProcessResult.CommitReceived rival: // ask anew in the new epoch, where it still makes sense: leaves find new members
                Save(rival.Next, group);
                pending.Dispose();
                if (rival.Next.Find(leaver.Index)?.Credential == leaver.Credential)
                    (pending, next) = await rival.Next.CommitAsync(new() { Remove = [leaver.Index] }, now);
                break;
        }
        // The second example ends.
        return pending;
    }

    sealed class Everybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => old.Credential.Equals(next.Credential);
    }
}
