namespace Kavalek.Client.Tests;

public static class ServerAddressTests
{
    [Theory]
    [InlineData("https://chat.example.org", "https://chat.example.org/")]
    [InlineData("https://chat.example.org:8443/", "https://chat.example.org:8443/")]
    [InlineData("HTTPS://Chat.Example.org", "https://chat.example.org/")]
    [InlineData("http://localhost:8080", "http://localhost:8080/")]
    [InlineData("http://127.0.0.1:5000/", "http://127.0.0.1:5000/")]
    [InlineData("http://127.8.9.1/", "http://127.8.9.1/")]
    [InlineData("http://[::1]:5000/", "http://[::1]:5000/")]
    public static void These_are_spoken_to(string typed, string origin) => Assert.Equal(origin, ServerAddress.Check(new Uri(typed)).ToString());

    [Theory]
    [InlineData("http://chat.example.org")]
    [InlineData("http://localhost.example.org")]
    [InlineData("http://127.0.0.1.example.org/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://[::]/")]
    [InlineData("ws://localhost/")]
    [InlineData("ftp://localhost/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user:password@chat.example.org/")]
    [InlineData("https://chat.example.org/path")]
    [InlineData("https://chat.example.org/?token=1")]
    [InlineData("https://chat.example.org/#invite=1")]
    public static void These_are_refused(string typed)
    {
        KavalekException e = Assert.Throws<KavalekException>(() => ServerAddress.Check(new Uri(typed)));
        Assert.Equal(ClientErrors.InsecureAddress, e.Code);
        Assert.Throws<KavalekException>(() => new HttpTransport(new Uri(typed)));
    }
}
