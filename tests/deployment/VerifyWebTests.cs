using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using Kavalek.Tests.Support;

namespace Kavalek.Deployment.Tests;

/// <summary>A live instance held against the signed list of a release.</summary>
public sealed class VerifyWebTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-release-").FullName;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    string Web => Path.Combine(_folder, "web");
    string Manifest => Path.Combine(_folder, "web-manifest.json");
    string Key => Path.Combine(_folder, "release.pub");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // K-80
    [Fact]
    public async Task One_changed_byte_of_an_instance_is_found_in_whatever_form_it_is_served()
    {
        Write("index.html", "<!doctype html><title>the app</title>");
        Write("assets/index-abc.js", new string('x', 5_000));
        Write("assets/data.bin", "bytes");
        Write("dotnet/dotnet.boot.json", "{}");
        Write("admin/index.html", "<!doctype html><title>the dashboard</title>");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP256), large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        await File.WriteAllTextAsync(Manifest, await SupplyTests.NodeAsync("build/web-manifest.mjs", Web, "1.2.3"), Cancel);
        await SignAsync(key);
        await File.WriteAllTextAsync(Key, key.ExportSubjectPublicKeyInfoPem(), Cancel);
        await using TestServer server = await TestServer.StartAsync(change: o => o with { Web = Web });

        (int code, string output) = await VerifyAsync(server);
        Assert.True(code == 0, output);
        Assert.Contains("release 1.2.3: 5 files", output);

        // As it is; as it is compressed, where only what is compressed was changed; a file that is gone; a page that is.
        string script = Path.Combine(Web, "assets/index-abc.js");
        foreach ((string file, byte[] bytes, string says) in ((string, byte[], string)[])
        [
            (script, Changed(File.ReadAllBytes(script)), "/assets/index-abc.js (identity): has another content"),
            (script, [.. File.ReadAllBytes(script), 0x20], "/assets/index-abc.js (identity): has another length"),
            ($"{script}.br", Compressed(Changed(File.ReadAllBytes(script)), "br"), "/assets/index-abc.js (br): has another content"),
            ($"{script}.gz", Compressed(Changed(File.ReadAllBytes(script)), "gzip"), "/assets/index-abc.js (gzip): has another content"),
            ($"{script}.br", "nonsense"u8.ToArray(), "/assets/index-abc.js (br): is not what"),
            (Path.Combine(Web, "index.html"), "<!doctype html><title>the xpp</title>"u8.ToArray(), "/ (identity): has another content"),
            (Path.Combine(Web, "admin/index.html"), "<!doctype html><title>the dashboarb</title>"u8.ToArray(), "/admin (identity): has another content"),
            (Path.Combine(Web, "assets/data.bin"), "bytez"u8.ToArray(), "/assets/data.bin"),
        ])
        {
            byte[] before = await File.ReadAllBytesAsync(file, Cancel);
            await File.WriteAllBytesAsync(file, bytes, Cancel);
            (code, output) = await VerifyAsync(server);
            Assert.True(code == 9 && output.Contains(says, StringComparison.Ordinal), $"{says}\n{output}");
            Assert.Contains("does not serve the web app of release 1.2.3", output);
            await File.WriteAllBytesAsync(file, before, Cancel);
        }
        Assert.Equal(0, (await VerifyAsync(server)).Code);

        // A list that was changed, or that somebody else signed, compares nothing.
        string list = await File.ReadAllTextAsync(Manifest, Cancel);
        await File.WriteAllTextAsync(Manifest, list.Replace("1.2.3", "1.2.4", StringComparison.Ordinal), Cancel);
        (code, output) = await VerifyAsync(server);
        Assert.True(code == 9 && output.Contains("signature of the manifest is not good", StringComparison.Ordinal), output);
        await File.WriteAllTextAsync(Manifest, list, Cancel);
        await SignAsync(other);
        Assert.Equal(9, (await VerifyAsync(server)).Code);
        await SignAsync(key);
        await File.WriteAllTextAsync(Key, large.ExportSubjectPublicKeyInfoPem(), Cancel);
        (code, output) = await VerifyAsync(server);
        Assert.True(code == 2 && output.Contains("P-256", StringComparison.Ordinal), output);
        // Signed, and of a version to come.
        await File.WriteAllTextAsync(Key, key.ExportSubjectPublicKeyInfoPem(), Cancel);
        await File.WriteAllTextAsync(Manifest, list.Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal), Cancel);
        await SignAsync(key);
        (code, output) = await VerifyAsync(server);
        Assert.True(code == 1 && output.Contains("use a newer one", StringComparison.Ordinal), output);
    }

    async Task SignAsync(ECDsa key) =>
        await File.WriteAllBytesAsync($"{Manifest}.sig", key.SignData(await File.ReadAllBytesAsync(Manifest, Cancel), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence), Cancel);

    async Task<(int Code, string Output)> VerifyAsync(TestServer server)
    {
        using Process process = Process.Start(new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "kavalek"), ["verify-web", server.Address.ToString(), "--manifest", Manifest, "--key", Key])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync(Cancel);
        string output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, output + await errors);
    }

    void Write(string name, string text)
    {
        string path = Path.Combine(Web, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        File.WriteAllBytes(path, bytes);
        if (name.EndsWith(".bin", StringComparison.Ordinal)) return;
        File.WriteAllBytes($"{path}.br", Compressed(bytes, "br"));
        File.WriteAllBytes($"{path}.gz", Compressed(bytes, "gzip"));
    }

    static byte[] Compressed(byte[] bytes, string coding)
    {
        using MemoryStream result = new();
        using (Stream compressing = coding == "br" ? new BrotliStream(result, CompressionLevel.Fastest) : new GZipStream(result, CompressionLevel.Fastest)) compressing.Write(bytes);
        return result.ToArray();
    }

    static byte[] Changed(byte[] bytes)
    {
        bytes[bytes.Length / 2] ^= 1;
        return bytes;
    }
}
