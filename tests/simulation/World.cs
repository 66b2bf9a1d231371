using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Kavalek.Auth;
using Kavalek.Client;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Kavalek.Simulation.Tests;

/// <summary>
/// Many shipped clients and a real server in one process, one event at a time: a seed decides what arrives, what is lost, who dies, what
/// people do, and how late it is. Everything happens on the caller's thread and on the <see cref="EventLoop"/>, never at once.
/// </summary>
sealed class World : IDisposable
{
    public static readonly Uri Address = new("http://127.0.0.1:1/");

    readonly TestServer _server;
    readonly StringBuilder _trace = new();
    readonly List<string> _canaries = [];
    int _devices, _texts;

    public World(int seed)
    {
        Seed = seed;
        Random = new Random(seed);
        // Memory where there is such a place: a run writes thousands of transactions.
        string folder = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        _server = TestServer.StartAsync(Clock, options => options with
        {
            Data = Path.Combine(folder, $"kavalek-simulation-{Guid.NewGuid():n}"),
            Registration = RegistrationPolicy.Open,
            AcksWait = TimeSpan.Zero,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Error,
        }).GetAwaiter().GetResult();
        NameInstance();
        _server.RestartAsync().GetAwaiter().GetResult();
    }

    // The instance's id goes into the ids of conversations, and those into the order in which a client goes through them.
    void NameInstance()
    {
        byte[] id = new byte[Limits.IdLength];
        new Random(Seed).NextBytes(id);
        using SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = Path.Combine(_server.Data, "auth.db"), Pooling = false }.ConnectionString);
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "UPDATE instance SET id = @id";
        command.Parameters.AddWithValue("@id", id);
        command.ExecuteNonQuery();
    }

    public int Seed { get; }

    public Random Random { get; }

    public ManualClock Clock { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public Network Network { get; } = new();

    public SealBook Seals { get; } = new();

    public List<Person> People { get; } = [];

    public IEnumerable<Device> Devices => People.SelectMany(person => person.Devices);

    /// <summary>What was written and where it went.</summary>
    public Ledger Ledger => field ??= new(this);

    /// <summary>Steps done.</summary>
    public int Steps { get; private set; }

    /// <summary>Everything that was sent, for whoever copies a device later.</summary>
    public List<byte[]> Recording { get; } = [];

    public int NextDevice() => ++_devices;

    // ---- The trace ----

    /// <summary>A line for whoever repeats the run.</summary>
    public void Trace(string line) => _trace.Append(Steps).Append(' ').AppendLine(line);

    /// <summary>What happened, step by step.</summary>
    public string TraceText => _trace.ToString();

    /// <summary>A text nobody but the members of a conversation may ever see.</summary>
    public string Canary()
    {
        string canary = $"canary{Seed}x{++_texts}";
        _canaries.Add(canary);
        return canary;
    }

    // ---- What happens ----

    /// <summary>One step: <paramref name="action"/> and everything that follows from it on the devices; then the promises are checked.</summary>
    public void Step(string name, Action action)
    {
        Steps++;
        Trace(name);
        EventLoop.Run(action);
        foreach (Device device in Devices)
            if (device.Client?.Connection is { } connection && connection != device.Connection) Trace($"  {device.Name} is {device.Connection = connection}");
        foreach (Device device in Devices)
            if (device.Process is { Mistake: { } mistake }) throw new InvalidOperationException($"{device.Name}: {mistake}");
        foreach (Device device in Devices)
            if (device.Client?.Running is { IsFaulted: true } run) throw new InvalidOperationException($"{device.Name} has stopped working in the background", run.Exception);
        foreach (Device device in Devices)
            if (device.Busy is { IsCompleted: true } done)
            {
                device.Busy = null;
                if (done.IsFaulted && !IsPlain(done.Exception!.InnerException!)) throw new InvalidOperationException($"on {device.Name}", done.Exception);
            }
        Ledger.Check();
    }

    // What a person can be told, and a full disk; anything else is a defect.
    static bool IsPlain(Exception e) => e is KavalekException or IOException or OperationCanceledException or HttpRequestException or ObjectDisposedException;

    /// <summary>Something is done on a device, beside whatever arrives meanwhile.</summary>
    public void Do(Device device, string what, Func<KavalekClient, Task> action)
    {
        if (device.Client is not { } client || device.Busy is not null) return;
        Step($"{device.Name} {what}", () => device.Busy = action(client));
    }

    /// <summary>Lets time pass.</summary>
    public void Pass(TimeSpan time) => Step($"time {time}", () => Clock.Advance(time));

    /// <summary>Lets a packet arrive.</summary>
    public void Arrive(Packet packet)
    {
        Network.Packets.Remove(packet);
        switch (packet)
        {
            case Call call:
                HttpResponseMessage response = Ask(call);
                Step($"{call.Process.Device.Name} {call.Name} -> {(int)response.StatusCode}", () =>
                {
                    if (!call.IsGhost) Network.Packets.Add(new Reply(call, response));
                });
                break;
            case Reply reply:
                Step($"{reply.Process.Device.Name} hears {reply.Name}", () => Hear(reply));
                break;
            case Dial dial:
                Step($"{dial.Process.Device.Name} dial", () =>
                {
                    SimulatedSocket socket = new(Network, dial.Process) { Front = new SocketFront(this) };
                    Network.Sockets.Add(socket);
                    dial.Opened.TrySetResult(socket);
                });
                break;
            case Frame { IsUp: true } frame:
                frame.Socket.Front.Take(frame.Socket, frame.Bytes);
                Step($"{frame.Process.Device.Name} {frame.Name}", () => { });
                break;
            case Frame frame:
                Step($"{frame.Process.Device.Name} {frame.Name}", () => frame.Socket.Arrives(frame.Bytes));
                break;
        }
    }

    static void Hear(Reply reply)
    {
        if (reply.Process.IsDead) return;
        switch (reply.Process.Pass())
        {
            case Fault.KillBefore or Fault.KillAfter: return;
            case Fault.Fail: reply.Call.Answered.TrySetException(Lost()); break;
            default: reply.Call.Answered.TrySetResult(reply.Response); break;
        }
    }

    /// <summary>The connection ends before there is an answer.</summary>
    public static HttpRequestException Lost() => new(HttpRequestError.ResponseEnded, "lost on the way");

    /// <summary>Frames that the server has for its sockets are put on their way; true where there are any.</summary>
    public bool Deliver()
    {
        int before = Network.Packets.Count;
        foreach (SimulatedSocket socket in Network.Sockets.ToArray())
            if (!Network.Packets.Any(p => p is Frame { IsUp: false } frame && frame.Socket == socket)) socket.Front.Deliver(socket);
        return Network.Packets.Count > before;
    }

    // ---- The server ----

    /// <summary>The server is stopped and started again on its data.</summary>
    public void RestartServer() => RestartServer("server restarted", _ => { });

    /// <summary>Somebody saves what the server has of conversations, or all of it: accounts, devices, sessions and key packages, too.</summary>
    public void SaveServer(bool all = false) => RestartServer("server saved", folder =>
    {
        _saved = all ? "*.db*" : "messaging.db*";
        _backup = Directory.GetFiles(folder, _saved).ToDictionary(file => file, File.ReadAllBytes);
        Ledger.Save();
    });

    /// <summary>Whether there is a backup of the server.</summary>
    public bool HasBackup => _backup is not null;

    /// <summary>Somebody puts the backup back: the server knows nothing of what it took since.</summary>
    public void RestoreServer() => RestartServer("server put back", folder =>
    {
        foreach (string file in Directory.GetFiles(folder, _saved)) File.Delete(file);
        foreach ((string file, byte[] content) in _backup!) File.WriteAllBytes(file, content);
        _backup = null;
        Ledger.PutBack();
    });

    Dictionary<string, byte[]>? _backup;
    string _saved = "";

    void RestartServer(string what, Action<string> meanwhile)
    {
        foreach (SimulatedSocket socket in Network.Sockets.ToArray()) Step($"{socket.Process.Device.Name} cut", () => Network.Close(socket));
        foreach (Packet packet in Network.Packets.ToArray())
            if (packet is Dial dial) Step("no server", () =>
            {
                Network.Packets.Remove(dial);
                dial.Opened.TrySetException(new System.Net.WebSockets.WebSocketException("no server"));
            });
        _server.RestartAsync(options =>
        {
            meanwhile(options.Data);
            return options;
        }).GetAwaiter().GetResult();
        Step(what, () => { });
    }

    /// <summary>A request to the real server, from beginning to end.</summary>
    public HttpResponseMessage Ask(HttpMethod method, string path, string? token, byte[]? body = null) =>
        Ask(new Call(null!, method, path, token is null ? null : new AuthenticationHeaderValue("Bearer", token), body, body is null ? null : "application/x-protobuf"));

    /// <summary>What becomes of the server's answers before anybody hears them.</summary>
    public Func<Call, HttpResponseMessage, HttpResponseMessage>? Lie { get; set; }

    HttpResponseMessage Ask(Call call)
    {
        HttpRequestMessage request = new(call.Method, call.Path);
        request.Headers.Authorization = call.Token;
        if (call.Body is not null)
        {
            Look(call.Body);
            request.Content = new ByteArrayContent(call.Body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(call.Type!);
        }
        HttpResponseMessage response = _server.Http.SendAsync(request).GetAwaiter().GetResult();
        response.Content.LoadIntoBufferAsync().GetAwaiter().GetResult();
        if (response.StatusCode == HttpStatusCode.InternalServerError) throw new BrokenPromiseException($"the server failed at {call.Name}: {_server.Logs}");
        Look(Body(response));
        if (response.IsSuccessStatusCode && call.Method == HttpMethod.Post && call.Path.EndsWith("/entries", StringComparison.Ordinal)) Ledger.Appended(call.Body!, Body(response));
        return Lie?.Invoke(call, response) ?? response;
    }

    /// <summary>An answer's body.</summary>
    public static byte[] Body(HttpResponseMessage response) => response.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();

    /// <summary>What a problem document says.</summary>
    public static (string Code, ulong Epoch) Problem(byte[] body) =>
        JsonSerializer.Deserialize(body, AuthJson.Default.Problem) is { } problem ? (problem.Code, problem.Epoch ?? 0) : ("", 0);

    // No text, title or name, nor the password, ever travels in clear.
    static void Look(byte[] bytes)
    {
        foreach (byte[] form in s_forms)
            if (bytes.AsSpan().IndexOf(form) >= 0) throw new BrokenPromiseException("plaintext on the wire");
    }

    // Raw, in base64 at each of its three phases, in hexadecimal.
    static readonly byte[][] s_forms = [.. "canary"u8.ToArray() is { } raw ? (byte[][])
        [
            raw, "Y2FuYXJ5"u8.ToArray(), "NhbmFye"u8.ToArray(), "jYW5hcn"u8.ToArray(), "63616e617279"u8.ToArray(), Encoding.UTF8.GetBytes(Person.Phrase),
        ] : []];

    /// <summary>Looks through everything the server has stored.</summary>
    public void SearchServer()
    {
        foreach (string file in Directory.GetFiles(_server.Data, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)))
            using (FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            {
                byte[] bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                Look(bytes);
            }
        Look(Encoding.UTF8.GetBytes(_server.Logs));
    }

    public void Dispose()
    {
        foreach (Device device in Devices) device.Process?.Kill();
        _server.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
