using System.Collections.Concurrent;
using System.IO.Compression;
using System.Security.Cryptography;
using Kavalek.Client;

namespace Kavalek.Cli.Web;

/// <summary>Fetches every file of a release from an instance, in every way that a browser would, and compares.</summary>
sealed class WebCheck(ITransport instance, WebManifest manifest)
{
    const int AtOnce = 6;

    static readonly string[] Codings = ["identity", "gzip", "br"];

    /// <summary>What differs, a line each; empty where the instance serves this release.</summary>
    /// <exception cref="HttpRequestException">It was not reached.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancel)
    {
        ConcurrentBag<string> wrong = [];
        await Parallel.ForEachAsync(Fetches(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (fetch, stop) =>
        {
            if (await CompareAsync(fetch, stop) is { } difference) wrong.Add($"{fetch.Address} ({fetch.Coding}): {difference}");
        });
        return [.. wrong.Order(StringComparer.Ordinal)];
    }

    // The page also answers at the root and at every address of the app, the dashboard's at its folder.
    static string[] AddressesOf(WebManifestFile file) => file.Path switch
    {
        "/index.html" => [file.Path, "/", "/chat/0"],
        "/admin/index.html" => [file.Path, "/admin", "/admin/"],
        _ => [file.Path],
    };

    IEnumerable<Fetch> Fetches() =>
        from file in manifest.Files
        from address in AddressesOf(file)
        from coding in Codings
        select new Fetch(file, address, coding);

    async Task<string?> CompareAsync(Fetch fetch, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(fetch.Address, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", fetch.File.Path.EndsWith("/index.html", StringComparison.Ordinal) ? "text/html,*/*" : "*/*");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", fetch.Coding);
        using HttpResponseMessage answer = await instance.SendAsync(request, cancel);
        if ((int)answer.StatusCode != 200) return $"is answered with {(int)answer.StatusCode}";
        if (answer.Headers.Contains("Refresh")) return "leads somewhere else";
        string[] used = [.. answer.Content.Headers.ContentEncoding];
        if (used.Length > 1 || (used.Length == 1 && used[0] != fetch.Coding)) return $"is compressed as {string.Join(", ", used)}, which was not asked for";
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancel);
        await using Stream plain = used switch
        {
            ["gzip"] => new GZipStream(body, CompressionMode.Decompress),
            ["br"] => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
        try
        {
            // One byte more than there should be is enough to know.
            byte[] bytes = new byte[fetch.File.Bytes + 1];
            int length = await plain.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
            if (length != fetch.File.Bytes) return "has another length";
            return Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, length))) == fetch.File.Sha256 ? null : "has another content";
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            return "is not what it says it is compressed as";
        }
    }

    sealed record Fetch(WebManifestFile File, string Address, string Coding);
}
