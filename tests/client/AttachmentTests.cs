using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>Files that go with messages (docs/PROTOCOL.md §7.16, §12.2).</summary>
public static class AttachmentTests
{
    [Fact]
    public static async Task Files_go_with_a_message_texts_go_past_them_and_all_of_it_goes_with_the_message()
    {
        await using TestServer server = await OpenServerAsync();
        Patches marias = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(transport: a => marias.Over(new HttpTransport(a)))), karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        byte[] large = RandomNumberGenerator.GetBytes(3_000_000), small = [7];

        // The connection breaks after the first part.
        marias.Breaks = 1;
        Message sent = await hers.SendAsync("two files", [File("../../etc/report.pdf", large), File("a.bin", small)]);
        Assert.Equal(MessageState.Queued, sent.State);
        Assert.Equal(["report.pdf", "a.bin"], Attachments(sent).Select(a => a.Name));
        await hers.SendAsync("meanwhile");
        Assert.Equal(ClientErrors.Offline, await CodeAsync(() => marie.SyncAsync()));
        long before = marias.Bytes;
        await SyncAsync(marie, karim);
        // Nothing was sent twice but the part whose answer was lost at most.
        Assert.True(marias.Bytes < large.Length + before + (2 * Limits.AttachmentPartBytes));
        Assert.Equal(["two files", "meanwhile"], (await his.TextsAsync()).Order(StringComparer.Ordinal).Reverse());

        Message got = await his.MessageAsync("two files");
        IReadOnlyList<Attachment> files = Attachments(got);
        Assert.Equal([large.Length, small.Length], files.Select(f => f.Size));
        Assert.Equal(large, await ReadAsync(his, got, files[0]));
        Assert.Equal(small, await ReadAsync(his, got, files[1]));
        // The sender has them as well, and another device of the reader's through the archive.
        Assert.Equal(large, await ReadAsync(hers, await hers.MessageAsync("two files"), files[0]));
        await karim.SaveHistoryAsync();
        await using KavalekClient second = await AddDeviceAsync(server, karim);
        await SyncAsync(karim, second);
        await second.RestoreHistoryAsync();
        Conversation there = second.Conversation(his.Id)!;
        Message restored = await there.MessageAsync("two files");
        Assert.Equal(large, await ReadAsync(there, restored, Attachments(restored)[0]));
        // The server holds nothing of name or content.
        Assert.DoesNotContain("report.pdf", server.Logs, StringComparison.Ordinal);
        Assert.Equal(2, Blobs(server).Length);
        Assert.All(Blobs(server), path => Assert.Equal(-1, System.IO.File.ReadAllBytes(path).AsSpan().IndexOf(large.AsSpan(0, 32))));
    }

    // K-65
    [Fact]
    public static async Task What_is_taken_back_or_ends_is_gone_here_and_at_the_server()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        MemoryClientStore store = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(store, clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        int keys = await FilesAsync(store);
        Assert.Equal(0, keys);

        // Written and taken back before anything left.
        Message first = await hers.SendAsync("", [File("one.bin", new byte[100_000])]);
        await hers.DeleteAsync([first.Id]);
        Assert.Empty(await hers.TextsAsync());
        Assert.Equal(0, await FilesAsync(store));

        await hers.SetTimerAsync(TimeSpan.FromMinutes(5));
        await SyncAsync(marie, karim);
        await hers.SendAsync("", [File("two.bin", new byte[100_000])]);
        await SyncAsync(marie, karim);
        Message got = (await his.MessagesAsync(1))[0];
        Assert.Equal(100_000, (await ReadAsync(his, got, Attachments(got)[0])).Length);
        Assert.Single(Blobs(server));
        clock.Advance(TimeSpan.FromMinutes(7));
        await SyncAsync(marie, karim);
        Assert.Empty(await his.TextsAsync());
        Assert.Equal(0, await FilesAsync(store));
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => his.FetchAsync(got.Id, Attachments(got)[0].Id)));
        while (Blobs(server).Length > 0) await Task.Yield();
    }

    [Fact]
    public static async Task Whoever_sends_files_hears_how_far_they_are_and_what_is_cancelled_leaves_nothing()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(store)), karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        const int Size = 3_000_000;

        // Two sendings at once, as large as each other: each hears of its own alone.
        List<long> one = [], two = [];
        await Task.WhenAll(
            hers.SendAsync("one", [File("a.bin", new byte[Size])], read: new Heard(one.Add)),
            hers.SendAsync("two", [File("b.bin", new byte[Size - 100]), File("c.bin", new byte[100])], read: new Heard(two.Add)));
        Assert.Equal([1 << 20, 2 << 20, Size], one);
        Assert.Equal([1 << 20, 2 << 20, Size - 100, Size], two);
        await SyncAsync(marie, karim);
        Assert.Equal(2, (await his.TextsAsync()).Length);
        int before = await FilesAsync(store);

        using CancellationTokenSource stop = new();
        List<long> read = [];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hers.SendAsync("never", [File("d.bin", new byte[100]), File("e.bin", new byte[Size])], read: new Heard(done =>
        {
            read.Add(done);
            if (done > 1 << 20) stop.Cancel();
        }), cancel: stop.Token));
        Assert.Equal([100, 100 + (1 << 20)], read);
        Assert.Equal(before, await FilesAsync(store));
        Assert.Equal(2, (await hers.TextsAsync()).Length);
        Assert.Equal(3, Blobs(server).Length);
    }

    // K-53
    [Fact]
    public static async Task Another_message_that_names_somebody_s_attachment_neither_replaces_it_nor_takes_it_away()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim", Options(store)), eve = await SignUpAsync(server, "eve");
        Conversation[] group = await GroupAsync("Plans", marie, karim, eve);
        byte[] honest = RandomNumberGenerator.GetBytes(200_000);
        await group[0].SendAsync("it", [File("it.bin", honest)]);
        await SyncAsync(marie, karim, eve);
        Message got = await group[1].MessageAsync("it");
        Attachment file = Attachments(got)[0];
        Assert.Equal(honest, await ReadAsync(group[1], got, file));
        int before = await FilesAsync(store);

        // As it is, and with another hash, which are both hers to say.
        ConversationThread thread = eve.Machinery.Thread(group[2].Id)!;
        ulong position = (await eve.Machinery.Log.FindAsync(thread.Id, got.Id.Account, got.Id.Content, default))!.Value;
        Contents.Attachment same = Contents.Attachment.Parser.ParseFrom((await eve.Machinery.Log.GetAsync(thread.Id, position, default))!.Text.Attachments[0]), other = same.Clone();
        other.Hash = Google.Protobuf.ByteString.CopyFrom(RandomNumberGenerator.GetBytes(32));
        foreach ((string text, Contents.Attachment attachment) in ((string, Contents.Attachment)[])[("the same", same), ("another", other)])
        {
            await eve.Machinery.StepAsync(thread, step =>
            {
                Contents.Content content = step.NewContent();
                content.Text = new() { Text_ = text };
                content.Text.Attachments.Add(attachment);
                step.Queue(content);
                step.Keep(thread.Row.NextQueued, Sent(thread.Outbox[thread.Row.NextQueued]));
                return Task.FromResult(true);
            }, default);
        }
        await SyncAsync(eve, karim);
        Message theirs = await group[1].MessageAsync("the same"), forged = await group[1].MessageAsync("another");
        Assert.Equal(honest, await ReadAsync(group[1], theirs, Attachments(theirs)[0]));
        Assert.Equal(ClientErrors.AttachmentDamaged, await CodeAsync(() => group[1].FetchAsync(forged.Id, Attachments(forged)[0].Id)));

        // Hers go, and what the server has with them; what was Marie's stays.
        await group[1].HideAsync([theirs.Id, forged.Id]);
        foreach (string path in Blobs(server)) System.IO.File.Delete(path);
        Assert.Equal(before, await FilesAsync(store));
        Assert.Equal(honest, await ReadAsync(group[1], got, file));

        static Records.OutboxRow Sent(Records.OutboxRow row)
        {
            row.Uploading = false;
            return row;
        }
    }

    // K-53
    [Fact]
    public static async Task Of_a_file_that_was_exchanged_cut_or_extended_not_a_byte_is_shown_or_kept()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        Func<byte[], byte[]> change = bytes => bytes;
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim", Options(store, transport: a => new BendsFiles(new HttpTransport(a), bytes => change(bytes))));
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        byte[] honest = RandomNumberGenerator.GetBytes(200_000);
        await hers.SendAsync("it", [File("it.bin", honest)]);
        await hers.SendAsync("another", [File("another.bin", RandomNumberGenerator.GetBytes(200_000))]);
        await SyncAsync(marie, karim);
        Message got = await his.MessageAsync("it"), other = await his.MessageAsync("another");
        Attachment file = Attachments(got)[0];
        byte[]? exchanged = null;
        change = bytes => exchanged = bytes;
        await ReadAsync(his, other, Attachments(other)[0]);

        const int Chunk = AttachmentSeal.SealedBytes, Start = AttachmentSeal.CommitmentBytes;
        (string What, Func<byte[], byte[]> Change)[] lies =
        [
            ("another file", _ => exchanged!),
            ("a bit in the first chunk", bytes => Flipped(bytes, Start + 5)),
            ("a bit in the last chunk", bytes => Flipped(bytes, bytes.Length - 1)),
            ("a bit in the commitment", bytes => Flipped(bytes, 0)),
            ("cut", bytes => bytes[..^1]),
            ("cut by a chunk", bytes => bytes[..(Start + (2 * Chunk))]),
            ("extended", bytes => [.. bytes, 0]),
            ("two chunks exchanged", bytes => [.. bytes[..Start], .. bytes[(Start + Chunk)..(Start + (2 * Chunk))], .. bytes[Start..(Start + Chunk)], .. bytes[(Start + (2 * Chunk))..]]),
            ("a chunk twice", bytes => [.. bytes[..(Start + Chunk)], .. bytes[Start..(Start + Chunk)], .. bytes[(Start + (2 * Chunk))..]]),
            ("nothing", _ => []),
        ];
        int before = await FilesAsync(store);
        foreach ((string what, Func<byte[], byte[]> lie) in lies)
        {
            change = lie;
            using MemoryStream shown = new();
            string code = await CodeAsync(() => his.SaveAsync(got.Id, file.Id, shown));
            Assert.True(code == ClientErrors.AttachmentDamaged, $"{what}: {code}");
            Assert.Equal(0, shown.Length);
            Assert.Equal(ClientErrors.AttachmentDamaged, await CodeAsync(() => his.FetchAsync(got.Id, file.Id)));
            Assert.Equal(before, await FilesAsync(store));
        }
        // And the twin.
        change = bytes => bytes;
        Assert.Equal(honest, await ReadAsync(his, got, file));
    }

    // K-53
    [Fact]
    public static async Task A_chunk_opens_at_its_place_in_its_file_alone_and_a_file_under_one_secret_alone()
    {
        ICryptoProvider crypto = NativeCryptoProvider.Shared;
        Id id = Id.New();
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        const long Size = 3 * AttachmentSeal.ChunkBytes;
        using AttachmentSeal seal = new(crypto, id, secret, Size);
        byte[] chunk = await seal.SealAsync(0, new byte[AttachmentSeal.ChunkBytes]), last = await seal.SealAsync(seal.Chunks - 1, new byte[seal.PlainLength(seal.Chunks - 1)]);
        Assert.NotNull(await seal.OpenAsync(0, chunk));
        Assert.Null(await seal.OpenAsync(1, chunk));
        Assert.Null(await seal.OpenAsync(0, last));
        using (AttachmentSeal elsewhere = new(crypto, Id.New(), secret, Size)) Assert.Null(await elsewhere.OpenAsync(0, chunk));
        using (AttachmentSeal longer = new(crypto, id, secret, Size + 1)) Assert.Null(await longer.OpenAsync(0, chunk));
        using AttachmentSeal other = new(crypto, id, RandomNumberGenerator.GetBytes(32), Size);
        Assert.Null(await other.OpenAsync(0, chunk));
        Assert.NotEqual(seal.Commitment, other.Commitment);
    }

    // K-68
    [Fact]
    public static void The_length_of_what_is_uploaded_shows_a_class_and_costs_at_most_an_eighth()
    {
        long Length(long size)
        {
            using AttachmentSeal seal = new(NativeCryptoProvider.Shared, default, new byte[32], size);
            return seal.Length;
        }
        Assert.Single(Enumerable.Range(1, 1_024).Select(size => Length(size)).Distinct());
        long[] sizes = [1_025, 2_000, 10_000, 65_535, 65_536, 65_537, 1_000_000, 5_000_000, 100_000_000, Limits.AttachmentBytes];
        foreach (long size in sizes)
        {
            long padded = AttachmentSeal.Padded(size);
            Assert.InRange(padded, size, size + (size / 8) + 1);
            // All sizes of a class have one length, and there are few classes.
            Assert.Equal(Length(size), Length(padded));
            Assert.Equal(padded, AttachmentSeal.Padded(padded));
        }
        Assert.InRange(Enumerable.Range(1, 2_000_000 / 64).Select(i => AttachmentSeal.Padded(64L * i)).Distinct().Count(), 1, 300);
    }

    // K-56
    [Theory]
    [InlineData("report.pdf", "report.pdf")]
    [InlineData("../../../etc/passwd", "passwd")]
    [InlineData("/etc/shadow", "shadow")]
    [InlineData("C:\\Windows\\win.ini", "win.ini")]
    [InlineData("C:evil.txt", "C_evil.txt")]
    [InlineData("..", "file")]
    [InlineData("", "file")]
    [InlineData("a/", "file")]
    [InlineData(".bashrc", "_bashrc")]
    [InlineData("CON", "_CON")]
    [InlineData("nul.txt", "_nul.txt")]
    [InlineData("Lpt1.tar.gz", "_Lpt1.tar.gz")]
    [InlineData("a\0b\r\nc.txt", "abc.txt")]
    [InlineData("photo\u202Egnp.exe", "photognp.exe")]
    [InlineData("a\u200Bb\u2066c.txt", "abc.txt")]
    [InlineData("name. . .", "name")]
    [InlineData("what? <this>|*.txt", "what_ _this___.txt")]
    [InlineData("été à Nîmes.jpg", "été à Nîmes.jpg")]
    [InlineData("صورة.png", "صورة.png")]
    public static void A_name_is_the_last_part_of_a_path_without_what_leads_elsewhere_or_hides_what_it_is(string name, string clean)
    {
        Assert.Equal(clean, FileName.Clean(name));
        Assert.Equal(clean, FileName.Clean(FileName.Clean(name)));
    }

    // K-56
    [Fact]
    public static void A_name_of_any_length_and_any_characters_stays_a_short_name()
    {
        string longest = FileName.Clean(new string('é', 4_000) + ".tar");
        Assert.EndsWith(".tar", longest, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(longest), 100, FileName.MaximumBytes);
        Random random = new(5);
        for (int i = 0; i < 2_000; i++)
        {
            string name = FileName.Clean(new string([.. Enumerable.Range(0, random.Next(300)).Select(_ => (char)random.Next(0, i % 2 == 0 ? 0x80 : 0x10000))]));
            Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, FileName.MaximumBytes);
            Assert.DoesNotContain(name, c => "/\\\0:*?\"<>|".Contains(c, StringComparison.Ordinal));
            Assert.Equal(name, Path.GetFileName(name));
            Assert.False(name[0] is '.' or ' ' || name[^1] is '.' or ' ', name);
        }
    }

    // K-54, K-55
    [Fact]
    public static async Task Only_what_begins_as_a_known_type_and_can_be_borne_is_shown_in_place()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie");
        await using KavalekClient karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        (string Name, string Type, byte[] Bytes, string? Inline)[] files =
        [
            ("photo.png", "image/png", Png(640, 480), "image/png"),
            ("bomb.png", "image/png", Png(50_000, 50_000), null),
            ("long.png", "image/png", Png(16_385, 1), null),
            ("photo.jpg", "image/jpeg", Jpeg(800, 600), "image/jpeg"),
            ("bomb.jpg", "image/jpeg", Jpeg(60_000, 60_000), null),
            ("photo.gif", "image/gif", Gif(800, 800), "image/gif"),
            ("page.png", "image/png", "<!doctype html><script>alert(1)</script>"u8.ToArray(), null),
            ("page.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"u8.ToArray(), null),
            ("page.html", "text/html", "<script>alert(1)</script>"u8.ToArray(), null),
            ("paper.pdf", "application/pdf", "%PDF-1.7"u8.ToArray(), null),
            ("voice.ogg", "audio/ogg; codecs=opus", [.. "OggS"u8, 0, 0], "audio/ogg"),
        ];
        await hers.SendAsync("first", [.. files[..10].Select(f => File(f.Name, f.Bytes, f.Type))]);
        await hers.SendAsync("second", [File(files[10].Name, files[10].Bytes, files[10].Type)]);
        await SyncAsync(marie, karim);
        Message first = await his.MessageAsync("first"), second = await his.MessageAsync("second");
        for (int i = 0; i < files.Length; i++)
        {
            Message message = i < 10 ? first : second;
            Attachment attachment = Attachments(message)[i % 10];
            Assert.Equal((files[i].Name, files[i].Inline), (attachment.Name, await his.InlineTypeAsync(message.Id, attachment.Id)));
        }
        // Too many, and nothing.
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => hers.SendAsync("", [.. Enumerable.Range(0, 11).Select(_ => File("x", [1]))])));
        Assert.Equal(ErrorCodes.TooLarge, await CodeAsync(() => hers.SendAsync("", [File("x", [])])));
    }

    // K-50, K-54
    [Fact]
    public static void The_measures_of_any_bytes_are_some_or_none()
    {
        // A frame that widens the screen counts, and behind what has no length nothing is believed: a decoder reads on elsewhere.
        Assert.Equal(new PixelSize(50_000, 2), InlineMedia.Measure("image/gif", Gif(50_000, 2)));
        Assert.Equal(new PixelSize(800, 600), InlineMedia.Measure("image/jpeg", Jpeg(800, 600)));
        foreach (byte bare in (byte[])[0x00, 0x01, 0xD0, 0xD7, 0xD8, 0xD9, 0xDA]) Assert.Null(InlineMedia.Measure("image/jpeg", [0xFF, 0xD8, 0xFF, bare, 0xFF, 0xC0, .. Jpeg(800, 600)]));
        Random random = new(7);
        byte[][] seeds = [Png(640, 480), Jpeg(800, 600), Gif(20, 20), [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBPVP8X"u8, .. new byte[20]], [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBPVP8L"u8, .. new byte[20]]];
        foreach (byte[] seed in seeds)
        {
            for (int i = 0; i < 3_000; i++)
            {
                byte[] bytes = [.. seed.AsSpan(0, random.Next(seed.Length + 1))];
                for (int flips = random.Next(4); flips > 0 && bytes.Length > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                foreach (string type in (string[])["image/png", "image/jpeg", "image/gif", "image/webp"]) _ = InlineMedia.IsSafe(type, bytes);
            }
        }
    }

    [Fact]
    public static async Task A_file_is_found_by_its_name_forwarded_as_a_file_of_its_own_and_stays_where_words_change()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        Conversation[] desk = await GroupAsync("Desk", karim, marie);
        byte[] bytes = RandomNumberGenerator.GetBytes(150_000);
        await hers.SetDraftAsync(new Draft("begun"));
        await hers.SendAsync("", [File("budget 2026.ods", bytes)]);
        Assert.Null(hers.Draft);
        await SyncAsync(marie, karim);

        SearchHit hit = Assert.Single((await karim.SearchAsync(new SearchQuery("2026 budg"))).Hits);
        Assert.Equal("budget 2026.ods", hit.Excerpt);
        Assert.Equal(2, hit.Marks.Count);
        Message got = hit.Message;

        // What was begun there stays; the server has another file, and the name goes with it.
        await desk[0].SetDraftAsync(new Draft("begun there"));
        Message sent = await his.ForwardAsync(got.Id, desk[0], "look");
        Assert.Equal("begun there", desk[0].Draft?.Text);
        await SyncAsync(karim, marie);
        Message there = await desk[1].MessageAsync("look");
        Attachment first = Attachments(got)[0], second = Attachments(there)[0];
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal((first.Name, first.Type, first.Size), (second.Name, second.Type, second.Size));
        Assert.Equal(2, Blobs(server).Length);
        // It outlives the one it was made from, which is found no more.
        await hers.DeleteAsync([got.Id]);
        await SyncAsync(marie, karim);
        Assert.Equal(sent.Id, Assert.Single((await karim.SearchAsync(new SearchQuery("budget"))).Hits).Message.Id);
        Assert.Equal(bytes, await ReadAsync(desk[1], there, second));
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(() => his.ForwardAsync(got.Id, desk[0], "again")));

        // Other words, the same file; what had none says so in its versions.
        await desk[0].EditAsync(sent.Id, "look here", []);
        Message bare = await desk[0].SendAsync("", [File("b.bin", [1])]);
        await SyncAsync(karim, marie);
        await desk[0].EditAsync(bare.Id, "words", []);
        await SyncAsync(karim, marie);
        Message edited = await desk[1].MessageAsync("look here"), worded = await desk[1].MessageAsync("words");
        Assert.Equal((second.Id, "b.bin"), (Attachments(edited)[0].Id, Attachments(worded)[0].Name));
        Assert.Equal("", Assert.Single(worded.FormerVersions).Text);
        // Text alone goes the same way.
        await desk[0].ForwardAsync((await desk[0].MessageAsync("words")).Id, his, "words");
        Message plain = await hers.SendAsync("plain");
        await hers.ForwardAsync(plain.Id, hers, "plain again");
        await SyncAsync(karim, marie);
        Assert.Equal(["plain", "plain again", "words"], (await his.TextsAsync()).Order(StringComparer.Ordinal));
    }

    // K-54
    [Fact]
    public static async Task A_text_as_large_as_it_may_be_with_ten_files_is_passed_on_and_archived()
    {
        await using TestServer server = await OpenServerAsync();
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim"), jean = await SignUpAsync(server, "jean");
        Conversation[] group = await GroupAsync("Trio", marie, karim);
        byte[] preview = [32, 32, .. new byte[3 * 32 * 32]], one = [1];
        string text = new('x', 65_000);
        Message sent = await group[0].SendAsync(text, [.. Enumerable.Range(0, Attachment.Most).Select(i => File($"{i}.bin", one) with { Preview = preview })]);
        await SyncAsync(marie, karim);
        Assert.All(Attachments(await group[1].MessageAsync(text)), file => Assert.Equal(preview.Length, file.Preview.Length));

        await jean.SyncAsync();
        await group[0].AddAsync([(await marie.FindAsync("jean")).Account], HistoryShare.TheLast(4));
        await SyncAsync(marie, jean);
        Conversation his = jean.Conversation(group[0].Id)!;
        await his.AcceptAsync();
        await SyncAsync(jean, marie, jean, karim);
        Message passed = await his.MessageAsync(text);
        Assert.Equal(Attachment.Most, Attachments(passed).Count);
        Assert.All(Attachments(passed), file => Assert.True(file.Preview.IsEmpty));
        Assert.Equal(one, await ReadAsync(his, passed, Attachments(passed)[^1]));

        // With as many former words as there is room for, it still fits the archive.
        foreach (char letter in "abc")
        {
            await group[0].EditAsync(sent.Id, new string(letter, 65_000), []);
            await SyncAsync(marie, karim);
        }
        await karim.SaveHistoryAsync();
        await using KavalekClient second = await AddDeviceAsync(server, karim);
        await SyncAsync(karim, second);
        await second.RestoreHistoryAsync();
        Message restored = await second.Conversation(group[1].Id)!.MessageAsync(new string('c', 65_000));
        Assert.Equal(new string('b', 65_000), Assert.Single(restored.FormerVersions).Text);
        Assert.All(Attachments(restored), file => Assert.Equal(preview.Length, file.Preview.Length));
        // A voice: its length and levels are its sender's word, of a sound alone, and within bounds.
        byte[] levels = [.. Enumerable.Range(0, Attachment.MostLevels).Select(i => (byte)i)];
        await group[0].SendAsync("", [File("voice-message.webm", [0x1A, 0x45, 0xDF, 0xA3, 0], "audio/webm;codecs=opus") with { Length = TimeSpan.FromSeconds(7.5), Levels = levels },
            File("long.ogg", one, "audio/ogg") with { Length = TimeSpan.FromDays(9), Levels = new byte[65] }, File("none.bin", one) with { Length = TimeSpan.FromSeconds(1), Levels = levels }]);
        await SyncAsync(marie, karim);
        IReadOnlyList<Attachment> sounds = Attachments((await group[1].MessagesAsync(50)).Single(m => m.Body is TextBody { Text: "", Attachments.Count: 3 }));
        Assert.Equal([(7_500, 64, true), (86_400_000, 0, false), (0, 0, false)], sounds.Select(file => ((int)file.Length.TotalMilliseconds, file.Levels.Length, file.IsVoice)));
        Assert.Equal(levels, sounds[0].Levels.ToArray());
        // A text that leaves no room for what its files say is not stored.
        Assert.Equal(ErrorCodes.TooLarge, await CodeAsync(() => group[0].SendAsync(new string('x', 65_536), [.. Enumerable.Range(0, Attachment.Most).Select(i => File(new string('n', 110), one) with { Preview = preview })])));
    }

    // K-54
    [Fact]
    public static async Task What_the_server_has_no_room_for_fails_with_the_reason_and_goes_out_once_there_is_room()
    {
        await using TestServer server = await TestServer.StartAsync(null, o => o with { Registration = Auth.RegistrationPolicy.Open, AttachmentSize = 1, AttachmentQuota = 1 });
        await using KavalekClient marie = await SignUpAsync(server, "marie"), karim = await SignUpAsync(server, "karim");
        (Conversation hers, Conversation his) = await DirectAsync(marie, karim);
        // What the server says it takes is known before anything is read or stored.
        KavalekException said = await Assert.ThrowsAsync<KavalekException>(() => hers.SendAsync("too large", [File("large.bin", new byte[1_048_577])]));
        Assert.Equal((ErrorCodes.TooLarge, true), (said.Code, said.NothingChanged));
        Assert.Contains("1 MiB at most", said.Message, StringComparison.Ordinal);
        said = await Assert.ThrowsAsync<KavalekException>(() => hers.SendAsync("too much", [File("a.bin", new byte[700_000]), File("b.bin", new byte[700_000])]));
        Assert.Equal(ErrorCodes.OverQuota, said.Code);
        await hers.SendAsync("fits", [File("a.bin", new byte[700_000])]);
        await hers.SendAsync("full", [File("b.bin", new byte[700_000])]);
        await hers.SendAsync("text");
        await SyncAsync(marie, karim);
        Assert.Equal(["text", "fits"], (await his.TextsAsync()).Order(StringComparer.Ordinal).Reverse());
        Message full = await hers.MessageAsync("full");
        Assert.Equal(MessageState.Failed, full.State);
        Assert.Contains("take what they may", full.Failure, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.NotFound, await CodeAsync(async () => await hers.RetryAsync((await hers.MessageAsync("fits")).Id)));
        await hers.RetryAsync(full.Id);
        await SyncAsync(marie, karim);
        Assert.Equal(MessageState.Failed, (await hers.MessageAsync("full")).State);
        Assert.Equal(["fits", "full", "text"], (await hers.TextsAsync()).Order(StringComparer.Ordinal));
        // A policy that takes less, of which this device has not heard yet: the server keeps to it. Then it has, and none is sent at all.
        await hers.DeleteAsync([full.Id]);
        server.Services.GetRequiredService<IEventBus>().Publish(new Protocol.PolicyChanged(30, 0, 1 << 20));
        await hers.SendAsync("none", [File("c.bin", new byte[10])]);
        await SyncAsync(marie, karim);
        Message none = await hers.MessageAsync("none");
        Assert.Equal(MessageState.Failed, none.State);
        Assert.Contains("larger", none.Failure, StringComparison.Ordinal);
    }

    static OutgoingFile File(string name, byte[] bytes, string type = "application/octet-stream") => new(name, type, bytes.Length, new MemoryStream(bytes));

    static IReadOnlyList<Attachment> Attachments(Message message) => ((TextBody)message.Body).Attachments;

    static async Task<byte[]> ReadAsync(Conversation conversation, Message message, Attachment attachment)
    {
        using MemoryStream bytes = new();
        await conversation.SaveAsync(message.Id, attachment.Id, bytes);
        return bytes.ToArray();
    }

    // Keys are as the sealed store writes them: what is no id stays readable.
    static async Task<int> FilesAsync(MemoryClientStore store) =>
        (await store.ScanAsync(StoreRange.Prefix("conv/file/"))).Count + (await store.ScanAsync(StoreRange.Prefix("conv/part/"))).Count;

    static string[] Blobs(TestServer server) =>
        Directory.Exists(Path.Combine(server.Data, "blobs")) ? Directory.GetFiles(Path.Combine(server.Data, "blobs"), "*", SearchOption.AllDirectories) : [];

    static byte[] Flipped(byte[] bytes, int at)
    {
        byte[] copy = [.. bytes];
        copy[at] ^= 1;
        return copy;
    }

    static byte[] Png(int width, int height) =>
        [0x89, .. "PNG"u8, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, .. "IHDR"u8, .. BigEndian(width, 4), .. BigEndian(height, 4), 8, 2, 0, 0, 0];

    static byte[] Jpeg(int width, int height) =>
        [0xFF, 0xD8, 0xFF, 0xE1, 0, 8, .. "Exif\0\0"u8, 0xFF, 0xC4, 0, 4, 1, 2, 0xFF, 0xC2, 0, 17, 8, .. BigEndian(height, 2), .. BigEndian(width, 2), 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    // A small screen, an extension, and a frame of this size.
    static byte[] Gif(int width, int height) =>
        [.. "GIF89a"u8, 2, 0, 2, 0, 0, 0, 0, 0x21, 0xF9, 4, 0, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, .. BigEndian(width, 2).Reverse(), .. BigEndian(height, 2).Reverse(), 0, 2];

    static byte[] BigEndian(int number, int bytes) => [.. Enumerable.Range(0, bytes).Select(i => (byte)((number >> (8 * (bytes - 1 - i))) & 0xFF))];

    sealed class Heard(Action<long> hear) : IProgress<long>
    {
        public void Report(long value) => hear(value);
    }

    /// <summary>Counts what is uploaded, and loses the connection after some parts.</summary>
    sealed class Patches
    {
        public int Breaks { get; set; } = -1;
        public long Bytes { get; private set; }

        public ITransport Over(ITransport inner) => new Transport(inner, this);

        sealed class Transport(ITransport inner, Patches patches) : ITransport
        {
            public Uri Server => inner.Server;

            public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
            {
                if (request.Method != HttpMethod.Patch) return await inner.SendAsync(request, cancel);
                patches.Bytes += request.Content!.Headers.ContentLength ?? 0;
                HttpResponseMessage answer = await inner.SendAsync(request, cancel);
                if (patches.Breaks-- != 0) return answer;
                answer.Dispose();
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "lost on the way");
            }

            public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => inner.ConnectAsync(cancel);

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }

    /// <summary>A server that gives other bytes than those that it was given.</summary>
    sealed class BendsFiles(ITransport inner, Func<byte[], byte[]> change) : ITransport
    {
        public Uri Server => inner.Server;

        public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            bool reads = request.Method == HttpMethod.Get && request.RequestUri!.ToString().Contains("/attachments/", StringComparison.Ordinal);
            HttpResponseMessage answer = await inner.SendAsync(request, cancel);
            if (!reads || !answer.IsSuccessStatusCode) return answer;
            Assert.Null(request.Headers.Authorization); // it is not said who reads
            return new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = new ByteArrayContent(change(await answer.Content.ReadAsByteArrayAsync(cancel))) };
        }

        public Task<ITransportSocket> ConnectAsync(CancellationToken cancel) => inner.ConnectAsync(cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
