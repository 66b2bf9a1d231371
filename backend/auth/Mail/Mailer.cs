using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kavalek.Auth;

/// <summary>
/// Tells the owner of an address that somebody tried to register with it: that alone, and only where mail is set up. Nobody waits for it, so that the answer to
/// who tried is the same in its time, too (K-01).
/// </summary>
internal sealed class Mailer(AuthOptions options, RateLimiter limiter, ILogger<Mailer> log) : BackgroundService
{
    // So many that wait; what comes on top is dropped: a flood must not fill memory, and who is written to once a day knows.
    const int Waiting = 256;
    static readonly Rate OneADay = new(1, 86_400);

    readonly Channel<string> _addresses = Channel.CreateBounded<string>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Somebody tried to register with an address that has an account.</summary>
    public void SomebodyTried(string address, byte[] lookup)
    {
        if (options.Mail is null) return;
        try
        {
            limiter.Count("mail", lookup, OneADay);
            _addresses.Writer.TryWrite(address);
        }
        catch (AuthException)
        {
            // Told today.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Mail is not { } mail) return;
        try
        {
            await foreach (string address in _addresses.Reader.ReadAllAsync(stoppingToken)) await SendAsync(mail, address, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    async Task SendAsync(MailOptions mail, string address, CancellationToken cancel)
    {
        try
        {
            using SmtpClient client = new(mail.Host, mail.Port)
            {
                EnableSsl = !(mail.Host == "localhost" || (IPAddress.TryParse(mail.Host, out IPAddress? ip) && IPAddress.IsLoopback(ip))),
                Credentials = mail.User is null ? null : new NetworkCredential(mail.User, mail.Password),
                Timeout = 20_000,
            };
            using MailMessage message = new(mail.From, address)
            {
                Subject = $"{options.Name}: somebody used your address / quelqu'un a utilisé votre adresse",
                Body = Text,
                BodyEncoding = Encoding.UTF8,
                BodyTransferEncoding = TransferEncoding.QuotedPrintable,
            };
            await client.SendMailAsync(message, cancel);
        }
        catch (Exception e) when (e is SmtpException or FormatException or InvalidOperationException)
        {
            log.LogWarning("a mail could not be sent: {Type}", e.GetType().Name);
        }
    }

    string Text => $"""
        Somebody tried to register at {options.Name} with this address. You have an account there already, and nothing about it has changed.
        If it was you, log in instead. If not, there is nothing to do.

        Quelqu'un a essayé de s'inscrire chez {options.Name} avec cette adresse. Vous y avez déjà un compte, et rien n'y a changé.
        Si c'était vous, connectez-vous. Sinon, il n'y a rien à faire.
        """;
}
