using System.Formats.Tar;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Host;
using Kavalek.Tests.Support;

namespace Kavalek.Deployment.Tests;

/// <summary>A restore puts all of it back or changes nothing, whatever is in the file and whatever is in the way.</summary>
public sealed class RestoreTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-restore-").FullName;
    readonly ManualClock _clock = new();
    readonly BackupKey _key;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public RestoreTests()
    {
        File.WriteAllText(In("key"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        _key = BackupKey.Read(In("key"), null);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Whoever has the key made it: then it is still not to write beside the folder, or more than there is.
    [Fact]
    public async Task What_is_no_file_of_an_instance_is_refused_and_nothing_changes()
    {
        ServerOptions options = await InstanceAsync();
        List<TarEntry> honest = Open(Backup.Write(options, In("honest.backup"), _key, _clock));
        string before = Files(In("data"));
        (string Name, Func<TarEntry> Make)[] bad =
        [
            ("up", () => FileOf("../out", "x")),
            ("far up", () => FileOf("keys/../../../out", "x")),
            ("rooted", () => FileOf(In("out"), "x")),
            ("twice", () => FileOf("keys/pepper", "another")),
            ("link", () => new PaxTarEntry(TarEntryType.SymbolicLink, "keys/link") { LinkName = _folder }),
            ("hard link", () => new PaxTarEntry(TarEntryType.HardLink, "keys/link") { LinkName = "keys/pepper" }),
            ("folder", () => new PaxTarEntry(TarEntryType.Directory, "blobs/")),
            ("pipe", () => new PaxTarEntry(TarEntryType.Fifo, "blobs/pipe")),
        ];
        foreach ((string name, Func<TarEntry> make) in bad)
        {
            string path = Seal([.. honest, make()]);
            Assert.True(Refused<InvalidDataException>(() => Restore.Run(path, options, _key, _clock, overwrite: true)), name);
            Assert.True(Refused<InvalidDataException>(() => Restore.Test(path, options, _key, _clock, _ => { })), name);
        }
        // What says that it is eight gigabytes, and is three bytes; and a description in the wrong place.
        foreach (string name in (string[])["keys/large", "blobs/large"])
        {
            string path = Seal(honest, Lying(name));
            Assert.Throws<InvalidDataException>(() => Restore.Run(path, options, _key, _clock, overwrite: true));
            Assert.Throws<InvalidDataException>(() => Restore.Test(path, options, _key, _clock, _ => { }));
        }
        Assert.Throws<InvalidDataException>(() => Restore.Run(Seal([.. honest.Skip(1)]), options, _key, _clock, overwrite: true));
        Assert.Equal(before, Files(In("data")));
        Assert.False(File.Exists(In("out")) || File.Exists(Path.Combine(Path.GetTempPath(), "out")));
        Assert.Equal("one", File.ReadAllText(In("data/blobs/ab/cd/one")));
    }

    [Fact]
    public async Task The_certificate_of_an_older_backup_and_what_else_is_the_machines_is_left_out()
    {
        ServerOptions options = await InstanceAsync();
        string old = Seal([.. Open(Backup.Write(options, In("honest.backup"), _key, _clock)), FileOf("certificates/current.pem", "of then"), FileOf("policy-seen", "x"), FileOf("lost+found/x", "x"),
            FileOf("before-restore-20200101T000000Z/auth.db", "x"), FileOf(".backup-x/auth.db", "x"), FileOf("messaging.lock", "x"), FileOf("auth.db-wal", "x"), FileOf("blobs/ab/cd/two.part", "x")]);
        Directory.CreateDirectory(In("data/certificates"));
        await File.WriteAllTextAsync(In("data/certificates/current.pem"), "of now", Cancel);
        Restore.Run(old, options, _key, _clock, overwrite: true);
        Assert.Equal("of now", await File.ReadAllTextAsync(In("data/certificates/current.pem"), Cancel));
        Restore.Run(old, options with { Data = In("fresh") }, _key, _clock);
        Assert.Equal(["auth.db", "blobs", "keys", "messaging.db", "messaging.lock"], Directory.GetFileSystemEntries(In("fresh")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(["one"], Directory.GetFiles(In("fresh/blobs"), "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path)));
        await using Server again = await Server.StartAsync(options with { Data = In("fresh") }, _clock, TextWriter.Null);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_restore_that_fails_half_way_leaves_everything_as_it_was(string database)
    {
        string? postgres = database == "postgres" ? TestPostgres.CreateDatabase() : null;
        ServerOptions options = await InstanceAsync(postgres);
        string backup = Backup.Write(options, In("one.backup"), _key, _clock);
        options = options with { MessagingData = In("messaging") };
        Directory.CreateDirectory(In("messaging/blobs/ab/cd"));
        await File.WriteAllTextAsync(In("messaging/blobs/ab/cd/two"), "two", Cancel);
        TestTables auth = new(In("data"), postgres, "auth"), messaging = new(In("data"), postgres, "messaging");
        auth.Execute("INSERT INTO used_challenge (random, expires) VALUES (x'01', 5)");
        // In one folder or the other, what is there cannot all be put aside: something of that name lies there already.
        string aside = $"before-restore-{_clock.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
        foreach (string where in (string[])["data", "messaging"])
        {
            string last = Directory.GetFileSystemEntries(In(where)).Select(path => Path.GetFileName(path)).Where(name => name != "messaging.lock").Order(StringComparer.Ordinal).Last();
            Directory.CreateDirectory(In($"{where}/{aside}/{last}/there"));
            (string files, string tables) before = (Files(_folder), auth.Dump() + messaging.Dump());
            Assert.Throws<IOException>(() => Restore.Run(backup, options, _key, _clock, overwrite: true));
            Assert.Equal(before.files, Files(_folder));
            Assert.Equal(before.tables, auth.Dump() + messaging.Dump());
            Directory.Delete(In($"{where}/{aside}"), recursive: true);
        }
        // Out of the way, it goes through.
        Restore.Run(backup, options, _key, _clock, overwrite: true);
        Assert.Equal(0, auth.Count("SELECT COUNT(*) FROM used_challenge"));
        Assert.Equal("one", await File.ReadAllTextAsync(In("messaging/blobs/ab/cd/one"), Cancel));
        Assert.Equal("two", await File.ReadAllTextAsync(In($"messaging/{aside}/blobs/ab/cd/two"), Cancel));
        if (postgres is not null) TestPostgres.DropDatabase(postgres);
    }

    [Fact]
    public async Task Where_a_restore_was_cut_off_between_two_moves_no_server_starts_and_no_backup_is_made_until_it_is_done_again()
    {
        ServerOptions options = await InstanceAsync();
        string backup = Backup.Write(options, In("one.backup"), _key, _clock);
        // As a power cut leaves it: one database has given way, and nothing has come yet.
        Directory.CreateDirectory(In("data/before-restore-20260101T000000Z"));
        File.Move(In("data/auth.db"), In("data/before-restore-20260101T000000Z/auth.db"));
        await File.WriteAllTextAsync(In("data/restore-unfinished"), "", Cancel);
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Server.StartAsync(options, _clock, TextWriter.Null));
        Assert.Contains("A restore was cut off", refused.Message);
        Assert.False(File.Exists(In("data/auth.db")));
        File.Move(In("data/before-restore-20260101T000000Z/auth.db"), In("data/auth.db"));
        Assert.Contains("A restore was cut off", Assert.Throws<InvalidOperationException>(() => Backup.Write(options, In("two.backup"), _key, _clock)).Message);
        Restore.Run(backup, options, _key, _clock, overwrite: true);
        Assert.False(File.Exists(In("data/restore-unfinished")));
        await using Server again = await Server.StartAsync(options, _clock, TextWriter.Null);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task What_the_disk_has_no_room_for_is_refused_before_it_is_written(string database)
    {
        string? postgres = database == "postgres" ? TestPostgres.CreateDatabase() : null;
        ServerOptions options = await InstanceAsync(postgres), full = options with { DiskReserveBytes = long.MaxValue / 2 };
        string backup = Backup.Write(options, In("one.backup"), _key, _clock), before = Files(_folder);
        foreach (Action act in (Action[])
        [
            () => Backup.Write(full, In("two.backup"), _key, _clock),
            () => Restore.Run(backup, full, _key, _clock, overwrite: true),
            () => Restore.Run(backup, full with { MessagingData = In("elsewhere") }, _key, _clock, overwrite: true),
            () => Restore.Test(backup, full, _key, _clock, _ => { }),
        ])
        {
            Assert.Contains("has no room", Assert.Throws<IOException>(act).Message);
        }
        Directory.Delete(In("elsewhere"), recursive: true);
        Assert.Equal(before, Files(_folder));
        Assert.Equal(database, Restore.Test(backup, options, _key, _clock, _ => { }).Store);
        if (postgres is not null) TestPostgres.DropDatabase(postgres);
    }

    [Theory]
    [InlineData("blobs")]
    [InlineData("keys/pepper")]
    public async Task What_is_a_link_is_not_left_out_in_silence(string name)
    {
        ServerOptions options = await InstanceAsync();
        Directory.Move(In($"data/{name}"), In("elsewhere"));
        Directory.CreateSymbolicLink(In($"data/{name}"), In("elsewhere"));
        Assert.Contains("is a link", Assert.Throws<IOException>(() => Backup.Write(options, In("one.backup"), _key, _clock)).Message);
        Assert.False(File.Exists(In("one.backup")));
        // What is no part of a backup may be one.
        File.Delete(In($"data/{name}"));
        Directory.Move(In("elsewhere"), In($"data/{name}"));
        Directory.CreateSymbolicLink(In("data/certificates"), _folder);
        Assert.Equal("sqlite", Restore.Test(Backup.Write(options, In("one.backup"), _key, _clock), options, _key, _clock, _ => { }).Store);
    }

    [Fact]
    public async Task A_test_writes_no_attachment_to_the_disk_and_still_sees_one_bit_in_them()
    {
        ServerOptions options = await InstanceAsync();
        await File.WriteAllBytesAsync(In("data/blobs/ab/cd/large"), RandomNumberGenerator.GetBytes(3 << 20), Cancel);
        string backup = Backup.Write(options, In("one.backup"), _key, _clock);
        HashSet<string> seen = [];
        Restore.Test(backup, options, _key, _clock, _ => Directory.GetDirectories(In("data"), ".backup-*").SelectMany(Directory.GetFileSystemEntries).ToList().ForEach(path => seen.Add(Path.GetFileName(path))));
        Assert.Contains("auth.db", seen);
        Assert.DoesNotContain("blobs", seen);
        byte[] bytes = await File.ReadAllBytesAsync(backup, Cancel);
        bytes[^(1 << 20)] ^= 1;
        await File.WriteAllBytesAsync(backup, bytes, Cancel);
        Assert.Throws<InvalidDataException>(() => Restore.Test(backup, options, _key, _clock, _ => { }));
    }

    // K-61
    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_session_that_began_or_ended_after_the_backup_is_over_after_a_restore_over_it(string database)
    {
        string? postgres = database == "postgres" ? TestPostgres.CreateDatabase() : null;
        ServerOptions options = new() { Data = In("data"), Postgres = postgres, Urls = "http://127.0.0.1:0", RateFactor = 1000 };
        TestTables auth = new(In("data"), postgres, "auth");
        await using (Server server = await Server.StartAsync(options, console: TextWriter.Null))
        {
            await using Person marie = new("marie", _folder, server.Address);
            Backup.Write(options, In("one.backup"), _key, TimeProvider.System);
            await marie.SignUpAsync(server.SetUpSecret!);
            await marie.Client.LogInAgainAsync(marie.Password, Cancel);
        }
        string[] begun = Ids("SELECT id FROM session"), ended = Ids("SELECT id FROM ended_session");
        Assert.True(begun.Length > 0 && ended.Length > 0 && !begun.Intersect(ended).Any());
        Restore.Run(In("one.backup"), options, _key, TimeProvider.System, overwrite: true);
        Assert.Empty(Ids("SELECT id FROM session"));
        // Nodes hear of all these at the next start, and believe no access token of theirs.
        Assert.Equal([.. begun.Concat(ended).Order()], Ids($"SELECT id FROM ended_session WHERE expires > {DateTimeOffset.UtcNow.ToUnixTimeSeconds()}").Order());
        // A database that cannot be read is no reason not to restore over it.
        if (postgres is null)
        {
            await File.WriteAllTextAsync(In("data/auth.db"), "no database at all", Cancel);
            Restore.Run(In("one.backup"), options, _key, new ManualClock(DateTimeOffset.UtcNow.AddMinutes(1)), overwrite: true);
            Assert.Empty(Ids("SELECT id FROM ended_session"));
        }
        else
        {
            TestPostgres.DropDatabase(postgres);
        }

        string[] Ids(string sql) => [.. auth.Rows(sql).Select(row => Convert.ToHexString((byte[])row[0]!))];
    }

    [Fact]
    public async Task A_backup_of_the_very_first_schema_comes_back_on_SQLite_and_the_server_brings_it_up_to_date()
    {
        ServerOptions options = await InstanceAsync();
        foreach ((string name, Type of, string number) in ((string, Type, string)[])[("auth", typeof(Auth.AuthService), "CREATE TABLE auth_schema (number INTEGER NOT NULL); INSERT INTO auth_schema VALUES (1)"), ("messaging", typeof(Messaging.MessagingOptions), "PRAGMA user_version = 1")])
        {
            string script = of.Assembly.GetManifestResourceNames().Single(resource => resource.EndsWith("001.sql", StringComparison.Ordinal) && !resource.Contains("postgres", StringComparison.OrdinalIgnoreCase));
            using StreamReader sql = new(of.Assembly.GetManifestResourceStream(script)!);
            File.Delete(In($"data/{name}.db"));
            TestTables tables = new(In("data"), null, name);
            tables.Execute(await sql.ReadToEndAsync(Cancel));
            tables.Execute(number);
        }
        BackupContent content = Restore.Run(Backup.Write(options, In("one.backup"), _key, _clock), options with { Data = In("fresh") }, _key, _clock);
        Assert.Equal((1, 1), (content.AuthSchema, content.MessagingSchema));
        await using Server again = await Server.StartAsync(options with { Data = In("fresh") }, _clock, TextWriter.Null);
        Assert.Equal(DataFolder.KnownSchemas.Auth, new TestTables(In("fresh"), null, "auth").Count("SELECT MAX(number) FROM auth_schema"));
    }

    // An instance with one attachment, at rest.
    async Task<ServerOptions> InstanceAsync(string? postgres = null)
    {
        ServerOptions options = new() { Data = In("data"), Postgres = postgres, Urls = "http://127.0.0.1:0" };
        await using (await Server.StartAsync(options, _clock, TextWriter.Null))
        {
            // It has been there.
        }
        Directory.CreateDirectory(In("data/blobs/ab/cd"));
        await File.WriteAllTextAsync(In("data/blobs/ab/cd/one"), "one", Cancel);
        return options;
    }

    static bool Refused<T>(Action act) where T : Exception
    {
        try
        {
            act();
            return false;
        }
        catch (T)
        {
            return true;
        }
    }

    static PaxTarEntry FileOf(string name, string content) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) };

    // An entry of three bytes whose header says 8 GiB.
    static byte[] Lying(string name)
    {
        using MemoryStream archive = new();
        using (TarWriter tar = new(archive, TarEntryFormat.Ustar, leaveOpen: true))
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1, 2, 3]) });
        byte[] bytes = archive.ToArray()[..1024];
        "77777777777\0"u8.CopyTo(bytes.AsSpan(124));
        "        "u8.CopyTo(bytes.AsSpan(148));
        int sum = bytes.AsSpan(0, 512).ToArray().Sum(b => b);
        Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(bytes, 148);
        return bytes;
    }

    List<TarEntry> Open(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] header = new byte[BackupKey.HeaderBytes];
        file.ReadExactly(header);
        using SealedStream.Reader box = new(file, header, _key.Open(header));
        using TarReader tar = new(box);
        List<TarEntry> entries = [];
        while (tar.GetNextEntry(copyData: true) is { } entry) entries.Add(entry);
        return entries;
    }

    string Seal(IEnumerable<TarEntry> entries, byte[]? tail = null)
    {
        string path = In(Guid.NewGuid().ToString("n"));
        using FileStream file = File.Create(path);
        (byte[] header, byte[] key) = _key.New();
        file.Write(header);
        using SealedStream.Writer box = new(file, header, key);
        using MemoryStream archive = new();
        using (TarWriter tar = new(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
            {
                if (entry.DataStream is { } data) data.Position = 0;
                tar.WriteEntry(entry);
            }
        }
        // The archive's own end is two empty blocks.
        box.Write(tail is null ? archive.ToArray() : [.. archive.ToArray()[..^1024], .. tail]);
        box.Finish();
        return path;
    }

    // Every file and folder below, with what is in it: to compare before and after.
    static string Files(string folder) => string.Join('\n', Directory.GetFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Where(path => Path.GetFileName(path) != "messaging.lock" && !path.EndsWith("-shm", StringComparison.Ordinal) && !path.EndsWith("-wal", StringComparison.Ordinal))
        .Select(path => Directory.Exists(path) ? path : $"{path} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}"));

    string In(string name) => Path.Combine(_folder, name);
}
