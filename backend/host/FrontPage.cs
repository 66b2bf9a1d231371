using System.Net;

namespace Kavalek.Host;

/// <summary>What a browser shows that opens a link of this instance.</summary>
internal static class FrontPage
{
    public static void MapFrontPage(this WebApplication app, ServerOptions options)
    {
        string html = $"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>{WebUtility.HtmlEncode(options.Name)}</title>
            <h1>{WebUtility.HtmlEncode(options.Name)}</h1>
            <p>This is the server of a Kavalek instance: an end-to-end encrypted messenger.</p>
            <p>If you followed an invitation, copy the whole link from the address bar, with what follows the #, and give it, in quotes, to the
            terminal client:</p>
            <pre>kavalek signup 'LINK' --email you@example.org --handle yourname</pre>
            <p>What follows the # is secret and was not sent to the server.</p>
            </html>
            """;
        app.MapGet("/", () => TypedResults.Text(html, "text/html; charset=utf-8"));
    }
}
