using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Google.Protobuf;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kavalek.Server.Benchmarks;

/// <summary>
/// The real server on a folder of its own. Its tokens are signed here, with the key it made itself in that folder: what is measured is the
/// delivery service, not ten thousand registrations.
/// </summary>
sealed class Instance : IDisposable
{
    readonly ChildProcess _process;
    readonly DirectoryInfo _folder;
    readonly ChildProcess? _second;
    readonly Stores? _stores;
    int _turn;
    readonly HttpClient _http;
    readonly SigningCredentials _credentials;
    readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    readonly Id _id;

    Instance(ChildProcess process, ChildProcess? second, Stores? stores, DirectoryInfo folder, HttpClient http, Id id)
    {
        (_process, _second, _stores, _folder, _http, _id) = (process, second, stores, folder, http, id);
        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(folder.FullName, "keys", "token.pem")));
        ECParameters point = key.ExportParameters(includePrivateParameters: false);
        var jwk = new JsonWebKey { Kty = "EC", Crv = "P-256", X = Base64UrlEncoder.Encode(point.Q.X), Y = Base64UrlEncoder.Encode(point.Q.Y) };
        _credentials = new SigningCredentials(
            new ECDsaSecurityKey(key) { KeyId = Base64UrlEncoder.Encode(jwk.ComputeJwkThumbprint()) }, SecurityAlgorithms.EcdsaSha256);
    }

    /// <summary>How many of it there are.</summary>
    public int Nodes => _second is null ? 1 : 2;

    /// <summary>How long its slowest node took from its start until it said where it listens.</summary>
    public TimeSpan StartedIn => _second is { } second && second.StartedIn > _process.StartedIn ? second.StartedIn : _process.StartedIn;

    /// <summary>Resident memory of all nodes, bytes; databases out.</summary>
    public long ResidentBytes() => _process.ResidentBytes() + (_second?.ResidentBytes() ?? 0);

    /// <summary>Where the next client connects: on several nodes, each in turn.</summary>
    public IPEndPoint EndPoint => new(IPAddress.Loopback, (_second is not null && _turn++ % 2 == 1 ? _second : _process).Address.Port);

    /// <summary>Starts it on a fresh folder: on SQLite, on PostgreSQL, or as two nodes with PostgreSQL and Redis.</summary>
    /// <remarks>
    /// <c>KAVALEK_HOST</c> may name another build of the server than the one that was built with this program: an executable, or the <c>.dll</c> of what was published, which <c>dotnet</c> runs as in the image.
    /// </remarks>
    public static async Task<Instance> StartAsync(string store)
    {
        string program = Environment.GetEnvironmentVariable("KAVALEK_HOST") ?? Path.Combine(AppContext.BaseDirectory, "Kavalek.Host");
        Stores? stores = store == "sqlite" ? null : new Stores(redis: store == "nodes");
        DirectoryInfo data = Directory.CreateTempSubdirectory("kavalek-benchmark-");
        bool published = program.EndsWith(".dll", StringComparison.Ordinal);
        Task<ChildProcess> Start(string folder, params string[] also) => ChildProcess.StartAsync(
            published ? "dotnet" : program, [.. published ? [program] : Array.Empty<string>(), "--data", folder, "--urls", "http://127.0.0.1:0", "--rate-factor", "100000", "--log-level", "Warning", .. stores?.Options ?? [], .. also]);
        ChildProcess process = await Start(data.FullName);
        var http = new HttpClient { BaseAddress = process.Address };
        InstanceInfo info = (await http.GetFromJsonAsync("/auth/v1/instance", AuthJson.Default.InstanceInfo))!;
        ChildProcess? second = store != "nodes" ? null
            : await Start(Path.Combine(data.FullName, "second"), "--roles", "messaging", "--auth-url", process.Address.GetLeftPart(UriPartial.Authority));
        return new Instance(process, second, stores, data, http, info.Id);
    }

    /// <summary>Processor seconds of all that serves, the database in.</summary>
    public double ProcessorSeconds() => _process.ProcessorSeconds() + (_second?.ProcessorSeconds() ?? 0) + (_stores?.ProcessorSeconds() ?? 0);

    public string Token(Id device)
    {
        DateTime now = DateTime.UtcNow;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = _id.ToString(),
            Audience = "kavalek/messaging",
            TokenType = "at+jwt",
            IssuedAt = now,
            NotBefore = now,
            Expires = now.AddSeconds(Limits.AccessTokenSeconds),
            SigningCredentials = _credentials,
            Claims = new Dictionary<string, object> { ["sub"] = Id.New().ToString(), ["dev"] = device.ToString(), ["ses"] = Id.New().ToString(), ["crt"] = true },
        });
    }

    /// <summary>A stream with these devices, the first of which makes it; its epoch is 1 and its head 1.</summary>
    public async Task<Id> StreamAsync(params Id[] devices)
    {
        var stream = Id.New();
        string token = Token(devices[0]);
        await PostAsync(token, "/api/v1/streams", new CreateStream { Stream = Bytes(stream) });
        var commit = new Append
        {
            Stream = Bytes(stream),
            Id = Bytes(Id.New()),
            Kind = Kind.Commit,
            Payload = ByteString.CopyFromUtf8("commit"),
            Change = new Change { Welcome = ByteString.CopyFromUtf8("welcome") },
        };
        commit.Change.Add.AddRange(devices.Skip(1).Select(Bytes));
        await PostAsync(token, $"/api/v1/streams/{stream}/entries", commit);
        return stream;
    }

    public void Dispose()
    {
        _http.Dispose();
        _process.Dispose();
        _second?.Dispose();
        _stores?.Dispose();
        _folder.Delete(recursive: true);
    }

    static ByteString Bytes(Id id) => ByteString.CopyFrom(id.ToArray());

    async Task PostAsync(string token, string path, IMessage body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body.ToByteArray()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }
}
