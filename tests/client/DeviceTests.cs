using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class DeviceTests
{
    [Fact]
    public static async Task A_removed_device_is_out_and_the_others_hear_of_it()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient second = await AddDeviceAsync(server, first);
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(30));
        IAsyncEnumerator<ClientEvent> events = second.Events(stop.Token).GetAsyncEnumerator(stop.Token);
        await second.StartAsync();
        await NextAsync(events, e => e is ConnectionChanged { State: ConnectionState.Syncing or ConnectionState.Online });

        await first.RemoveDeviceAsync(second.Me.Device);
        SessionEnded ended = (SessionEnded)await NextAsync(events, e => e is SessionEnded);
        Assert.Equal(ErrorCodes.DeviceRemoved, ended.Reason.Code);
        Assert.Contains("was removed from your account", ended.Reason.Message, StringComparison.Ordinal);
        Assert.Single(await first.DevicesAsync());
        await events.DisposeAsync();
    }

    [Fact]
    public static async Task Another_device_is_reported_with_what_changed()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient second = await AddDeviceAsync(server, first);
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(30));
        IAsyncEnumerator<ClientEvent> events = first.Events(stop.Token).GetAsyncEnumerator(stop.Token);
        await using KavalekClient third = await AddDeviceAsync(server, second);
        await first.DevicesAsync();
        DevicesChanged changed = (DevicesChanged)await NextAsync(events, e => e is DevicesChanged);
        Assert.Equal([third.Me.Device], changed.Added);
        Assert.Equal([], changed.Removed);
        await events.DisposeAsync();
    }

    [Fact]
    public static async Task The_device_in_use_is_not_removed_by_mistake()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => first.RemoveDeviceAsync(first.Me.Device)));
    }

    // K-32, K-39
    [Fact]
    public static async Task An_older_device_list_or_a_ghost_device_is_refused()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient first = await SignUpAsync(server, "marie", Options(store));
        string? old = null;
        Func<string, string> change = body => body;
        Func<Uri, ITransport> transport = address => new Rewrites(new HttpTransport(address), (path, body) =>
            path.EndsWith("auth/v1/devices", StringComparison.Ordinal) ? change(body) : body);
        await first.LockAsync();
        first = await KavalekClient.UnlockAsync(Options(store, transport: transport), Phrase);
        change = body => old = body;
        await first.DevicesAsync();
        change = body => body;
        await using KavalekClient second = await AddDeviceAsync(server, first);
        await first.DevicesAsync();

        change = _ => old!;
        Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => first.DevicesAsync()));
        // The refusal outlives a restart.
        await first.LockAsync();
        first = await KavalekClient.UnlockAsync(Options(store, transport: transport), Phrase);
        Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => first.DevicesAsync()));

        change = body =>
        {
            DeviceRecords records = System.Text.Json.JsonSerializer.Deserialize(body, AuthJson.Default.DeviceRecords)!;
            DeviceCertificate mine = DeviceCertificate.Decode(records.Devices[0].Certificate!);
            DeviceRecord ghost = records.Devices[0] with { Device = Id.New(), Certificate = (mine with { Content = mine.Content with { Device = Id.New() } }).Encode() };
            return System.Text.Json.JsonSerializer.Serialize(records with { Devices = [.. records.Devices, ghost] }, AuthJson.Default.DeviceRecords);
        };
        Assert.Equal(ClientErrors.DeviceListRefused, await CodeAsync(() => first.DevicesAsync()));
        change = body => body;
        Assert.Equal(2, (await first.DevicesAsync()).Count);
        await first.DisposeAsync();
    }

    static async Task<ClientEvent> NextAsync(IAsyncEnumerator<ClientEvent> events, Func<ClientEvent, bool> wanted)
    {
        List<ClientEvent> others = [];
        try
        {
            while (await events.MoveNextAsync())
            {
                if (wanted(events.Current)) return events.Current;
                others.Add(events.Current);
            }
        }
        catch (OperationCanceledException)
        {
            // Then say what came instead.
        }
        throw new InvalidOperationException($"it did not come, but: {string.Join("; ", others)}");
    }
}
