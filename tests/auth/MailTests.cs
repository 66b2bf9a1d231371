using System.Net;
using System.Net.Sockets;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

/// <summary>The owner of an address alone learns that somebody tried to register with it.</summary>
public sealed class MailTests
{
    // K-01
    [Fact]
    public async Task Who_owns_an_address_is_written_to_once_and_the_answer_is_the_same_for_whoever_tried()
    {
        using MailServer post = new();
        await using TestServer server = await TestServer.StartAsync(new ManualClock(), options => Answers.Open(options) with { Mail = new MailOptions("127.0.0.1", post.Port, "kavalek@example.org") });
        using TestDevice owner = await TestDevice.SignUpAsync(server), next = await TestDevice.SignUpAsync(server);
        using TestDevice stranger = TestDevice.New(server);
        string free = await stranger.RegisterAsync(stranger.Registration()).LookAsync();
        foreach (TestDevice taken in (TestDevice[])[owner, owner, next])
        {
            using TestDevice intruder = TestDevice.New(server);
            intruder.Email = taken.Email;
            Assert.Equal(free, await intruder.RegisterAsync(intruder.Registration()).LookAsync());
        }
        // Two letters for three tries, and none for the free address; in the order of trying.
        string[] letters = [await post.LetterAsync(), await post.LetterAsync()];
        foreach ((string letter, TestDevice to) in letters.Zip((TestDevice[])[owner, next]))
        {
            Assert.Contains($"RCPT TO:<{to.Email}>", letter, StringComparison.Ordinal);
            Assert.Contains("Somebody tried to register", letter, StringComparison.Ordinal);
            Assert.DoesNotContain(stranger.Email, letter, StringComparison.Ordinal);
        }
    }

    // K-01
    [Fact]
    public async Task Without_a_mail_server_or_with_one_that_is_down_the_answer_is_the_same()
    {
        string? first = null;
        foreach (MailOptions? mail in (MailOptions?[])[null, new MailOptions("127.0.0.1", 1, "kavalek@example.org")])
        {
            await using TestServer server = await TestServer.StartAsync(new ManualClock(), options => Answers.Open(options) with { Mail = mail });
            using TestDevice owner = await TestDevice.SignUpAsync(server);
            using TestDevice intruder = TestDevice.New(server), stranger = TestDevice.New(server);
            intruder.Email = owner.Email;
            string taken = await intruder.RegisterAsync(intruder.Registration()).LookAsync();
            Assert.Equal(taken, await stranger.RegisterAsync(stranger.Registration()).LookAsync());
            Assert.Equal(first ??= taken, taken);
        }
    }

    /// <summary>Takes letters over SMTP (RFC 5321) and keeps what was said.</summary>
    sealed class MailServer : IDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public MailServer() => _listener.Start();

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        /// <summary>The next letter, with the commands before it.</summary>
        public async Task<string> LetterAsync()
        {
            using TcpClient client = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            using StreamReader reader = new(client.GetStream());
            await using StreamWriter writer = new(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
            await writer.WriteLineAsync("220 here");
            List<string> said = [];
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                said.Add(line);
                if (line == "QUIT") break;
                if (line == "DATA")
                {
                    await writer.WriteLineAsync("354 go on");
                    while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } text && text != ".") said.Add(text);
                }
                await writer.WriteLineAsync("250 good");
            }
            return string.Join('\n', said);
        }

        public void Dispose() => _listener.Dispose();
    }
}
