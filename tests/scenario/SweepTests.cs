using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kavalek.Client;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;

namespace Kavalek.Scenario.Tests;

/// <summary>
/// Fresh words are put wherever only people may read them; then everything a thief could take is searched for them. The
/// server logs at its most verbose level.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class SweepTests : IAsyncLifetime
{
    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-sweep-").FullName;
    ServerProcess _server = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"), "--log-level", "Trace");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // K-04, K-61, K-62, K-71
    [Fact]
    public async Task Database_logs_traffic_and_profiles_hold_nothing_that_only_people_may_read()
    {
        Canary email = Canary.In("an e-mail address"), password = Canary.In("a password"), name = Canary.In("a display name"),
            title = Canary.In("a title"), message = Canary.In("a message"), wrong = Canary.In("a wrong password"),
            fileName = Canary.In("a file's name"), fileBody = Canary.In("a file's body");
        await using var marie = new Person("marie", _folder, _server.Origin)
        {
            Email = $"{email.Text}@example.org",
            Password = $"{password.Text} 1!",
            DisplayName = name.Text,
        };
        await using var jean = new Person("jean", _folder, _server.Origin);
        await marie.SignUpAsync(_server.SetupSecret);
        Invite invite = await marie.Client.CreateInviteAsync(1, TimeSpan.FromHours(1), Cancel);
        string secret = invite.Link[(invite.Link.IndexOf("#invite=", StringComparison.Ordinal) + 8)..];
        await jean.SignUpAsync(secret);

        Conversation direct = await marie.TalkToAsync(jean);
        await direct.SendAsync($"{message.Text} un", cancel: Cancel);
        Conversation group = await marie.Client.CreateGroupAsync(title.Text, [jean.Client.Me.Id], Cancel);
        await group.SendAsync($"{message.Text} deux", cancel: Cancel);
        byte[] file = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"{fileBody.Text}\n", 4_000)));
        using (MemoryStream content = new(file))
            await direct.SendAsync("", [new OutgoingFile($"{fileName.Text}.txt", "text/plain", file.Length, content)], cancel: Cancel);
        await marie.Client.SyncAsync(Cancel);
        await jean.Client.SyncAsync(Cancel);
        Message withFile = (await jean.Client.Conversation(direct.Id)!.MessagesAsync(1, cancel: Cancel))[0];
        using (MemoryStream read = new())
        {
            await jean.Client.Conversation(direct.Id)!.SaveAsync(withFile.Id, ((TextBody)withFile.Body).Attachments[0].Id, read, Cancel);
            Assert.Equal(file, read.ToArray());
        }
        await group.SendAsync($"{message.Text} trois", cancel: Cancel);
        await marie.Client.SyncAsync(Cancel);
        // Jean does not fetch the last one: it stays on the server.

        // What goes wrong is logged too: a refused log-in, an unknown person, a call without a token, rubbish, a path that is not there.
        await Assert.ThrowsAsync<KavalekException>(() => marie.Client.FindAsync("nobody", Cancel));
        await Assert.ThrowsAsync<KavalekException>(() => KavalekClient.LogInAsync(
            new ClientOptions { Store = new MemoryClientStore(), Transport = address => new HttpTransport(address) },
            _server.Origin, marie.Email, $"{wrong.Text} 1!", Cancel));
        using (var http = new HttpClient { BaseAddress = _server.Origin })
        {
            using var rubbish = new StringContent($"{{\"email\": \"{email.Text}@example.org\", \"{message.Text}\": 1", Encoding.UTF8, "application/json");
            foreach (string path in (string[])["/auth/v1/prelogin", "/auth/v1/accounts", "/auth/v1/sessions", "/auth/v1/nothing"])
            {
                using HttpResponseMessage answer = await http.PostAsync(new Uri(path, UriKind.Relative), rubbish, Cancel);
                Assert.InRange((int)answer.StatusCode, 400, 499);
            }
        }
        byte[] stretched = await StretchAsync(marie);
        await marie.Client.LockAsync();
        await jean.GoAsync();
        await _server.KillAsync();

        // What follows from the password on the client, and opens or proves something there.
        Canary[] derived = [Canary.Of("the stretched password", stretched)];
        Canary[] canaries = [email, password, name, title, message, wrong, fileName, fileBody, Canary.Of("an invite", secret), .. derived];
        List<string> found = [];
        void Search(string place, byte[] bytes)
        {
            found.AddRange(from canary in canaries from encoding in canary.FoundIn(bytes) select $"{canary.Where} in {place}: {encoding}");
        }
        string[] data = Directory.GetFiles(_server.Data, "*", SearchOption.AllDirectories);
        Assert.Contains(data, path => new FileInfo(path).Length > 4096);
        Assert.Contains(data, path => path.Contains("blobs", StringComparison.Ordinal));
        foreach (string path in data)
        {
            Search($"the server's {Path.GetFileName(path)}", await File.ReadAllBytesAsync(path, Cancel));
        }
        Search("the server's log", Encoding.UTF8.GetBytes(_server.Output));
        foreach (Person person in (Person[])[marie, jean])
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(person.Folder));
            foreach (string path in Directory.GetFiles(person.Folder, "*", SearchOption.AllDirectories))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
                Search($"{person.Handle}'s {Path.GetFileName(path)}", await File.ReadAllBytesAsync(path, Cancel));
            }
        }
        // To the server go the address and the invite, which it must be told, and nothing else of these.
        canaries = [password, name, title, message, wrong, fileName, fileBody, .. derived];
        foreach (Person person in (Person[])[marie, jean])
        {
            Search($"what {person.Handle} sent", person.Sent);
            Search($"what {person.Handle} received", person.Received);
        }
        Assert.Empty(found);
        Assert.NotEmpty(email.FoundIn(marie.Sent));
    }
    /// <summary>What PBKDF2 makes of the password (docs/PROTOCOL.md §4), with what the server answers to everybody.</summary>
    async Task<byte[]> StretchAsync(Person person)
    {
        using var http = new HttpClient { BaseAddress = _server.Origin };
        InstanceInfo instance = JsonSerializer.Deserialize(await http.GetStringAsync(new Uri("/auth/v1/instance", UriKind.Relative), Cancel), AuthJson.Default.InstanceInfo)!;
        using HttpResponseMessage answer = await http.PostAsync(
            new Uri("/auth/v1/prelogin", UriKind.Relative), TestDevice.Json(new PreloginRequest(person.Email), AuthJson.Default.PreloginRequest), Cancel);
        PreloginResponse prelogin = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(Cancel), AuthJson.Default.PreloginResponse)!;
        byte[] email = Encoding.UTF8.GetBytes(person.Email);
        byte[] salt = SHA256.HashData(
            [.. "kavalek/v1/salt"u8, .. instance.Id.ToArray(), (byte)(email.Length >> 8), (byte)email.Length, .. email, .. prelogin.Salt]);
        byte[] stretched = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(person.Password), salt, prelogin.Kdf.Iterations, HashAlgorithmName.SHA256, 32);
        // It is the right one: what follows from it is what the client proved.
        byte[] secret = HKDF.Expand(HashAlgorithmName.SHA256, stretched, 32, [.. "kavalek/v1/auth"u8, .. instance.Id.ToArray()]);
        Assert.NotEmpty(Canary.Of("the auth secret", secret).FoundIn(person.Sent));
        return stretched;
    }
}
