using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using Kavalek.Client.Archived;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What of the past a member passes on (docs/PROTOCOL.md §7.8).</summary>
public sealed record HistoryShare
{
    /// <summary>Messages that are passed on, at most.</summary>
    public const int Most = 1_000;

    HistoryShare(uint last, ulong since) => (Last, SinceMilliseconds) = (last, since);

    /// <summary>So many of the newest messages; 0 where a time was chosen.</summary>
    public uint Last { get; }

    /// <summary>Those sent since then, milliseconds since 1970; 0 where a number was chosen.</summary>
    internal ulong SinceMilliseconds { get; }

    /// <summary>The newest messages.</summary>
    /// <param name="count">1 to <see cref="Most"/>.</param>
    public static HistoryShare TheLast(int count) => new((uint)Math.Clamp(count, 1, Most), 0);

    /// <summary>What was sent since a time, the newest <see cref="Most"/> of it.</summary>
    public static HistoryShare AllSince(DateTimeOffset time) => new(0, (ulong)Math.Max(1, time.ToUnixTimeMilliseconds()));
}

/// <summary>
/// Passing history on: an offer that everybody sees, an ask with a fresh key, and an answer that only who asked can open. What comes so is that member's word, and is
/// marked as that.
/// </summary>
static class Sharing
{
    /// <summary>Parts of one answer, at most.</summary>
    public const int MostParts = 64;

    const int PartBytes = 56 * 1024, AllBytes = 1 << 20, KeyBytes = 65;

    /// <summary>Offers, and remembers what: this device answers.</summary>
    public static void Offer(Step step, IReadOnlyList<Id> accounts, uint last, ulong since)
    {
        Content content = step.NewContent();
        content.Offer = new() { Last = last, Since = since };
        content.Offer.Accounts.AddRange(accounts.Select(Step.Bytes));
        OfferRow row = new() { Last = last, Since = since, Position = step.Thread.Row.NextPosition };
        row.Accounts.AddRange(content.Offer.Accounts);
        step.Batch.Put(StoreKeys.Offer(step.Thread.Id, Id.Read(content.Id.Span)), row.ToByteArray());
        step.Queue(content);
        Say(step, step.Core.Identity.Account, content.Offer);
    }

    /// <summary>Somebody offers: all see it, and whom it names asks.</summary>
    public static async Task OfferedAsync(Step step, MemberDevice sender, Content content)
    {
        string key = StoreKeys.Offer(step.Thread.Id, Id.Read(content.Id.Span));
        if (await step.Core.Store.GetAsync(key).ConfigureAwait(false) is not null) return; // said twice
        Say(step, sender.Account, content.Offer);
        if (sender.Account == step.Core.Identity.Account || !content.Offer.Accounts.Contains(Step.Bytes(step.Core.Identity.Account))) return;
        using KeyPair pair = await step.Core.Mls.Crypto.GenerateKeyPairAsync(KemAlgorithm.DhkemP256).ConfigureAwait(false);
        step.Batch.Put(key, new OfferRow
        {
            By = Step.Bytes(sender.Account),
            Device = Step.Bytes(sender.Device),
            PrivateKey = ByteString.CopyFrom(pair.PrivateKey.Span),
        }.ToByteArray());
        Content ask = step.NewContent();
        ask.Ask = new() { Offer = content.Id, Key = ByteString.CopyFrom(pair.PublicKey) };
        step.Queue(ask); // goes out once the conversation is accepted, and not before
    }

    /// <summary>Somebody takes an offer of this device: it is answered once.</summary>
    public static async Task AskedAsync(Step step, MemberDevice sender, HistoryAsk ask)
    {
        Id offer = Id.Read(ask.Offer.Span);
        string key = StoreKeys.Offer(step.Thread.Id, offer);
        if (await step.Core.Store.GetAsync(key).ConfigureAwait(false) is not { } stored || OfferRow.Parser.ParseFrom(stored) is not { By.IsEmpty: true } row) return;
        ByteString device = Step.Bytes(sender.Device);
        if (!row.Accounts.Contains(Step.Bytes(sender.Account)) || row.Answered.Contains(device)) return;
        List<ArchiveBatch> batches = await CollectAsync(step, row).ConfigureAwait(false);
        List<Content> parts = [];
        for (int part = 0; part < batches.Count; part++)
        {
            HpkeCiphertext? ciphertext = await Suite(step).SealAsync(ask.Key.ToByteArray(), Info(step, offer, sender.Account, sender.Device),
                Bound(part, batches.Count), Pad(batches[part])).ConfigureAwait(false);
            if (ciphertext is null) return; // no key
            Content content = step.NewContent();
            content.Passed = new()
            {
                Offer = ask.Offer,
                Device = device,
                Part = (uint)part,
                Parts = (uint)batches.Count,
                KemOutput = ByteString.CopyFrom(ciphertext.KemOutput),
                Sealed = ByteString.CopyFrom(ciphertext.Ciphertext),
            };
            parts.Add(content);
        }
        foreach (Content content in parts) step.Queue(content);
        row.Answered.Add(device);
        step.Batch.Put(key, row.ToByteArray());
        step.Changed = true;
    }

    /// <summary>What was asked for: only from the account that offered, only of this conversation.</summary>
    public static async Task PassedAsync(Step step, MemberDevice sender, HistoryPassed passed)
    {
        OwnIdentity own = step.Core.Identity;
        Id offer = Id.Read(passed.Offer.Span);
        string key = StoreKeys.Offer(step.Thread.Id, offer);
        if (!passed.Device.Span.SequenceEqual(own.Device.ToArray()) || await step.Core.Store.GetAsync(key).ConfigureAwait(false) is not { } stored) return;
        OfferRow row = OfferRow.Parser.ParseFrom(stored);
        if (row.PrivateKey.IsEmpty || !row.By.Equals(Step.Bytes(sender.Account)) || !row.Device.Equals(Step.Bytes(sender.Device)) || row.Parts.Contains(passed.Part)) return;
        using Secret privateKey = Secret.Copy(row.PrivateKey.Span);
        using Secret? opened = await Suite(step).OpenAsync(passed.KemOutput.ToByteArray(), privateKey, Info(step, offer, own.Account, own.Device),
            Bound((int)passed.Part, (int)passed.Parts), passed.Sealed.ToByteArray()).ConfigureAwait(false);
        if (opened is null || Unpad(opened.Span) is not { } batch) return;
        int added = 0;
        foreach ((ArchivedConversation conversation, IReadOnlyList<MessageRow> newest) in new BatchReader(batch).Conversations(own.Account))
        {
            if (!conversation.Id.Span.SequenceEqual(step.Thread.Id.ToArray())) continue;
            // That something was deleted, or is to be hidden, nobody says for others.
            MessageRow[] texts = [.. newest.Where(text => text.Deletion is null).Take(HistoryShare.Most)];
            foreach (MessageRow text in texts) text.PassedBy = Step.Bytes(sender.Account);
            added += await new Restoring(step).PutAsync(texts, archived: false).ConfigureAwait(false);
        }
        row.Parts.Add(passed.Part);
        if (row.Parts.Count == passed.Parts) row.PrivateKey = ByteString.Empty;
        step.Batch.Put(key, row.ToByteArray());
        step.Changed = true;
        if (added == 0) return;
        step.Publish(new HistoryRestored(step.Thread.Face));
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    static void Say(Step step, Id by, HistoryOffer offer) => step.Say(SystemKind.HistoryShared, by, offer.Accounts.Select(account => Id.Read(account.Span)),
        offer.Last > 0 ? $"last {offer.Last.ToString(CultureInfo.InvariantCulture)}" : $"since {(offer.Since / 1000).ToString(CultureInfo.InvariantCulture)}");

    // The newest first until enough is there, then in batches, the oldest text of each first.
    static async Task<List<ArchiveBatch>> CollectAsync(Step step, OfferRow offer)
    {
        List<MessageRow> texts = [];
        int most = (int)Math.Min(offer.Last > 0 ? offer.Last : HistoryShare.Most, HistoryShare.Most), bytes = 0;
        string from = StoreKeys.Messages(step.Thread.Id), to = StoreKeys.Message(step.Thread.Id, offer.Position + 1);
        while (texts.Count < most && bytes < AllBytes)
        {
            IReadOnlyList<StoreEntry> page = await step.Core.Store.ScanAsync(new StoreRange(from, to, 256, Reverse: true)).ConfigureAwait(false);
            foreach (StoreEntry entry in page)
            {
                MessageRow row = MessageRow.Parser.ParseFrom(entry.Value);
                if (row.BodyCase != MessageRow.BodyOneofCase.Text || !row.PassedBy.IsEmpty || (row.Ends != 0 && row.Ends <= step.NowMilliseconds) || row.Sent < offer.Since) continue;
                if (texts.Count == most || (bytes += row.Text.CalculateSize()) > AllBytes) break;
                row.Acts = Acts.ForOthers(row.Acts);
                texts.Add(row);
            }
            if (page.Count < 256) break;
            to = page[^1].Key;
        }
        texts.Reverse();
        List<ArchiveBatch> batches = [];
        BatchWriter? writer = null;
        foreach (MessageRow text in texts)
        {
            if (writer?.TryAdd(step.Thread, text) == true) continue;
            writer = new BatchWriter(null, PartBytes);
            writer.TryAdd(step.Thread, text);
            batches.Add(writer.Batch);
        }
        return batches.Count > 0 ? [.. batches.Take(MostParts)] : [new ArchiveBatch()];
    }

    static Hpke Suite(Step step) => new(step.Core.Mls.Crypto, KemAlgorithm.DhkemP256, HashAlgorithm.Sha256, AeadAlgorithm.Aes256Gcm);

    static byte[] Info(Step step, Id offer, Id account, Id device) =>
        [.. "kavalek/v1/history"u8, .. step.Thread.Id.ToArray(), .. offer.ToArray(), .. account.ToArray(), .. device.ToArray()];

    static byte[] Bound(int part, int parts)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)part);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)parts);
        return bytes;
    }

    // To a size class of contents, less what goes around it, so that the content fills one.
    static byte[] Pad(ArchiveBatch batch)
    {
        byte[] bytes = batch.ToByteArray();
        byte[] padded = new byte[bytes.Length + 4 + ContentCodec.Padding(bytes.Length + 4 + Around)];
        BinaryPrimitives.WriteInt32BigEndian(padded, bytes.Length);
        bytes.CopyTo(padded, 4);
        return padded;
    }

    const int Around = 512;

    /// <summary>What another member has passed on; <c>null</c> where it cannot be read.</summary>
    public static ArchiveBatch? Unpad(ReadOnlySpan<byte> padded)
    {
        if (padded.Length < 4 || BinaryPrimitives.ReadInt32BigEndian(padded) is var length && (length < 0 || length > padded.Length - 4)) return null;
        return UntrustedMessage.TryRead(ArchiveBatch.Parser, padded.Slice(4, length), out ArchiveBatch? batch) ? batch : null;
    }
}
