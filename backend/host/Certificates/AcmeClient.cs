using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kavalek.Host;

/// <summary>
/// Gets a certificate for one name from an authority that speaks ACME (RFC 8555), by HTTP-01: the authority fetches a proof from port 80 of that name.
/// Only what this takes is here: no external account, no other challenge, no revocation.
/// </summary>
internal sealed class AcmeClient : IDisposable
{
    const int AnswerBytes = 256 * 1024;

    // A nonce may be refused at any time (§6.5); an authority that takes none is broken.
    const int Attempts = 10;

    // Questions after an order that is being worked on, a few seconds apart.
    const int Patience = 60;

    readonly Uri _directory;
    readonly ECDsa _account;
    readonly HttpClient _http;
    readonly TimeProvider _clock;
    string? _nonce, _accountUrl;
    JsonObject _resources = [];

    /// <param name="directory">The authority's directory, an <c>https</c> address.</param>
    /// <param name="account">The key of the account with it, on P-256; the account is made at the first use.</param>
    /// <param name="clock">What waits between two questions.</param>
    /// <param name="handler">How it is reached; the platform's way by default.</param>
    public AcmeClient(Uri directory, ECDsa account, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        (_directory, _account, _clock) = (Secure(directory), account, clock);
        _http = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }, disposeHandler: handler is null)
        {
            MaxResponseContentBufferSize = AnswerBytes,
            Timeout = TimeSpan.FromSeconds(30),
        };
        // The authority wants to know which program asks (§6.1), and no more.
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("Kavalek");
    }

    /// <summary>Asks for a certificate.</summary>
    /// <param name="name">The host name.</param>
    /// <param name="key">The certificate's key.</param>
    /// <param name="prove">Is told what to answer at <c>/.well-known/acme-challenge/TOKEN</c>, and <c>null</c> when that is over.</param>
    /// <param name="cancel">Ends the asking.</param>
    /// <returns>The certificate and its chain, in PEM, the certificate first.</returns>
    /// <exception cref="AcmeException">The authority refused, or is not to be understood.</exception>
    /// <exception cref="HttpRequestException">It is not to be reached.</exception>
    public async Task<string> CertifyAsync(string name, ECDsa key, Action<string, string?> prove, CancellationToken cancel)
    {
        _resources = await ReadAsync(await _http.GetAsync(_directory, cancel), cancel);
        // The account (§7.3): the same key finds it again.
        _accountUrl = null;
        (_, _accountUrl) = await PostAsync(Address(_resources, "newAccount"), new JsonObject { ["termsOfServiceAgreed"] = true }, cancel);
        // The order (§7.4), and what it wants proved (§7.5).
        JsonObject wanted = new() { ["identifiers"] = new JsonArray(new JsonObject { ["type"] = "dns", ["value"] = name }) };
        (JsonObject order, string? orderUrl) = await PostAsync(Address(_resources, "newOrder"), wanted, cancel);
        foreach (JsonNode? authorization in order["authorizations"] as JsonArray ?? throw Strange())
            await AuthorizeAsync(AddressOf(authorization), prove, cancel);
        // The request, and the certificate (§7.4).
        JsonObject request = new() { ["csr"] = Base64Url(Request(name, key)) };
        await PostAsync(Address(order, "finalize"), request, cancel);
        order = await UntilAsync(orderUrl ?? throw Strange(), "valid", cancel);
        using HttpResponseMessage answer = await SendAsync(Address(order, "certificate"), null, cancel);
        return await answer.Content.ReadAsStringAsync(cancel);
    }

    public void Dispose() => _http.Dispose();

    async Task AuthorizeAsync(string url, Action<string, string?> prove, CancellationToken cancel)
    {
        (JsonObject authorization, _) = await PostAsync(url, null, cancel);
        // Proved lately.
        if (Text(authorization, "status") == "valid") return;
        JsonObject challenge = (authorization["challenges"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(c => Text(c, "type") == "http-01") ?? throw new AcmeException("no http-01");
        string token = Text(challenge, "token");
        // It becomes part of an address (§8.3).
        if (token.Length is < 22 or > 512 || token.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))) throw Strange();
        prove(token, $"{token}.{Thumbprint()}");
        try
        {
            await PostAsync(Address(challenge, "url"), [], cancel);
            await UntilAsync(url, "valid", cancel);
        }
        finally
        {
            prove(token, null);
        }
    }

    async Task<JsonObject> UntilAsync(string url, string status, CancellationToken cancel)
    {
        for (int i = 0; i < Patience; i++)
        {
            using HttpResponseMessage answer = await SendAsync(url, null, cancel);
            TimeSpan pause = Pause(answer);
            JsonObject got = await ReadAsync(answer, cancel);
            string now = Text(got, "status");
            if (now == status) return got;
            if (now == "invalid")
            {
                // Why stands in the order, or in the challenge that failed.
                JsonObject? error = got["error"] as JsonObject ?? (got["challenges"] as JsonArray)?.OfType<JsonObject>().Select(c => c["error"]).OfType<JsonObject>().FirstOrDefault();
                throw new AcmeException(error is null ? "invalid" : Text(error, "type"));
            }
            await Task.Delay(pause, _clock, cancel);
        }
        throw new AcmeException("no answer in time");
    }

    static TimeSpan Pause(HttpResponseMessage answer) => TimeSpan.FromSeconds(Math.Clamp(answer.Headers.RetryAfter?.Delta?.TotalSeconds ?? 1, 0.2, 30));

    async Task<(JsonObject Body, string? Location)> PostAsync(string url, JsonObject? body, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await SendAsync(url, body, cancel);
        return (await ReadAsync(answer, cancel), answer.Headers.Location is { } location ? Secure(location).ToString() : null);
    }

    // A signed call (§6.2); no body asks (§6.3).
    async Task<HttpResponseMessage> SendAsync(string url, JsonObject? body, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            _nonce ??= await NonceAsync(cancel);
            JsonObject head = new() { ["alg"] = "ES256", ["nonce"] = _nonce, ["url"] = url };
            if (_accountUrl is null) head["jwk"] = JsonNode.Parse(PublicKey());
            else head["kid"] = _accountUrl;
            string protectedPart = Base64Url(Encoding.UTF8.GetBytes(head.ToJsonString())), payload = body is null ? "" : Base64Url(Encoding.UTF8.GetBytes(body.ToJsonString()));
            byte[] signature = _account.SignData(Encoding.ASCII.GetBytes($"{protectedPart}.{payload}"), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            JsonObject call = new() { ["protected"] = protectedPart, ["payload"] = payload, ["signature"] = Base64Url(signature) };
            using ByteArrayContent content = new(Encoding.UTF8.GetBytes(call.ToJsonString()));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
            HttpResponseMessage answer = await _http.PostAsync(new Uri(url), content, cancel);
            _nonce = answer.Headers.TryGetValues("Replay-Nonce", out IEnumerable<string>? nonces) ? nonces.First() : null;
            if (answer.IsSuccessStatusCode) return answer;
            using (answer)
            {
                string type = await ProblemAsync(answer, cancel);
                if (type != "urn:ietf:params:acme:error:badNonce" || attempt == Attempts) throw new AcmeException(type);
            }
        }
    }

    async Task<string> NonceAsync(CancellationToken cancel)
    {
        using HttpRequestMessage request = new(HttpMethod.Head, Address(_resources, "newNonce"));
        using HttpResponseMessage answer = await _http.SendAsync(request, cancel);
        return answer.Headers.TryGetValues("Replay-Nonce", out IEnumerable<string>? nonces) ? nonces.First() : throw Strange();
    }

    static async Task<string> ProblemAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel)) is JsonObject problem && problem["type"] is JsonValue type ? type.ToString() : $"{(int)answer.StatusCode}";
        }
        catch (JsonException)
        {
            return $"{(int)answer.StatusCode}";
        }
    }

    static async Task<JsonObject> ReadAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        if (!answer.IsSuccessStatusCode) throw new AcmeException($"{(int)answer.StatusCode}");
        try
        {
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel)) as JsonObject ?? throw Strange();
        }
        catch (JsonException)
        {
            throw Strange();
        }
    }

    static byte[] Request(string name, ECDsa key)
    {
        CertificateRequest request = new(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }

    // As RFC 7638 orders it, so that its hash is the thumbprint.
    string PublicKey()
    {
        ECPoint point = _account.ExportParameters(includePrivateParameters: false).Q;
        return $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url(point.X!)}}","y":"{{Base64Url(point.Y!)}}"}""";
    }

    string Thumbprint() => Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(PublicKey())));

    static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    static string Text(JsonObject from, string name) => from[name] is JsonValue value && value.TryGetValue(out string? text) ? text : throw Strange();

    static string Address(JsonObject from, string name) => AddressOf(from[name]);

    static string AddressOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out string? text) && Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) ? Secure(uri).ToString() : throw Strange();

    static Uri Secure(Uri uri) => uri.IsAbsoluteUri && uri.Scheme == Uri.UriSchemeHttps ? uri : throw Strange();

    static AcmeException Strange() => new("not to be understood");
}

/// <summary>The authority gave no certificate.</summary>
/// <param name="type">Its error's type (RFC 8555 §6.7), without the words, which name addresses.</param>
internal sealed class AcmeException(string type) : Exception(type)
{
    const string Prefix = "urn:ietf:params:acme:error:";

    /// <summary>The error, and what to look at.</summary>
    public string Advice { get; } = (type.StartsWith(Prefix, StringComparison.Ordinal) ? type[Prefix.Length..] : type) switch
    {
        "dns" => "dns: the name leads nowhere yet",
        "connection" => "connection: port 80 of the name is not to be reached from outside",
        "unauthorized" or "incorrectResponse" => "unauthorized: somebody else answers at the name's port 80",
        "rateLimited" => "rateLimited: the authority was asked too often for this name",
        "caa" => "caa: the name's CAA record does not allow this authority",
        { Length: <= 64 } other when other.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-') => other,
        _ => "an unknown error",
    };
}
