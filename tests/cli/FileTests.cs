using System.Security.Cryptography;
using System.Text.Json;

namespace Kavalek.Cli.Tests;

/// <summary>Files by the command line.</summary>
[Collection(nameof(TwoPeople))]
public sealed class FileTests(TwoPeople two)
{
    // K-56
    [Fact]
    public async Task A_file_is_saved_under_a_clean_name_in_the_chosen_folder_and_over_nothing()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-files-");
        try
        {
            byte[] bytes = RandomNumberGenerator.GetBytes(150_000);
            string from = Path.Combine(folder.FullName, "..\\..\\re\u202Eport\n.pdf"), to = folder.CreateSubdirectory("to").FullName, elsewhere = Path.Combine(folder.FullName, "elsewhere");
            await File.WriteAllBytesAsync(from, bytes, TestContext.Current.CancellationToken);
            using (JsonDocument sent = JsonDocument.Parse((await two.RunAsync(two.Jean, "send", "@marie", "--file", from, "--json", "as promised")).Out))
                Assert.Equal("report.pdf", sent.RootElement.GetProperty("attachments")[0].GetProperty("name").GetString());

            string listed = (await two.RunAsync(two.Marie, "files", "@jean")).Out;
            Assert.EndsWith("150 kB\treport.pdf\n", listed, StringComparison.Ordinal);
            Assert.Contains("[file report.pdf, 150 kB]", (await two.RunAsync(two.Marie, "history", "@jean", "--offline")).Out);
            // Under the name there is a link to elsewhere, and under the next one a file.
            File.CreateSymbolicLink(Path.Combine(to, "report.pdf"), elsewhere);
            await File.WriteAllTextAsync(Path.Combine(to, "report (2).pdf"), "mine", TestContext.Current.CancellationToken);
            string saved = (await two.RunAsync(two.Marie, "save", "@jean", "last", "--to", to)).Out.Trim();
            Assert.Equal(Path.Combine(to, "report (3).pdf"), saved);
            Assert.Equal(bytes, await File.ReadAllBytesAsync(saved, TestContext.Current.CancellationToken));
            Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(to, "report (2).pdf"), TestContext.Current.CancellationToken));
            Assert.False(File.Exists(elsewhere));
            Assert.Equal(3, Directory.GetFileSystemEntries(to).Length);

            Outcome nothing = (await KavalekProcess.RunAsync(two.Marie, TwoPeople.Password, ["save", "@jean", "last", "--to", Path.Combine(to, "nowhere")])).Ended(ExitCode.Usage);
            Assert.Contains("Nothing was saved", nothing.Error);
            Outcome unread = (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["send", "@marie", "--file", to])).Ended(ExitCode.Usage);
            Assert.Contains("Nothing was sent", unread.Error);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
