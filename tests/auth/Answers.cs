using System.Net;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

/// <summary>What tests say about answers and about what is stored.</summary>
static class Answers
{
    /// <summary>A problem document with this code and its status, and nothing that tells how the server is built.</summary>
    public static async Task RefusedAsync(this Task<HttpResponseMessage> sending, string code)
    {
        using HttpResponseMessage answer = await sending;
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(ErrorStatus.Of(code) == (int)answer.StatusCode, $"{answer.StatusCode} {body}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.ToString());
        Problem problem = JsonSerializer.Deserialize(body, AuthJson.Default.Problem)!;
        Assert.Equal((code, (int)answer.StatusCode), (problem.Code, problem.Status));
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Empty(answer.Headers.Server);
    }

    public static async Task OkAsync(this Task<HttpResponseMessage> sending, HttpStatusCode status = HttpStatusCode.NoContent)
    {
        using HttpResponseMessage answer = await sending;
        Assert.True(status == answer.StatusCode, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        Assert.True(answer.Headers.CacheControl?.NoStore);
    }

    /// <summary>Status, body and headers but for the date: what somebody sees who compares two answers.</summary>
    public static async Task<string> LookAsync(this Task<HttpResponseMessage> sending)
    {
        using HttpResponseMessage answer = await sending;
        var headers = answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key != "Date").OrderBy(h => h.Key, StringComparer.Ordinal);
        return $"{(int)answer.StatusCode}\n{string.Join('\n', headers.Select(h => $"{h.Key}: {string.Join(',', h.Value)}"))}\n{await answer.Content.ReadAsStringAsync()}";
    }

    /// <summary>Every row of every table, to compare before and after.</summary>
    public static string Dump(this TestServer server) => server.AuthTables.Dump();

    /// <summary>Holds the write lock of the authentication service's database until it is disposed.</summary>
    public static IDisposable LockAuthDatabase(this TestServer server) => server.AuthTables.Lock();

    /// <summary>The rows of one table.</summary>
    public static string[] Table(this TestServer server, string name) =>
        [.. server.Dump().Split('\n').SkipWhile(l => l != name).Skip(1).TakeWhile(l => l.Contains('|', StringComparison.Ordinal))];

    public static Kavalek.Host.ServerOptions Open(Kavalek.Host.ServerOptions options) => options with { Registration = RegistrationPolicy.Open };
}
