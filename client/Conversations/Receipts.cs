using Kavalek.Client.Contents;
using Kavalek.Client.Records;

namespace Kavalek.Client;

/// <summary>What this device tells the others in a conversation; nothing at first.</summary>
/// <param name="Delivered">That a message arrived.</param>
/// <param name="Read">That it was read.</param>
public sealed record ReceiptChoice(bool Delivered, bool Read);

/// <summary>Says what arrived and what was read: the newest message only, which covers all before it, in the order of the stream.</summary>
sealed class Receipts(ClientCore core, MessageLog log)
{
    /// <summary>Accounts above which nothing is said: in a crowd the receipts would outnumber the messages.</summary>
    public const int MostAccounts = 32;

    /// <summary>How long receipts wait for more to say at once.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(300);

    /// <summary>What its owner allows.</summary>
    public SettingsRow Settings { get; set; } = new();

    /// <summary>Whether something is to be said.</summary>
    public bool IsDue(ConversationThread thread) => Next(thread) is not null;

    /// <summary>Queues what is to be said.</summary>
    public async Task QueueAsync(Step step)
    {
        if (Next(step.Thread) is not { } due) return;
        ConversationRow row = step.Thread.Row;
        if (due.Kind == Receipt.Types.Kind.Read) row.ReadSaid = due.Position;
        row.DeliveredSaid = Math.Max(row.DeliveredSaid, due.Position);
        step.Changed = true;
        step.Thread.ReceiptsAt = null;
        if (await log.GetAsync(step.Thread.Id, due.Position, default).ConfigureAwait(false) is not { } message) return;
        Content content = step.NewContent();
        content.Receipt = new() { Kind = due.Kind, UpTo = new() { Account = message.Account, Id = message.Id } };
        step.Queue(content);
    }

    /// <summary>Marks everything up to a position as read here.</summary>
    public static async Task ReadToAsync(Step step, ulong position)
    {
        ConversationRow row = step.Thread.Row;
        row.ReadPosition = position;
        (row.Unread, row.UnreadMentions) = position >= row.DeliveredToSay ? (0, 0) : await CountUnreadAsync(step, position).ConfigureAwait(false);
        step.Changed = true;
    }

    static async Task<(uint Unread, uint Mentions)> CountUnreadAsync(Step step, ulong after)
    {
        StoreRange range = new(StoreKeys.Message(step.Thread.Id, after + 1), StoreKeys.Message(step.Thread.Id, ConversationThread.QueuedPositions));
        IReadOnlyList<StoreEntry> entries = await step.Core.Store.ScanAsync(range).ConfigureAwait(false);
        MessageRow[] unread = [.. entries.Select(entry => MessageRow.Parser.ParseFrom(entry.Value)).Where(row => row is { Mine: false, BodyCase: MessageRow.BodyOneofCase.Text })];
        return ((uint)unread.Length, (uint)unread.Count(step.NamesMe));
    }

    /// <summary>Whether what is read in a conversation is said there, where the account's other devices hear it, too.</summary>
    public bool TellsRead(ConversationThread thread) => Settings.Read && MaySpeak(thread);

    bool MaySpeak(ConversationThread thread)
    {
        if (!core.Policy.AllowsReceipts) return false;
        if (thread.State != ConversationState.Active || thread.Live is not { } stream) return false;
        if (stream.Devices.Select(d => d.Account).Distinct().Count() > MostAccounts) return false;
        // What everybody hears, a blocked person would hear, too (K-69).
        return stream.Devices.All(d => core.People.Find(d.Account) is not { IsBlocked: true });
    }

    (Receipt.Types.Kind Kind, ulong Position)? Next(ConversationThread thread)
    {
        ConversationRow row = thread.Row;
        if (!MaySpeak(thread)) return null;
        if (Settings.Read && row.ReadToSay > row.ReadSaid) return (Receipt.Types.Kind.Read, row.ReadToSay);
        if (Settings.Delivered && row.DeliveredToSay > row.DeliveredSaid) return (Receipt.Types.Kind.Delivered, row.DeliveredToSay);
        return null;
    }

    /// <summary>Reads what its owner allows.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        if (await core.Store.GetAsync(StoreKeys.Settings, cancel).ConfigureAwait(false) is { } stored) Settings = SettingsRow.Parser.ParseFrom(stored);
    }
}
