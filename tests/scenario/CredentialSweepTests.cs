using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Kavalek.Scenario.Tests;

/// <summary>What a thief of database or logs can do with them: nothing. The server logs at its most verbose level, in good times and bad ones.</summary>
public sealed class CredentialSweepTests : IAsyncLifetime
{
    // A source of its own, so that it is not the address the server says it listens at.
    const string Source = "127.0.0.77";

    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-credentials-").FullName;
    readonly Canary _userAgent = Canary.In("a user agent");
    ServerProcess _server = null!;
    HttpClient _http = null!;
    Id _instance;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"), "--log-level", "Trace", "--rate-factor", "1000");
        _http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync, UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = _server.Origin };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(_userAgent.Text);
        _instance = JsonSerializer.Deserialize(await _http.GetStringAsync(new Uri("/auth/v1/instance", UriKind.Relative), Cancel), AuthJson.Default.InstanceInfo)!.Id;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // K-08, K-14, K-61, K-62
    [Fact]
    public async Task No_stored_value_is_a_credential_and_no_log_says_who_did_what_from_where()
    {
        using TestDevice owner = TestDevice.New(_http, _instance);
        Assert.Equal(HttpStatusCode.Accepted, (await owner.RegisterAsync(owner.Registration(_server.SetupSecret))).StatusCode);
        await owner.LogInAsync();
        await owner.PublishKeyPackagesAsync(2, lastResort: true);
        using HttpResponseMessage created = await owner.PostAsync("/auth/v1/invites", new CreateInvite(1, 3600), AuthJson.Default.CreateInvite, owner.Session!.AuthToken);
        string invite = JsonSerializer.Deserialize(await created.Content.ReadAsStringAsync(Cancel), AuthJson.Default.CreatedInvite)!.Secret;
        string reused = owner.Session.RefreshToken;
        await owner.RefreshAsync();
        await owner.RefreshAsync();
        await StatusAsync(owner.TryRefreshAsync(reused)); // logged: a used token came back
        await owner.LogInAsync();
        Session session = owner.Session;

        await MisbehaveAsync(owner);
        await _server.KillAsync();
        string firstLife = _server.Output;
        Canary[] secrets =
        [
            Canary.Of("an access token", session.AuthToken), Canary.Of("a messaging token", session.MessagingToken), Canary.Of("a refresh token", session.RefreshToken),
            Canary.Of("a refresh token's bytes", Base64Url.DecodeFromChars(session.RefreshToken)[16..]), Canary.Of("an invite", invite),
            Canary.Of("an invite's bytes", Base64Url.DecodeFromChars(invite)), Canary.Of("a set-up secret's bytes", Base64Url.DecodeFromChars(_server.SetupSecret)),
            Canary.Of("an auth secret", owner.AuthSecret), Canary.Of("an e-mail address", owner.Email),
        ];
        foreach (string file in Directory.GetFiles(_server.Data, "*.db*", SearchOption.AllDirectories))
        {
            byte[] content = await File.ReadAllBytesAsync(file, Cancel);
            Assert.All(secrets, secret => Assert.True(!secret.FoundIn(content).Any(), $"{secret.Where} in {Path.GetFileName(file)}"));
        }
        // The console shows the set-up link once, to whoever sits there: it is no log.
        byte[] log = Encoding.UTF8.GetBytes(firstLife.Replace(_server.SetupSecret, "", StringComparison.Ordinal));
        Canary[] traces =
        [
            .. secrets, _userAgent, Canary.Of("the source", Source), Canary.Of("the account's id", owner.Account.ToArray()), Canary.Of("the device's id", owner.Device.ToArray()),
            Canary.Of("the account's id in words", owner.Account.ToString()), Canary.Of("the device's id in words", owner.Device.ToString()), Canary.Of("a handle", $"\"{owner.Handle}\""),
        ];
        Assert.All(traces, trace => Assert.True(!trace.FoundIn(log).Any(), $"{trace.Where} in the log"));
        Assert.Contains("registered", firstLife, StringComparison.Ordinal);

        await _server.StartAsync();
        await TryAllAsync(owner, StoredValues());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(owner.TryRefreshAsync(session.RefreshToken)));
        using TestDevice guest = TestDevice.New(_http, _instance);
        Assert.Equal(HttpStatusCode.Accepted, await StatusAsync(guest.RegisterAsync(guest.Registration(invite))));
    }

    /// <summary>Refusals of every kind, and a database that is locked and then broken: all of it is logged, if anything is.</summary>
    async Task MisbehaveAsync(TestDevice device)
    {
        string token = device.Session!.AuthToken;
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(_http.GetAsync(new Uri($"/api/v1/streams?access_token={token}", UriKind.Relative), Cancel)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(_http.GetAsync(new Uri($"/auth/v1/devices?token={token}", UriKind.Relative), Cancel)));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(device.GetAsync($"/auth/v1/directory/{device.Handle}x")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(device.GetAsync($"/auth/v1/{device.Email}")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(device.TryLogInAsync(await device.LogInRequestAsync() with { Email = device.Email.ToUpperInvariant() })));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(device.TryLogInAsync(await device.LogInRequestAsync() with { Signature = [1] })));
        using (SqliteConnection locked = Open("auth.db"))
        {
            Execute(locked, "BEGIN IMMEDIATE");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(device.TryRefreshAsync(device.Session.RefreshToken)));
        }
        using SqliteConnection broken = Open("auth.db");
        Execute(broken, "ALTER TABLE key_package RENAME TO gone");
        Assert.Equal(HttpStatusCode.InternalServerError, await StatusAsync(device.GetAsync("/auth/v1/key-packages")));
        Execute(broken, "ALTER TABLE gone RENAME TO key_package");
    }

    /// <summary>Each value as whatever opens something.</summary>
    async Task TryAllAsync(TestDevice device, IReadOnlyCollection<byte[]> values)
    {
        Assert.NotEmpty(values);
        foreach (byte[] value in values)
        {
            string text = Base64Url.EncodeToString(value), plain = new([.. value.Select(b => b is > 32 and < 127 ? (char)b : '?')]);
            foreach (string spelling in (string[])[text, plain, Convert.ToHexStringLower(value)])
            {
                Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(device.SendAsync(HttpMethod.Get, "/auth/v1/devices/self", token: spelling)));
                Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(device.SendAsync(HttpMethod.Get, "/api/v1/streams", token: spelling)));
                Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(device.TryRefreshAsync(spelling)));
            }
            if (value.Length is not (16 or 32)) continue;
            using TestDevice thief = TestDevice.New(_http, _instance);
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(thief.RegisterAsync(thief.Registration(Base64Url.EncodeToString(value.AsSpan(0, 16))))));
            thief.Email = device.Email;
            thief.AuthSecret = value.Length == 32 ? value : [.. value, .. value];
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(thief.TryLogInAsync(await thief.LogInRequestAsync(withGrantKey: true))));
        }
    }

    /// <summary>Every value of both databases that is short enough to be a credential, and what a session's columns are together.</summary>
    List<byte[]> StoredValues()
    {
        Dictionary<string, byte[]> values = [];
        foreach (string file in (string[])["auth.db", "messaging.db"])
        {
            using SqliteConnection connection = Open(file);
            foreach (string table in Read(connection, "SELECT name FROM sqlite_master WHERE type = 'table'").Select(v => Encoding.UTF8.GetString(v)))
            {
                foreach (byte[] value in Read(connection, $"SELECT * FROM {table}").Where(v => v.Length is >= 16 and <= 200)) values[Convert.ToHexString(value)] = value;
            }
        }
        using SqliteConnection auth = Open("auth.db");
        foreach (byte[] together in Read(auth, "SELECT CAST(substr(family, 1, 16) || refresh AS BLOB) FROM session")) values[Convert.ToHexString(together)] = together;
        return [.. values.Values];
    }

    SqliteConnection Open(string file)
    {
        SqliteConnection connection = new($"Data Source={Path.Combine(_server.Data, file)};Pooling=False");
        connection.Open();
        return connection;
    }

    static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    static List<byte[]> Read(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader row = command.ExecuteReader();
        List<byte[]> values = [];
        while (row.Read())
        {
            for (int i = 0; i < row.FieldCount; i++)
            {
                if (row.GetValue(i) is byte[] bytes) values.Add(bytes);
                else if (row.GetValue(i) is string text) values.Add(Encoding.UTF8.GetBytes(text));
            }
        }
        return values;
    }

    static async Task<HttpStatusCode> StatusAsync(Task<HttpResponseMessage> sending)
    {
        using HttpResponseMessage answer = await sending;
        return answer.StatusCode;
    }

    static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(Source), 0));
        await socket.ConnectAsync(context.DnsEndPoint, cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
