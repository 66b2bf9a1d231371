using System.Collections.Concurrent;
using System.Net;
using Kavalek.Messaging.Push;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Sockets;

/// <summary>The sockets of this node: at most one a device, and only so many that have not said who they are.</summary>
sealed class Sockets(MessagingOptions options, Sleepers sleepers, IPresence presence, TimeProvider clock)
{
    readonly Lock _gate = new();
    readonly ConcurrentDictionary<SocketSession, IPAddress> _all = new();
    readonly Dictionary<IPAddress, int> _strangers = [];
    readonly Dictionary<Id, (SocketSession Present, int Count)> _devices = [];
    readonly Buckets _appends = new(options.AppendsPerSecond, options.AppendBurst, clock);

    readonly Admin.Throughput _throughput = new(clock);

    /// <summary>When this began, seconds since 1970.</summary>
    public long Started { get; } = clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Entries that devices had stored within the last minute.</summary>
    public long StoredLastMinute => _throughput.LastMinute;

    /// <summary>An entry of a device was stored.</summary>
    public void CountStored() => _throughput.Add(1);

    /// <summary>How many are open.</summary>
    public int Count => _all.Count;

    /// <summary>Whether some socket is in the middle of a write.</summary>
    public bool AnyWriting => _all.Keys.Any(session => session.IsWriting);

    /// <summary>Notes a socket that has not authenticated; false if its address has too many of them.</summary>
    public bool TryEnter(IPAddress address)
    {
        lock (_gate)
        {
            int count = _strangers.GetValueOrDefault(address);
            if (count >= options.NewSocketsPerAddress)
                return false;
            _strangers[address] = count + 1;
            return true;
        }
    }

    /// <summary>An address's socket authenticated, or ended before it could.</summary>
    public void LeaveStrangers(IPAddress address)
    {
        lock (_gate)
        {
            if (_strangers.TryGetValue(address, out int count) && count > 1)
                _strangers[address] = count - 1;
            else
                _strangers.Remove(address);
        }
    }

    public void Add(SocketSession session, IPAddress address) => _all[session] = address;

    /// <summary>A socket has authenticated and replaces the device's earlier one; false if the device has too many.</summary>
    public bool Admit(SocketSession session)
    {
        SocketSession? earlier = null;
        bool admitted = true;
        lock (_gate)
        {
            Id device = session.Principal!.Device;
            if (_devices.TryGetValue(device, out (SocketSession Present, int Count) known))
            {
                admitted = known.Count < options.SocketsPerDevice;
                earlier = admitted ? known.Present : null;
            }
            _devices[device] = (admitted ? session : known.Present, known.Count + 1);
            sleepers.Connected(device);
            presence.Connected(device);
        }
        LeaveStrangers(_all[session]);
        earlier?.Close(ErrorCodes.Replaced);
        return admitted;
    }

    /// <summary>A socket has ended.</summary>
    public void Remove(SocketSession session)
    {
        if (!_all.TryRemove(session, out IPAddress? address))
            return;
        if (session.Principal is not { } principal)
        {
            LeaveStrangers(address);
            return;
        }
        lock (_gate)
        {
            if (!_devices.TryGetValue(principal.Device, out (SocketSession Present, int Count) known))
                return;
            if (known.Count > 1)
                _devices[principal.Device] = (known.Present, known.Count - 1);
            else if (_devices.Remove(principal.Device))
            {
                sleepers.Gone(principal.Device);
                presence.Gone(principal.Device);
            }
        }
    }

    /// <summary>Whether the device has a socket.</summary>
    public bool IsConnected(Id device) => Find(device) is not null;

    /// <summary>The account's devices that have a socket here.</summary>
    public IEnumerable<Id> DevicesOf(Id account) =>
        _all.Keys.Select(session => session.Principal).Where(principal => principal?.Account == account).Select(principal => principal!.Device).Distinct();

    /// <summary>The device was subscribed to a stream.</summary>
    public void Open(Id device, StreamName stream) => Find(device)?.Open(stream);

    public void CloseDevice(Id device) => CloseWhere(principal => principal.Device == device, ErrorCodes.DeviceRemoved);

    public void CloseSession(Id session) => CloseWhere(principal => principal.Session == session, ErrorCodes.DeviceRemoved);

    public void CloseAll(string code)
    {
        foreach (SocketSession session in _all.Keys)
            session.Close(code);
    }

    /// <summary>Every device's streams are looked up again.</summary>
    public void OpenAll()
    {
        foreach (SocketSession session in _all.Keys)
            session.OpenAgain();
    }

    /// <summary>Looks at the clock for every socket.</summary>
    public void Check()
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach ((SocketSession session, _) in _all)
            session.Check(now);
        _appends.Forget();
    }

    /// <summary>Devices whose rate of appends is counted.</summary>
    public int Rates => _appends.Count;

    /// <summary>What an append counts. A commit ends the epoch for everybody, and who commits without pause lets nobody else.</summary>
    public static int Cost(bool isCommit) => isCommit ? 50 : 1;

    /// <summary>
    /// Counts appends against the device's rate, wherever they come from; false if it is too fast. A device that is added counts as one: it costs
    /// an entry in its inbox, and the server cannot know whether it exists.
    /// </summary>
    public bool TryTakeAppend(Id device, int count = 1) => _appends.TryTake(device, count);

    /// <summary>
    /// A commit that came too late for its epoch counts as one append: else whoever always comes first, at the rate of one device, would use up
    /// the rate of everybody who only tries again.
    /// </summary>
    public void GiveBackCommit(Id device) => _appends.GiveBack(device, Cost(isCommit: true) - 1);

    SocketSession? Find(Id device)
    {
        lock (_gate)
            return _devices.TryGetValue(device, out (SocketSession Present, int Count) known) ? known.Present : null;
    }

    void CloseWhere(Predicate<Access.Principal> concerned, string code)
    {
        foreach (SocketSession session in _all.Keys)
        {
            if (session.Principal is { } principal && concerned(principal))
                session.Close(code);
        }
    }
}
