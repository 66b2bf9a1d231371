using System.Net;
using System.Text.Json;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>The disk is full, the database is locked: nothing acknowledged is lost, nothing refused is half there, and then it goes on.</summary>
public static class FaultTests
{
    // K-63
    [Fact, Trait("Store", "sqlite")]
    public static async Task On_a_full_disk_the_server_refuses_and_reads_on_and_continues_when_there_is_room()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kavalek-full-");
        PlainDevice alice = PlainDevice.New(), bob = PlainDevice.New();
        Id stream = Id.New();
        Append refused = Wire.Message(stream, 1, "no room"), commit = Wire.Commit(stream, 1, remove: [bob]);
        using (ServerProcess server = await ServerProcess.StartAsync(folder.FullName))
        {
            Func<PlainDevice, string> token = await server.MintAsync(folder.FullName);
            using var rest = new TestRest(server.Address, () => token(alice));
            Assert.Equal(HttpStatusCode.Created, await rest.CreateAsync(stream).StatusAsync());
            await rest.AppendedAsync(Wire.Commit(stream, 0, add: [bob]));
            await rest.AppendedAsync(Wire.Message(stream, 1, "room"));
            await using TestSocket socket = await TestSocket.ConnectAsync(server.Address, token(alice));
            Assert.Equal(1ul, (await socket.EntryAsync()).Seq);
            Assert.Equal(2ul, (await socket.EntryAsync()).Seq);

            await server.FillDiskAsync(full: true);
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(ErrorCodes.Unavailable, await SilentAsync(rest.AppendAsync(refused)));
                Assert.Equal(ErrorCodes.Unavailable, await SilentAsync(rest.AppendAsync(commit)));
                Assert.Equal(ErrorCodes.Unavailable, await SilentAsync(rest.CreateAsync(Id.New())));
                Assert.Equal(ErrorCodes.Unavailable, (await socket.AppendAsync(refused)).Rejected.Code);
                Assert.Equal(ErrorCodes.Unavailable, await SilentAsync(RegisterAsync(server.Address)));
            }
            Assert.Equal([1ul, 2ul], (await rest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
            Assert.Empty(await socket.SettledAsync());

            await server.FillDiskAsync(full: false);
            Assert.Equal(3ul, (await rest.AppendedAsync(refused)).Seq);
            Assert.Equal(4ul, (await rest.AppendedAsync(commit)).Seq);
            Assert.Equal(3ul, (await rest.AppendedAsync(refused)).Seq);
            Assert.Equal([3ul, 4ul], (await socket.SettledAsync()).Select(e => e.Seq));
            Assert.Equal(HttpStatusCode.Accepted, await RegisterAsync(server.Address).StatusAsync());

            // Full again, and killed while it is.
            await server.FillDiskAsync(full: true);
            Assert.Equal(ErrorCodes.Unavailable, await SilentAsync(rest.AppendAsync(Wire.Message(stream, 2, "never"))));
            await server.KillAsync();
        }
        using (ServerProcess again = await ServerProcess.StartAsync(folder.FullName))
        {
            Func<PlainDevice, string> token = await again.MintAsync(folder.FullName);
            using var rest = new TestRest(again.Address, () => token(alice));
            Assert.Equal([1ul, 2ul, 3ul, 4ul], (await rest.EntriesAsync(stream)).Entries.Select(e => e.Seq));
            Assert.Equal(5ul, (await rest.AppendedAsync(Wire.Message(stream, 2, "on"))).Seq);
        }
        folder.Delete(recursive: true);
    }

    // K-63
    [Fact]
    public static async Task While_another_process_holds_the_accounts_nobody_waits_for_ever_and_nothing_changes()
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { Registration = Auth.RegistrationPolicy.Open });
        using TestDevice device = await TestDevice.SignUpAsync(server);
        string session = device.Session!.RefreshToken;
        using (server.AuthTables.Lock())
        {
            // As many at once as there are: each is told, none waits for all before it.
            string[] codes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SilentAsync(device.TryRefreshAsync(session))));
            Assert.All(codes, code => Assert.Equal(ErrorCodes.Unavailable, code));
            Assert.Equal(HttpStatusCode.OK, await device.GetAsync("/auth/v1/devices/self").StatusAsync());
        }
        await device.RefreshAsync();
        Assert.Equal(HttpStatusCode.OK, await device.GetAsync("/auth/v1/devices/self").StatusAsync());
    }

    /// <summary>The code of a refusal that says when to come back, and nothing of how the server is built.</summary>
    static async Task<string> SilentAsync(Task<HttpResponseMessage> answer)
    {
        using HttpResponseMessage response = await answer;
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        foreach (string word in (string[])["sqlite", "pgsql", "Exception", " at ", "/", "\\", "disk I/O"])
            Assert.DoesNotContain(word, body, StringComparison.OrdinalIgnoreCase);
        Assert.NotNull(response.Headers.RetryAfter?.Delta);
        return await Task.FromResult(response).CodeAsync();
    }

    static async Task<HttpResponseMessage> RegisterAsync(Uri server)
    {
        using var http = new HttpClient { BaseAddress = server };
        InstanceInfo info = JsonSerializer.Deserialize(
            await http.GetStringAsync("/auth/v1/instance", TestContext.Current.CancellationToken), AuthJson.Default.InstanceInfo)!;
        using TestDevice device = TestDevice.New(http, info.Id);
        return await device.RegisterAsync(device.Registration());
    }
}
