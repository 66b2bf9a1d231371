namespace Kavalek.Cli.Tests;

/// <summary>A server that goes away: nothing is lost, and it is said what became of the message.</summary>
public static class OfflineTests
{
    [Fact]
    public static async Task A_message_sent_without_the_server_is_queued_with_exit_code_3_and_what_is_here_can_be_read()
    {
        var two = new TwoPeople();
        await two.InitializeAsync();
        await two.RunAsync(two.Jean, "send", "@marie", "with the server");
        await two.Server.DisposeAsync();

        Outcome queued = (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["send", "@marie", "without it"])).Ended(ExitCode.Unreachable);
        Assert.Contains("do not send it again", queued.Error);
        Outcome history = (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["history", "@marie"])).Ok();
        Assert.Contains("with the server  [✓", history.Out);
        Assert.Contains("without it  [⧗ queued]", history.Out);
        Outcome chat = (await KavalekProcess.RunAsync(two.Jean, TwoPeople.Password, ["contacts", "add", "@somebody.new"])).Ended(ExitCode.Unreachable);
        Assert.NotEmpty(chat.Error);
        Directory.Delete(Path.GetDirectoryName(two.Jean)!, recursive: true);
    }
}
