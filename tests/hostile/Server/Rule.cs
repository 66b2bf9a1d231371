namespace Kavalek.Hostile.Tests;

/// <summary>
/// One lie. A request or frame passes the rules in their order; each may change it, hold it, pass it on none, one or many times, and
/// change what comes back. The same rules serve both mouths of <see cref="HostileServer"/>.
/// </summary>
abstract class Rule
{
    /// <summary>An HTTP request: <paramref name="next"/> asks on.</summary>
    /// <exception cref="LostException">The connection breaks.</exception>
    public virtual Task<Answer> AnswerAsync(Request request, Func<Request, Task<Answer>> next) => next(request);

    /// <summary>A frame of a socket, of either direction: <paramref name="next"/> passes it on.</summary>
    public virtual Task PassAsync(Frame frame, Func<Frame, Task> next) => next(frame);

    /// <summary>Whether a socket may open at all.</summary>
    public virtual bool AllowsSockets => true;
}

/// <summary>A rule out of one function, for what comes and goes over HTTP.</summary>
sealed class AnswerRule(Func<Request, Func<Request, Task<Answer>>, Task<Answer>> answer) : Rule
{
    public override Task<Answer> AnswerAsync(Request request, Func<Request, Task<Answer>> next) => answer(request, next);
}

/// <summary>A rule out of one function, for frames.</summary>
sealed class FrameRule(Func<Frame, Func<Frame, Task>, Task> pass) : Rule
{
    public override Task PassAsync(Frame frame, Func<Frame, Task> next) => pass(frame, next);
}

/// <summary>Nobody gets a socket: what is tested goes over HTTP, step by step.</summary>
sealed class NoSockets : Rule
{
    public override bool AllowsSockets => false;
}
