using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;

namespace Kavalek.Tests.Support;

/// <summary>
/// A device that speaks the protocol by hand, below the client: it holds real keys and can also say what no client would. It shows what was
/// answered and draws no conclusion.
/// </summary>
public sealed class TestDevice : IDisposable
{
    readonly Func<HttpClient> _http;
    readonly Func<Id> _instance;

    TestDevice(Func<HttpClient> http, Func<Id> instance, string email, string handle, Id account, ECDsa accountKey)
    {
        (_http, _instance, Email, Handle, Account, AccountKey) = (http, instance, email, handle, account, accountKey);
        AuthSecret = RandomNumberGenerator.GetBytes(Limits.AuthSecretBytes);
    }

    public string Email { get; set; }

    public string Handle { get; set; }

    public Id Account { get; }

    /// <summary>The account's key pair; shared by its devices.</summary>
    public ECDsa AccountKey { get; }

    public byte[] AccountPublicKey => PublicKey(AccountKey);

    public byte[] AuthSecret { get; set; }

    public Id Device { get; } = Id.New();

    /// <summary>The device's key pair.</summary>
    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public byte[] PublicDeviceKey => PublicKey(Key);

    /// <summary>Where a grant is sealed to.</summary>
    public byte[] GrantKey { get; } = RandomNumberGenerator.GetBytes(Limits.GrantKeyBytes);

    /// <summary>The device's certificate; it signs itself one when it registers.</summary>
    public byte[] Certificate { get; set; } = [];

    /// <summary>What the last log-in or refresh answered.</summary>
    public Session? Session { get; set; }

    /// <summary>The first device of an account that does not exist yet.</summary>
    public static TestDevice New(TestServer server) => New(() => server.Http, () => server.Instance);

    /// <summary>The same, of a server that runs elsewhere.</summary>
    public static TestDevice New(HttpClient http, Id instance) => New(() => http, () => instance);

    static TestDevice New(Func<HttpClient> http, Func<Id> instance)
    {
        string name = $"u{Guid.NewGuid():n}"[..12];
        TestDevice device = new(http, instance, $"{name}@example.org", name, Id.New(), ECDsa.Create(ECCurve.NamedCurves.nistP256));
        device.Certificate = device.Certify(device);
        return device;
    }

    /// <summary>A registered and logged-in device of a new account.</summary>
    public static async Task<TestDevice> SignUpAsync(TestServer server, string? invite = null)
    {
        TestDevice device = New(server);
        using HttpResponseMessage registered = await device.RegisterAsync(device.Registration(invite));
        if (!registered.IsSuccessStatusCode) throw new InvalidOperationException(await registered.Content.ReadAsStringAsync());
        await device.LogInAsync();
        return device;
    }

    /// <summary>Another device of the same account; the account does not know it yet.</summary>
    public TestDevice Another() => new(_http, _instance, Email, Handle, Account, AccountKey) { AuthSecret = AuthSecret };

    /// <summary>A certificate of <paramref name="device"/> by this device's account key.</summary>
    public byte[] Certify(TestDevice device, Func<DeviceCertificateContent, DeviceCertificateContent>? change = null)
    {
        DeviceCertificateContent content = new(_instance(), Account, AccountPublicKey, device.Device, device.PublicDeviceKey, 1_700_000_000);
        content = change?.Invoke(content) ?? content;
        return new DeviceCertificate(content, Sign(AccountKey, content.SignedBytes())).Encode();
    }

    /// <summary>A signed device list.</summary>
    public byte[] List(ulong number, params byte[][] certificates) => List(number, certificates, null);

    public byte[] List(ulong number, byte[][] certificates, Func<DeviceListContent, DeviceListContent>? change)
    {
        DeviceListContent content = new(
            _instance(), Account, AccountPublicKey, number, 1_700_000_000, [.. certificates.Select(SHA256.HashData)]);
        content = change?.Invoke(content) ?? content;
        return new DeviceList(content, Sign(AccountKey, content.SignedBytes())).Encode();
    }

    /// <summary>The request that registers this device's account.</summary>
    public RegisterRequest Registration(string? invite = null) => new(
        Email, Handle, new KdfParameters(KdfParameters.Pbkdf2, Limits.KdfDefault), AuthSecret, Account, AccountPublicKey, Certificate,
        List(1, Certificate), invite);

    public Task<HttpResponseMessage> RegisterAsync(RegisterRequest request) =>
        PostAsync("/auth/v1/accounts", request, AuthJson.Default.RegisterRequest, token: null);

    public Task<PreloginResponse> PreloginAsync() =>
        ReadAsync(PostAsync("/auth/v1/prelogin", new PreloginRequest(Email), AuthJson.Default.PreloginRequest, token: null), AuthJson.Default.PreloginResponse);

    /// <summary>The request that logs this device in.</summary>
    public async Task<LogInRequest> LogInRequestAsync(bool withGrantKey = false)
    {
        byte[] challenge = (await PreloginAsync()).Challenge;
        return new LogInRequest(
            Email, AuthSecret, challenge, Device, PublicDeviceKey, SignLogIn(challenge), withGrantKey ? GrantKey : null);
    }

    public byte[] SignLogIn(byte[] challenge) => Sign(
        Key, new LogIn(_instance(), Email, Device, PublicDeviceKey, challenge, SHA256.HashData(AuthSecret)).SignedBytes());

    public Task<HttpResponseMessage> TryLogInAsync(LogInRequest request) =>
        PostAsync("/auth/v1/sessions", request, AuthJson.Default.LogInRequest, token: null);

    /// <summary>Logs in; the answer is kept in <see cref="Session"/>.</summary>
    public async Task<Session> LogInAsync(bool waiting = false) =>
        Session = await ReadAsync(TryLogInAsync(await LogInRequestAsync(waiting)), AuthJson.Default.Session);

    public Task<HttpResponseMessage> TryRefreshAsync(string refreshToken) =>
        PostAsync("/auth/v1/sessions/refresh", new RefreshRequest(refreshToken), AuthJson.Default.RefreshRequest, token: null);

    /// <summary>Refreshes; the answer is kept in <see cref="Session"/>.</summary>
    public async Task<Session> RefreshAsync() =>
        Session = await ReadAsync(TryRefreshAsync(Session!.RefreshToken), AuthJson.Default.Session);

    /// <summary>Has another device of the account certified by this one, with list number <paramref name="number"/>, and refreshes its session.</summary>
    public async Task<TestDevice> AddDeviceAsync(ulong number, params TestDevice[] others)
    {
        TestDevice added = Another();
        await added.LogInAsync(waiting: true);
        added.Certificate = Certify(added);
        byte[] list = List(number, [Certificate, .. others.Select(d => d.Certificate), added.Certificate]);
        using HttpResponseMessage answer = await CertifyAsync(added.Device, new CertifyRequest(added.Certificate, list, [1, 2, 3]));
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        await added.RefreshAsync();
        return added;
    }

    public Task<HttpResponseMessage> CertifyAsync(Id device, CertifyRequest request) =>
        SendAsync(HttpMethod.Put, $"/auth/v1/devices/{device}/certificate", Json(request, AuthJson.Default.CertifyRequest));

    public Task<HttpResponseMessage> RemoveAsync(Id device, byte[] list) =>
        PostAsync($"/auth/v1/devices/{device}/remove", new RemoveDeviceRequest(list), AuthJson.Default.RemoveDeviceRequest, Session!.AuthToken);

    /// <summary>A call with this device's token, or with another one.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body = null, string? token = null)
    {
        HttpRequestMessage request = new(method, path) { Content = body };
        if ((token ?? Session?.AuthToken) is { } bearer) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return _http().SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>What a call answers, read strictly.</summary>
    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type) => ReadAsync(GetAsync(path), type);

    /// <summary>Posts as this device, or as nobody where <paramref name="token"/> is null.</summary>
    public async Task<HttpResponseMessage> PostAsync<T>(string path, T value, JsonTypeInfo<T> type, string? token)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = Json(value, type) };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        // A server that refuses a large body closes the connection on it: ask first.
        request.Headers.ExpectContinue = request.Content.Headers.ContentLength > 256 * 1024;
        return await _http().SendAsync(request);
    }

    public static StringContent Json<T>(T value, JsonTypeInfo<T> type) => new(JsonSerializer.Serialize(value, type), Encoding.UTF8, "application/json");

    /// <summary>Reads a success; anything else throws with the problem document.</summary>
    public static async Task<T> ReadAsync<T>(Task<HttpResponseMessage> sending, JsonTypeInfo<T> type)
    {
        using HttpResponseMessage answer = await sending;
        string body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{(int)answer.StatusCode} {body}");
        return JsonSerializer.Deserialize(body, type)!;
    }

    public static byte[] Sign(ECDsa key, byte[] signedBytes) =>
        key.SignData(signedBytes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public static byte[] PublicKey(ECDsa key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return [4, .. parameters.Q.X!, .. parameters.Q.Y!];
    }

    public static byte[] NewPublicKey()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return PublicKey(key);
    }

    public void Dispose()
    {
        Key.Dispose();
        AccountKey.Dispose();
    }
}
