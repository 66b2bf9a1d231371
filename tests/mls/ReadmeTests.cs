using System.Text;

namespace Kavalek.Mls.Tests;

/// <summary>The example of mls/README.md, compiled and run here: the two must be the same, line for line.</summary>
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

    [Fact]
    public static void The_example_of_the_readme_is_the_one_that_runs()
    {
        string[] source = File.ReadAllLines(Path.Combine(Repository.Root, "tests", "mls", "ReadmeTests.cs"));
        int from = Array.FindIndex(source, line => line.Trim() == "// The example begins."), to = Array.FindIndex(source, line => line.Trim() == "// The example ends.");
        string[] example = [.. source[(from + 1)..to].Select(line => line.Length > 8 ? line[8..] : "")];
        string[] readme = File.ReadAllLines(Path.Combine(Repository.Root, "mls", "README.md"));
        int begin = Array.IndexOf(readme, "```csharp"), end = Array.IndexOf(readme, "```", begin);
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
            SignatureKey = await mls.Crypto.GenerateSignatureKeyPairAsync(SignatureAlgorithm.EcdsaP256Sha256),
            Lifetime = Lifetime.Starting(now, TimeSpan.FromDays(90)),
        });

        // Bob has published a key package. Alice creates a group and adds him; her commit waits until the server has accepted it.
        KeyPackageBundle bobs = await ClientAsync("bob");
        MlsGroup alice = await MlsGroup.CreateAsync(mls, Guid.NewGuid().ToByteArray(), await ClientAsync("alice"), []);
        (PendingCommit pending, alice) = await alice.CommitAsync(new() { Add = [KeyPackage.Decode(bobs.KeyPackage.Encode())] }, now);
        alice = pending.Apply(alice, now);

        // Bob joins by the Welcome, and Alice writes to him. Store sent.Next.Changes(alice) before sent.Message leaves.
        MlsGroup bob = (await MlsGroup.JoinAsync(mls, pending.Welcome!, reference => ValueTask.FromResult<KeyPackageBundle?>(bobs))).Group;
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

    sealed class Everybody : IAuthenticationService
    {
        public ValueTask<bool> ValidateAsync(PresentedCredential presented) => ValueTask.FromResult(true);

        public bool IsSuccessor(PresentedCredential old, PresentedCredential next) => old.Credential.Equals(next.Credential);
    }
}
