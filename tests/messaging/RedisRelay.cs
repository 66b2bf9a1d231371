using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kavalek.Host;

namespace Kavalek.Messaging.Tests;

/// <summary>As much of Redis as a node asks for, in this process: it passes messages on, remembers them, and says whatever a test wants it to say.</summary>
sealed class RedisRelay : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stopping = new();
    readonly ConcurrentDictionary<Client, bool> _clients = new();
    readonly ConcurrentDictionary<string, byte[]> _keys = new();
    int _connections;

    RedisRelay()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>What a node is told.</summary>
    public string Uri => $"redis://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Connections that were ever made.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What nodes have published.</summary>
    public ConcurrentQueue<(string Channel, byte[] Message)> Published { get; } = new();

    public static RedisRelay Start() => new();

    /// <summary>Somebody publishes a message.</summary>
    public void Publish(string channel, byte[] message)
    {
        foreach (Client client in _clients.Keys.Where(c => c.Channels.ContainsKey(channel)))
            client.Send([.. "$8\r\nsmessage\r\n"u8, .. Bulk(Encoding.ASCII.GetBytes(channel)), .. Bulk(message)], prefix: ">3\r\n");
    }

    /// <summary>Every connection is sent these bytes.</summary>
    public void SendAll(string text)
    {
        foreach (Client client in _clients.Keys)
            client.Send(Encoding.ASCII.GetBytes(text));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        foreach (Client client in _clients.Keys)
            client.Dispose();
        _stopping.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Client client = new(await _listener.AcceptSocketAsync(_stopping.Token));
                _clients[client] = true;
                Interlocked.Increment(ref _connections);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It was taken down.
        }
    }

    async Task ServeAsync(Client client)
    {
        try
        {
            while (await client.Reader.ReadAsync(_stopping.Token) is object?[] words)
                Answer(client, [.. words.Select(word => (byte[])word!)]);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It is gone.
        }
        _clients.TryRemove(client, out _);
        client.Dispose();
    }

    void Answer(Client client, byte[][] words)
    {
        string name = Encoding.ASCII.GetString(words[0]), first = words.Length > 1 ? Encoding.ASCII.GetString(words[1]) : "";
        switch (name)
        {
            case "HELLO":
                client.Send("%1\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n"u8);
                break;
            case "SSUBSCRIBE":
                client.Channels[first] = true;
                client.Send([.. "$10\r\nssubscribe\r\n"u8, .. Bulk(words[1]), .. ":1\r\n"u8], prefix: ">3\r\n");
                break;
            case "SUNSUBSCRIBE":
                client.Channels.TryRemove(first, out _);
                client.Send([.. "$12\r\nsunsubscribe\r\n"u8, .. Bulk(words[1]), .. ":0\r\n"u8], prefix: ">3\r\n");
                break;
            case "SPUBLISH":
                Published.Enqueue((first, words[2]));
                Publish(first, words[2]);
                client.Send(":1\r\n"u8);
                break;
            case "SET":
                _keys[first] = words[2];
                client.Send("+OK\r\n"u8);
                break;
            case "GET":
                client.Send(_keys.TryGetValue(first, out byte[]? value) ? Bulk(value) : "_\r\n"u8);
                break;
            case "DEL":
                client.Send(_keys.TryRemove(first, out _) ? ":1\r\n"u8 : ":0\r\n"u8);
                break;
            case "EXISTS":
                client.Send(_keys.ContainsKey(first) ? ":1\r\n"u8 : ":0\r\n"u8);
                break;
            default:
                client.Send("+PONG\r\n"u8);
                break;
        }
    }

    static byte[] Bulk(byte[] bytes) => [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${bytes.Length}\r\n")), .. bytes, .. "\r\n"u8];

    sealed class Client : IDisposable
    {
        readonly NetworkStream _stream;
        readonly Lock _gate = new();

        public Client(Socket socket)
        {
            _stream = new NetworkStream(socket, ownsSocket: true);
            Reader = new RespReader(_stream);
        }

        public RespReader Reader { get; }

        public ConcurrentDictionary<string, bool> Channels { get; } = new();

        public void Send(ReadOnlySpan<byte> bytes, string prefix = "")
        {
            try
            {
                lock (_gate)
                    _stream.Write([.. Encoding.ASCII.GetBytes(prefix), .. bytes]);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // It is gone.
            }
        }

        public void Dispose() => _stream.Dispose();
    }
}
