using System.Text;
using Kavalek.Tests.Support;

namespace Kavalek.Cli.Tests;

/// <summary>Links come from mails, chats and posters: whatever is pasted is a link or a word about what is wrong with it.</summary>
public static class LinkFuzzTests
{
    // K-50, K-17
    [Fact]
    public static void Any_text_is_a_link_to_a_safe_server_or_has_a_problem_that_is_named()
    {
        byte[][] samples = [.. ((string[])["https://chat.example:8443/#setup=AbC_-1", "http://localhost:8080/#invite=xyz", "chat.example", "http://[::1]/#contact=abc"]).Select(Encoding.UTF8.GetBytes)];
        byte[][] parts = [.. ((string[])["#invite=", "=", "://", "http://", "@", "%00", "[", "]", ":", "é", "\u202e", "\n", "\0", "/../", "?", new('a', 3_000), "127.0.0.1", "localhost", ".", "xn--"]).Select(Encoding.UTF8.GetBytes)];
        foreach (byte[] input in new Mutator(1, samples, parts).Inputs(Mutator.Rounds(5_000)))
        {
            string text = Encoding.UTF8.GetString(input);
            if (ServerLink.TryParse(text, out ServerLink? link, out string? problem))
            {
                Assert.Equal("/", link.Server.PathAndQuery);
                Assert.Equal("", link.Server.UserInfo + link.Server.Fragment);
                Assert.True(link.Server.Scheme == Uri.UriSchemeHttps || (link.Server.Scheme == Uri.UriSchemeHttp && link.Server.IsLoopback), text);
            }
            else
            {
                Assert.False(string.IsNullOrEmpty(problem), text);
            }
        }
    }
}
