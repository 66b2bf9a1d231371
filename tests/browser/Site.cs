using System.Net;
using System.Net.Sockets;
using Kavalek.Tests.Support;

namespace Kavalek.Browser.Tests;

/// <summary>One server and one browser for the tests of a class. The page of the tests is served by the product itself.</summary>
public sealed class Site : IAsyncLifetime
{
    TestServer? _server;
    Chromium? _chromium;

    /// <summary>The server.</summary>
    internal TestServer Server => _server!;

    /// <summary>The browser.</summary>
    internal Chromium Chromium => _chromium!;

    /// <summary>Where the page is that was built (scripts/build-browser-tests.sh).</summary>
    internal static string Folder { get; } = Path.Combine(Root(), "tests", "browser", "obj", "web");

    public async ValueTask InitializeAsync()
    {
        string? missing = Chromium.Program is null ? "there is no Chromium on this machine (Debian: apt-get install chromium)"
            : !File.Exists(Path.Combine(Folder, "index.html")) ? "the page of the tests is not built: scripts/build-browser-tests.sh"
            : null;
        if (missing is not null)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(missing);
            Assert.Skip(missing);
        }
        // The origin has to be known before: the socket is opened to pages of this very one.
        string address = $"http://localhost:{FreePort()}";
        _server = await TestServer.StartAsync(change: o => o with { Urls = address, Origin = address, Web = Folder });
        _chromium = await Chromium.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null) await _chromium.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    /// <summary>A tab of a context with the client started.</summary>
    internal async Task<Tab> OpenAsync(BrowserContext context)
    {
        Tab tab = await context.OpenAsync(new Uri(Server.Options.Origin!));
        await tab.EvaluateAsync("start()");
        return tab;
    }

    static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Kavalek.slnx"))) return folder.FullName;
        throw new InvalidOperationException("not inside the repository");
    }
}
