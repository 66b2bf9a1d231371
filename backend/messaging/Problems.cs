using System.Globalization;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Microsoft.AspNetCore.Http;

namespace Kavalek.Messaging;

/// <summary>Errors over HTTP: problem documents with a stable code (docs/PROTOCOL.md §2).</summary>
static class Problems
{
    public static IResult Of(string code, string title, ulong? epoch = null, int after = 1) => new Answer(new Problem(code, ErrorStatus.Of(code), title, epoch), after);

    sealed class Answer(Problem problem, int after) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            HttpResponse response = httpContext.Response;
            response.StatusCode = problem.Status;
            response.ContentType = "application/problem+json";
            response.Headers.CacheControl = "no-store";
            if (problem.Code is ErrorCodes.RateLimited or ErrorCodes.Unavailable)
                response.Headers.RetryAfter = after.ToString(CultureInfo.InvariantCulture);
            await JsonSerializer.SerializeAsync(response.Body, problem, AuthJson.Default.Problem, httpContext.RequestAborted);
        }
    }
}
