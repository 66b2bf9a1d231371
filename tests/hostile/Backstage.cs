using System.Text;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Hostile.Tests;

/// <summary>What a test may see of a client behind its face.</summary>
static class Backstage
{
    /// <summary>The stream that a conversation is written to.</summary>
    public static async Task<Id> StreamAsync(this KavalekClient client, Conversation conversation) =>
        Id.Read(ConversationRow.Parser.ParseFrom(await client.Core.Store.GetAsync(StoreKeys.Conversation(conversation.Id))).Live.Span);

    /// <summary>What is stored of a stream.</summary>
    public static async Task<StreamRow> RowAsync(this KavalekClient client, Id stream) =>
        StreamRow.Parser.ParseFrom(await client.Core.Store.GetAsync(StoreKeys.Stream(stream)));

    /// <summary>The group as a client has stored it.</summary>
    public static async Task<MlsGroup> GroupAsync(this KavalekClient client, Id stream, MlsRules? rules = null) => (await GroupStream.LoadAsync(
        client.Core.Store, rules is null ? client.Core.Mls : client.Core.Mls with { Rules = rules }, stream, await client.RowAsync(stream), default)).Group!;

    /// <summary>
    /// All that a refused entry must leave as it was, bit for bit: keys, members, messages, pins, what is to be sent. Not where reading
    /// stands in the stream and how many entries could not be read, which move with every entry.
    /// </summary>
    public static async Task<string> StateAsync(this KavalekClient client, params string[] but)
    {
        StringBuilder all = new();
        List<StoreEntry> entries = [];
        foreach (string part in (string[])["conv/", "device/", "key-package/", "pin/"]) entries.AddRange(await client.Core.Store.ScanAsync(StoreRange.Prefix(part)));
        foreach (StoreEntry entry in entries)
        {
            if (but.Any(part => entry.Key.StartsWith(part, StringComparison.Ordinal))) continue;
            byte[] value = entry.Value;
            if (entry.Key.StartsWith(StoreKeys.Streams, StringComparison.Ordinal))
            {
                StreamRow row = StreamRow.Parser.ParseFrom(value);
                (row.NextSeq, row.Last, row.Epoch, row.EpochKnown, row.RenewAt) = (0, ByteString.Empty, 0, false, 0);
                // What could not be read makes it say once where it stands.
                (row.ClaimDue, row.Claimed) = (false, 0);
                value = row.ToByteArray();
            }
            else if (entry.Key.StartsWith(StoreKeys.Conversations, StringComparison.Ordinal))
            {
                ConversationRow row = ConversationRow.Parser.ParseFrom(value);
                (row.Undecryptable, row.Activity) = (0, 0);
                value = row.ToByteArray();
            }
            all.Append(entry.Key).Append(' ').AppendLine(Convert.ToHexString(value));
        }
        return all.ToString();
    }
}
