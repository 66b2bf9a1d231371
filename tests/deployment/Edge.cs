using Kavalek.Tests.Support;

namespace Kavalek.Deployment.Tests;

/// <summary>One server behind one NGINX for all of these tests, with a small web app.</summary>
public sealed class Edge : IAsyncLifetime
{
    internal Nginx Nginx { get; private set; } = null!;
    public TestServer Server { get; private set; } = null!;

    /// <summary>The folder of the web app.</summary>
    public string Web { get; } = Directory.CreateTempSubdirectory("kavalek-web-").FullName;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(Web, File.GetUnixFileMode(Web) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        Write("index.html", "<!doctype html><title>the app</title>");
        Write("index.html.br", "compressed page");
        Write("assets/index-abc.js", "plain");
        Write("assets/index-abc.js.br", "compressed");
        Write("assets/index-abc.js.gz", "zipped");
        Write("assets/index-abc.css", "a{}");
        Write("admin/index.html", "<!doctype html><title>the dashboard</title>");
        Write("admin/index.html.br", "compressed dashboard");
        Write("admin/assets/index-def.js", "plain");
        Write("admin/assets/index-def.js.br", "compressed");
        Write("icon.svg", "<svg/>");
        Write("icon-192.png", "png");
        Write("kavalek.webmanifest", "{}");
        Write("dotnet/dotnet.boot.json", "{}");
        Write("dotnet/dotnet.boot.json.gz", "zipped");
        Write("dotnet/Core.0123456789ab.dll", "MZ");
        Write("dotnet/dotnet.native.0123456789.wasm", "\0asm");
        Server = await TestServer.StartAsync(change: o => o with { BehindProxy = true, Web = Web, RateFactor = 1, Origin = $"https://{Nginx.Host}" });
        Nginx = await Nginx.StartAsync(Server.Address.Port, Web);
    }

    public async ValueTask DisposeAsync()
    {
        if (Nginx is not null) await Nginx.DisposeAsync();
        await Server.DisposeAsync();
        Directory.Delete(Web, recursive: true);
    }

    void Write(string name, string text)
    {
        string path = Path.Combine(Web, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

/// <summary>One edge for all tests that look at it.</summary>
[CollectionDefinition(nameof(Edge))]
public sealed class EdgeCollection : ICollectionFixture<Edge>;
