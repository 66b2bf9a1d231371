using System.Collections.Concurrent;
using Kavalek.Host;
using Kavalek.Protocol;
using Microsoft.Extensions.Logging;

namespace Kavalek.Tests.Support;

/// <summary>
/// The real server in this process: Kestrel on a free loopback port, a data folder of its own. <see cref="RestartAsync"/> keeps the folder;
/// disposing deletes it.
/// </summary>
public sealed class TestServer : IAsyncDisposable
{
    readonly TimeProvider _clock;
    readonly LogLines _logs = new();
    Server _server = null!;

    TestServer(ServerOptions options, TimeProvider clock) => (Options, _clock) = (options, clock);

    /// <summary>The settings it runs with.</summary>
    public ServerOptions Options { get; private set; }

    /// <summary>Where it listens, for instance <c>http://127.0.0.1:40211/</c>.</summary>
    public Uri Address => _server.Address;

    /// <summary>The instance's id.</summary>
    public Id Instance => _server.Instance;

    /// <summary>The secret of the newest set-up link; <c>null</c> once there is an owner.</summary>
    public string? SetUpSecret => _server.SetUpSecret;

    /// <summary>The data folder.</summary>
    public string Data => Options.Data;

    /// <summary>What the authentication service has stored.</summary>
    public TestTables AuthTables => new(Data, Options.Postgres, "auth");

    /// <summary>What the delivery service has stored.</summary>
    public TestTables MessagingTables => new(Data, Options.Postgres, "messaging");

    /// <summary>Everything that was logged, at the most verbose level, since the first start.</summary>
    public string Logs => _logs.Text;

    /// <summary>What the server was built from.</summary>
    public IServiceProvider Services => _server.Services;

    /// <summary>A client of it that follows no redirects.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>A call without a token.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body = null) =>
        Http.SendAsync(new HttpRequestMessage(method, path) { Content = body });

    /// <summary>A call without a token.</summary>
    public Task<HttpResponseMessage> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>A call without a token.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, HttpContent? body) => SendAsync(HttpMethod.Post, path, body);

    /// <summary>Starts one.</summary>
    /// <param name="clock">The server's time; the system's by default.</param>
    /// <param name="change">Changes the settings. By default the rates are a thousand times those of PROTOCOL §9, so that tests may hurry.</param>
    public static async Task<TestServer> StartAsync(TimeProvider? clock = null, Func<ServerOptions, ServerOptions>? change = null)
    {
        ServerOptions options = new()
        {
            Data = Path.Combine(Path.GetTempPath(), $"kavalek-test-{Guid.NewGuid():n}"),
            Urls = "http://127.0.0.1:0",
            RateFactor = 1000,
            LogLevel = LogLevel.Trace,
            Postgres = TestPostgres.Wanted ? TestPostgres.CreateDatabase() : null,
        };
        TestServer server = new(change?.Invoke(options) ?? options, clock ?? TimeProvider.System);
        await server.StartAsync();
        return server;
    }

    /// <summary>Stops the server and starts it again on the same folder, at a new port.</summary>
    public async Task RestartAsync(Func<ServerOptions, ServerOptions>? change = null)
    {
        Http.Dispose();
        await _server.DisposeAsync();
        Options = change?.Invoke(Options) ?? Options;
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(Data, recursive: true);
        if (Options.Postgres is { } database) TestPostgres.DropDatabase(database);
    }

    async Task StartAsync()
    {
        _server = await Server.StartAsync(Options, _clock, TextWriter.Null, logging =>
        {
            logging.ClearProviders();
            logging.AddProvider(_logs);
        });
        Http = new HttpClient(new PatientHandler()) { BaseAddress = Address };
    }

    /// <summary>Keeps every line in memory, scopes and exceptions included.</summary>
    sealed class LogLines : ILoggerProvider, ILogger
    {
        readonly ConcurrentQueue<string> _lines = new();

        public string Text => string.Join('\n', _lines);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull
        {
            _lines.Enqueue($"scope {state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose()
        {
            // The lines outlive a restart.
        }
    }
}
