using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Kavalek.Protocol.Auth;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kavalek.Auth;

/// <summary>
/// Tells the owner of an address that somebody tried to register with it: that alone, and only where mail is set up. Nobody waits for it, so that the answer to
/// who tried is the same in its time, too (K-01).
/// </summary>
internal sealed class Mailer(Settings settings, RateLimiter limiter, TimeProvider clock, ILogger<Mailer> log) : BackgroundService
{
    // So many that wait; what comes on top is dropped: a flood must not fill memory, and who is written to once a day knows.
    const int Waiting = 256;
    static readonly Rate OneADay = new(1, 86_400);

    /// <summary>Letters to all together: however many addresses somebody knows, the instance floods nobody's mail server.</summary>
    public static readonly Rate OfAll = new(100, 3_600);

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly Channel<string> _addresses = Channel.CreateBounded<string>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Somebody tried to register with an address that has an account.</summary>
    public void SomebodyTried(string address, byte[] lookup)
    {
        try
        {
            limiter.Count("mail", lookup, OneADay);
            limiter.Count("all mail", [], OfAll);
            _addresses.Writer.TryWrite(address);
        }
        catch (AuthException)
        {
            // Told today, or too many were.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (string address in _addresses.Reader.ReadAllAsync(stoppingToken)) await TellAsync(address, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>Sends a letter that says it is a test, and tells what came of it.</summary>
    public async Task<SelfTest> TryAsync(string address, CancellationToken cancel)
    {
        if (await settings.MailAsync() is not { } mail) return new SelfTest(SelfTestOutcomes.Off);
        string name = await settings.NameAsync();
        try
        {
            await SendAsync(mail, address, $"{name}: test", TestText(name), cancel);
            return new SelfTest(SelfTestOutcomes.Ok);
        }
        catch (SmtpException e)
        {
            return Told(e);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            return new SelfTest(SelfTestOutcomes.Refused);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new SelfTest(SelfTestOutcomes.NotReached);
        }
    }

    // Never what the server wrote: its number alone, which no address stands in.
    static SelfTest Told(SmtpException e)
    {
        string? number = e.StatusCode > 0 ? ((int)e.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
        for (Exception? inner = e.InnerException; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }: return new SelfTest(SelfTestOutcomes.NoName);
                case System.Security.Authentication.AuthenticationException: return new SelfTest(SelfTestOutcomes.NoTls);
                case IOException or SocketException: return new SelfTest(SelfTestOutcomes.NotReached);
                default: break;
            }
        }
        return (int)e.StatusCode switch
        {
            // No STARTTLS there: the framework names no number.
            <= 0 => new SelfTest(SelfTestOutcomes.NoTls),
            454 or 530 or 534 or 535 => new SelfTest(SelfTestOutcomes.LoginRefused, number),
            _ => new SelfTest(SelfTestOutcomes.Refused, number),
        };
    }

    // Whatever goes wrong with one letter, the next is sent.
    async Task TellAsync(string address, CancellationToken cancel)
    {
        try
        {
            if (await settings.MailAsync() is not { } mail) return;
            string name = await settings.NameAsync();
            await SendAsync(mail, address, $"{name}: somebody used your address / quelqu'un a utilisé votre adresse", Text(name), cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // The type alone: what it says may name the address.
            log.LogWarning("a mail could not be sent: {Type}", e.GetType().Name);
        }
    }

    async Task SendAsync(MailOptions mail, string address, string subject, string text, CancellationToken cancel)
    {
        // One address, as it stands: with a name, or a second one behind a comma, the letter would go elsewhere.
        if (!MailAddress.TryCreate(address, out MailAddress? to) || to.Address != address) throw new FormatException("no plain address");
        using CancellationTokenSource patience = new(Patience, clock), both = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        using SmtpClient client = new(mail.Host, mail.Port)
        {
            EnableSsl = !(mail.Host == "localhost" || (IPAddress.TryParse(mail.Host, out IPAddress? ip) && IPAddress.IsLoopback(ip))),
            Credentials = mail.User is null ? null : new NetworkCredential(mail.User, mail.Password),
        };
        using MailMessage message = new(new MailAddress(mail.From), to)
        {
            Subject = subject,
            Body = text,
            BodyEncoding = Encoding.UTF8,
            BodyTransferEncoding = TransferEncoding.QuotedPrintable,
        };
        // Not every wait in there ends with the token.
        await client.SendMailAsync(message, both.Token).WaitAsync(both.Token);
    }

    static string TestText(string name) => $"""
        Mail from {name} arrives: you asked for this letter in the dashboard.

        Les lettres de {name} arrivent : vous avez demandé celle-ci dans le tableau de bord.
        """;

    static string Text(string name) => $"""
        Somebody tried to register at {name} with this address. You have an account there already, and nothing about it has changed.
        If it was you, log in instead. If not, there is nothing to do.

        Quelqu'un a essayé de s'inscrire chez {name} avec cette adresse. Vous y avez déjà un compte, et rien n'y a changé.
        Si c'était vous, connectez-vous. Sinon, il n'y a rien à faire.
        """;
}
