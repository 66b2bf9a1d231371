using System.Net;
using System.Security.Cryptography;
using Kavalek.Protocol;
using Kavalek.Protocol.Auth;
using Kavalek.Protocol.Identity;
using Kavalek.Tests.Support;

namespace Kavalek.Auth.Tests;

public sealed class DeviceTests
{
    [Fact]
    public async Task A_waiting_device_is_certified_by_another_and_fetches_its_grant_once()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        List<BusEvent> news = SessionTests.Listen(server);
        TestDevice second = first.Another();
        Session waiting = await second.LogInAsync(waiting: true);
        Assert.False(waiting.Certified);

        DeviceRecords records = await first.GetAsync("/auth/v1/devices", AuthJson.Default.DeviceRecords);
        DeviceRecord record = Assert.Single(records.Devices, d => d.Device == second.Device);
        Assert.Equal(second.GrantKey, record.GrantKey);
        Assert.Null(record.Certificate);
        Assert.Equal(0, record.Added % 86_400);

        second.Certificate = first.Certify(second);
        byte[] list = first.List(2, first.Certificate, second.Certificate);
        await first.CertifyAsync(second.Device, new CertifyRequest(second.Certificate, list, [7, 7, 7])).OkAsync();
        Assert.Equal(
            new[] { first.Device, second.Device }.ToHashSet(), Assert.IsType<DevicesChanged>(Assert.Single(news)).Devices.ToHashSet());

        OwnDevice own = await second.GetAsync("/auth/v1/devices/self", AuthJson.Default.OwnDevice);
        Assert.Equal(second.Certificate, own.Certificate);
        Assert.Equal(list, own.DeviceList);
        Assert.Equal([7, 7, 7], own.Grant);
        await second.SendAsync(HttpMethod.Delete, "/auth/v1/devices/self/grant").OkAsync();
        Assert.Null((await second.GetAsync("/auth/v1/devices/self", AuthJson.Default.OwnDevice)).Grant);

        Assert.True((await second.RefreshAsync()).Certified);
        Assert.NotEqual("", second.Session!.MessagingToken);
        AccountRecord account = await second.GetAsync($"/auth/v1/directory/{first.Handle}", AuthJson.Default.AccountRecord);
        Assert.Equal(list, account.DeviceList);
        Assert.Equal(2, account.Certificates.Length);
    }

    [Fact]
    public async Task A_waiting_device_may_only_wait() // K-21
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice waiting = first.Another();
        await waiting.LogInAsync(waiting: true);
        string before = server.Dump();
        await waiting.GetAsync("/auth/v1/devices").RefusedAsync(ErrorCodes.Forbidden);
        await waiting.GetAsync($"/auth/v1/directory/{first.Handle}").RefusedAsync(ErrorCodes.Forbidden);
        await waiting.GetAsync($"/auth/v1/accounts/{first.Account}").RefusedAsync(ErrorCodes.Forbidden);
        await waiting.GetAsync("/auth/v1/key-packages").RefusedAsync(ErrorCodes.Forbidden);
        await waiting.RemoveAsync(first.Device, [1]).RefusedAsync(ErrorCodes.Forbidden);
        // Not even with the account key in hand does it certify others: it may admit itself with it, and no more (§5.6).
        byte[] certificate = first.Certify(waiting);
        await waiting.CertifyAsync(waiting.Device, new CertifyRequest(certificate, first.List(2, first.Certificate, certificate), [1]))
            .RefusedAsync(ErrorCodes.Forbidden);
        Assert.Equal(before, server.Dump());
        await waiting.GetAsync("/auth/v1/devices/self").OkAsync(HttpStatusCode.OK);
        await waiting.RefreshAsync();
        await waiting.SendAsync(HttpMethod.Delete, "/auth/v1/sessions/current").OkAsync();
    }

    [Fact]
    public async Task A_stranger_certifies_and_removes_nobody_elses_device() // K-21, K-26
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice victim = await TestDevice.SignUpAsync(server);
        using TestDevice stranger = await TestDevice.SignUpAsync(server);
        TestDevice second = victim.Another();
        await second.LogInAsync(waiting: true);
        byte[] certificate = stranger.Certify(second, c => c with { Device = second.Device, DeviceKey = second.PublicDeviceKey });
        CertifyRequest request = new(certificate, stranger.List(2, stranger.Certificate, certificate), [1]);
        string before = server.Dump();
        string foreign = await stranger.CertifyAsync(second.Device, request).LookAsync();
        string missing = await stranger.CertifyAsync(Id.New(), request).LookAsync();
        Assert.Contains(ErrorCodes.NotFound, foreign);
        Assert.Equal(missing, foreign);
        foreign = await stranger.RemoveAsync(victim.Device, stranger.List(2, stranger.Certificate)).LookAsync();
        missing = await stranger.RemoveAsync(Id.New(), stranger.List(2, stranger.Certificate)).LookAsync();
        Assert.Contains(ErrorCodes.NotFound, foreign);
        Assert.Equal(missing, foreign);
        Assert.Equal(before, server.Dump());
    }

    [Fact]
    public async Task A_removed_device_is_out_at_once_and_never_comes_back() // K-07, K-22
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        using TestDevice other = await TestDevice.SignUpAsync(server);
        TestDevice second = await first.AddDeviceAsync(2);
        await second.PublishKeyPackagesAsync(3, lastResort: true).OkAsync();
        List<BusEvent> news = SessionTests.Listen(server);

        string before = server.Dump();
        await first.RemoveAsync(second.Device, first.List(3, first.Certificate, second.Certificate)).RefusedAsync(ErrorCodes.StaleDeviceList);
        await first.RemoveAsync(second.Device, first.List(2, first.Certificate)).RefusedAsync(ErrorCodes.StaleDeviceList);
        await first.RemoveAsync(second.Device, first.List(3)).RefusedAsync(ErrorCodes.StaleDeviceList);
        Assert.Equal(before, server.Dump());
        Assert.Empty(news);

        byte[] list = first.List(3, first.Certificate);
        await first.RemoveAsync(second.Device, list).OkAsync();
        Assert.Equal([new DeviceRemoved(first.Account, second.Device)], news.OfType<DeviceRemoved>());
        Assert.Equal([first.Device], Assert.Single(news.OfType<DevicesChanged>()).Devices);
        await second.GetAsync("/auth/v1/devices/self").RefusedAsync(ErrorCodes.Unauthenticated);
        await second.TryRefreshAsync(second.Session!.RefreshToken).RefusedAsync(ErrorCodes.SessionEnded);
        await second.TryLogInAsync(await second.LogInRequestAsync(withGrantKey: true)).RefusedAsync(ErrorCodes.DeviceRemoved);
        Assert.Empty(server.Table("key_package"));
        AccountRecord record = await other.GetAsync($"/auth/v1/accounts/{first.Account}", AuthJson.Default.AccountRecord);
        Assert.Equal(list, record.DeviceList);
        Assert.Equal(first.Certificate, Assert.Single(record.Certificates));

        // Nor does its id go to anybody else.
        using TestDevice thief = TestDevice.New(server);
        byte[] certificate = thief.Certify(thief, c => c with { Device = second.Device });
        await thief.RegisterAsync(thief.Registration() with { Certificate = certificate, DeviceList = thief.List(1, certificate) })
            .RefusedAsync(ErrorCodes.IdTaken);
    }

    [Fact]
    public async Task A_list_that_the_server_has_forgotten_is_taken_from_whoever_the_account_signed_it_for_and_nothing_else_is() // K-21, K-32, K-39
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        using TestDevice other = await TestDevice.SignUpAsync(server);
        TestDevice removed = await first.AddDeviceAsync(2);
        await first.RemoveAsync(removed.Device, first.List(3, first.Certificate)).OkAsync();
        TestDevice late = first.Another();
        late.Certificate = first.Certify(late, c => c with { Created = c.Created + 1_000 });
        await late.LogInAsync(waiting: true);
        await first.CertifyAsync(late.Device, new CertifyRequest(late.Certificate, first.List(4, first.Certificate, late.Certificate), [1])).OkAsync();
        TestDevice waiting = first.Another();
        await waiting.LogInAsync(waiting: true);
        TestDevice forgotten = first.Another();
        forgotten.Certificate = first.Certify(forgotten);
        List<BusEvent> news = SessionTests.Listen(server);

        byte[][] all = [first.Certificate, late.Certificate, forgotten.Certificate];
        KnownDevices known = new(first.List(9, all), all);
        KnownDevices Of(ulong number, params byte[][] certificates) => new(first.List(number, certificates), certificates);
        byte[] forged = [.. known.DeviceList];
        forged[^1] ^= 1;
        string before = server.Dump();
        await PutAsync(waiting, known).RefusedAsync(ErrorCodes.Forbidden);
        await PutAsync(other, known).RefusedAsync(ErrorCodes.StaleDeviceList);
        await PutAsync(first, Of(4, all)).RefusedAsync(ErrorCodes.StaleDeviceList);
        await PutAsync(first, Of(4 + Limits.ForgottenChanges + 1, all)).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(first, known with { DeviceList = forged }).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(first, known with { DeviceList = [1] }).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(first, known with { Certificates = [first.Certificate, late.Certificate] }).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(first, known with { Certificates = [] }).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(first, Of(9, first.Certificate, late.Certificate, other.Certificate)).RefusedAsync(ErrorCodes.Invalid);
        await PutAsync(first, Of(9, [.. all, first.Certify(forgotten, c => c with { Created = c.Created + 1 })])).RefusedAsync(ErrorCodes.Invalid);
        // Somebody else's device, one that was removed, and one that was certified after the list was made.
        await PutAsync(first, Of(9, first.Certificate, late.Certificate, first.Certify(other))).RefusedAsync(ErrorCodes.StaleDeviceList);
        await PutAsync(first, Of(9, first.Certificate, late.Certificate, removed.Certificate)).RefusedAsync(ErrorCodes.StaleDeviceList);
        await PutAsync(first, Of(9, first.Certificate, forgotten.Certificate)).RefusedAsync(ErrorCodes.StaleDeviceList);
        Assert.Equal(before, server.Dump());
        Assert.Empty(news);

        // The forgotten device is known only by what the account has signed; it needs nobody to let it in again.
        await forgotten.TryLogInAsync(await forgotten.LogInRequestAsync()).RefusedAsync(ErrorCodes.Invalid);
        forgotten.Session = await TestDevice.ReadAsync(forgotten.TryLogInAsync(await forgotten.LogInRequestAsync() with { Known = known }), AuthJson.Default.Session);
        Assert.True(forgotten.Session.Certified);
        Assert.Empty(news.OfType<DeviceRemoved>());
        Assert.Equal([.. all.Select(SHA256.HashData).Order(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))],
            DeviceList.Decode((await other.GetAsync($"/auth/v1/accounts/{first.Account}", AuthJson.Default.AccountRecord)).DeviceList).Content.Devices);
        Assert.Equal(3, Assert.Single(news.OfType<DevicesChanged>()).Devices.Length);
        await first.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
        string after = server.Dump();
        await PutAsync(first, known).RefusedAsync(ErrorCodes.StaleDeviceList);
        Assert.Equal(after, server.Dump());

        // A removal that was forgotten, too: the device is out at once, and is shown the proof.
        byte[] without = first.List(12, [first.Certificate, forgotten.Certificate], c => c with { Created = c.Created + 2_000 });
        await PutAsync(first, new KnownDevices(without, [first.Certificate, forgotten.Certificate])).OkAsync();
        Assert.Equal([new DeviceRemoved(first.Account, late.Device)], news.OfType<DeviceRemoved>());
        await late.GetAsync("/auth/v1/devices/self").RefusedAsync(ErrorCodes.Unauthenticated);
        await late.TryLogInAsync(await late.LogInRequestAsync() with { Known = known }).RefusedAsync(ErrorCodes.DeviceRemoved);
        RemovalRecord why = await TestDevice.ReadAsync(late.PostAsync("/auth/v1/devices/removal",
            new RemovalRequest(late.Device, TestDevice.Sign(late.Key, new RemovalQuestion(server.Instance, late.Device).SignedBytes())), AuthJson.Default.RemovalRequest, token: null), AuthJson.Default.RemovalRecord);
        Assert.Equal(without, why.DeviceList);
        // And it goes on from there.
        await first.RemoveAsync(forgotten.Device, first.List(13, first.Certificate)).OkAsync();

        static Task<HttpResponseMessage> PutAsync(TestDevice device, KnownDevices known) =>
            device.SendAsync(HttpMethod.Put, "/auth/v1/devices", TestDevice.Json(known, AuthJson.Default.KnownDevices));
    }

    [Fact]
    public async Task A_device_may_remove_itself_but_not_as_the_last_one()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        await first.RemoveAsync(first.Device, first.List(2)).RefusedAsync(ErrorCodes.Forbidden);
        TestDevice second = await first.AddDeviceAsync(2);
        await first.RemoveAsync(first.Device, first.List(3, second.Certificate)).OkAsync();
        await first.GetAsync("/auth/v1/devices/self").RefusedAsync(ErrorCodes.Unauthenticated);
        await second.GetAsync("/auth/v1/devices").OkAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_waiting_device_can_be_turned_away()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice waiting = first.Another();
        await waiting.LogInAsync(waiting: true);
        await first.RemoveAsync(waiting.Device, first.List(2, first.Certificate)).OkAsync();
        await waiting.GetAsync("/auth/v1/devices/self").RefusedAsync(ErrorCodes.Unauthenticated);
        Assert.Single((await first.GetAsync("/auth/v1/devices", AuthJson.Default.DeviceRecords)).Devices);
    }

    [Fact]
    public async Task Two_changes_of_the_device_list_at_once_have_one_winner()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        TestDevice[] waiting = [.. Enumerable.Range(0, 4).Select(_ => first.Another())];
        foreach (TestDevice device in waiting)
        {
            await device.LogInAsync(waiting: true);
            device.Certificate = first.Certify(device);
        }
        HttpResponseMessage[] answers = await Task.WhenAll(waiting.Select(d => first.CertifyAsync(
            d.Device, new CertifyRequest(d.Certificate, first.List(2, first.Certificate, d.Certificate), [1]))));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.NoContent);
        Assert.Equal(3, answers.Count(a => a.StatusCode == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task An_account_has_at_most_twenty_devices()
    {
        await using TestServer server = await TestServer.StartAsync(change: Answers.Open);
        using TestDevice first = await TestDevice.SignUpAsync(server);
        List<TestDevice> others = [];
        for (ulong number = 2; number <= 20; number++) others.Add(await first.AddDeviceAsync(number, [.. others]));
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => first.AddDeviceAsync(21, [.. others]));
        Assert.Contains(ErrorCodes.Invalid, refused.Message);
        Assert.Equal(20, (await first.GetAsync($"/auth/v1/directory/{first.Handle}", AuthJson.Default.AccountRecord)).Certificates.Length);
    }
}
