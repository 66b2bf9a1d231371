using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Client;
using Kavalek.Host;
using Kavalek.Postgres;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Kavalek.Deployment.Tests;

/// <summary>One file, from which everything comes back: by the commands that the operator types.</summary>
public sealed class BackupTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-backup-").FullName;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public BackupTests()
    {
        File.WriteAllText(In("key"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n");
        File.WriteAllText(In("other-key"), Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        File.WriteAllText(In("password"), "a long password of the operator\n");
        File.WriteAllText(In("other-password"), "another password of the operator\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // K-61
    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task From_one_encrypted_file_a_fresh_instance_goes_on_where_the_lost_one_was(string database)
    {
        Uri origin = new($"http://127.0.0.1:{FreePort()}");
        string? lost = NewDatabase();
        ServerOptions options = new() { Data = In("data"), Urls = origin.GetLeftPart(UriPartial.Authority), RateFactor = 1000, Postgres = lost };
        string[] where = database == "postgres" ? ["--data", options.Data, "--database", "postgres", "--connection-file", In("connection")] : ["--data", options.Data];
        await using Person marie = new("marie", _folder, origin), jean = new("jean", _folder, origin), leila = new("leila", _folder, origin);
        Conversation direct;
        byte[] attached = RandomNumberGenerator.GetBytes(700), uploaded;
        string blob;
        await using (Server server = await Server.StartAsync(options, console: TextWriter.Null))
        {
            await marie.SignUpAsync(server.SetUpSecret!);
            await jean.SignUpAsync(await InviteAsync());
            direct = await marie.TalkToAsync(jean);
            using (MemoryStream content = new(attached))
                await direct.SendAsync("before the backup", [new OutgoingFile("notes.bin", "application/octet-stream", attached.Length, content)], cancel: Cancel);
            await marie.Client.SyncAsync(Cancel);
            blob = Assert.Single(Directory.GetFiles(Path.Combine(options.Data, "blobs"), "*", SearchOption.AllDirectories));
            uploaded = await File.ReadAllBytesAsync(blob, Cancel);
            await File.WriteAllTextAsync($"{blob}.part", "half an attachment", Cancel);
            File.WriteAllText(Path.Combine(options.Data, "kavalek.json"), """{"name":"La rédaction"}""");
            // The server runs on while it is made.
            new TestTables(options.Data, lost, "messaging").Execute($"INSERT INTO push_subscription (device, account, session, endpoint, key, secret, woken, claimed) VALUES (x'{Id.New()}', x'{Id.New()}', x'{Id.New()}', 'https://push.example/1', x'04', x'05', 0, 0)");
            await OkAsync(["backup", .. where, "--to", In("one.backup"), "--key-file", In("key")]);
            await RefusedAsync("is not empty", ["restore", .. where, "--from", In("one.backup"), "--key-file", In("key")]);
            await direct.SendAsync("after the backup", cancel: Cancel);
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(options.Data), path => Path.GetFileName(path).StartsWith(".backup", StringComparison.Ordinal));
        }
        // What the thief of the file has: nothing that he can read, not even what it is made of.
        byte[] bytes = await File.ReadAllBytesAsync(In("one.backup"), Cancel);
        foreach (string word in (string[])["SQLite format", "marie", "pepper", "blobs", Path.GetFileName(blob), "ustar", "backup.json"])
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) < 0, word);
        Assert.True(bytes.AsSpan().IndexOf(uploaded.AsSpan(0, 32)) < 0);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(In("one.backup")));

        // The machine burns. On a new one:
        Directory.Delete(options.Data, recursive: true);
        if (lost is not null)
        {
            // Its database is still there, and is not written over unasked.
            await RefusedAsync("database", ["restore", .. where, "--from", In("one.backup"), "--key-file", In("key")]);
            TestPostgres.DropDatabase(lost);
        }
        string? fresh = NewDatabase();
        await RefusedAsync("see --database", ["restore", .. (database == "postgres" ? ["--data", options.Data] : Elsewhere()), "--from", In("one.backup"), "--key-file", In("key")]);
        // By way of two folders, as where auth and messaging run apart: to each its own, and all of it in the next backup.
        string[] apart = ["--data", In("auth"), "--messaging-data", In("messaging"), .. where[2..]];
        await OkAsync(["restore", .. apart, "--from", In("one.backup"), "--key-file", In("key")]);
        Assert.Equal(["blobs", "keys"], Directory.GetFileSystemEntries(In("messaging")).Select(path => Path.GetFileName(path)).Order());
        Assert.Equal(uploaded, await File.ReadAllBytesAsync(Path.Combine(In("messaging"), Path.GetRelativePath(options.Data, blob)), Cancel));
        Assert.Equal("push.pem", Path.GetFileName(Assert.Single(Directory.GetFiles(Path.Combine(In("messaging"), "keys")))));
        Assert.False(Directory.Exists(Path.Combine(In("auth"), "blobs")) || File.Exists(Path.Combine(In("auth"), "keys", "push.pem")));
        // As a restore leaves it that was killed; and what is the machine's.
        Directory.CreateDirectory(Path.Combine(In("messaging"), ".backup-cut"));
        Directory.CreateDirectory(Path.Combine(In("auth"), "certificates"));
        await File.WriteAllTextAsync(Path.Combine(In("auth"), "certificates", "current.pem"), "a certificate and its key", Cancel);
        await RefusedAsync("would hold each other", ["backup", .. apart, "--to", Path.Combine(In("messaging"), "backups/"), "--key-file", In("key")]);
        await RefusedAsync("nothing of messaging nodes", ["backup", "--data", In("auth"), "--messaging-data", In("elsewhere"), .. where[2..], "--to", In("none"), "--key-file", In("key")]);
        await RefusedAsync("--messaging-data", ["backup", "--data", In("auth"), "--messaging-data", Path.Combine(In("auth"), "below"), .. where[2..], "--to", In("none"), "--key-file", In("key")]);
        await OkAsync(["backup", .. apart, "--to", In("two.backup"), "--key-file", In("key")]);
        File.Move(Path.Combine(In("auth"), "certificates", "current.pem"), In("certificate"));
        Directory.Move(In("auth"), In("gone"));
        await RefusedAsync("is not empty", ["restore", .. apart, "--from", In("two.backup"), "--key-file", In("key")]);
        Assert.Empty(Directory.GetFiles(In("auth"), "*.db"));
        // Over what is there, it is put aside in both; only the certificate stays.
        Directory.CreateDirectory(Path.Combine(In("auth"), "certificates"));
        File.Move(In("certificate"), Path.Combine(In("auth"), "certificates", "current.pem"));
        await OkAsync(["restore", .. apart, "--from", In("two.backup"), "--key-file", In("key"), "--overwrite"]);
        Assert.Equal(uploaded, await File.ReadAllBytesAsync(Path.Combine(Assert.Single(Directory.GetDirectories(In("messaging"), "before-restore-*")), Path.GetRelativePath(options.Data, blob)), Cancel));
        Assert.Equal(uploaded, await File.ReadAllBytesAsync(Path.Combine(In("messaging"), Path.GetRelativePath(options.Data, blob)), Cancel));
        Assert.True(File.Exists(Path.Combine(In("auth"), "certificates", "current.pem")));
        Assert.Empty(Directory.GetFileSystemEntries(In("messaging"), ".backup-*"));
        if (fresh is not null)
        {
            TestPostgres.DropDatabase(fresh);
            fresh = NewDatabase();
        }
        await OkAsync(["restore", .. where, "--from", In("two.backup"), "--key-file", In("key")]);
        Assert.False(Directory.Exists(Path.Combine(options.Data, "certificates")));
        Assert.Equal(uploaded, await File.ReadAllBytesAsync(blob, Cancel));
        Assert.False(File.Exists($"{blob}.part"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(options.Data, "keys")));
        TestTables tables = new(options.Data, fresh, "auth");
        Assert.Equal(0L, tables.Count("SELECT COUNT(*) FROM key_package WHERE last_resort = 0"));
        Assert.Equal(0L, tables.Count("SELECT COUNT(*) FROM session"));
        Assert.Equal(2L, tables.Count("SELECT COUNT(*) FROM ended_session"));
        Assert.Equal(0L, new TestTables(options.Data, fresh, "messaging").Count("SELECT COUNT(*) FROM push_subscription"));
        await using (Server server = await Server.StartAsync(ServerOptions.Read([.. where, "--urls", options.Urls, "--rate-factor=1000"]), console: TextWriter.Null))
        {
            Assert.Null(server.SetUpSecret);
            // A session of the backup may be one of a device that was removed since: none goes on, not even with an access token of a minute ago. Who has password and device key does.
            foreach (Person person in (Person[])[marie, jean])
            {
                KavalekException ended = await Assert.ThrowsAsync<KavalekException>(() => person.Client.SyncAsync(Cancel));
                Assert.True(ended.Code is ErrorCodes.SessionEnded or ErrorCodes.Unauthenticated, ended.Code);
                await person.Client.LogInAgainAsync(person.Password, Cancel);
            }
            foreach (Person person in (Person[])[marie, jean, marie, jean]) await person.Client.SyncAsync(Cancel);
            await direct.SendAsync("after the restore", cancel: Cancel);
            await jean.Client.SyncAsync(Cancel);
            await jean.Client.Conversation(direct.Id)!.SendAsync("and back", cancel: Cancel);
            // What was said before everybody knew of the restore is said again, so its place is where it came to be stored.
            for (int round = 0; round < 3; round++)
            {
                foreach (Person person in (Person[])[jean, marie]) await person.Client.SyncAsync(Cancel);
            }
            IReadOnlyList<string> hers = await marie.TextsAsync(direct), his = await jean.TextsAsync(direct);
            Assert.Equal(((string[])["before the backup", "after the backup", "after the restore", "and back"]).Order(), hers.Order());
            foreach (string text in (string[])["before the backup", "after the restore", "and back"]) Assert.Single(his, t => t == text);
            // Whoever had not fetched the file has it now.
            Conversation its = jean.Client.Conversation(direct.Id)!;
            Message with = (await its.MessagesAsync(50, cancel: Cancel)).Single(m => m.Body is TextBody { Text: "before the backup" });
            using (MemoryStream read = new())
            {
                await its.SaveAsync(with.Id, Assert.Single(((TextBody)with.Body).Attachments).Id, read, Cancel);
                Assert.Equal(attached, read.ToArray());
            }
            // Key packages were brought anew, so a group with somebody who came later can be made.
            Assert.True(tables.Count("SELECT COUNT(*) FROM key_package WHERE last_resort = 0") > 0);
            await leila.SignUpAsync(await InviteAsync());
            Conversation group = await leila.Client.CreateGroupAsync("Après", [marie.Client.Me.Id, jean.Client.Me.Id], Cancel);
            await jean.Client.SyncAsync(Cancel);
            Assert.Equal("Après", jean.Client.Conversation(group.Id)!.Title);
        }
        if (fresh is not null) TestPostgres.DropDatabase(fresh);

        string? NewDatabase()
        {
            if (database != "postgres") return null;
            string connection = TestPostgres.CreateDatabase();
            File.WriteAllText(In("connection"), connection);
            return connection;
        }

        // Where the other kind of database is.
        string[] Elsewhere()
        {
            File.WriteAllText(In("connection"), "Host=127.0.0.1;Port=9;Username=x;Password=x;Database=x");
            return ["--data", options.Data, "--database", "postgres", "--connection-file", In("connection")];
        }

        async Task<string> InviteAsync()
        {
            Invite invite = await marie.Client.CreateInviteAsync(1, TimeSpan.FromHours(1), Cancel);
            return invite.Link[(invite.Link.IndexOf("#invite=", StringComparison.Ordinal) + 8)..];
        }
    }

    [Fact]
    public async Task A_wrong_key_a_damaged_or_foreign_file_and_a_folder_in_use_change_nothing_and_say_why()
    {
        string data = In("data");
        await using (await Server.StartAsync(new ServerOptions { Data = data, Urls = "http://127.0.0.1:0" }, console: TextWriter.Null))
        {
            // Something larger than a chunk.
            await File.WriteAllBytesAsync(Path.Combine(data, "blobs"), RandomNumberGenerator.GetBytes(600_000), Cancel);
            await OkAsync("backup", "--data", data, "--to", In("by-key"), "--key-file", In("key"));
            await OkAsync("backup", "--data", data, "--to", In("by-password"), "--password-file", In("password"));
            await RefusedAsync("A server runs on", "restore", "--data", data, "--from", In("by-key"), "--key-file", In("key"), "--overwrite");
        }
        await RefusedAsync("is there already", "backup", "--data", data, "--to", In("by-key"), "--key-file", In("key"));
        await RefusedAsync("always encrypted", "backup", "--data", data, "--to", In("none"));
        await RefusedAsync("32 random bytes", "backup", "--data", data, "--to", In("none"), "--key-file", In("password"));
        await RefusedAsync("no instance", "backup", "--data", In("nowhere"), "--to", In("none"), "--key-file", In("key"));
        await RefusedAsync("would hold each other", "backup", "--data", data, "--to", Path.Combine(data, "backups/"), "--key-file", In("key"));
        Assert.False(File.Exists(In("none")));

        await RefusedAsync("is not empty", "restore", "--data", data, "--from", In("by-key"), "--key-file", In("key"));
        await RefusedAsync("The key is another one", "restore", "--data", In("fresh"), "--from", In("by-key"), "--key-file", In("other-key"));
        await RefusedAsync("The password is another one", "restore", "--data", In("fresh"), "--from", In("by-password"), "--password-file", In("other-password"));
        await RefusedAsync("sealed with a password", "restore", "--data", In("fresh"), "--from", In("by-password"), "--key-file", In("key"));
        await RefusedAsync("sealed with a key file", "restore", "--data", In("fresh"), "--from", In("by-key"), "--password-file", In("password"));
        await RefusedAsync("not a backup", "restore", "--data", In("fresh"), "--from", In("key"), "--key-file", In("key"));

        byte[] whole = await File.ReadAllBytesAsync(In("by-key"), Cancel);
        foreach ((string says, byte[] bytes) in ((string, byte[])[])
        [
            ("cut off", whole[..64]), ("cut off", whole[..66]), ("cut off", whole[..(whole.Length / 2)]), ("cut off", whole[..^1]), ("behind its end", [.. whole, 0]),
            ("damaged", Flip(70)), ("damaged", Flip(whole.Length / 2)), ("damaged", Flip(whole.Length - 1)), ("damaged", Flip(64)),
            ("not a backup", Flip(0)), ("newer version", Flip(7)), ("another one", Flip(20)), ("another one", Flip(40)),
            // The last chunk dropped, at the border before it.
            ("cut off", WithoutLastChunk()),
        ])
        {
            await File.WriteAllBytesAsync(In("bad"), bytes, Cancel);
            await RefusedAsync(says, "restore", "--data", In("fresh"), "--from", In("bad"), "--key-file", In("key"));
            Assert.Empty(Directory.Exists(In("fresh")) ? Directory.EnumerateFileSystemEntries(In("fresh")).Select(Path.GetFileName).Except(["messaging.lock"]) : []);
        }
        // Twins: by password; and over what is there, which is put aside.
        await OkAsync("restore", "--data", In("fresh"), "--from", In("by-password"), "--password-file", In("password"));
        await File.WriteAllTextAsync(Path.Combine(data, "kavalek.json"), "{}", Cancel);
        await OkAsync("restore", "--data", data, "--from", In("by-key"), "--key-file", In("key"), "--overwrite");
        string aside = Assert.Single(Directory.GetDirectories(data, "before-restore-*"));
        Assert.True(File.Exists(Path.Combine(aside, "kavalek.json")) && File.Exists(Path.Combine(aside, "auth.db")) && Directory.Exists(Path.Combine(aside, "keys")));
        Assert.False(File.Exists(Path.Combine(data, "kavalek.json")));
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(aside, "blobs"), Cancel), await File.ReadAllBytesAsync(Path.Combine(data, "blobs"), Cancel));
        await using Server again = await Server.StartAsync(new ServerOptions { Data = data, Urls = "http://127.0.0.1:0" }, console: TextWriter.Null);

        byte[] Flip(int at)
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= 1;
            return bytes;
        }

        byte[] WithoutLastChunk()
        {
            int at = 64;
            while (true)
            {
                int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(whole.AsSpan(at));
                if (length < 0) return whole[..at];
                at += 4 + length + 16;
            }
        }
    }

    // K-65
    [Fact]
    public async Task What_a_killed_backup_or_restore_leaves_behind_goes_when_the_server_or_the_next_backup_begins_and_what_is_in_use_stays()
    {
        string data = In("data");
        ServerOptions options = new() { Data = data, Urls = "http://127.0.0.1:0" };
        await using (await Server.StartAsync(options, console: TextWriter.Null))
        {
            // A server has been there.
        }
        string held = Path.Combine(data, ".backup-held");
        Leave(held);
        // As by the process of a backup that goes on.
        await using (new FileStream(held + ".lock", FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            Leave(Path.Combine(data, ".backup-cut"));
            Leave(Path.Combine(data, ".backup-cut-too"));
            File.WriteAllText(Path.Combine(data, ".backup-cut.lock"), "");
            File.WriteAllText(Path.Combine(data, ".backup-alone.lock"), "");
            Leave(Path.Combine(data, "before-restore-20260101T000000Z"));
            await using (await Server.StartAsync(options, console: TextWriter.Null))
            {
                Assert.Equal([held, held + ".lock"], Left());
                Assert.True(File.Exists(Path.Combine(held, "auth.db")));
                Leave(Path.Combine(data, ".backup-cut"));
                await OkAsync("backup", "--data", data, "--to", In("one"), "--key-file", In("key"));
                Assert.Equal([held, held + ".lock"], Left());
            }
        }
        await OkAsync("backup", "--data", data, "--to", In("two"), "--key-file", In("key"));
        Assert.Empty(Left());
        Assert.True(File.Exists(Path.Combine(data, "before-restore-20260101T000000Z", "auth.db")));

        string[] Left() => [.. Directory.EnumerateFileSystemEntries(data, ".backup-*").Order(StringComparer.Ordinal)];

        static void Leave(string folder)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "auth.db"), "a plain copy");
        }
    }

    [Fact]
    public async Task A_backup_of_an_older_server_comes_back_into_the_newest_one_on_PostgreSQL_and_a_failure_leaves_what_was_there()
    {
        (long auth, long messaging) newest = DataFolder.KnownSchemas;
        Assert.True(newest is { auth: > 1, messaging: > 1 });
        // What a server of a year ago left, in the tables of its time.
        string before = TestPostgres.CreateDatabase(), now = TestPostgres.CreateDatabase();
        const string account = "INSERT INTO auth.account (id, handle, rank, email_lookup, email_sealed, password, kdf_algorithm, kdf_iterations, account_key, device_list, list_number) "
            + "VALUES ('\\x00112233445566778899aabbccddeeff', 'marie', 'member', 'x', 'x', 'x', 'x', 1, 'x', 'x', 1)";
        await using (NpgsqlConnection old = await OpenAsync(before))
        {
            await using NpgsqlTransaction transaction = await old.BeginTransactionAsync(Cancel);
            await ExecuteAsync(old, "DROP SCHEMA auth, messaging CASCADE");
            PostgresSource.Apply(old, "auth", typeof(Auth.AuthService).Assembly, 1);
            PostgresSource.Apply(old, "messaging", typeof(Messaging.MessagingOptions).Assembly, 1);
            await ExecuteAsync(old, account);
            await transaction.CommitAsync(Cancel);
        }
        Directory.CreateDirectory(In("data/keys"));
        await File.WriteAllTextAsync(In("data/keys/pepper"), "a key", Cancel);
        BackupKey key = BackupKey.Read(In("key"), null);
        Backup.Write(new ServerOptions { Data = In("data"), Postgres = before }, In("old.backup"), key, TimeProvider.System);

        // One that cannot go in leaves the tables as they were; then it goes in, and is of this program's version.
        await using (NpgsqlConnection open = await OpenAsync(now)) await ExecuteAsync(open, account.Replace("'marie'", "'jean'", StringComparison.Ordinal));
        ServerOptions into = new() { Data = In("fresh"), Postgres = now };
        Assert.Contains("not empty", Assert.Throws<InvalidOperationException>(() => Restore.Run(In("old.backup"), into, key, TimeProvider.System)).Message);
        Assert.Equal(1, new TestTables(In("fresh"), now, "auth").Count("SELECT COUNT(*) FROM account WHERE handle = 'jean'"));
        BackupContent content = Restore.Run(In("old.backup"), into, key, TimeProvider.System, overwrite: true);
        Assert.Equal((1, 1), (content.AuthSchema, content.MessagingSchema));
        TestTables tables = new(In("fresh"), now, "auth");
        Assert.Equal((1, 0, newest.auth), (tables.Count("SELECT COUNT(*) FROM account WHERE handle = 'marie'"), tables.Count("SELECT COUNT(*) FROM account WHERE handle = 'jean'"), tables.Count("SELECT MAX(number) FROM auth_schema")));
        Assert.Equal(newest.messaging, new TestTables(In("fresh"), now, "messaging").Count("SELECT MAX(number) FROM messaging_schema"));
        TestPostgres.DropDatabase(before);
        TestPostgres.DropDatabase(now);

        static async Task<NpgsqlConnection> OpenAsync(string connection)
        {
            NpgsqlConnection open = new(connection);
            await open.OpenAsync(Cancel);
            return open;
        }

        static async Task ExecuteAsync(NpgsqlConnection open, string sql)
        {
            await using NpgsqlCommand command = new(sql, open);
            await command.ExecuteNonQueryAsync(Cancel);
        }
    }

    [Fact]
    public async Task What_nodes_told_each_other_before_a_restore_is_not_heard_after_it()
    {
        string database = TestPostgres.CreateDatabase();
        DeviceRemoved before = new(Id.New(), Id.New()), after = new(Id.New(), Id.New()), since = new(Id.New(), Id.New());
        Directory.CreateDirectory(In("data/keys"));
        await File.WriteAllTextAsync(In("data/keys/pepper"), "a key", Cancel);
        ServerOptions options = new() { Data = In("data"), Postgres = database };
        BackupKey key = BackupKey.Read(In("key"), null);
        List<BusEvent> heard = [];
        await using (NewsLog node = News())
        {
            node.Tell(before);
            await ToldAsync(1);
            Backup.Write(options, In("one.backup"), key, TimeProvider.System);
            node.Tell(after);
            await ToldAsync(2);
            // Whoever reads news would go on from where it was.
            Assert.Contains("A server uses the database", Assert.Throws<InvalidOperationException>(() => Restore.Run(In("one.backup"), options, key, TimeProvider.System, overwrite: true)).Message);
        }
        await using (NewsLog node = News()) await node.ReadAsync();
        Assert.Equal([before, after], heard);
        heard.Clear();
        Restore.Run(In("one.backup"), options, key, TimeProvider.System, overwrite: true);
        await using (NewsLog node = News(), other = News())
        {
            await other.ReadAsync();
            Assert.Empty(heard);
            node.Tell(since);
            await ToldAsync(1);
            await other.ReadAsync();
        }
        Assert.Equal([since], heard);
        TestPostgres.DropDatabase(database);

        NewsLog News() => new(database, Id.New(), heard.Add, TimeProvider.System, NullLogger.Instance);

        Task ToldAsync(long count) => Awaited.UntilAsync(() => Task.FromResult(new TestTables("", database, "news").Count("SELECT COUNT(*) FROM news")), there => there == count);
    }

    [Fact]
    public async Task A_running_server_makes_backups_by_the_clock_and_keeps_the_newest_and_a_start_makes_none_before_its_time()
    {
        ManualClock clock = new();
        DateTimeOffset begin = clock.GetUtcNow();
        ServerOptions options = new() { Data = In("data"), Urls = "http://127.0.0.1:0", BackupTo = In("backups"), BackupKeyFile = In("key"), BackupEvery = 3_600, BackupKeep = 3 };
        Lines lines = new();
        await using (await StartAsync(lines))
        {
            for (int i = 1; i <= 5; i++)
            {
                if (i > 1) clock.Advance(TimeSpan.FromHours(1));
                await lines.SaidAsync("made a backup", i);
            }
        }
        Assert.Equal(Hours(2, 3, 4), Kept());
        // Started again and again, as by a machine that does not come to rest.
        for (int minute = 10; minute <= 50; minute += 10)
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            await using Server again = await StartAsync(lines = new Lines());
            Assert.Equal(begin + TimeSpan.FromHours(5), await NextAsync(again));
        }
        Assert.Equal(Hours(2, 3, 4), Kept());
        await using (Server again = await StartAsync(lines = new Lines()))
        {
            await NextAsync(again);
            clock.Advance(TimeSpan.FromMinutes(10));
            await lines.SaidAsync("made a backup", 1);
        }
        Assert.Equal(Hours(3, 4, 5), Kept());
        string newest = Directory.GetFiles(In("backups")).Order(StringComparer.Ordinal).Last();
        await OkAsync("restore", "--data", In("fresh"), "--from", newest, "--key-file", In("key"));

        // A clock that is behind: what was just made is not the first to go, and the next one is made, too.
        clock = new ManualClock(begin.AddYears(-10));
        await using (Server again = await StartAsync(lines = new Lines()))
        {
            await lines.SaidAsync("made a backup", 1);
            Assert.Equal([BackupFolder.Name(begin.AddYears(-10)), .. Hours(4, 5)], Kept());
            clock.Advance(TimeSpan.FromHours(1));
            await lines.SaidAsync("made a backup", 2);
            Assert.Equal([BackupFolder.Name(begin.AddYears(-10).AddHours(1)), .. Hours(4, 5)], Kept());
        }
        // Without a good key it does not even start.
        Assert.Throws<InvalidOperationException>(() => ServerOptions.Read(["--data", In("data"), "--backup-to", In("backups")]));
        Assert.Throws<InvalidOperationException>(() => ServerOptions.Read(["--data", In("data"), "--backup-to", In("backups"), "--backup-key-file", In("password")]));

        Task<Server> StartAsync(Lines to) => Server.StartAsync(options, clock, TextWriter.Null, logging => logging.AddProvider(to));

        async Task<DateTimeOffset> NextAsync(Server server) => DateTimeOffset.FromUnixTimeSeconds((await Awaited.UntilAsync(
            () => Task.FromResult(server.Services.GetRequiredService<Auth.AuthOptions>().Backups!.Look().Next), next => next is not null))!.Value);

        string[] Hours(params int[] hours) => [.. hours.Select(hour => BackupFolder.Name(begin.AddHours(hour)))];

        string[] Kept() => [.. Directory.GetFiles(In("backups")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    string In(string name) => Path.Combine(_folder, name);

    static async Task OkAsync(params string[] arguments)
    {
        Outcome outcome = await RunAsync(arguments);
        Assert.True(outcome.Code == 0, $"{string.Join(' ', arguments)}\n{outcome.Output}");
    }

    static async Task RefusedAsync(string says, params string[] arguments)
    {
        Outcome outcome = await RunAsync(arguments);
        Assert.True(outcome.Code == 1 && outcome.Output.Contains(says, StringComparison.Ordinal), $"{string.Join(' ', arguments)} ended with {outcome.Code} instead of '{says}'\n{outcome.Output}");
        Assert.DoesNotContain("   at ", outcome.Output, StringComparison.Ordinal);
    }

    static async Task<Outcome> RunAsync(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Kavalek.Host"), arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancel);
        string errors = await process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return new Outcome(process.ExitCode, await output + errors);
    }

    static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    sealed record Outcome(int Code, string Output);

    /// <summary>Waits for what is logged.</summary>
    sealed class Lines : ILoggerProvider, ILogger
    {
        readonly SemaphoreSlim _changed = new(0);
        readonly List<string> _lines = [];

        public async Task SaidAsync(string line, int times)
        {
            while (true)
            {
                lock (_lines)
                    if (_lines.Count(l => l == line) >= times) return;
                await _changed.WaitAsync(Cancel);
            }
        }

        public ILogger CreateLogger(string categoryName) => this;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines) _lines.Add(formatter(state, exception));
            _changed.Release();
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
