namespace Kavalek.Auth;

/// <summary>The way to a mail server.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Port">587, or another; TLS is asked for by STARTTLS, but of a loopback address.</param>
/// <param name="From">The sender's address.</param>
/// <param name="User">Where the server wants to know who sends.</param>
/// <param name="Password">Likewise.</param>
public sealed record MailOptions(string Host, int Port, string From, string? User = null, string? Password = null);
