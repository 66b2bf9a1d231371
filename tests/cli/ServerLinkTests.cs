namespace Kavalek.Cli.Tests;

/// <summary>Links as people paste them.</summary>
public static class ServerLinkTests
{
    [Theory]
    [InlineData("http://localhost:8080/#setup=AbC_-1", "http://localhost:8080/", "Setup", "AbC_-1")]
    [InlineData("https://chat.example.org/#invite=xyz", "https://chat.example.org/", "Invite", "xyz")]
    [InlineData("https://chat.example.org#invite=xyz", "https://chat.example.org/", "Invite", "xyz")]
    [InlineData("https://chat.example.org:8443/#contact=xyz", "https://chat.example.org:8443/", "Contact", "xyz")]
    [InlineData("  <https://chat.example.org/>\n", "https://chat.example.org/", "Server", "")]
    [InlineData("chat.example.org", "https://chat.example.org/", "Server", "")]
    [InlineData("localhost:8080", "http://localhost:8080/", "Server", "")]
    [InlineData("127.0.0.1:9", "http://127.0.0.1:9/", "Server", "")]
    [InlineData("http://[::1]:8080/#setup=a", "http://[::1]:8080/", "Setup", "a")]
    public static void A_link_gives_server_kind_and_secret(string text, string server, string kind, string secret)
    {
        Assert.True(ServerLink.TryParse(text, out ServerLink? link, out _));
        Assert.Equal((new Uri(server), kind, secret), (link.Server, link.Kind.ToString(), link.Secret));
    }

    [Theory]
    [InlineData("", "not a link")]
    [InlineData("http://chat.example.org/#invite=x", "https://chat.example.org")]
    [InlineData("http://localhost.evil.example/", "https://")]
    [InlineData("http://127.0.0.1.evil.example/", "https://")]
    [InlineData("ftp://chat.example.org/", "https://")]
    [InlineData("https://me:secret@chat.example.org/", "password")]
    [InlineData("https://chat.example.org/join/#invite=x", "path")]
    [InlineData("https://chat.example.org/?a=b", "path")]
    [InlineData("https://chat.example.org/#other=x", "not known")]
    [InlineData("https://chat.example.org/#invite=", "damaged")]
    [InlineData("https://chat.example.org/#invite=a b", "damaged")]
    [InlineData("https://", "link to a server")]
    public static void What_is_wrong_with_a_link_is_said(string text, string says)
    {
        Assert.False(ServerLink.TryParse(text, out _, out string? problem));
        Assert.Contains(says, problem);
    }

    [Fact]
    public static void A_link_of_any_length_is_read_or_refused() =>
        Assert.False(ServerLink.TryParse("https://" + new string('a', 100_000), out _, out _));
}
