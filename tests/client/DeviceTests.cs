using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

public static class DeviceTests
{
    [Fact]
    public static async Task A_second_device_is_approved_by_its_code_and_is_equal_to_the_first()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient second = await KavalekClient.LogInAsync(Options(), server.Address, first.Me.Email, Phrase);
        Assert.True(second.Me.IsWaiting);
        Assert.Equal(ClientErrors.DeviceWaits, await CodeAsync(() => second.DevicesAsync()));
        Assert.Equal(ClientErrors.DeviceWaits, await CodeAsync(() => second.SyncAsync()));

        Device approved = await first.ApproveDeviceAsync(second.DeviceCode!.Replace('-', ' '));
        Assert.Equal(second.Me.Device, approved.Id);
        await second.WaitForApprovalAsync();
        Assert.False(second.Me.IsWaiting);
        Assert.Equal(first.Me.AccountKey, second.Me.AccountKey);
        Assert.Equal(first.Core.Identity.HistoryKey, second.Core.Identity.HistoryKey);
        Assert.Equal("marie", second.Me.Handle);
        Assert.Null(second.DeviceCode);
        Assert.Equal(2, (await second.DevicesAsync()).Count(d => !d.IsWaiting));

        await using KavalekClient third = await AddDeviceAsync(server, second);
        Assert.Equal(3, (await first.DevicesAsync()).Count);
    }

    [Fact]
    public static async Task An_approval_interrupted_before_new_tokens_came_is_complete_after_a_restart()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        MemoryClientStore store = new();
        KavalekClient second = await KavalekClient.LogInAsync(Options(store, transport: address =>
            new LosesAnswers(new HttpTransport(address), "/auth/v1/sessions/refresh", before: true)), server.Address, first.Me.Email, Phrase);
        await first.ApproveDeviceAsync(second.DeviceCode!);
        Assert.Equal(ClientErrors.Offline, await CodeAsync(() => second.WaitForApprovalAsync()));
        await second.LockAsync();
        await using KavalekClient again = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Assert.False(again.Me.IsWaiting);
        await again.SyncAsync();
        Assert.Equal(2, (await again.DevicesAsync()).Count);
    }

    [Fact]
    public static async Task A_wrong_code_approves_nothing()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient first = await SignUpAsync(server, "marie");
        await using KavalekClient second = await KavalekClient.LogInAsync(Options(), server.Address, first.Me.Email, Phrase);
        string code = second.DeviceCode!;
        string wrong = code[..^1] + (code[^1] == 'A' ? 'B' : 'A');
        Assert.Equal(ClientErrors.WrongDeviceCode, await CodeAsync(() => first.ApproveDeviceAsync(wrong)));
        Assert.True(second.Me.IsWaiting);
        Assert.True((await first.DevicesAsync()).Single(d => d.Id == second.Me.Device).IsWaiting);
    }

    [Theory]
    [InlineData("grantKey")]
    [InlineData("deviceKey")]
    public static async Task A_server_that_swaps_a_key_of_the_waiting_device_changes_the_code_and_gets_nothing(string swapped)
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await (await SignUpAsync(server, "marie", Options(store))).LockAsync();
        await using KavalekClient second = await KavalekClient.LogInAsync(Options(), server.Address, "marie@example.org", Phrase);
        string theirs = System.Buffers.Text.Base64Url.EncodeToString(TestDevice.NewPublicKey());
        List<string> sent = [];
        await using KavalekClient first = await KavalekClient.UnlockAsync(Options(store, transport: address => new Rewrites(new HttpTransport(address), (path, body) =>
        {
            sent.Add(path);
            if (!path.EndsWith("auth/v1/devices", StringComparison.Ordinal)) return body;
            DeviceRecords records = System.Text.Json.JsonSerializer.Deserialize(body, AuthJson.Default.DeviceRecords)!;
            DeviceRecord waiting = records.Devices.Single(d => d.Certificate is null);
            byte[] key = swapped == "grantKey" ? waiting.GrantKey! : waiting.DeviceKey;
            return body.Replace(System.Buffers.Text.Base64Url.EncodeToString(key), theirs, StringComparison.Ordinal);
        })), Phrase);
        Assert.Equal(ClientErrors.WrongDeviceCode, await CodeAsync(() => first.ApproveDeviceAsync(second.DeviceCode!)));
        Assert.DoesNotContain(sent, path => path.Contains("certificate", StringComparison.Ordinal));
    }

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
        await NextAsync(events, e => e is SessionEnded);
        Assert.Equal(ErrorCodes.SessionEnded, await CodeAsync(() => second.DevicesAsync()));
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
