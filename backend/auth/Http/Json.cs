using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kavalek.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Kavalek.Auth;

/// <summary>
/// Bodies, read and written with the strict source-generated context alone: the framework's own options would take
/// numbers for strings and any case for a name.
/// </summary>
internal static class Json
{
    /// <summary>Bytes of a body that carries no key packages.</summary>
    public const int SmallBody = 16 * 1024;

    /// <summary>Reads the body.</summary>
    /// <exception cref="AuthException"><see cref="ErrorCodes.Invalid"/>, <see cref="ErrorCodes.TooLarge"/>, <see cref="ErrorCodes.UnsupportedMediaType"/>.</exception>
    public static async Task<T> ReadAsync<T>(this HttpContext http, JsonTypeInfo<T> type, int maximum = SmallBody) where T : class
    {
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out MediaTypeHeaderValue? media)
            || !media.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (media.Charset.HasValue && !media.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            || http.Request.Headers.ContentEncoding.Count > 0)
        {
            throw new AuthException(ErrorCodes.UnsupportedMediaType, "The body is application/json in UTF-8, not compressed.");
        }
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = maximum;
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, type, http.RequestAborted)
                ?? throw AuthException.Invalid("The body is null.");
        }
        catch (JsonException)
        {
            // Its message would quote what was sent.
            throw AuthException.Invalid("The body is not the JSON that the call takes: a field is missing, unknown, repeated or malformed.");
        }
    }

    /// <summary>200 with a body.</summary>
    public static JsonHttpResult<T> Ok<T>(T value, JsonTypeInfo<T> type) => TypedResults.Json(value, type);

    /// <summary>Describes the call's body and answer.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route) where T : notnull => route.Accepts<T>("application/json");

    /// <summary>Describes the call's answer.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route) => route.Produces<T>();
}
