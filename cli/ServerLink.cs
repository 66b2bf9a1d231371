using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Kavalek.Cli;

/// <summary>What a link to a server carries in its fragment.</summary>
enum LinkKind
{
    /// <summary>Only the server.</summary>
    Server,
    /// <summary>The one-time link that makes the first owner.</summary>
    Setup,
    /// <summary>An invite.</summary>
    Invite,
    /// <summary>A person's account id and key fingerprint.</summary>
    Contact,
}

/// <summary>A link as servers and people hand it out: <c>ORIGIN/#setup=…</c>, <c>#invite=…</c>, <c>#contact=…</c> (docs/PROTOCOL.md §3.4, §5.1).</summary>
/// <param name="Server">The origin, ending in a slash.</param>
/// <param name="Kind">What the fragment is.</param>
/// <param name="Secret">What follows the equals sign; empty for <see cref="LinkKind.Server"/>.</param>
sealed record ServerLink(Uri Server, LinkKind Kind, string Secret)
{
    const int MaximumCharacters = 2048;

    /// <summary>Reads a link; <paramref name="problem"/> says what is wrong with it, for a person.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ServerLink? link, [NotNullWhen(false)] out string? problem)
    {
        link = null;
        text = text.Trim().Trim('<', '>', '"', '\'');
        if (text.Length is 0 or > MaximumCharacters)
        {
            problem = "that is not a link";
            return false;
        }
        if (!text.Contains("://", StringComparison.Ordinal))
            text = (IsLoopbackHost(HostPart(text)) ? "http://" : "https://") + text;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0)
        {
            problem = "that is not a link to a server; it looks like https://chat.example.org";
            return false;
        }
        if (uri.UserInfo.Length > 0)
        {
            problem = "the address contains a user name or password; leave that out";
            return false;
        }
        if (uri.Scheme == Uri.UriSchemeHttp && !IsLoopbackHost(uri.Host))
        {
            problem = $"http:// is only used to this computer itself; over a network use https://{uri.Authority}";
            return false;
        }
        if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
        {
            problem = $"{uri.Scheme}: is not a kind of address a server has; use https://";
            return false;
        }
        if (uri.AbsolutePath != "/" || uri.Query.Length > 0)
        {
            problem = "a server's address has no path; give only the part up to the host name and port";
            return false;
        }
        if (!TryFragment(uri.Fragment, out LinkKind kind, out string secret, out problem))
            return false;
        link = new ServerLink(new Uri(uri.GetLeftPart(UriPartial.Authority) + "/"), kind, secret);
        return true;
    }

    static bool TryFragment(string fragment, out LinkKind kind, out string secret, [NotNullWhen(false)] out string? problem)
    {
        kind = LinkKind.Server;
        secret = "";
        problem = null;
        if (fragment.Length <= 1)
            return true;
        int equals = fragment.IndexOf('=', StringComparison.Ordinal);
        LinkKind? named = (equals < 0 ? "" : fragment[1..equals]) switch
        {
            "setup" => LinkKind.Setup,
            "invite" => LinkKind.Invite,
            "contact" => LinkKind.Contact,
            _ => null,
        };
        if (named is null)
        {
            problem = "the part after # is not known; a link has #setup=, #invite= or #contact= there";
            return false;
        }
        secret = fragment[(equals + 1)..];
        if (secret.Length == 0 || secret.AsSpan().ContainsAnyExcept(Base64Url))
        {
            problem = "the part after # is damaged; copy the whole link, in single quotes";
            return false;
        }
        kind = named.Value;
        return true;
    }

    static readonly System.Buffers.SearchValues<char> Base64Url =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    static string HostPart(string text)
    {
        string authority = text.Split('/', '#', '?')[0];
        if (authority.StartsWith('['))
            return authority.Split(']')[0] + "]";
        return authority.Split(':')[0];
    }

    static bool IsLoopbackHost(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
