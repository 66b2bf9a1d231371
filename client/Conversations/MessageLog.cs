using System.Globalization;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>Reads the messages of conversations from the store.</summary>
sealed class MessageLog(IClientStore store, Id ownAccount, TimeProvider clock)
{
    /// <summary>The newest messages before a position, oldest first.</summary>
    public async Task<IReadOnlyList<Message>> PageAsync(ConversationThread thread, int limit, MessagePosition? before, CancellationToken cancel)
    {
        string prefix = StoreKeys.Messages(thread.Id);
        string to = before is { } position ? StoreKeys.Message(thread.Id, position.Value) : StoreRange.End(prefix);
        ConversationView view = thread.View;
        ulong now = (ulong)Math.Max(0, clock.GetUtcNow().ToUnixTimeMilliseconds());
        List<Message> page = [];
        while (page.Count < limit)
        {
            int missing = limit - page.Count;
            IReadOnlyList<StoreEntry> entries = await store.ScanAsync(new StoreRange(prefix, to, missing, Reverse: true), cancel).ConfigureAwait(false);
            foreach (StoreEntry entry in entries)
                // What has ended is swept away soon; nothing of it is shown until then.
                if (MessageRow.Parser.ParseFrom(entry.Value) is { Deletion: not { Hidden: true } } row && (row.Ends == 0 || row.Ends > now)) page.Add(Read(thread.Id, view, StoreKeys.NumberOf(entry.Key), row));
            if (entries.Count < missing) break;
            to = entries[^1].Key;
        }
        page.Reverse();
        return page;
    }

    /// <summary>Own messages from one position to another, for whose state changed.</summary>
    public async Task<IReadOnlyList<Message>> OwnAsync(ConversationThread thread, ulong from, ulong to, int limit)
    {
        StoreRange range = new(StoreKeys.Message(thread.Id, from), StoreKeys.Message(thread.Id, to + 1), limit, Reverse: true);
        IReadOnlyList<StoreEntry> entries = await store.ScanAsync(range).ConfigureAwait(false);
        ConversationView view = thread.View;
        return [.. entries.Reverse().Select(entry => (StoreKeys.NumberOf(entry.Key), MessageRow.Parser.ParseFrom(entry.Value)))
            .Where(entry => entry.Item2 is { Mine: true, Deletion: not { Hidden: true } }).Select(entry => Read(thread.Id, view, entry.Item1, entry.Item2))];
    }

    /// <summary>The position of a content; <c>null</c> where it was never seen.</summary>
    public async Task<ulong?> FindAsync(Id conversation, Id account, Id content, CancellationToken cancel) =>
        await store.GetAsync(StoreKeys.Index(conversation, account, content), cancel).ConfigureAwait(false) is { } row
            ? IndexRow.Parser.ParseFrom(row).Position : null;

    /// <summary>A message as it was stored.</summary>
    public async Task<MessageRow?> GetAsync(Id conversation, ulong position, CancellationToken cancel) =>
        await store.GetAsync(StoreKeys.Message(conversation, position), cancel).ConfigureAwait(false) is { } row ? MessageRow.Parser.ParseFrom(row) : null;

    /// <summary>The message at a position; <c>null</c> where there is none any more.</summary>
    public async Task<Message?> AtAsync(ConversationThread thread, ulong position, CancellationToken cancel) =>
        await GetAsync(thread.Id, position, cancel).ConfigureAwait(false) is { Deletion: not { Hidden: true } } row && (row.Ends == 0 || row.Ends > Now) ? Read(thread.Id, thread.View, position, row) : null;

    /// <summary>The oldest messages after a position, oldest first.</summary>
    public async Task<IReadOnlyList<Message>> AfterAsync(ConversationThread thread, int limit, MessagePosition after, CancellationToken cancel)
    {
        ConversationView view = thread.View;
        string end = StoreRange.End(StoreKeys.Messages(thread.Id));
        List<Message> page = [];
        for (string from = StoreKeys.Message(thread.Id, after.Value) + " "; page.Count < limit;)
        {
            int missing = limit - page.Count;
            IReadOnlyList<StoreEntry> entries = await store.ScanAsync(new StoreRange(from, end, missing), cancel).ConfigureAwait(false);
            foreach (StoreEntry entry in entries)
                if (MessageRow.Parser.ParseFrom(entry.Value) is { Deletion: not { Hidden: true } } row && (row.Ends == 0 || row.Ends > Now)) page.Add(Read(thread.Id, view, StoreKeys.NumberOf(entry.Key), row));
            if (entries.Count < missing) break;
            from = entries[^1].Key + " ";
        }
        return page;
    }

    ulong Now => (ulong)Math.Max(0, clock.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>The newest message.</summary>
    public async Task<Message?> LastAsync(ConversationThread thread, CancellationToken cancel) =>
        await PageAsync(thread, 1, null, cancel).ConfigureAwait(false) is [{ } last] ? last : null;

    /// <summary>A message as it is seen, with how far it got as of <paramref name="view"/>.</summary>
    public Message Read(Id conversation, ConversationView view, ulong position, MessageRow row)
    {
        Id account = Id.Read(row.Account.Span);
        MessageState state = (MessageState)row.State;
        IReadOnlyList<Id> delivered = [], read = [];
        if (row.Mine && state == MessageState.Sent)
        {
            HashSet<Id> others = [.. view.Devices.Select(d => d.Account).Where(a => a != ownAccount)];
            read = [.. view.Progress.Where(p => p.Value.Read >= position).Select(p => p.Key)];
            delivered = [.. view.Progress.Where(p => p.Value.Delivered >= position || p.Value.Read >= position).Select(p => p.Key)];
            if (others.Count > 0 && others.IsSubsetOf(read)) state = MessageState.Read;
            else if (others.Count > 0 && others.IsSubsetOf(delivered)) state = MessageState.Delivered;
        }
        return new Message(
            new MessageId(account, Id.Read(row.Id.Span)), conversation, account, Id.Read(row.Device.Span), row.Mine,
            Time(row.Sent), Body(row), state, new MessagePosition(position))
        {
            Failure = row.Failure.Length > 0 ? row.Failure : null,
            EndsAt = row.Ends == 0 ? null : Time(row.Ends),
            PassedOnBy = row.PassedBy.IsEmpty ? null : Id.Read(row.PassedBy.Span),
            DeliveredTo = delivered,
            ReadBy = read,
            Reactions = row.Acts is null ? [] : [.. row.Acts.Reactions.Where(reaction => reaction.Emoji.Length > 0).Select(reaction => new Reaction(Id.Read(reaction.Account.Span), reaction.Emoji))],
            EditedAt = row.Acts?.Edits is [.., { Version: > 0 } last] ? Time(last.Sent) : null,
            FormerVersions = row.Acts is null ? [] : [.. row.Acts.Edits.SkipLast(1).Select(edit => new MessageVersion(Time(edit.Sent), edit.Text, Mention.Read(edit.Mentions)))],
            IsProven = row.Proofs.Count > 0,
            MentionsMe = row.Text?.Mentions.Any(mention => mention.Account.Span.SequenceEqual(ownAccount.ToArray())) == true,
        };
    }

    static DateTimeOffset Time(ulong milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(milliseconds, MaxMilliseconds));

    static readonly ulong MaxMilliseconds = (ulong)DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    static MessageBody Body(MessageRow row) => row.BodyCase switch
    {
        MessageRow.BodyOneofCase.System => new SystemBody(
            (SystemKind)row.System.Kind,
            row.System.Actor.IsEmpty ? null : Id.Read(row.System.Actor.Span),
            [.. row.System.Accounts.Select(account => Id.Read(account.Span))],
            row.System.Count > 0 ? row.System.Count.ToString(CultureInfo.InvariantCulture) : row.System.Text.Length > 0 ? row.System.Text : null),
        MessageRow.BodyOneofCase.Deletion => new DeletedBody(Id.Read(row.Deletion.By.Span)),
        _ => new TextBody(row.Text.Text, row.Text.ReplyId.IsEmpty ? null : new MessageId(Id.Read(row.Text.ReplyAccount.Span), Id.Read(row.Text.ReplyId.Span)))
        {
            Mentions = Mention.Read(row.Text.Mentions),
            Attachments = row.Text.Attachments.Count == 0 ? [] : [.. row.Text.Attachments.Select(Attachment.Read)],
        },
    };
}
