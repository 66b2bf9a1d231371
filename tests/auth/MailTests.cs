using System.Net;
using System.Net.Sockets;
using System.Text;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

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

    // K-01
    [Fact]
    public async Task A_letter_goes_to_one_plain_address_or_to_nobody()
    {
        using MailServer post = new();
        await using TestServer server = await StartAsync(post, new ManualClock());
        Mailer mailer = server.Services.GetRequiredService<Mailer>();
        string[] others = ["Marie <eve@example.org>", "<eve@example.org>", "eve@example.org,mallory@example.org", "eve@example.org mallory@example.org", "eve@example.org\r\nDATA", "eve", ""];
        foreach (string other in others) mailer.SomebodyTried(other, Lookup(other));
        mailer.SomebodyTried("marie@example.org", Lookup("marie"));
        Assert.Contains("RCPT TO:<marie@example.org>", await NextAsync(post), StringComparison.Ordinal);
        Assert.Equal(others.Length, server.Logs.Split("a mail could not be sent").Length - 1);
        Assert.DoesNotContain("eve@", server.Logs, StringComparison.Ordinal);
    }

    // K-01
    [Fact]
    public async Task However_many_addresses_are_tried_letters_go_out_at_a_rate()
    {
        using MailServer post = new();
        ManualClock clock = new();
        await using TestServer server = await StartAsync(post, clock);
        Mailer mailer = server.Services.GetRequiredService<Mailer>();
        for (int i = 0; i <= Mailer.OfAll.Count; i++) mailer.SomebodyTried($"{i}@example.org", Lookup($"{i}"));
        for (int i = 0; i < Mailer.OfAll.Count; i++) Assert.Contains($"RCPT TO:<{i}@example.org>", await NextAsync(post), StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromSeconds(Mailer.OfAll.Seconds + 1));
        mailer.SomebodyTried("later@example.org", Lookup("later"));
        Assert.Contains("RCPT TO:<later@example.org>", await NextAsync(post), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mail_server_that_hangs_keeps_back_no_other_letter_and_a_failure_ends_nothing()
    {
        using MailServer post = new();
        ManualClock clock = new();
        await using TestServer server = await StartAsync(post, clock);
        Mailer mailer = server.Services.GetRequiredService<Mailer>();
        mailer.SomebodyTried("first@example.org", Lookup("first"));
        mailer.SomebodyTried("second@example.org", Lookup("second"));
        using (await post.AcceptAsync())
        {
            // It says nothing at all.
            clock.Advance(TimeSpan.FromSeconds(21));
            Assert.Contains("RCPT TO:<second@example.org>", await NextAsync(post), StringComparison.Ordinal);
        }

        // The database fails.
        server.AuthTables.Execute("ALTER TABLE setting RENAME TO setting_away");
        clock.Advance(TimeSpan.FromSeconds(11));
        int failed = Failures(server);
        mailer.SomebodyTried("third@example.org", Lookup("third"));
        await Awaited.UntilAsync(async () =>
        {
            await server.GetAsync("/auth/v1/instance");
            return Failures(server);
        }, failures => failures > failed);
        server.AuthTables.Execute("ALTER TABLE setting_away RENAME TO setting");
        mailer.SomebodyTried("fourth@example.org", Lookup("fourth"));
        Assert.Contains("RCPT TO:<fourth@example.org>", await NextAsync(post), StringComparison.Ordinal);
        Assert.DoesNotContain("@example.org", server.Logs, StringComparison.Ordinal);

        static int Failures(TestServer server) => server.Logs.Split("a mail could not be sent").Length;
    }

    [Fact]
    public async Task Who_runs_the_instance_tries_mail_and_is_told_in_a_word_what_is_in_the_way()
    {
        using MailServer post = new();
        ManualClock clock = new();
        await using TestServer server = await TestServer.StartAsync(clock, options => Answers.Open(options) with { Mail = new MailOptions("127.0.0.1", post.Port, "kavalek@example.org") });
        using TestDevice owner = await TestDevice.SignUpAsync(server, server.SetUpSecret), member = await TestDevice.SignUpAsync(server);
        Task<string> letter = post.LetterAsync();
        Assert.Equal(new SelfTest("ok"), await TryAsync());
        // To the own address, and to no other.
        Assert.Contains($"RCPT TO:<{owner.Email}>", await letter, StringComparison.Ordinal);
        await TestAsync().RefusedAsync(ErrorCodes.RateLimited);
        clock.Advance(TimeSpan.FromSeconds(11));
        letter = post.LetterAsync("550 not here");
        Assert.Equal(new SelfTest("refused", "550"), await TryAsync());
        Assert.DoesNotContain("DATA", await letter, StringComparison.Ordinal);
        AuditPage log = await AdminScene.ReadAsync(member.GetAsync("/auth/v1/audit"), AdminJson.Default.AuditPage);
        Assert.Equal(2, log.Records.Count(record => record.Act == "tested mail"));
        foreach ((MailOptions? mail, string outcome) in ((MailOptions?, string)[])[(null, "off"), (new("127.0.0.1", 1, "kavalek@example.org"), "not_reached")])
        {
            await server.RestartAsync(options => options with { Mail = mail });
            Assert.Equal(outcome, (await TryAsync()).Outcome);
        }

        async Task<HttpResponseMessage> TestAsync()
        {
            string token = (await AdminScene.ReadAsync(AdminScene.OpenAsync(owner), AdminJson.Default.AdminSession)).Token;
            using HttpRequestMessage request = new(HttpMethod.Post, "/auth/v1/admin/mail/test");
            request.Headers.Authorization = new("Bearer", token);
            return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        }

        Task<SelfTest> TryAsync() => AdminScene.ReadAsync(TestAsync(), AdminJson.Default.SelfTest);
    }

    static Task<TestServer> StartAsync(MailServer post, ManualClock clock) =>
        TestServer.StartAsync(clock, options => Answers.Open(options) with { Mail = new MailOptions("127.0.0.1", post.Port, "kavalek@example.org") });

    static byte[] Lookup(string name) => Encoding.UTF8.GetBytes(name);

    static Task<string> NextAsync(MailServer post) => post.LetterAsync().WaitAsync(Awaited.Patience, TestContext.Current.CancellationToken);

    /// <summary>Takes letters over SMTP (RFC 5321) and keeps what was said.</summary>
    sealed class MailServer : IDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public MailServer() => _listener.Start();

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        /// <summary>The next who has a letter, and is told nothing.</summary>
        public async Task<TcpClient> AcceptAsync() => await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);

        /// <summary>The next letter, with the commands before it; or what is said where the receiver is refused.</summary>
        public async Task<string> LetterAsync(string receiver = "250 good")
        {
            using TcpClient client = await AcceptAsync();
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
                await writer.WriteLineAsync(line.StartsWith("RCPT", StringComparison.Ordinal) ? receiver : "250 good");
            }
            return string.Join('\n', said);
        }

        public void Dispose() => _listener.Dispose();
    }
}
