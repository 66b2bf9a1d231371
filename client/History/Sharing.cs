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

    // Devices that one account brings, twice over.
    const int MostAsks = 2 * Limits.AccountDevices;

    /// <summary>Offers of one account that this device takes in <see cref="AsksCountFor"/>, at most.</summary>
    public const int MostAsksOfOne = 5;

    static readonly TimeSpan AsksCountFor = TimeSpan.FromDays(1);

    const int PartBytes = 56 * 1024, TextBytes = 90 * 1024, AllBytes = 1 << 20, KeyBytes = 65;

    /// <summary>How long the device that offered has to answer, or to go on answering, before another one of its account does: each in its turn.</summary>
    public static readonly TimeSpan Turn = TimeSpan.FromMinutes(1);

    /// <summary>Offers, and remembers what: this device answers.</summary>
    public static async Task OfferAsync(Step step, IReadOnlyList<Id> accounts, uint last, ulong since)
    {
        Content content = step.NewContent();
        content.Offer = new() { Last = last, Since = since };
        content.Offer.Accounts.AddRange(accounts.Select(Step.Bytes));
        OfferRow row = new() { Last = last, Since = since, Position = step.Thread.Row.NextPosition };
        row.Accounts.AddRange(content.Offer.Accounts);
        step.Queue(content);
        await SayAsync(step, step.Core.Identity.Account, content).ConfigureAwait(false);
        // Behind the line: this device answers, and not in another's place.
        Put(step, Id.Read(content.Id.Span), row);
    }

    /// <summary>Somebody offers: all see it, and whom it names asks.</summary>
    public static async Task OfferedAsync(Step step, MemberDevice sender, Content content)
    {
        Id offer = Id.Read(content.Id.Span);
        if (await FindAsync(step, offer).ConfigureAwait(false) is not null) return; // said twice
        await SayAsync(step, sender.Account, content).ConfigureAwait(false);
        if (sender.Account == step.Core.Identity.Account || !content.Offer.Accounts.Contains(Step.Bytes(step.Core.Identity.Account)) || !MayAsk(step, sender.Account)) return;
        await ReplaceAsync(step, Step.Bytes(sender.Account)).ConfigureAwait(false);
        using KeyPair pair = await step.Core.Mls.Crypto.GenerateKeyPairAsync(KemAlgorithm.DhkemP256).ConfigureAwait(false);
        Put(step, offer, new OfferRow
        {
            By = Step.Bytes(sender.Account),
            Device = Step.Bytes(sender.Device),
            PrivateKey = ByteString.CopyFrom(pair.PrivateKey.Span),
            At = step.NowMilliseconds,
        });
        Content ask = step.NewContent();
        ask.Ask = new() { Offer = content.Id, Key = ByteString.CopyFrom(pair.PublicKey) };
        step.Queue(ask, yields: true); // goes out once the conversation is accepted, and not before
    }

    // Whoever offers makes this device say something: not as often as they like.
    static bool MayAsk(Step step, Id account)
    {
        AccountRow row = step.Account(account);
        if (step.NowMilliseconds < row.Asking || step.NowMilliseconds - row.Asking >= (ulong)AsksCountFor.TotalMilliseconds) (row.Asking, row.Asks) = (step.NowMilliseconds, 0);
        if (row.Asks == MostAsksOfOne) return false;
        row.Asks++;
        return true;
    }

    // What an account offered before and has not passed on whole: it is what they offer last that counts.
    static async Task ReplaceAsync(Step step, ByteString account)
    {
        string prefix = StoreKeys.Offers(step.Thread.Id);
        IEnumerable<Id> stored = (await step.Core.Store.ScanAsync(StoreRange.Prefix(prefix)).ConfigureAwait(false)).Select(entry => StoreKeys.IdOf(entry.Key));
        foreach (Id offer in stored.Union(step.Offers.Keys).ToArray())
        {
            if (await FindAsync(step, offer).ConfigureAwait(false) is not { } row || !row.By.Equals(account)) continue;
            Remove(step, offer);
            foreach ((ulong number, OutboxRow queued) in step.Thread.Outbox.ToArray())
                if (queued is { Yields: true, Sealed: null } && Content.Parser.ParseFrom(queued.Content).Ask?.Offer.Equals(Step.Bytes(offer)) == true) step.Drop(number);
        }
    }

    /// <summary>Somebody takes an offer of this account: it is remembered. The device that made it answers soon; the others where that one does not.</summary>
    public static async Task AskedAsync(Step step, MemberDevice sender, HistoryAsk ask)
    {
        Id offer = Id.Read(ask.Offer.Span);
        if (await OwnOfferAsync(step, offer).ConfigureAwait(false) is not { } row) return;
        ByteString device = Step.Bytes(sender.Device);
        if (!row.Accounts.Contains(Step.Bytes(sender.Account)) || row.Answered.Contains(device) || row.Asks.Any(open => open.Device.Equals(device))) return;
        AskRow asked = new() { Account = Step.Bytes(sender.Account), Device = device, Key = ask.Key, At = step.NowMilliseconds };
        if (row.Asks.Count >= MostAsks) return;
        row.Asks.Add(asked);
        Keep(step, offer, row);
        // Not here: what comes next may say that another device has answered already, where this one was away.
        if (!row.BySibling) step.Afterwards(step.Core.Asked);
    }

    /// <summary>Answers what this device offered, and what another device of the account offered and has left open for so long that it is this one's turn.</summary>
    public static async Task AnswerDueAsync(Step step, Id offer)
    {
        if (await OwnOfferAsync(step, offer).ConfigureAwait(false) is not { } row)
        {
            step.Batch.Delete(StoreKeys.Ask(step.Thread.Id, offer)); // the conversation was declined
            step.Changed = true;
            return;
        }
        Id[] own = [.. step.Thread.Live?.Devices.Where(d => d.Account == step.Core.Identity.Account).OrderBy(d => d.Leaf.Value).Select(d => d.Device) ?? []];
        int rank = Array.IndexOf(own, step.Core.Identity.Device);
        if (rank < 0) return;
        ulong patience = row.BySibling ? (ulong)(Turn.TotalMilliseconds * (rank + 1)) : 0;
        foreach (AskRow asked in row.Asks.Where(open => open.At + patience <= step.NowMilliseconds).ToArray())
        {
            row.Asks.Remove(asked);
            // Who asked may be gone by now.
            if (step.Thread.Live!.Devices.Any(d => Step.Bytes(d.Device).Equals(asked.Device) && Step.Bytes(d.Account).Equals(asked.Account))) await AnswerAsync(step, offer, row, asked).ConfigureAwait(false);
        }
        Keep(step, offer, row);
    }

    static async Task<OfferRow?> OwnOfferAsync(Step step, Id offer) => await FindAsync(step, offer).ConfigureAwait(false) is { By.IsEmpty: true } own ? own : null;

    // As this step has left it: an ask and its answer may come in one.
    static async Task<OfferRow?> FindAsync(Step step, Id offer) => step.Offers.TryGetValue(offer, out OfferRow? row) ? row
        : await step.Core.Store.GetAsync(StoreKeys.Offer(step.Thread.Id, offer)).ConfigureAwait(false) is { } stored ? OfferRow.Parser.ParseFrom(stored) : null;

    static void Put(Step step, Id offer, OfferRow row)
    {
        step.Offers[offer] = row;
        step.Batch.Put(StoreKeys.Offer(step.Thread.Id, offer), row.ToByteArray());
        step.Changed = true;
    }

    static void Remove(Step step, Id offer)
    {
        step.Offers[offer] = null;
        step.Batch.Delete(StoreKeys.Offer(step.Thread.Id, offer));
        step.Changed = true;
    }

    /// <summary>A line came that may tell of an offer by another device of the account, from the stream or from the archive: this one answers where that one does not.</summary>
    public static void Remember(Step step, ulong position, MessageRow row)
    {
        if (row.System is not { Offer.Length: Limits.IdLength } line || (SystemKind)line.Kind != SystemKind.HistoryShared || !line.Actor.Equals(Step.Bytes(step.Core.Identity.Account))
            || line.Text.Split(' ') is not [{ } what, { } number] || !ulong.TryParse(number, CultureInfo.InvariantCulture, out ulong value)) return;
        OfferRow offer = new() { BySibling = true, Position = position };
        if (what == "last") offer.Last = (uint)Math.Min(value, HistoryShare.Most);
        else offer.Since = Math.Min(value, ulong.MaxValue / 1000) * 1000;
        offer.Accounts.AddRange(line.Accounts);
        Put(step, Id.Read(line.Offer.Span), offer);
    }

    static void Keep(Step step, Id offer, OfferRow row)
    {
        string open = StoreKeys.Ask(step.Thread.Id, offer);
        Put(step, offer, row);
        if (row.Asks.Count > 0) step.Batch.Put(open, [1]);
        else step.Batch.Delete(open);
        step.Changed = true;
    }

    static async Task AnswerAsync(Step step, Id offer, OfferRow row, AskRow asked)
    {
        List<ArchiveBatch> batches = await CollectAsync(step, row).ConfigureAwait(false);
        List<Content> parts = [];
        for (int part = 0; part < batches.Count; part++)
        {
            HistoryPassed? passed = await SealAsync(step.Core.Mls.Crypto, step.Thread.Id, offer, Id.Read(asked.Account.Span), Id.Read(asked.Device.Span), asked.Key.ToByteArray(), part, batches.Count, batches[part]).ConfigureAwait(false);
            if (passed is null) return; // no key
            Content content = step.NewContent();
            content.Passed = passed;
            parts.Add(content);
        }
        foreach (Content content in parts) step.Queue(content, yields: true);
        row.Answered.Add(asked.Device);
    }

    /// <summary>One part of an answer; <c>null</c> where the asker's key is none.</summary>
    public static async Task<HistoryPassed?> SealAsync(ICryptoProvider crypto, Id conversation, Id offer, Id account, Id device, byte[] key, int part, int parts, ArchiveBatch batch) =>
        await Suite(crypto).SealAsync(key, Info(conversation, offer, account, device), Bound(part, parts), Pad(batch)).ConfigureAwait(false) is not { } ciphertext ? null : new()
        {
            Offer = Step.Bytes(offer),
            Device = Step.Bytes(device),
            Part = (uint)part,
            Parts = (uint)parts,
            KemOutput = ByteString.CopyFrom(ciphertext.KemOutput),
            Sealed = ByteString.CopyFrom(ciphertext.Ciphertext),
        };

    // Another device of the account answers: it is given time for the rest, and with the last part nothing is left to do.
    static async Task AnsweredElsewhereAsync(Step step, HistoryPassed passed)
    {
        Id offer = Id.Read(passed.Offer.Span);
        if (await OwnOfferAsync(step, offer).ConfigureAwait(false) is not { } row || row.Asks.FirstOrDefault(open => open.Device.Equals(passed.Device)) is not { } asked) return;
        asked.At = step.NowMilliseconds;
        if (passed.Part + 1 == passed.Parts)
        {
            row.Asks.Remove(asked);
            row.Answered.Add(passed.Device);
        }
        Keep(step, offer, row);
    }

    /// <summary>What was asked for: only from the account that offered, only of this conversation.</summary>
    public static async Task PassedAsync(Step step, MemberDevice sender, HistoryPassed passed)
    {
        OwnIdentity own = step.Core.Identity;
        if (sender.Account == own.Account) await AnsweredElsewhereAsync(step, passed).ConfigureAwait(false);
        Id offer = Id.Read(passed.Offer.Span);
        if (!passed.Device.Span.SequenceEqual(own.Device.ToArray()) || await FindAsync(step, offer).ConfigureAwait(false) is not { } row) return;
        if (row.PrivateKey.IsEmpty || !row.By.Equals(Step.Bytes(sender.Account))) return;
        // Another device of theirs goes on where one stopped: it begins at the beginning, and there is an end to that.
        if (!row.Device.Equals(Step.Bytes(sender.Device)))
        {
            if (passed.Part != 0 || row.Takeovers >= (step.Thread.Live?.Devices.Count(device => device.Account == sender.Account) ?? 0)) return;
            row.Takeovers++;
            row.Device = Step.Bytes(sender.Device);
            row.Parts.Clear();
        }
        if (row.Parts.Contains(passed.Part)) return;
        using Secret privateKey = Secret.Copy(row.PrivateKey.Span);
        using Secret? opened = await Suite(step.Core.Mls.Crypto).OpenAsync(passed.KemOutput.ToByteArray(), privateKey, Info(step.Thread.Id, offer, own.Account, own.Device),
            Bound((int)passed.Part, (int)passed.Parts), passed.Sealed.ToByteArray()).ConfigureAwait(false);
        if (opened is null || Unpad(opened.Span) is not { } batch) return;
        int added = 0;
        foreach ((ArchivedConversation conversation, IReadOnlyList<MessageRow> newest) in new BatchReader(batch).Conversations(own.Account, lines: false))
        {
            if (!conversation.Id.Span.SequenceEqual(step.Thread.Id.ToArray())) continue;
            Restoring restoring = new(step);
            foreach (MessageRow text in newest)
            {
                // That something was deleted, or is to be hidden, nobody says for others. And of all parts together no more is taken than a member may pass on.
                if (text.Text is not { } said || row.Texts >= HistoryShare.Most || row.Bytes + said.CalculateSize() > AllBytes) continue;
                text.PassedBy = Step.Bytes(sender.Account);
                foreach (ReactionRow reaction in text.Acts?.Reactions ?? []) reaction.Passed = true;
                foreach (EditRow edit in text.Acts?.Edits ?? []) edit.Passed = true;
                if (await restoring.PutAsync([text], archived: false).ConfigureAwait(false) == 0) continue;
                (row.Texts, row.Bytes) = (row.Texts + 1, row.Bytes + (uint)said.CalculateSize());
                added++;
            }
        }
        row.Parts.Add(passed.Part);
        if (row.Parts.Count == passed.Parts) Remove(step, offer);
        else Put(step, offer, row);
        if (added == 0) return;
        step.Publish(new HistoryRestored(step.Thread.Face));
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    /// <summary>
    /// An offer to this device that nobody has answered for as long as the server keeps an answer goes, with the key that opens one. While the conversation is a request, nothing was
    /// asked for yet.
    /// </summary>
    public static async Task EndAsync(Step step, Id offer)
    {
        if (await FindAsync(step, offer).ConfigureAwait(false) is not { } row || !HasEnded(row, step.NowMilliseconds)) return;
        if (step.Thread.State != ConversationState.Request)
        {
            Remove(step, offer);
            return;
        }
        row.At = step.NowMilliseconds;
        Put(step, offer, row);
    }

    /// <summary>Whether an offer to this device has been kept for long enough.</summary>
    public static bool HasEnded(OfferRow row, ulong now) => !row.By.IsEmpty && row.At + (Limits.RetentionSeconds * 1000UL) <= now;

    // With the id of the content, by which another device of the account knows what was offered.
    static Task SayAsync(Step step, Id by, Content content) => step.SayAsync(SystemKind.HistoryShared, by, content.Offer.Accounts.Select(account => Id.Read(account.Span)),
        content.Offer.Last > 0 ? $"last {content.Offer.Last.ToString(CultureInfo.InvariantCulture)}" : $"since {(content.Offer.Since / 1000).ToString(CultureInfo.InvariantCulture)}", Id.Read(content.Id.Span));

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
                if (Fits(row)) texts.Add(row);
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

    static Hpke Suite(ICryptoProvider crypto) => new(crypto, KemAlgorithm.DhkemP256, HashAlgorithm.Sha256, AeadAlgorithm.Aes256Gcm);

    static byte[] Info(Id conversation, Id offer, Id account, Id device) =>
        [.. "kavalek/v1/history"u8, .. conversation.ToArray(), .. offer.ToArray(), .. account.ToArray(), .. device.ToArray()];

    static byte[] Bound(int part, int parts)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)part);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)parts);
        return bytes;
    }

    // A part goes into one message. Where a text has files that say much of themselves, their previews stay behind; what is larger even then is not passed on.
    static bool Fits(MessageRow row)
    {
        if (row.CalculateSize() <= TextBytes) return true;
        for (int at = 0; at < row.Text.Attachments.Count; at++)
            row.Text.Attachments[at] = new Contents.Attachment(Contents.Attachment.Parser.ParseFrom(row.Text.Attachments[at])) { Preview = ByteString.Empty }.ToByteString();
        return row.CalculateSize() <= TextBytes;
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
        return UntrustedMessage.TryRead(ArchiveBatch.Parser, padded.Slice(4, length), out ArchiveBatch? batch, UntrustedMessage.FieldsOfHistory) ? batch : null;
    }
}
