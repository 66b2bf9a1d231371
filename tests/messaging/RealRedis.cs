using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kavalek.Host;
using Kavalek.Tests.Support;

namespace Kavalek.Messaging.Tests;

/// <summary>A Redis of its own with a user for the server who may do what a test says, and one who changes that.</summary>
sealed class RealRedis : IAsyncDisposable
{
    const string Password = "not-a-secret-but-asked-for";

    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-redis-").FullName;
    readonly Process _process;
    readonly int _port;

    RealRedis(string commands)
    {
        using (Socket free = new(SocketType.Stream, ProtocolType.Tcp))
        {
            free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _port = ((IPEndPoint)free.LocalEndPoint!).Port;
        }
        string file = Path.Combine(_folder, "redis.conf");
        File.WriteAllLines(file,
        [
            $"port {_port}", "bind 127.0.0.1", "save \"\"", "appendonly no", $"dir {_folder}", "user default off", $"user owner on >{Password} +@all ~* &*",
            $"user kavalek on >{Password} resetkeys ~kavalek:p:* resetchannels &kavalek:* -@all {commands}",
        ]);
        _process = Process.Start(new ProcessStartInfo("redis-server", [file]) { RedirectStandardOutput = true })!;
        _ = _process.StandardOutput.ReadToEndAsync();
        while (!Listens())
            Assert.False(_process.HasExited);
    }

    /// <summary>As whom the server comes.</summary>
    public RedisAddress Address => RedisAddress.Parse($"redis://kavalek:{Password}@127.0.0.1:{_port}");

    /// <summary>Starts one whose user may do these commands; where there is no Redis the test is skipped.</summary>
    public static RealRedis Start(string commands)
    {
        try
        {
            TestPostgres.Run("install-services.sh");
        }
        catch (InvalidOperationException missing)
        {
            Assert.Skip(missing.Message);
        }
        return new RealRedis(commands);
    }

    /// <summary>The server's user may do this, too, from now on.</summary>
    public async Task AllowAsync(string command)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, _port, TestContext.Current.CancellationToken);
        using StreamReader reader = new(tcp.GetStream(), Encoding.ASCII);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"AUTH owner {Password}\r\nACL SETUSER kavalek {command}\r\n"), TestContext.Current.CancellationToken);
        for (int i = 0; i < 2; i++)
            Assert.Equal("+OK", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    bool Listens()
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
