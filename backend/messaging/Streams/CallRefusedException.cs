using Microsoft.AspNetCore.Http;

namespace Kavalek.Messaging.Streams;

/// <summary>A call is refused while its body comes, or before its answer is read; nothing was stored.</summary>
sealed class CallRefusedException(string code, string title) : Exception(title)
{
    /// <summary>Whether the connection ends with the answer.</summary>
    public bool Ends { get; init; }

    /// <summary>Answers calls that were refused.</summary>
    public static async ValueTask<object?> Answer(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        try
        {
            return await next(invocation);
        }
        catch (CallRefusedException e)
        {
            if (e.Ends)
                invocation.HttpContext.Response.Headers.Connection = "close";
            return Problems.Of(e.Code, e.Message);
        }
    }

    string Code => code;
}
