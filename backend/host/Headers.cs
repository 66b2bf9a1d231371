namespace Kavalek.Host;

/// <summary>What every answer carries, and what no request may.</summary>
internal static class Headers
{
    // In an address, secrets end up in histories and in the logs of proxies (K-08).
    static readonly string[] SecretsInQuery = ["access_token", "token", "auth_token", "refresh_token", "authorization", "bearer"];

    // The camera reads QR codes, the microphone records voice messages; a page asks for nothing else.
    const string Permissions = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=(), serial=(), display-capture=(), browsing-topics=()";

    const string StrictTransport = "max-age=63072000; includeSubDomains";

    public static void UseStrictHeaders(this WebApplication app) => app.Use((http, next) =>
    {
        IHeaderDictionary headers = http.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Embedder-Policy"] = "require-corp";
        headers["Permissions-Policy"] = Permissions;
        // Where a proxy ends TLS, it says so itself.
        if (http.Request.IsHttps) headers.StrictTransportSecurity = StrictTransport;
        if (http.Request.QueryString.HasValue && http.Request.Query.Keys.Any(k => SecretsInQuery.Contains(k, StringComparer.OrdinalIgnoreCase)))
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }
        return next(http);
    });
}
