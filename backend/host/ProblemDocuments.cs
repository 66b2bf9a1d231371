using System.Text.Json;
using Kavalek.Auth;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;

namespace Kavalek.Host;

/// <summary>Every refusal leaves as a problem document (docs/PROTOCOL.md, "Errors"), also those of the framework; none says how the server is built.</summary>
internal sealed class ProblemDocuments(RequestDelegate next, ILogger<ProblemDocuments> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null }) await WriteAsync(http, CodeOf(http.Response.StatusCode));
        }
        catch (AuthException e)
        {
            if (e.RetryAfter is { } after)
            {
                http.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            await WriteAsync(http, e.Code, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            await WriteAsync(http, CodeOf(e.StatusCode), status: e.StatusCode);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer.
        }
        catch (Exception e)
        {
            // The type and the place; a message might quote what was sent.
            log.LogError("{Type} in {Stack}", e.GetType().FullName, e.StackTrace);
            await WriteAsync(http, ErrorCodes.Internal);
        }
    }

    static async Task WriteAsync(HttpContext http, string code, string? title = null, int? status = null)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }
        http.Response.StatusCode = status ?? ErrorStatus.Of(code);
        http.Response.ContentType = "application/problem+json";
        Problem problem = new(code, http.Response.StatusCode, title ?? TitleOf(code));
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(problem, AuthJson.Default.Problem);
        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    static string CodeOf(int status) => status switch
    {
        401 => ErrorCodes.Unauthenticated,
        403 => ErrorCodes.Forbidden,
        404 => ErrorCodes.NotFound,
        405 => ErrorCodes.MethodNotAllowed,
        413 => ErrorCodes.TooLarge,
        415 => ErrorCodes.UnsupportedMediaType,
        429 => ErrorCodes.RateLimited,
        503 => ErrorCodes.Unavailable,
        >= 500 => ErrorCodes.Internal,
        _ => ErrorCodes.Invalid,
    };

    static string TitleOf(string code) => code switch
    {
        ErrorCodes.Unauthenticated => "The call needs a valid access token, in the Authorization header.",
        ErrorCodes.NotFound => "There is no such thing.",
        ErrorCodes.MethodNotAllowed => "The address does not take this method.",
        ErrorCodes.TooLarge => "The body is too large.",
        ErrorCodes.UnsupportedMediaType => "The call does not take this media type.",
        ErrorCodes.Internal => "The server made a mistake.",
        _ => "The call is not one the server takes.",
    };
}
