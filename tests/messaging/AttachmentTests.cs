using System.Buffers.Text;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Kavalek.Messaging.Attachments;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Kavalek.Messaging.Tests;

/// <summary>Attachments at the server (docs/PROTOCOL.md §12.1).</summary>
public static class AttachmentTests
{
    static readonly byte[] Capability = RandomNumberGenerator.GetBytes(32);

    // K-25
    [Fact]
    public static async Task An_attachment_is_written_once_by_its_account_and_read_by_whoever_shows_its_capability()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice one = PlainDevice.New(), another = one with { Device = Id.New(), Session = Id.New() }, stranger = PlainDevice.New();
        using Client owner = new(server, one), other = new(server, another), thief = new(server, stranger), anyone = new(server, null);
        Id id = Id.New();
        byte[] bytes = RandomNumberGenerator.GetBytes(100_000);

        Assert.Equal(0ul, (await owner.DeclareAsync(id, bytes.Length)).Received);
        Assert.Equal(60_000ul, (await owner.PartAsync(id, 0, bytes[..60_000])).Received);
        // The same declaration again says how far it got; another one is refused.
        Assert.Equal(60_000ul, (await owner.DeclareAsync(id, bytes.Length)).Received);
        Assert.Equal(ErrorCodes.IdTaken, await owner.PutAsync(id, bytes.Length + 1).CodeAsync());
        Assert.Equal(ErrorCodes.IdTaken, await thief.PutAsync(id, bytes.Length).CodeAsync());
        // Nobody reads what is not whole, and nobody else goes on with it, looks at it, or deletes it.
        Assert.Equal(ErrorCodes.NotFound, await anyone.GetAsync(id).CodeAsync());
        foreach (Id named in (Id[])[id, Id.New()])
        {
            Assert.Equal(ErrorCodes.NotFound, await thief.SendPartAsync(named, 60_000, bytes[60_000..]).CodeAsync());
            Assert.Equal(ErrorCodes.NotFound, await thief.SendAsync(HttpMethod.Get, $"{named}/state").CodeAsync());
            Assert.Equal(ErrorCodes.NotFound, await thief.SendAsync(HttpMethod.Delete, $"{named}").CodeAsync());
        }
        // Elsewhere than where it ended, too long, empty, of another kind, compressed: nothing counts.
        foreach (long at in (long[])[0, 59_999, 60_001]) Assert.Equal(ErrorCodes.StaleUpload, await owner.SendPartAsync(id, at, bytes[60_000..]).CodeAsync());
        Assert.Equal(ErrorCodes.Invalid, await owner.SendPartAsync(id, 60_000, new byte[40_001]).CodeAsync());
        Assert.Equal(ErrorCodes.Invalid, await owner.SendPartAsync(id, 60_000, []).CodeAsync());
        Assert.Equal(ErrorCodes.UnsupportedMediaType, await owner.SendPartAsync(id, 60_000, bytes[60_000..], type: "text/html").CodeAsync());
        Assert.Equal(ErrorCodes.UnsupportedMediaType, await owner.SendPartAsync(id, 60_000, Gzip(bytes[60_000..]), encoding: "gzip").CodeAsync());
        Assert.Equal(60_000ul, (await owner.StateAsync(id)).Received);

        // Another device of the account may go on, also after a restart.
        await server.RestartAsync();
        using Client again = new(server, another), reader = new(server, null), owners = new(server, one), thiefAgain = new(server, stranger);
        Assert.Equal((ulong)bytes.Length, (await again.PartAsync(id, 60_000, bytes[60_000..])).Received);
        // Written once.
        Assert.Equal(ErrorCodes.StaleUpload, await owners.SendPartAsync(id, 0, bytes[..10]).CodeAsync());
        Assert.Equal(ErrorCodes.StaleUpload, await owners.SendPartAsync(id, bytes.Length, [1]).CodeAsync());

        using (HttpResponseMessage answer = await reader.GetAsync(id))
        {
            Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.ToString());
        }
        using (HttpResponseMessage part = await reader.GetAsync(id, new RangeHeaderValue(99_990, 99_994)))
        {
            Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
            Assert.Equal(bytes[99_990..99_995], await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal(100_000, part.Content.Headers.ContentRange?.Length);
        }
        // Without the capability, with another one, or with a token in its place: as if there were nothing, for a range as well.
        string missing = await LookAsync(reader.GetAsync(Id.New()));
        Assert.Equal(missing, await LookAsync(reader.GetAsync(id, capability: "")));
        Assert.Equal(missing, await LookAsync(reader.GetAsync(id, capability: Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)))));
        Assert.Equal(missing, await LookAsync(thiefAgain.GetAsync(id, new RangeHeaderValue(0, 1), capability: Base64Url.EncodeToString(new byte[32]))));
        Assert.Equal(missing, await LookAsync(owners.GetAsync(id, capability: Base64Url.EncodeToString(SHA256.HashData(Capability)))));
        // There is no list.
        using (HttpResponseMessage list = await owners.SendAsync(HttpMethod.Get, "")) Assert.Equal(HttpStatusCode.NotFound, list.StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, await again.SendAsync(HttpMethod.Delete, $"{id}").StatusAsync());
        Assert.Equal(missing, await LookAsync(reader.GetAsync(id)));
        Assert.Empty(Files(server));
        Assert.Equal(0, server.Count("SELECT CAST(COALESCE(SUM(bytes) + SUM(files), 0) AS BIGINT) FROM attachment_use"));
    }

    // K-55
    [Fact]
    public static async Task Whatever_an_attachment_holds_it_is_served_as_bytes_to_save_and_never_as_a_page()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        using Client owner = new(server, PlainDevice.New());
        foreach (string page in (string[])["<!doctype html><script>alert(1)</script>", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "%PDF-1.7 /JavaScript"])
        {
            Id id = Id.New();
            byte[] bytes = Encoding.UTF8.GetBytes(page);
            await owner.DeclareAsync(id, bytes.Length);
            await owner.PartAsync(id, 0, bytes);
            using HttpResponseMessage answer = await owner.GetAsync(id);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.ToString());
            Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.ToString());
            Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
            Assert.Equal(["default-src 'none'; sandbox; frame-ancestors 'none'"], answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
            Assert.Null(answer.Content.Headers.LastModified);
            Assert.Null(answer.Headers.ETag);
        }
    }

    // K-54, K-65
    [Fact]
    public static async Task Files_accounts_days_and_the_instance_have_limits_and_nothing_is_left_of_what_was_refused_or_is_over()
    {
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with
        {
            AttachmentBytes = 1_000,
            AttachmentAccountBytes = 2_500,
            AttachmentAccountFiles = 4,
            AttachmentDayBytes = 3_000,
            AttachmentTotalBytes = 4_000,
        });
        PlainDevice one = PlainDevice.New();
        using Client owner = new(server, one), second = new(server, PlainDevice.New()), third = new(server, PlainDevice.New());
        Assert.Equal(ErrorCodes.TooLarge, await owner.PutAsync(Id.New(), 1_001).CodeAsync());
        Assert.Equal(ErrorCodes.Invalid, await owner.PutAsync(Id.New(), 0).CodeAsync());
        Assert.Equal(ErrorCodes.Invalid, await owner.PutAsync(Id.New(), 10, lives: Limits.RetentionSeconds + 1).CodeAsync());
        Id first = Id.New(), unfinished = Id.New();
        await owner.DeclareAsync(first, 1_000, lives: 100);
        await owner.PartAsync(first, 0, new byte[1_000]);
        await owner.DeclareAsync(unfinished, 1_000);
        await owner.PartAsync(unfinished, 0, new byte[500]);
        Assert.Equal(ErrorCodes.OverQuota, await owner.PutAsync(Id.New(), 501).CodeAsync());
        // What is deleted makes room, but a day has so many bytes only.
        Assert.Equal(HttpStatusCode.NoContent, await owner.SendAsync(HttpMethod.Delete, $"{first}").StatusAsync());
        await owner.DeclareAsync(first, 900, lives: 100);
        await owner.PartAsync(first, 0, new byte[900]);
        Assert.Equal(ErrorCodes.OverQuota, await owner.PutAsync(Id.New(), 101).CodeAsync());
        // The instance.
        await second.DeclareAsync(Id.New(), 1_000);
        await second.DeclareAsync(Id.New(), 1_000);
        Assert.Equal(ErrorCodes.StorageFull, await third.PutAsync(Id.New(), 101).CodeAsync());
        await third.DeclareAsync(Id.New(), 100);

        // An endless part, one that lies about its length, and one that breaks off.
        Assert.Equal(ErrorCodes.TooLarge, await owner.SendPartAsync(unfinished, 500, new byte[Limits.AttachmentPartBytes + 1]).CodeAsync());
        await BreakOffAsync(server, one, unfinished);
        Assert.Equal(500ul, (await owner.StateAsync(unfinished)).Received);
        Assert.Equal(2, Files(server).Length);

        // Times: the life begins when it is whole, the attempt lasts a day.
        server.Clock.Advance(TimeSpan.FromSeconds(130));
        Assert.Equal(ErrorCodes.NotFound, await owner.GetAsync(first).CodeAsync());
        Assert.Equal(4, await server.EventuallyAsync("SELECT COUNT(*) FROM attachment", 4));
        server.Clock.Advance(TimeSpan.FromHours(25));
        using Client later = new(server, one);
        Assert.Equal(ErrorCodes.NotFound, await later.SendPartAsync(unfinished, 500, new byte[500]).CodeAsync());
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM attachment", 0));
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM attachment_use", 0));
        await EmptyAsync(server);

        // With the account all of it goes.
        Id last = Id.New();
        await later.DeclareAsync(last, 100);
        await later.PartAsync(last, 0, new byte[100]);
        server.Bus.Publish(new AccountClosed(one.Account));
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM attachment", 0));
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM attachment_use", 0));
        await EmptyAsync(server);
    }

    // K-65
    [Fact]
    public static async Task A_file_that_cannot_be_deleted_keeps_nothing_else_from_ending_and_goes_later()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        PlainDevice device = PlainDevice.New();
        await WholeAsync(200);
        string path = Assert.Single(Files(server));
        // Not even root deletes a folder like a file.
        File.Delete(path);
        Directory.CreateDirectory(path);
        Id second = await WholeAsync(200), third = await WholeAsync(10_000), fourth = await WholeAsync(20_000);
        server.Clock.Advance(TimeSpan.FromSeconds(300));
        await EndedAsync(second, left: 2);
        Assert.True(Directory.Exists(path));
        // What expires at another time goes as well, and what somebody deletes is gone for everybody.
        server.Clock.Advance(TimeSpan.FromSeconds(10_000));
        await EndedAsync(third, left: 1);
        Id again = await WholeAsync(20_000);
        string obstacle = Files(server).Single(file => file.EndsWith($"{again}", StringComparison.Ordinal));
        File.Delete(obstacle);
        Directory.CreateDirectory(obstacle);
        using (Client owner = new(server, device)) Assert.Equal(HttpStatusCode.NoContent, await owner.SendAsync(HttpMethod.Delete, $"{again}").StatusAsync());
        Assert.EndsWith($"{fourth}", Assert.Single(Files(server)), StringComparison.Ordinal);

        // When nothing is in its way any more, the sweep of a day takes it.
        Directory.Delete(path);
        await File.WriteAllBytesAsync(path, new byte[100], TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(path, server.Clock.GetUtcNow().UtcDateTime.AddHours(-25));
        await server.Services.GetRequiredService<AttachmentStore>().SweepAsync();
        Assert.EndsWith($"{fourth}", Assert.Single(Files(server)), StringComparison.Ordinal);

        async Task<Id> WholeAsync(uint lives)
        {
            using Client owner = new(server, device);
            Id id = Id.New();
            await owner.DeclareAsync(id, 100, lives);
            await owner.PartAsync(id, 0, new byte[100]);
            return id;
        }

        async Task EndedAsync(Id id, long left)
        {
            await Awaited.UntilAsync(() => Task.FromResult(server.Count("SELECT COUNT(*) FROM attachment")), there => there == left);
            await Awaited.UntilAsync(() => Task.FromResult(Files(server)), files => !files.Any(file => file.EndsWith($"{id}", StringComparison.Ordinal)));
        }
    }

    // K-54
    [Fact]
    public static async Task An_account_cannot_take_the_room_of_others_by_declaring_what_it_never_sends()
    {
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { AttachmentUnfinishedBytes = 1_000 });
        PlainDevice one = PlainDevice.New();
        using Client owner = new(server, one), sister = new(server, one with { Device = Id.New(), Session = Id.New() }), other = new(server, PlainDevice.New());
        Id first = Id.New(), second = Id.New(), third = Id.New();
        await owner.DeclareAsync(first, 600);
        await owner.PartAsync(first, 0, new byte[599]);
        await sister.DeclareAsync(second, 400);
        // What is begun counts as a whole, on whichever device; and nothing is written of what is refused.
        foreach (Client device in (Client[])[owner, sister]) Assert.Equal(ErrorCodes.RateLimited, await device.PutAsync(third, 1).CodeAsync());
        Assert.Equal(ErrorCodes.NotFound, await owner.SendAsync(HttpMethod.Get, $"{third}/state").CodeAsync());
        Assert.Equal(599ul, (await sister.DeclareAsync(first, 600)).Received);
        await other.DeclareAsync(Id.New(), 1_000);
        // What is whole makes room, and what is deleted.
        await owner.PartAsync(first, 599, new byte[1]);
        await owner.DeclareAsync(third, 600);
        Assert.Equal(ErrorCodes.RateLimited, await owner.PutAsync(Id.New(), 1).CodeAsync());
        Assert.Equal(HttpStatusCode.NoContent, await owner.SendAsync(HttpMethod.Delete, $"{second}").StatusAsync());
        Assert.Equal(HttpStatusCode.NoContent, await owner.SendAsync(HttpMethod.Delete, $"{third}").StatusAsync());
        // One alone may be larger than that; then it is the only one.
        await owner.DeclareAsync(second, 5_000);
        Assert.Equal(ErrorCodes.RateLimited, await owner.PutAsync(third, 1).CodeAsync());
        // What is given up makes room after a day.
        server.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM attachment", 0));
        using Client later = new(server, one);
        await later.DeclareAsync(third, 1_000);
    }

    [Fact]
    public static async Task The_policy_bounds_what_is_declared_from_the_start_and_from_its_change_on()
    {
        const long large = 1_000_000, upload = (large / 8 * 9) + 2_048;
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { AttachmentBytes = 3_000_000, Policy = new PolicyChanged(30, large, 2_000_000) });
        using Client owner = new(server, PlainDevice.New());
        Id before = Id.New();
        Assert.Equal(ErrorCodes.TooLarge, await owner.PutAsync(before, upload + 1).CodeAsync());
        await owner.DeclareAsync(before, upload);
        Assert.Equal(ErrorCodes.OverQuota, await owner.PutAsync(Id.New(), 2_000_001 - upload).CodeAsync());
        await owner.DeclareAsync(Id.New(), 2_000_000 - upload);
        // More than the command line says it never allows.
        server.Bus.Publish(new PolicyChanged(30, 1L << 30, 1L << 40));
        Assert.Equal(ErrorCodes.TooLarge, await owner.PutAsync(Id.New(), 3_000_001).CodeAsync());
        await owner.DeclareAsync(Id.New(), 3_000_000);
        // None at all; what was declared goes on.
        server.Bus.Publish(new PolicyChanged(30, 0, 1L << 40));
        Assert.Equal(ErrorCodes.TooLarge, await owner.PutAsync(Id.New(), 1).CodeAsync());
        Assert.Equal(10ul, (await owner.PartAsync(before, 0, new byte[10])).Received);
        server.Bus.Publish(new PolicyChanged(30, 10, 10));
        Assert.Equal(ErrorCodes.OverQuota, await owner.PutAsync(Id.New(), 1).CodeAsync());
    }

    // K-65
    [Theory]
    [InlineData(0, 100)]  // all of it
    [InlineData(40, 60)]  // the last part
    [InlineData(40, 30)]  // one between
    public static async Task What_is_deleted_while_a_part_of_it_comes_leaves_no_file_behind(int before, int coming)
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        using Client owner = new(server, PlainDevice.New());
        Id id = Id.New();
        await owner.DeclareAsync(id, 100);
        if (before > 0) await owner.PartAsync(id, 0, new byte[before]);
        SlowBytes slow = new(coming);
        Task<HttpResponseMessage> part = owner.SendAsync(HttpMethod.Patch, $"{id}?at={before}", slow);
        // The first of it has come to the disk.
        while (Files(server) is not [var path] || new FileInfo(path).Length <= before) await Task.Yield();
        Assert.Equal(HttpStatusCode.NoContent, await owner.SendAsync(HttpMethod.Delete, $"{id}").StatusAsync());
        slow.GoOn();
        Assert.Equal(ErrorCodes.NotFound, await part.CodeAsync());
        Assert.Empty(Files(server));
        Assert.Equal(0, await server.EventuallyAsync("SELECT COUNT(*) FROM attachment", 0));
        // The id is free again, and begins from nothing.
        Assert.Equal(0ul, (await owner.DeclareAsync(id, 100)).Received);
        Assert.Equal(100ul, (await owner.PartAsync(id, 0, new byte[100])).Received);
    }

    // K-54
    [Fact]
    public static async Task A_full_disk_takes_nothing_more_and_what_a_crash_left_is_swept_or_written_over()
    {
        bool full = false;
        await using MessagingServer server = await MessagingServer.StartAsync(o => o with { DiskReserveBytes = full ? long.MaxValue / 2 : 0 });
        PlainDevice one = PlainDevice.New();
        Id id = Id.New(), orphan = Id.New();
        byte[] bytes = RandomNumberGenerator.GetBytes(1_000);
        using (Client owner = new(server, one))
        {
            await owner.DeclareAsync(id, bytes.Length);
            await owner.PartAsync(id, 0, bytes[..400]);
        }
        full = true;
        await server.RestartAsync();
        using (Client owner = new(server, one))
        {
            Assert.Equal(ErrorCodes.StorageFull, await owner.SendPartAsync(id, 400, bytes[400..]).CodeAsync());
            Assert.Equal(ErrorCodes.StorageFull, await owner.PutAsync(Id.New(), 10).CodeAsync());
            Assert.Equal(400ul, (await owner.StateAsync(id)).Received);
        }
        // Killed: behind what counts there are bytes that do not, and a file that no row knows.
        string part = Assert.Single(Files(server));
        await File.AppendAllBytesAsync(part, new byte[300], TestContext.Current.CancellationToken);
        string stray = Path.Combine(server.Folder, "blobs", $"{orphan}"[..2], $"{orphan}"[2..4], $"{orphan}");
        Directory.CreateDirectory(Path.GetDirectoryName(stray)!);
        await File.WriteAllBytesAsync(stray, new byte[10], TestContext.Current.CancellationToken);
        full = false;
        await server.RestartAsync();
        // Not at once: what has no row may be another database's.
        DateTime now = server.Clock.GetUtcNow().UtcDateTime;
        File.SetLastWriteTimeUtc(stray, now.AddHours(-23));
        await server.Services.GetRequiredService<AttachmentStore>().SweepAsync();
        Assert.True(File.Exists(stray));
        File.SetLastWriteTimeUtc(stray, now.AddHours(-25));
        File.SetLastWriteTimeUtc(part, now.AddHours(-25));
        await server.Services.GetRequiredService<AttachmentStore>().SweepAsync();
        Assert.False(File.Exists(stray));
        using (Client owner = new(server, one))
        {
            await owner.PartAsync(id, 400, bytes[400..700]);
            // The rest was written and named, and the database never heard of it.
            string whole = part[..^".part".Length];
            await File.WriteAllBytesAsync(part, bytes, TestContext.Current.CancellationToken);
            File.Move(part, whole);
            Assert.Equal(1_000ul, (await owner.PartAsync(id, 700, bytes[700..])).Received);
            using HttpResponseMessage answer = await owner.GetAsync(id);
            Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal(whole, Assert.Single(Files(server)));
        }
    }

    // K-61
    [Fact]
    public static async Task A_server_that_was_started_on_an_empty_or_another_database_deletes_none_of_the_files_it_finds()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        string folder = Path.Combine(server.Folder, "blobs");
        string[] found = [.. Enumerable.Range(0, 3).Select(_ => Found(Id.New().ToString())), Found("notes.txt")];
        AttachmentStore store = server.Services.GetRequiredService<AttachmentStore>();
        await store.SweepAsync();
        Assert.All(found, path => Assert.True(File.Exists(path)));
        // Not empty any more; but still most of what lies there is not its own.
        using Client owner = new(server, PlainDevice.New());
        foreach (int own in (int[])[1, 2])
        {
            Id id = Id.New();
            await owner.DeclareAsync(id, 10);
            await owner.PartAsync(id, 0, new byte[10]);
            await store.SweepAsync();
            Assert.Equal(found.Length + own, Files(server).Length);
        }
        // Twin: where they are the lesser part they go, and what is not named as an attachment stays.
        Id last = Id.New();
        await owner.DeclareAsync(last, 10);
        await owner.PartAsync(last, 0, new byte[10]);
        await store.SweepAsync();
        Assert.Equal(4, Files(server).Length);
        Assert.True(File.Exists(found[^1]));

        string Found(string name)
        {
            string path = Path.Combine(folder, name[..2], name[2..4], name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, new byte[10]);
            File.SetLastWriteTimeUtc(path, server.Clock.GetUtcNow().UtcDateTime.AddDays(-2));
            return path;
        }
    }

    // K-61
    [Fact]
    public static async Task What_a_backup_did_not_hold_of_an_unfinished_attachment_is_sent_again()
    {
        await using MessagingServer server = await MessagingServer.StartAsync();
        using Client owner = new(server, PlainDevice.New());
        Id id = Id.New();
        byte[] bytes = RandomNumberGenerator.GetBytes(1_000);
        await owner.DeclareAsync(id, bytes.Length);
        await owner.PartAsync(id, 0, bytes[..400]);
        // The row says 400, and of the file there are 150; then none.
        foreach (int left in (int[])[150, 0])
        {
            string part = Assert.Single(Files(server));
            if (left == 0) File.Delete(part);
            else await File.WriteAllBytesAsync(part, bytes[..left], TestContext.Current.CancellationToken);
            using (HttpResponseMessage refused = await owner.SendPartAsync(id, 400, bytes[400..]))
            {
                string problem = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                Assert.Contains($"\"{ErrorCodes.StaleUpload}\"", problem, StringComparison.Ordinal);
                Assert.Contains($"\"epoch\":{left}", problem, StringComparison.Ordinal);
            }
            Assert.Equal((ulong)left, (await owner.StateAsync(id)).Received);
            await owner.PartAsync(id, left, bytes[left..400]);
        }
        await owner.PartAsync(id, 400, bytes[400..]);
        using HttpResponseMessage answer = await owner.GetAsync(id);
        Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Single(Files(server));
    }

    // Files go a moment after their rows.
    static async Task EmptyAsync(MessagingServer server)
    {
        while (Files(server).Length > 0) await Task.Yield();
    }

    static string[] Files(MessagingServer server) =>
        Directory.Exists(Path.Combine(server.Folder, "blobs")) ? Directory.GetFiles(Path.Combine(server.Folder, "blobs"), "*", SearchOption.AllDirectories) : [];

    static async Task BreakOffAsync(MessagingServer server, PlainDevice device, Id id)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        await using NetworkStream stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"PATCH /api/v1/attachments/{id}?at=500 HTTP/1.1\r\nHost: {server.Address.Authority}\r\nAuthorization: Bearer {server.Token(device)}\r\n"
            + "Content-Type: application/octet-stream\r\nContent-Length: 500\r\n\r\nonly a few bytes"), TestContext.Current.CancellationToken);
    }

    /// <summary>A part of which half comes now, and half when it is told to.</summary>
    sealed class SlowBytes : HttpContent
    {
        readonly TaskCompletionSource _on = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly int _length;

        public SlowBytes(int length)
        {
            _length = length;
            Headers.ContentType = new("application/octet-stream");
        }

        public void GoOn() => _on.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[_length / 2]);
            await stream.FlushAsync();
            await _on.Task;
            await stream.WriteAsync(new byte[_length - (_length / 2)]);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _length;
            return true;
        }
    }

    static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream zipped = new();
        using (GZipStream zip = new(zipped, CompressionLevel.Fastest)) zip.Write(bytes);
        return zipped.ToArray();
    }

    static async Task<string> LookAsync(Task<HttpResponseMessage> sending)
    {
        using HttpResponseMessage answer = await sending;
        var headers = answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key != "Date").OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}: {string.Join(',', h.Value)}");
        return $"{(int)answer.StatusCode}\n{string.Join('\n', headers)}\n{await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
    }

    /// <summary>One device's calls, or those of nobody in particular.</summary>
    sealed class Client(MessagingServer server, PlainDevice? device) : IDisposable
    {
        readonly HttpClient _http = new(new PatientHandler()) { BaseAddress = server.Address };
        readonly string? _token = device is null ? null : server.Token(device);

        public async Task<AttachmentState> DeclareAsync(Id id, long size, uint lives = 1_000) => await ReadAsync(PutAsync(id, size, lives));

        public async Task<AttachmentState> PartAsync(Id id, long at, byte[] bytes) => await ReadAsync(SendPartAsync(id, at, bytes));

        public async Task<AttachmentState> StateAsync(Id id) => await ReadAsync(SendAsync(HttpMethod.Get, $"{id}/state"));

        public Task<HttpResponseMessage> PutAsync(Id id, long size, uint lives = 1_000)
        {
            DeclareAttachment body = new() { Size = (ulong)size, Lives = lives, Reader = ByteString.CopyFrom(SHA256.HashData(Capability)) };
            return SendAsync(HttpMethod.Put, $"{id}", new ByteArrayContent(body.ToByteArray()) { Headers = { ContentType = new("application/x-protobuf") } });
        }

        public Task<HttpResponseMessage> SendPartAsync(Id id, long at, byte[] bytes, string type = "application/octet-stream", string? encoding = null)
        {
            ByteArrayContent content = new(bytes) { Headers = { ContentType = new(type) } };
            if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
            return SendAsync(HttpMethod.Patch, $"{id}?at={at}", content);
        }

        public Task<HttpResponseMessage> GetAsync(Id id, RangeHeaderValue? range = null, string? capability = null) =>
            SendAsync(HttpMethod.Get, $"{id}", null, range, capability ?? Base64Url.EncodeToString(AttachmentTests.Capability));

        public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body = null, RangeHeaderValue? range = null, string? capability = null)
        {
            HttpRequestMessage request = new(method, $"/api/v1/attachments/{path}") { Content = body };
            if (_token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
            if (range is not null) request.Headers.Range = range;
            if (!string.IsNullOrEmpty(capability)) request.Headers.Add(Limits.AttachmentCapabilityHeader, capability);
            return _http.SendAsync(request, TestContext.Current.CancellationToken);
        }

        public void Dispose() => _http.Dispose();

        static async Task<AttachmentState> ReadAsync(Task<HttpResponseMessage> sending)
        {
            using HttpResponseMessage answer = await sending;
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return AttachmentState.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }
}
