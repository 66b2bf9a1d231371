using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kavalek.Host;

/// <summary>
/// Keeps a certificate for the instance's name (<c>--tls-name</c>): asks for it, stores it in <c>DATA/certificates</c>, and asks again when a third of its life is left.
/// Until there is one, the server shows one of its own, which nobody trusts.
/// </summary>
internal sealed class CertificateKeeper : IAsyncDisposable
{
    const string ProofPath = "/.well-known/acme-challenge/";

    // Authorities bear few failures for one name in an hour: this asks at the start, after 1, 6 and 36 minutes, then each half hour.
    static readonly TimeSpan[] s_pauses = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30)];
    static readonly TimeSpan s_shortest = TimeSpan.FromMinutes(10), s_longest = TimeSpan.FromHours(12);

    readonly string _folder, _name;
    readonly Uri _authority;
    readonly HttpMessageHandler? _handler;
    readonly TimeProvider _clock;
    readonly ConcurrentDictionary<string, string> _proofs = new(StringComparer.Ordinal);
    readonly CancellationTokenSource _stopping = new();
    Task _keeping = Task.CompletedTask;
    bool _isCertified;

    /// <param name="options">With a name.</param>
    /// <param name="clock">The time.</param>
    public CertificateKeeper(ServerOptions options, TimeProvider clock)
    {
        (_folder, _name, _authority, _handler, _clock) = (Path.Combine(options.Data, DataFolder.Certificates), options.TlsName!, new Uri(options.AcmeUrl), options.AcmeHandler, clock);
        Shown = Stored() ?? ServerCertificate.OfItself(_name, clock.GetUtcNow());
    }

    /// <summary>What the server shows.</summary>
    public ServerCertificate Shown { get; }

    /// <summary>Where the answer to an authority's question is plain text: the path and the text. Everybody else is sent to TLS.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        string path = http.Request.Path.Value ?? "/";
        if (path.StartsWith(ProofPath, StringComparison.Ordinal) && _proofs.TryGetValue(path[ProofPath.Length..], out string? proof))
        {
            await http.Response.WriteAsync(proof, http.RequestAborted);
            return;
        }
        // To the instance's own name, never to what was asked for in Host.
        http.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        http.Response.Headers.Location = $"https://{_name}{http.Request.Path.ToUriComponent()}{http.Request.QueryString.ToUriComponent()}";
    }

    /// <summary>Begins to ask; the server listens already.</summary>
    public void Begin(ILogger log) => _keeping = Task.Run(() => KeepAsync(log));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    async Task KeepAsync(ILogger log)
    {
        for (int failures = 0; ;)
        {
            TimeSpan left = _isCertified ? RenewAt(Shown.Certificate) - _clock.GetUtcNow() : TimeSpan.Zero;
            if (left <= TimeSpan.Zero)
            {
                try
                {
                    await CertifyAsync();
                    failures = 0;
                    log.LogInformation("a certificate until {Day:yyyy-MM-dd}", Shown.Certificate.NotAfter.ToUniversalTime());
                    // A clock that is wrong must not make it ask without end.
                    left = RenewAt(Shown.Certificate) - _clock.GetUtcNow();
                    if (left < s_shortest) left = s_shortest;
                }
                catch (Exception e) when (!_stopping.IsCancellationRequested)
                {
                    // Whatever it was: a server that stops asking is without a certificate one day.
                    log.LogWarning("no certificate: {Reason}", e is AcmeException refused ? refused.Advice : e is HttpRequestException or TaskCanceledException ? "the authority is not to be reached" : e.GetType().Name);
                    left = s_pauses[Math.Min(failures++, s_pauses.Length - 1)];
                }
            }
            // Up to the next second: what is left of one at the end would be no wait at all, again and again.
            await Task.Delay(TimeSpan.FromSeconds(Math.Ceiling(Math.Min(left.TotalSeconds, s_longest.TotalSeconds))), _clock, _stopping.Token);
        }
    }

    async Task CertifyAsync()
    {
        DataFolder.Make(_folder);
        using ECDsa account = Account(), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using AcmeClient acme = new(_authority, account, _clock, _handler);
        string chain = await acme.CertifyAsync(_name, key, (token, proof) =>
        {
            if (proof is null) _proofs.TryRemove(token, out _);
            else _proofs[token] = proof;
        }, _stopping.Token);
        string secret = key.ExportPkcs8PrivateKeyPem();
        // Only what was asked for: a certificate for another name or key would lock everybody out.
        if (!ServerCertificate.FromPem(chain, secret).Certificate.MatchesHostname(_name)) throw new AcmeException("not to be understood");
        // One file, so that the two never come apart.
        Write(StoredFile, $"{chain.TrimEnd()}\n{secret}\n");
        Shown.Replace(chain, secret);
        _isCertified = true;
    }

    ServerCertificate? Stored()
    {
        if (!File.Exists(StoredFile)) return null;
        try
        {
            string pem = File.ReadAllText(StoredFile);
            ServerCertificate stored = ServerCertificate.FromPem(pem, pem);
            _isCertified = stored.Certificate.MatchesHostname(_name) && stored.Certificate.NotAfter.ToUniversalTime() > _clock.GetUtcNow().UtcDateTime;
            return _isCertified ? stored : null;
        }
        catch (CryptographicException)
        {
            // What cannot be read is asked for anew.
            return null;
        }
    }

    ECDsa Account()
    {
        string path = Path.Combine(_folder, "account.pem");
        ECDsa account = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(path)) account.ImportFromPem(File.ReadAllText(path));
        else Write(path, $"{account.ExportPkcs8PrivateKeyPem()}\n");
        return account;
    }

    string StoredFile => Path.Combine(_folder, "current.pem");

    static DateTimeOffset RenewAt(X509Certificate2 certificate)
    {
        DateTime from = certificate.NotBefore.ToUniversalTime(), until = certificate.NotAfter.ToUniversalTime();
        return new DateTimeOffset(until - ((until - from) / 3));
    }

    static void Write(string path, string text)
    {
        string fresh = $"{path}.new";
        File.Delete(fresh);
        using (FileStream file = new(fresh, Backup.Private(FileMode.CreateNew)))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
    }
}
