using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Kavalek.Host;

/// <summary>
/// Serves the web app, and the dashboard in its folder <c>admin</c>: the files that were there at the start, and nothing else. What was compressed when
/// it was built goes out so; names that follow from content are kept for good.
/// </summary>
internal sealed class WebApp
{
    // wasm-unsafe-eval compiles WebAssembly, and nothing else. A worker's address is code: one policy each for the two there are.
    const string Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        + "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types kavalek-worker kavalek-service-worker";

    const string Index = "/index.html";
    const string Dashboard = "/admin";

    // The better one first.
    static readonly (string Coding, string Ending)[] Codings = [("br", ".br"), ("gzip", ".gz")];

    readonly FrozenDictionary<string, WebFile> _files;

    WebApp(FrozenDictionary<string, WebFile> files) => _files = files;

    /// <summary>Reads what is in <paramref name="folder"/>; <c>null</c> where there is no app.</summary>
    public static WebApp? Open(string folder)
    {
        if (!File.Exists(Path.Combine(folder, Index[1..]))) return null;
        FileExtensionContentTypeProvider types = new();
        types.Mappings[".dll"] = "application/octet-stream";
        types.Mappings[".webmanifest"] = "application/manifest+json";
        types.Mappings[".js"] = "text/javascript; charset=utf-8";
        types.Mappings[".html"] = "text/html; charset=utf-8";
        Dictionary<string, WebFile> files = new(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            if (Codings.Any(c => path.EndsWith(c.Ending, StringComparison.Ordinal))) continue;
            string name = "/" + Path.GetRelativePath(folder, path).Replace('\\', '/');
            string type = types.TryGetContentType(name, out string? known) ? known : "application/octet-stream";
            (string, string)[] compressed = [.. Codings.Where(c => File.Exists(path + c.Ending)).Select(c => (c.Coding, Path.GetFullPath(path + c.Ending)))];
            bool isForGood = name.StartsWith("/assets/", StringComparison.Ordinal) || name.StartsWith($"{Dashboard}/assets/", StringComparison.Ordinal)
                || (name.StartsWith("/dotnet/", StringComparison.Ordinal) && !name.EndsWith(".boot.json", StringComparison.Ordinal));
            string? tag = isForGood ? null : $"\"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)).AsSpan(0, 16))}\"";
            files.Add(name, new WebFile(Path.GetFullPath(path), compressed, type, tag));
        }
        return new WebApp(files.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>Answers where the path is a file of the app, or a page of it that a person opens.</summary>
    public void Use(WebApplication app) => app.Use(async (http, next) =>
    {
        if (http.GetEndpoint() is null && Find(http.Request) is { } file) await SendAsync(http, file);
        else await next(http);
    });

    WebFile? Find(HttpRequest request)
    {
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method)) return null;
        string path = request.Path.Value ?? "/";
        if (path == "/") return _files[Index];
        if (path is Dashboard or $"{Dashboard}/") return _files.GetValueOrDefault(Dashboard + Index);
        if (_files.TryGetValue(path, out WebFile? file)) return file;
        // The dashboard has one page; where it is not built, nothing takes its place.
        if (path.StartsWith($"{Dashboard}/", StringComparison.Ordinal)) return null;
        // A conversation has an address of its own; the app reads it.
        bool isPage = !path.Contains('.', StringComparison.Ordinal) && !path.StartsWith("/auth/", StringComparison.Ordinal) && !path.StartsWith("/api/", StringComparison.Ordinal)
            && request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
        return isPage ? _files[Index] : null;
    }

    static async Task SendAsync(HttpContext http, WebFile file)
    {
        IHeaderDictionary headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.CacheControl = file.Tag is null ? "public, max-age=31536000, immutable" : "no-cache";
        (string? coding, string path) = Choose(file, http.Request);
        if (file.Tag is { } tag)
        {
            headers.ETag = tag;
            if (http.Request.Headers.IfNoneMatch == tag)
            {
                http.Response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }
        if (coding is not null) headers.ContentEncoding = coding;
        headers.ContentType = file.Type;
        headers.ContentLength = new FileInfo(path).Length;
        if (HttpMethods.IsGet(http.Request.Method)) await http.Response.SendFileAsync(path, http.RequestAborted);
    }

    static (string? Coding, string Path) Choose(WebFile file, HttpRequest request)
    {
        if (file.Compressed.Length == 0 || !StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out IList<StringWithQualityHeaderValue>? taken)) return (null, file.Path);
        foreach ((string coding, string path) in file.Compressed)
        {
            if (taken.Any(t => t.Value.Equals(coding, StringComparison.OrdinalIgnoreCase) && t.Quality is not 0)) return (coding, path);
        }
        return (null, file.Path);
    }

    /// <summary>A file.</summary>
    /// <param name="Path">Where it is.</param>
    /// <param name="Compressed">Where it is compressed, and how; the best first.</param>
    /// <param name="Type">Its media type.</param>
    /// <param name="Tag">Its entity tag; <c>null</c> where its name says what is in it.</param>
    sealed record WebFile(string Path, (string Coding, string Path)[] Compressed, string Type, string? Tag);
}
