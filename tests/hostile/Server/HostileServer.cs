using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kavalek.Protocol.Auth;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Hostile.Tests;

/// <summary>
/// A server that lies by rules, over a real one that keeps the books. It has two mouths with one set of rules: <see cref="At"/>, the seam of the
/// SDK, and <see cref="ListenAsync"/>, a port of its own for whatever speaks HTTP and WebSocket, a browser too.
/// </summary>
sealed class HostileServer
{
    ImmutableList<Rule> _rules = [];

    /// <summary>Every byte that clients have said: lines, headers, bodies, frames. Empty until <see cref="Records"/> is set.</summary>
    public ConcurrentQueue<byte[]> Said { get; } = new();

    /// <summary>Every request in its order: method and path.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Whether what is said is kept.</summary>
    public bool Records { get; set; }

    /// <summary>The SDK's seam: <c>options with { Transport = hostile.At }</c>.</summary>
    public ITransport At(Uri server) => new HostileTransport(this, new HttpTransport(server));

    /// <summary>A reverse proxy on a free loopback port.</summary>
    public Task<HostileProxy> ListenAsync(Uri server) => HostileProxy.StartAsync(this, server);

    /// <summary>Lies by a rule until the result is disposed. The newest rule stands nearest to the clients.</summary>
    public IDisposable Lie(Rule rule)
    {
        ImmutableInterlocked.Update(ref _rules, (all, added) => all.Insert(0, added), rule);
        return new Lying(this, rule);
    }

    /// <summary>Lies about HTTP answers.</summary>
    public IDisposable Lie(Func<Request, Func<Request, Task<Answer>>, Task<Answer>> answer) => Lie(new AnswerRule(answer));

    /// <summary>Loses the answers of matching requests, or the requests themselves before they arrive.</summary>
    public IDisposable Lose(string method, string path, int times = int.MaxValue, bool before = false) => Lie(async (request, next) =>
    {
        bool lost = request.Is(method, path) && Interlocked.Decrement(ref times) >= 0;
        if (lost && before) throw new LostException();
        Answer answer = await next(request);
        return lost ? throw new LostException() : answer;
    });

    /// <summary>Changes what is read as JSON.</summary>
    public IDisposable LieInJson<T>(string method, string path, JsonTypeInfo<T> type, Func<Caller?, T, T> change) => Lie(async (request, next) =>
    {
        Answer answer = await next(request);
        return request.Is(method, path) && answer.IsSuccess
            ? answer with { Body = JsonSerializer.SerializeToUtf8Bytes(change(request.Caller, JsonSerializer.Deserialize(answer.Body, type)!), type) }
            : answer;
    });

    /// <summary>Shows some callers another account record than the honest one.</summary>
    public IDisposable LieAboutAccounts(Func<Caller?, AccountRecord, AccountRecord> change)
    {
        IDisposable directory = LieInJson("GET", "auth/v1/directory/*", AuthJson.Default.AccountRecord, change);
        IDisposable accounts = LieInJson("GET", "auth/v1/accounts/*", AuthJson.Default.AccountRecord, change);
        return new Both(directory, accounts);
    }

    /// <summary>What passes on HTTP.</summary>
    public async Task<Answer> AnswerAsync(Request request, Func<Request, Task<Answer>> server)
    {
        Asked.Enqueue($"{request.Method} {request.Path}");
        if (Records)
        {
            Said.Enqueue(System.Text.Encoding.UTF8.GetBytes($"{request.Method} {request.Path} {string.Join('\n', request.Headers)}"));
            Said.Enqueue(request.Body);
        }
        Func<Request, Task<Answer>> chain = server;
        foreach (Rule rule in _rules.Reverse())
        {
            Func<Request, Task<Answer>> next = chain;
            chain = asked => rule.AnswerAsync(asked, next);
        }
        return await chain(request);
    }

    /// <summary>What passes on a socket; <paramref name="end"/> hands it to its other side.</summary>
    public async Task PassAsync(Frame frame, Func<Frame, Task> end)
    {
        if (frame.FromClient)
        {
            if (Records) Said.Enqueue(frame.Bytes);
            frame.Link.Caller ??= Wire.ClientFrame.Parser.ParseFrom(frame.Bytes).Hello is { } hello ? Caller.OfToken(hello.Token) : null;
        }
        Func<Frame, Task> chain = end;
        foreach (Rule rule in frame.FromClient ? _rules.Reverse() : _rules)
        {
            Func<Frame, Task> next = chain;
            chain = passing => rule.PassAsync(passing, next);
        }
        await chain(frame);
    }

    /// <summary>Whether sockets open.</summary>
    public bool AllowsSockets => _rules.TrueForAll(rule => rule.AllowsSockets);

    sealed class Lying(HostileServer server, Rule rule) : IDisposable
    {
        public void Dispose()
        {
            ImmutableInterlocked.Update(ref server._rules, (all, gone) => all.Remove(gone), rule);
            (rule as IDisposable)?.Dispose();
        }
    }

    sealed class Both(IDisposable one, IDisposable other) : IDisposable
    {
        public void Dispose()
        {
            one.Dispose();
            other.Dispose();
        }
    }
}
