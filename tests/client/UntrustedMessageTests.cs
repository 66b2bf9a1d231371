using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Protocol;
using Kavalek.Protocol.Wire;

namespace Kavalek.Client.Tests;

/// <summary>A message takes no more memory than its bytes let one expect, and the largest honest ones are read.</summary>
public static class UntrustedMessageTests
{
    const int Many = 16 * 1024 * 1024;

    static byte[] Repeated(params byte[] field) => [.. Enumerable.Repeat(field, Many / field.Length).SelectMany(bytes => bytes)];

    // K-80
    [Fact]
    public static void A_message_of_very_many_fields_is_refused_before_it_takes_memory()
    {
        byte[] inside = new Append { Change = new Change() }.ToByteArray(), adds = Repeated(0x0a, 0);
        byte changeAt = inside[0];
        byte[] length = new byte[8];
        CodedOutputStream to = new(length);
        to.WriteUInt32(Many);
        to.Flush();
        Refused(Change.Parser, adds); // empty devices
        Refused(Change.Parser, Repeated(0xf8, 0x7f, 1)); // fields of a number that nobody knows
        Refused(Append.Parser, [changeAt, .. length[..(int)to.Position], .. adds]); // and where they are deeper
        Refused(EntryList.Parser, Repeated(0x0a, 0)); // empty messages
        Refused(ArchiveSegment.Parser, [0x2a, .. length[..(int)to.Position], .. new byte[Many]]); // numbers, in one field
        Refused(ArchiveBatch.Parser, Repeated(0x22, 0), UntrustedMessage.FieldsOfHistory);

        static void Refused<T>(MessageParser<T> parser, byte[] bytes, int fields = UntrustedMessage.Fields) where T : class, IMessage<T>
        {
            Assert.True(UntrustedMessage.TryRead(parser, [], out _, fields));
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.False(UntrustedMessage.TryRead(parser, bytes, out _, fields), typeof(T).Name);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        }
    }

    [Fact]
    public static void The_largest_that_anybody_sends_are_read()
    {
        ByteString id = ByteString.CopyFrom(Id.New().ToArray());
        Change change = new();
        change.Add.AddRange(Enumerable.Repeat(id, Limits.ChangeDevices));
        change.Remove.AddRange(Enumerable.Repeat(id, Limits.ChangeDevices));
        Same(change);
        ArchiveSegment segment = new() { Archive = id };
        segment.Replaces.AddRange(Enumerable.Range(1, Limits.ArchivePageSegments).Select(number => (ulong)number << 60));
        Same(segment);

        // As many as there is room for, and each with all that it can say.
        Entry entry = new() { Stream = id, Seq = 1, Kind = Kind.Commit, Epoch = 1, Id = id, Payload = ByteString.CopyFrom(1), Detached = true };
        EntryList page = new() { Head = 1 };
        page.Entries.AddRange(Enumerable.Repeat(entry, Limits.PageEntries));
        Same(page);
        ServerFrame frame = new() { Deliver = new Deliver() };
        frame.Deliver.Entries.AddRange(Enumerable.Repeat(entry, Limits.FrameBytes / entry.CalculateSize()));
        Same(frame);
        ArchivedText text = new() { Id = id, Conversation = 1, Account = 1, Device = 1, Sent = 1, Text = "y" };
        ArchiveBatch batch = new();
        batch.Texts.AddRange(Enumerable.Repeat(text, Limits.ArchiveSegmentBytes / (text.CalculateSize() + 2)));
        Same(batch, UntrustedMessage.FieldsOfHistory);

        static void Same<T>(T message, int fields = UntrustedMessage.Fields) where T : class, IMessage<T>
        {
            Assert.True(UntrustedMessage.TryRead((MessageParser<T>)message.Descriptor.Parser, message.ToByteArray(), out T? read, fields), typeof(T).Name);
            Assert.Equal(message, read);
        }
    }
}
