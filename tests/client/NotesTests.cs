using Kavalek.Client.Noted;
using Kavalek.Protocol;
using Kavalek.Tests.Support;
using Microsoft.Data.Sqlite;
using static Kavalek.Client.Tests.TestConversations;
using static Kavalek.Client.Tests.TestPeople;

namespace Kavalek.Client.Tests;

/// <summary>What an account's devices share of its conversations, and their names (docs/PROTOCOL.md §10.7).</summary>
public static class NotesTests
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public static async Task Pins_archive_mute_marks_reading_and_names_are_the_same_on_all_devices_also_after_changes_offline_and_the_server_learns_none_of_it()
    {
        ManualClock clock = new();
        await using TestServer server = await OpenServerAsync(clock);
        await using KavalekClient marie = await SignUpAsync(server, "marie", Options(clock: clock)), karim = await SignUpAsync(server, "karim", Options(clock: clock));
        await marie.SetDeviceNameAsync("Firefox on Linux");
        KavalekClient waiting = await KavalekClient.LogInAsync(Options(clock: clock), server.Address, marie.Me.Email, Phrase);
        await waiting.SetDeviceNameAsync("  Marie’s phone ");
        await LinkAsync(marie, waiting);
        await waiting.WaitForApprovalAsync();
        await using KavalekClient phone = waiting;
        (Conversation here, Conversation his) = await DirectAsync(marie, karim);
        Conversation group = await marie.CreateGroupAsync("Notes", []);
        await SyncAsync(marie, phone, karim, marie, phone);
        Conversation there = phone.Conversation(here.Id)!, groupThere = phone.Conversation(group.Id)!;
        Assert.Equal(ErrorCodes.Invalid, await CodeAsync(() => marie.SetDeviceNameAsync("two\nlines")));
        foreach (KavalekClient device in (KavalekClient[])[marie, phone])
            Assert.Equal(["Firefox on Linux", "Marie’s phone"], (await device.DevicesAsync()).Select(d => d.Name).Order());

        await here.PinAsync(true);
        await here.MuteAsync(clock.GetUtcNow() + 8 * Hour);
        await group.MuteAsync(DateTimeOffset.MaxValue);
        await group.ArchiveAsync(true);
        await SyncAsync(marie, phone);
        Assert.Equal((true, clock.GetUtcNow() + 8 * Hour), (there.PinnedAt is not null, there.MutedUntil!.Value));
        Assert.Equal((DateTimeOffset.MaxValue, true), (groupThere.MutedUntil!.Value, groupThere.IsArchived));

        // Both change something while they are apart: each field is the one that was set last.
        await there.PinAsync(false);
        await there.MarkUnreadAsync(true);
        clock.Advance(TimeSpan.FromMinutes(1));
        await here.PinAsync(false);
        await here.PinAsync(true);
        await group.MuteAsync(null);
        await SyncAsync(phone, marie, phone);
        foreach (Conversation side in (Conversation[])[here, there]) Assert.Equal((true, true), (side.PinnedAt is not null, side.IsMarkedUnread));
        Assert.Equal((null, true), (groupThere.MutedUntil, groupThere.IsArchived));
        clock.Advance(9 * Hour);
        Assert.Null(there.MutedUntil);

        // What was archived comes back with a message, on whichever device reads it; a muted one stays away.
        await here.ArchiveAsync(true);
        await SyncAsync(marie, phone);
        Assert.True(there.IsArchived);
        await his.SendAsync("are you there?");
        await SyncAsync(karim, phone);
        await Eventually(() => !there.IsArchived);
        await SyncAsync(phone, marie);
        Assert.Equal((false, false), (here.IsArchived, there.IsArchived));
        await here.MuteAsync(DateTimeOffset.MaxValue);
        await here.ArchiveAsync(true);
        await his.SendAsync("still?");
        await SyncAsync(karim, marie, phone);
        Assert.Equal((true, true), (here.IsArchived, there.IsArchived));

        // Read here without a receipt: read there; and the mark is gone.
        await marie.SetReceiptsAsync(delivered: false, read: false);
        Assert.Equal(2, there.Unread);
        await here.MarkReadAsync((await here.MessageAsync("still?")).Id);
        await SyncAsync(marie, phone);
        Assert.Equal((0, false), (there.Unread, there.IsMarkedUnread));

        // On the server there is one sealed record, of a size that says nothing.
        byte[] stored = (byte[])Scalar(server, "SELECT sealed FROM note")!;
        Assert.Equal(4096 + 80, stored.Length);
        Assert.Equal(-1, stored.AsSpan().IndexOf("Firefox"u8));
        Assert.Equal(-1, stored.AsSpan().IndexOf(here.Id.ToArray()));

        // A removed device reads no more of them, and its name goes.
        await marie.RemoveDeviceAsync(phone.Me.Device);
        await marie.SyncAsync();
        Assert.Equal("Firefox on Linux", Assert.Single(await marie.DevicesAsync()).Name);
        await Assert.ThrowsAsync<KavalekException>(() => phone.SyncAsync());
        await marie.DeleteAccountAsync(Phrase);
        for (int i = 0; i < 500 && Scalar(server, "SELECT COUNT(*) FROM note") is not 0L; i++) (await server.Http.GetAsync(new Uri("/api/healthz", UriKind.Relative))).Dispose();
        Assert.Equal(0L, Scalar(server, "SELECT COUNT(*) FROM note"));
    }

    [Fact]
    public static async Task An_older_record_another_one_or_none_takes_nothing_back_and_is_put_right()
    {
        await using TestServer server = await OpenServerAsync();
        MemoryClientStore store = new();
        KavalekClient marie = await SignUpAsync(server, "marie", Options(store));
        Conversation group = await marie.CreateGroupAsync("One", []), other = await marie.CreateGroupAsync("Two", []);
        await group.PinAsync(true);
        await marie.SyncAsync();
        byte[] old = (byte[])Scalar(server, "SELECT sealed FROM note")!;
        await other.PinAsync(true);
        await group.PinAsync(false);
        await marie.SyncAsync();
        foreach (Action hostile in (Action[])[
            () => Scalar(server, "UPDATE note SET version = 1, sealed = @sealed", ("@sealed", old)),
            () => Scalar(server, "UPDATE note SET sealed = @sealed", ("@sealed", old)),
            () => Scalar(server, "UPDATE note SET sealed = @sealed", ("@sealed", new byte[4176])),
            () => Scalar(server, "DELETE FROM note")])
        {
            hostile();
            await marie.SyncAsync();
            Assert.Equal((false, true), (group.PinnedAt is not null, other.PinnedAt is not null));
        }
        await marie.DisposeAsync();
        marie = await KavalekClient.UnlockAsync(Options(store), Phrase);
        Assert.NotNull(marie.Conversation(other.Id)!.PinnedAt);
        // A device that knows nothing yet learns what stands there now.
        await using KavalekClient second = await AddDeviceAsync(server, marie);
        await SyncAsync(second, marie, second);
        Assert.NotNull(second.Conversation(other.Id)!.PinnedAt);
        Assert.Null(second.Conversation(group.Id)!.PinnedAt);
        await marie.DisposeAsync();
    }

    [Fact]
    public static void In_whatever_order_and_however_often_notes_are_merged_all_end_with_the_same()
    {
        Random random = new(3);
        for (int round = 0; round < 200; round++)
        {
            Notes[] states = [.. Enumerable.Range(0, 3).Select(_ => Some(random))];
            Notes[] ends = [.. Enumerable.Range(0, 4).Select(_ =>
            {
                Notes all = new();
                foreach (Notes state in states.Concat(states).OrderBy(_ => random.Next())) NoteMerge.Into(all, state);
                Assert.False(NoteMerge.Into(all, states[0]));
                return all;
            })];
            Assert.All(ends, end => Assert.Equal(Sorted(ends[0]), Sorted(end)));
        }
    }

    static Notes Some(Random random)
    {
        Notes notes = new();
        for (byte id = 1; id <= 3; id++)
        {
            if (random.Next(4) == 0) continue;
            bool archived = random.Next(2) == 0;
            notes.Conversations.Add(new ConversationNote
            {
                Conversation = Google.Protobuf.ByteString.CopyFrom([.. Enumerable.Repeat(id, 16)]),
                Pinned = random.Next(2) == 0,
                PinnedAt = (ulong)random.Next(1, 4),
                Archived = archived ? new ArchivedNote { Seq = (ulong)random.Next(3) } : null,
                ArchivedAt = (ulong)random.Next(1, 4),
                MutedUntil = (ulong)random.Next(3),
                MutedAt = (ulong)random.Next(1, 4),
                Unread = random.Next(2) == 0,
                UnreadAt = (ulong)random.Next(1, 4),
            });
        }
        notes.Devices.Add(new DeviceNote { Device = Google.Protobuf.ByteString.CopyFrom(new byte[16]), Name = $"name {random.Next(3)}", At = (ulong)random.Next(1, 3) });
        return notes;
    }

    static string Sorted(Notes notes) => string.Join('\n', notes.Conversations.Select(note => note.ToString()).Concat(notes.Devices.Select(note => note.ToString())).Order(StringComparer.Ordinal));

    // What another step does beside; it needs no time but its turn.
    static async Task Eventually(Func<bool> holds)
    {
        for (int i = 0; i < 100_000 && !holds(); i++) await Task.Yield();
        Assert.True(holds());
    }

    static object? Scalar(TestServer server, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = Path.Combine(server.Data, "messaging.db"), Pooling = false }.ConnectionString);
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in parameters) command.Parameters.AddWithValue(name, value);
        return command.ExecuteScalar();
    }
}
