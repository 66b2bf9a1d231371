using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kavalek.Host;

/// <summary>What the server shows who it is with: a certificate with its chain, which may be replaced while connections go on.</summary>
internal sealed class ServerCertificate
{
    volatile SslStreamCertificateContext _context;

    ServerCertificate(SslStreamCertificateContext context) => _context = context;

    /// <summary>For the next connection.</summary>
    public SslStreamCertificateContext Context => _context;

    /// <summary>The certificate itself.</summary>
    public X509Certificate2 Certificate => _context.TargetCertificate;

    /// <summary>The next connections are shown another one.</summary>
    public void Replace(string chain, string key) => _context = Load(chain, key);

    /// <summary>Reads PEM files, as certbot makes them.</summary>
    /// <exception cref="InvalidOperationException">They hold no certificate and its key.</exception>
    public static ServerCertificate FromFiles(string chain, string key)
    {
        try
        {
            return FromPem(File.ReadAllText(chain), File.ReadAllText(key));
        }
        catch (CryptographicException)
        {
            throw new InvalidOperationException($"{chain} and {key} are not a certificate and its key, in PEM.");
        }
    }

    /// <summary>Reads PEM.</summary>
    /// <exception cref="CryptographicException">It is no certificate, or the key belongs to another one.</exception>
    public static ServerCertificate FromPem(string chain, string key) => new(Load(chain, key));

    /// <summary>One that nobody trusts, for the time until there is another.</summary>
    public static ServerCertificate OfItself(string name, DateTimeOffset now)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(365));
        return FromPem(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    static SslStreamCertificateContext Load(string chain, string key)
    {
        // The first is the server's own; the rest leads from it to what clients trust. They are sent as they stand, nothing is fetched.
        X509Certificate2Collection all = [];
        all.ImportFromPem(chain);
        if (all.Count == 0) throw new CryptographicException("no certificate");
        using X509Certificate2 whole = X509Certificate2.CreateFromPem(chain, key);
        // A key that is only in memory does not serve TLS on every platform.
        X509Certificate2 own = X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
        all.RemoveAt(0);
        return SslStreamCertificateContext.Create(own, all, offline: true);
    }
}
