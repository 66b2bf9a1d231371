using System.Globalization;
using System.Net;
using System.Text.Json;
using Kavalek.Auth;

namespace Kavalek.Host;

/// <summary>The settings of a server: from the command line, then the environment (<c>KAVALEK_*</c>), then <c>DATA/kavalek.json</c>.</summary>
public sealed record ServerOptions
{
    /// <summary>The folder of databases and keys; <c>data</c> by default.</summary>
    public string Data { get; init; } = "data";

    /// <summary>Where PostgreSQL is, as a connection string; <c>null</c> for SQLite files in the data folder. Read from the file of <c>--connection-file</c>.</summary>
    public string? Postgres { get; init; }

    /// <summary>Where Redis is, which nodes of one instance share; <c>null</c> where this process is the only one. Read from the file of <c>--redis-file</c>.</summary>
    public string? Redis { get; init; }

    /// <summary>Where a delivery service alone finds the authentication service.</summary>
    public string? AuthUrl { get; init; }

    /// <summary>Addresses of the page for Prometheus, separated by semicolons; none by default. For an inner network, or this machine: nobody is asked for a token.</summary>
    public string? MetricsUrls { get; init; }

    /// <summary>Addresses to listen on, separated by semicolons; <c>http://127.0.0.1:8080</c> by default.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>Where people reach the instance, for links and for the check of <c>Origin</c>; the first address by default.</summary>
    public string? Origin { get; init; }

    /// <summary>Who may register; by invite only, unless said otherwise.</summary>
    public RegistrationPolicy Registration { get; init; } = RegistrationPolicy.Invite;

    /// <summary>What the owner calls the instance; 1 to 64 characters.</summary>
    public string Name { get; init; } = "Kavalek";

    /// <summary>Whether this process is the authentication service.</summary>
    public bool Auth { get; init; } = true;

    /// <summary>Whether this process is the delivery service.</summary>
    public bool Messaging { get; init; } = true;

    /// <summary>The least important line that is logged; <c>Information</c> by default.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Whether a proxy in front ends TLS and says whom it speaks for (<c>X-Forwarded-For</c>).</summary>
    public bool BehindProxy { get; init; }

    /// <summary>Whom to believe that: addresses or networks; loopback by default.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>PEM file of the certificate chain for <c>https</c> addresses.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file of its private key.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>The host name for which the server gets and renews a certificate by itself (ACME); <c>null</c> where it has one, or a proxy does.</summary>
    public string? TlsName { get; init; }

    /// <summary>The directory of the authority that gives it; Let's Encrypt's by default.</summary>
    public string AcmeUrl { get; init; } = "https://acme-v02.api.letsencrypt.org/directory";

    /// <summary>How the authority is reached, for tests, whose authority nobody trusts. Not on the command line.</summary>
    internal HttpMessageHandler? AcmeHandler { get; init; }

    /// <summary>Whether OpenAPI is served, for developers.</summary>
    public bool Development { get; init; }

    /// <summary>The base-2 logarithm of bcrypt's rounds: 10 to 12.</summary>
    public int BcryptCost { get; init; } = 10;

    /// <summary>Multiplies every rate of docs/PROTOCOL.md §9; 1 by default.</summary>
    public int RateFactor { get; init; } = 1;

    /// <summary>How long the delivery service collects acknowledgements before it writes them; 50 ms. Not on the command line: zero makes runs repeatable.</summary>
    public TimeSpan AcksWait { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Seconds that messages may be set to live, at least; 0 for none.</summary>
    public int TimerFloor { get; init; }

    /// <summary>Seconds after which every message ends at the latest; 0 for none.</summary>
    public int TimerCeiling { get; init; }

    /// <summary>MiB that an account's archive may take; 1,024 by default.</summary>
    public int ArchiveQuota { get; init; } = 1_024;

    /// <summary>Hosts of push services that devices may be woken through; those of the known browsers by default, none to switch push off.</summary>
    public IReadOnlyList<string> PushServices { get; init; } = Kavalek.Messaging.MessagingOptions.KnownPushServices;

    /// <summary>An origin on 127.0.0.1 that counts as a push service, for tests: with <c>--environment Development</c> only.</summary>
    public Uri? PushLoopback { get; init; }

    /// <summary>The folder that a running server makes backups in; <c>null</c> for none.</summary>
    public string? BackupTo { get; init; }

    /// <summary>The file of the key that seals them: 32 random bytes.</summary>
    public string? BackupKeyFile { get; init; }

    /// <summary>Seconds from one to the next: a minute to 30 days, a day by default.</summary>
    public int BackupEvery { get; init; } = 86_400;

    /// <summary>How many stay; 14 by default.</summary>
    public int BackupKeep { get; init; } = 14;

    /// <summary>Bytes of the disk that backups and restores, like messages, leave free; 256 MiB. Not on the command line.</summary>
    internal long DiskReserveBytes { get; init; } = 256L << 20;

    /// <summary>The data folder of messaging nodes that run beside, where it is another one than <see cref="Data"/>: backups hold its keys and attachments too.</summary>
    public string? MessagingData { get; init; }

    /// <summary>The way to a mail server; <c>null</c> where there is none.</summary>
    public MailOptions? Mail { get; init; }

    /// <summary>MiB of one attachment; 256 by default.</summary>
    public int AttachmentSize { get; init; } = 256;

    /// <summary>MiB that an account's attachments may take; 4,096 by default.</summary>
    public int AttachmentQuota { get; init; } = 4_096;

    /// <summary>MiB of attachments that an account may send in a day; 2,048 by default.</summary>
    public int AttachmentDaily { get; init; } = 2_048;

    /// <summary>MiB that all attachments may take; 32,768 by default.</summary>
    public int AttachmentTotal { get; init; } = 32_768;

    /// <summary>The folder of the web app; by default <c>web</c> beside the program. Where there is none, a page says what this is.</summary>
    public string Web { get; init; } = Path.Combine(AppContext.BaseDirectory, "web");

    /// <summary>What <c>--help</c> prints.</summary>
    public const string Help = """
        Kavalek.Host, the server of a Kavalek instance

        Kavalek.Host [options]                start
        Kavalek.Host healthcheck [options]    ask the server at --urls whether it lives; exit code 0 or 1
        Kavalek.Host backup --to PLACE KEY [--keep N] [--overwrite] [options]
                                              one encrypted file of databases, keys and attachments, while the server runs;
                                              PLACE is a folder, a file or - (standard output); --keep deletes from a folder until N are left:
                                              first of those that lie closer together than --backup-every, then the oldest
        Kavalek.Host restore --from FILE KEY [--overwrite] [options]
                                              puts it back into an empty --data; --overwrite puts aside what is there
                                              KEY is --key-file FILE (openssl rand -base64 32 makes one) or --password-file FILE

          --data DIR               databases and keys (data)
          --messaging-data DIR     for backup and restore where auth and messaging run apart: the data folder of the messaging nodes (--data)
          --database KIND          sqlite, in the data folder, or postgres (sqlite)
          --connection-file FILE   for postgres: holds Host=...;Database=...;Username=...;Password=...
          --redis-file FILE        where there are several nodes: holds redis://user:password@host:6379 (rediss:// for TLS)
          --auth-url URL           for --roles messaging: where the authentication service is, e.g. http://auth:8080
          --metrics-urls URLS      where Prometheus finds /metrics, e.g. http://127.0.0.1:9464 (nowhere)
          --urls URLS              where to listen, separated by ; (http://127.0.0.1:8080)
          --origin URL             where people reach it, e.g. https://chat.example (the first of --urls)
          --registration KIND      invite or open (invite)
          --name NAME              what the instance is called (Kavalek)
          --roles ROLES            auth, messaging or both (auth,messaging)
          --log-level LEVEL        Trace, Debug, Information, Warning, Error (Information)
          --behind-proxy           a proxy ends TLS: plain HTTP is allowed on any address
          --trusted-proxies LIST   whose X-Forwarded-For to believe, addresses or networks separated by , (loopback)
          --certificate FILE       PEM certificate chain for https:// addresses
          --certificate-key FILE   PEM private key for it
          --tls-name NAME          get and renew a certificate for this host name (Let's Encrypt, whose terms you agree to by this):
                                   the https:// address of --urls is its port 443, the http:// address its port 80
          --acme-url URL           the directory of another authority that speaks ACME
          --bcrypt-cost N          10 to 12 (10)
          --rate-factor N          multiplies every rate limit (1)
          --archive-quota MIB      what the encrypted history of an account may take (1024)
          --attachment-size MIB    how large a file may be (256)
          --attachment-quota MIB   what an account's files may take (4096)
          --attachment-daily MIB   what an account may send of files in a day (2048)
          --attachment-total MIB   what all files may take (32768)
          --timer-floor TIME       what messages may be set to live at least: 30s, 5m, 12h, 7d, or off (off)
          --timer-ceiling TIME     what messages live at most, whatever is set; clients keep to both (off)
          --push-services LIST     push services that browsers may be woken through, hosts separated by , ("*." for all below), or off (the known ones)
          --backup-to DIR          make a backup here regularly (none)
          --backup-key-file FILE   the key that seals them; keep it elsewhere too
          --backup-every TIME      30m, 12h, 1d (1d)
          --backup-keep N          how many stay (14); of many in a short time some go first, else the oldest
          --mail SERVER            a mail server, e.g. mail.example:587, that tells people when somebody registers with their address (none)
          --mail-from ADDRESS      whom its letters are from
          --mail-user NAME         where the mail server wants to know who sends
          --mail-password FILE     likewise: the file with the password
          --web DIR                the built web app (web, beside the program)
          --environment NAME       Development serves /openapi/v1.json (Production)

        Each is also an environment variable (--log-level is KAVALEK_LOG_LEVEL) and a member of DATA/kavalek.json
        ("log-level"); the command line wins over the environment, and that over the file.
        """;

    static readonly string[] Names =
    [
        "data", "database", "connection-file", "redis-file", "auth-url", "metrics-urls", "urls", "origin", "registration", "name", "roles", "log-level", "behind-proxy", "trusted-proxies", "certificate",
        "certificate-key", "tls-name", "acme-url", "bcrypt-cost", "rate-factor", "environment", "timer-floor", "timer-ceiling", "archive-quota", "push-services", "web",
        "backup-to", "backup-key-file", "backup-every", "backup-keep", "messaging-data",
        "mail", "mail-from", "mail-user", "mail-password",
        "attachment-size", "attachment-quota", "attachment-daily", "attachment-total",
    ];

    /// <summary>Reads the settings of this process.</summary>
    /// <exception cref="InvalidOperationException">An option is unknown or has no such value; the message says which and what is allowed.</exception>
    public static ServerOptions Read(string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        Dictionary<string, string> given = FromArguments(arguments);
        foreach ((string name, string value) in FromEnvironment()) given.TryAdd(name, value);
        foreach ((string name, string value) in FromFile(Path.Combine(given.GetValueOrDefault("data", "data"), "kavalek.json"))) given.TryAdd(name, value);
        ServerOptions options = From(given);
        options.Validate();
        return options;
    }

    static ServerOptions From(Dictionary<string, string> given)
    {
        ServerOptions defaults = new();
        string? Text(string name) => given.GetValueOrDefault(name);
        string[] roles = List(Text("roles") ?? "auth,messaging");
        if (roles.Length == 0 || roles.Except(["auth", "messaging"]).Any()) throw Wrong("roles", "auth, messaging or auth,messaging");
        return defaults with
        {
            Data = Text("data") ?? defaults.Data,
            Postgres = Connection(Text("database"), Text("connection-file")),
            Redis = Text("redis-file") is { } redis ? File.ReadAllText(redis).Trim() : null,
            AuthUrl = Text("auth-url"),
            MetricsUrls = Text("metrics-urls"),
            Urls = Text("urls") ?? defaults.Urls,
            Origin = Text("origin") ?? (Text("tls-name") is { } tlsName ? $"https://{tlsName}" : null),
            Registration = Text("registration") switch
            {
                null or "invite" => RegistrationPolicy.Invite,
                "open" => RegistrationPolicy.Open,
                _ => throw Wrong("registration", "invite or open"),
            },
            Name = Text("name") ?? defaults.Name,
            Auth = roles.Contains("auth"),
            Messaging = roles.Contains("messaging"),
            LogLevel = Text("log-level") is not { } level ? defaults.LogLevel
                : Enum.TryParse(level, ignoreCase: true, out LogLevel parsed) && Enum.IsDefined(parsed) && !char.IsAsciiDigit(level[0]) ? parsed
                : throw Wrong("log-level", "Trace, Debug, Information, Warning or Error"),
            BehindProxy = Switch(Text("behind-proxy"), "behind-proxy"),
            TrustedProxies = Text("trusted-proxies") is { } proxies ? [.. List(proxies).Select(Network)] : defaults.TrustedProxies,
            Certificate = Text("certificate"),
            CertificateKey = Text("certificate-key"),
            TlsName = Text("tls-name"),
            AcmeUrl = Text("acme-url") ?? defaults.AcmeUrl,
            Development = Text("environment") switch
            {
                null or "Production" => false,
                "Development" => true,
                _ => throw Wrong("environment", "Production or Development"),
            },
            BcryptCost = Number(Text("bcrypt-cost"), "bcrypt-cost") ?? defaults.BcryptCost,
            RateFactor = Number(Text("rate-factor"), "rate-factor") ?? defaults.RateFactor,
            ArchiveQuota = Number(Text("archive-quota"), "archive-quota") ?? defaults.ArchiveQuota,
            PushServices = Text("push-services") switch
            {
                null => defaults.PushServices,
                "off" => [],
                { } hosts => [.. List(hosts).Where(host => !IsLoopbackOrigin(host)).Select(PushHost)],
            },
            PushLoopback = List(Text("push-services") ?? "").Where(IsLoopbackOrigin).Select(origin => new Uri(origin)).FirstOrDefault(),
            AttachmentSize = Number(Text("attachment-size"), "attachment-size") ?? defaults.AttachmentSize,
            AttachmentQuota = Number(Text("attachment-quota"), "attachment-quota") ?? defaults.AttachmentQuota,
            AttachmentDaily = Number(Text("attachment-daily"), "attachment-daily") ?? defaults.AttachmentDaily,
            AttachmentTotal = Number(Text("attachment-total"), "attachment-total") ?? defaults.AttachmentTotal,
            Web = Text("web") ?? defaults.Web,
            BackupTo = Text("backup-to"),
            MessagingData = Text("messaging-data"),
            BackupKeyFile = Text("backup-key-file"),
            BackupEvery = Text("backup-every") is { } every ? Seconds(every, "backup-every") : defaults.BackupEvery,
            BackupKeep = Number(Text("backup-keep"), "backup-keep") ?? defaults.BackupKeep,
            Mail = Text("mail") is { } mail ? MailOf(mail, Text("mail-from"), Text("mail-user"), Text("mail-password")) : null,
            TimerFloor = Seconds(Text("timer-floor"), "timer-floor"),
            TimerCeiling = Seconds(Text("timer-ceiling"), "timer-ceiling"),
        };
    }

    /// <summary>Refuses what would be unsafe to run.</summary>
    /// <exception cref="InvalidOperationException">What, and what to do instead.</exception>
    internal void Validate()
    {
        if (!Auth && (Postgres is null || Redis is null || !Uri.TryCreate(AuthUrl, UriKind.Absolute, out Uri? auth) || auth.Scheme is not ("http" or "https")))
        {
            throw new InvalidOperationException("--roles messaging needs --database postgres, --redis-file, and --auth-url like http://auth:8080.");
        }
        if (Redis is not null)
        {
            if (Postgres is null) throw new InvalidOperationException("--redis-file goes with --database postgres: nodes share both.");
            RedisAddress.Parse(Redis);
        }
        if (MessagingData is not null && (DataFolder.IsInside(Data, MessagingData) || DataFolder.IsInside(MessagingData, Data))) throw Wrong("messaging-data", "a folder beside --data");
        if (BackupTo is not null)
        {
            if (BackupEvery is < 60 or > 30 * 86_400) throw Wrong("backup-every", "a minute to 30 days");
            if (BackupKeep < 1) throw Wrong("backup-keep", "1 or more");
            DataFolder.RequireOutside(Data, BackupTo);
            if (MessagingData is not null) DataFolder.RequireOutside(MessagingData, BackupTo);
            // Wrong keys are told now, not when the first backup is due.
            BackupKey.Read(BackupKeyFile, null);
        }
        if (TlsName is not null) ValidateTlsName(TlsName);
        foreach (string url in UrlList)
        {
            BindingAddress address = Parse(url);
            if (address.Scheme == Uri.UriSchemeHttps && TlsName is null && (Certificate is null || CertificateKey is null))
            {
                throw new InvalidOperationException($"{url} needs --certificate and --certificate-key, or --tls-name.");
            }
            // With --tls-name a plain address sends everybody to TLS.
            if (address.Scheme == Uri.UriSchemeHttp && !BehindProxy && TlsName is null && !IsLoopback(address))
            {
                throw new InvalidOperationException(
                    $"{url} would send passwords and tokens in plain HTTP over the network. Give --certificate, or --behind-proxy where a proxy ends TLS.");
            }
        }
        if (PushLoopback is not null && !Development)
            throw Wrong("push-services", "hosts; an address of this machine is for tests, with --environment Development");
        if (Origin is not null
            && (!Uri.TryCreate(Origin, UriKind.Absolute, out Uri? origin) || origin.Scheme is not ("http" or "https") || origin.GetLeftPart(UriPartial.Authority) != Origin))
        {
            throw Wrong("origin", "like https://chat.example, without a path");
        }
    }

    void ValidateTlsName(string name)
    {
        if (Uri.CheckHostName(name) != UriHostNameType.Dns || !name.Contains('.', StringComparison.Ordinal)) throw Wrong("tls-name", "a host name like chat.example");
        if (BehindProxy || Certificate is not null) throw new InvalidOperationException("--tls-name goes with neither --behind-proxy nor --certificate: one of them has the certificate.");
        string[] schemes = [.. UrlList.Select(url => Parse(url).Scheme).Distinct()];
        if (schemes.Length != 2) throw new InvalidOperationException("--tls-name needs two addresses in --urls, like https://+:443;http://+:80.");
        if (!Uri.TryCreate(AcmeUrl, UriKind.Absolute, out Uri? authority) || authority.Scheme != Uri.UriSchemeHttps) throw Wrong("acme-url", "an https address");
    }

    internal string[] UrlList => Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static BindingAddress Parse(string url)
    {
        try
        {
            return BindingAddress.Parse(url) is { Scheme: "http" or "https" } address ? address : throw Wrong("urls", "http or https addresses");
        }
        catch (FormatException)
        {
            throw Wrong("urls", "addresses like http://127.0.0.1:8080");
        }
    }

    static bool IsLoopback(BindingAddress address) =>
        address.IsUnixPipe || address.Host == "localhost"
        || (IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));

    static Dictionary<string, string> FromArguments(string[] arguments)
    {
        Dictionary<string, string> given = [];
        for (int i = 0; i < arguments.Length; i++)
        {
            string[] parts = arguments[i].Split('=', 2);
            string name = parts[0].StartsWith("--", StringComparison.Ordinal) ? parts[0][2..] : "";
            if (!Names.Contains(name)) throw new InvalidOperationException($"unknown option '{parts[0]}'; see --help");
            string value = parts.Length == 2 ? parts[1]
                : name == "behind-proxy" ? "true"
                : i + 1 < arguments.Length ? arguments[++i]
                : throw new InvalidOperationException($"--{name} needs a value; see --help");
            if (!given.TryAdd(name, value)) throw new InvalidOperationException($"--{name} is given twice");
        }
        return given;
    }

    static IEnumerable<(string, string)> FromEnvironment() =>
        from name in Names
        let value = Environment.GetEnvironmentVariable($"KAVALEK_{name.Replace('-', '_').ToUpperInvariant()}")
        where !string.IsNullOrEmpty(value)
        select (name, value);

    static List<(string, string)> FromFile(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            List<(string, string)> given = [];
            foreach (JsonProperty member in json.RootElement.EnumerateObject())
            {
                if (!Names.Contains(member.Name) || member.Name == "data") throw new InvalidOperationException($"{path}: unknown setting '{member.Name}'");
                given.Add((member.Name, member.Value.ValueKind is JsonValueKind.True ? "true" : member.Value.ValueKind is JsonValueKind.False ? "false" : member.Value.ToString()));
            }
            return given;
        }
        catch (JsonException)
        {
            throw new InvalidOperationException($"{path} is not JSON.");
        }
    }

    // A secret is a file: what is on a command line or in the environment is seen by others.
    static string? Connection(string? database, string? file)
    {
        switch (database)
        {
            case null or "sqlite":
                return file is null ? null : throw new InvalidOperationException("--connection-file goes with --database postgres.");
            case "postgres":
                if (file is null) throw new InvalidOperationException("--database postgres needs --connection-file.");
                string connection = File.ReadAllText(file).Trim();
                return connection.Length > 0 ? connection : throw new InvalidOperationException($"{file} is empty.");
            default:
                throw Wrong("database", "sqlite or postgres");
        }
    }

    static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static bool Switch(string? text, string name) => text switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Wrong(name, "true or false"),
    };

    static int? Number(string? text, string name) =>
        text is null ? null : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw Wrong(name, "a number");

    static int Seconds(string? text, string name)
    {
        if (text is null or "" or "off") return 0;
        int unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => throw Wrong(name, "a time like 30s, 5m, 12h or 7d, or off") };
        return Number(text[..^1], name) is { } count && count <= int.MaxValue / unit ? count * unit : throw Wrong(name, "a time like 30s, 5m, 12h or 7d, or off");
    }

    static bool IsLoopbackOrigin(string text) => text.StartsWith("http://127.0.0.1:", StringComparison.Ordinal);

    static string PushHost(string text) =>
        Uri.CheckHostName(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) == UriHostNameType.Dns && text.Contains('.', StringComparison.Ordinal)
            ? text
            : throw Wrong("push-services", "hosts like push.example or *.push.example, or off");

    static MailOptions MailOf(string server, string? from, string? user, string? passwordFile)
    {
        int colon = server.LastIndexOf(':');
        string host = colon < 0 ? server : server[..colon];
        int port = colon < 0 ? 587 : Number(server[(colon + 1)..], "mail") ?? 0;
        if (host.Length == 0 || port is < 1 or > 65_535) throw Wrong("mail", "a server like mail.example:587");
        if (from is null || !System.Net.Mail.MailAddress.TryCreate(from, out _)) throw Wrong("mail-from", "an address, where there is --mail");
        if (user is null != passwordFile is null) throw Wrong("mail-password", "a file, where there is --mail-user");
        return new MailOptions(host, port, from, user, passwordFile is null ? null : File.ReadAllText(passwordFile).Trim());
    }

    static IPNetwork Network(string text) =>
        IPNetwork.TryParse(text, out IPNetwork network) ? network
        : IPAddress.TryParse(text, out IPAddress? address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw Wrong("trusted-proxies", "addresses like 10.0.0.2 or networks like 10.0.0.0/24");

    static InvalidOperationException Wrong(string name, string allowed) => new($"--{name} is {allowed}; see --help");
}
