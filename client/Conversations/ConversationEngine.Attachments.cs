using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <content>Messages with attachments (docs/PROTOCOL.md §7.16).</content>
sealed partial class ConversationEngine
{
    /// <summary>Encrypts files into the store, and stores and queues a text with them. It is sent when the server has them.</summary>
    public Task<Message> SendAsync(
        ConversationThread thread, string text, IReadOnlyList<OutgoingFile> files, MessageId? replyTo, IReadOnlyList<Mention> mentions, IProgress<long>? read, CancellationToken cancel) =>
        SayAsync(thread, text, files, replyTo, mentions, read, keepsDraft: false, cancel);

    /// <summary>
    /// Sends what a message has into another conversation, under a text of its own. Its files are fetched where they are not here, and encrypted anew: so they end when their own
    /// message does, and the server is not told that two of its attachments are one file.
    /// </summary>
    public async Task<Message> ForwardAsync(ConversationThread thread, MessageId message, ConversationThread to, string text, CancellationToken cancel)
    {
        if (Block(to) is { } block) throw new KavalekException(block.Code, block.Reason);
        TextRow said = await TextAsync(thread.Id, message, cancel).ConfigureAwait(false);
        if (said.Attachments.Count == 0) return await SayAsync(to, text, null, [], keepsDraft: true, cancel).ConfigureAwait(false);
        List<OutgoingFile> files = [];
        try
        {
            foreach (ByteString encoded in said.Attachments)
            {
                Contents.Attachment attachment = Contents.Attachment.Parser.ParseFrom(encoded);
                KeptFile file = new(thread.Id, message, Id.Read(attachment.Id.Span));
                await HereAsync(file, cancel).ConfigureAwait(false);
                Attachment shown = Attachment.Read(attachment);
                files.Add(new OutgoingFile(shown.Name, shown.Type, shown.Size, Downloads.Open(file, attachment)) { Width = shown.Width, Height = shown.Height, Preview = shown.Preview, Length = shown.Length, Levels = shown.Levels });
            }
            return await SayAsync(to, text, files, null, [], null, keepsDraft: true, cancel).ConfigureAwait(false);
        }
        finally
        {
            foreach (OutgoingFile file in files) await file.Content.DisposeAsync().ConfigureAwait(false);
        }
    }

    async Task<Message> SayAsync(
        ConversationThread thread, string text, IReadOnlyList<OutgoingFile> files, MessageId? replyTo, IReadOnlyList<Mention> mentions, IProgress<long>? read, bool keepsDraft, CancellationToken cancel)
    {
        if (files.Count is 0 or > Attachment.Most) throw new KavalekException(ErrorCodes.Invalid, $"A message has between 1 and {Attachment.Most} files. It was not stored.");
        Check(text, mentions, files.Count);
        _core.Policy.Attachments.Check(files);
        if (Block(thread) is { } block) throw new KavalekException(block.Code, block.Reason);
        List<Contents.Attachment> attachments = [];
        MessageId message = new(_core.Identity.Account, _core.Mls.Crypto.NewId());
        try
        {
            long before = 0;
            foreach (OutgoingFile file in files)
            {
                attachments.Add(await _core.Files.EncryptAsync(thread.Id, message, file, done => read?.Report(before + done), cancel).ConfigureAwait(false));
                before += file.Size;
            }
            (ulong position, MessageRow row) = await StepAsync(thread, step =>
            {
                if (Block(thread) is { } since) throw new KavalekException(since.Code, since.Reason);
                if (!keepsDraft) step.SetDraft(null);
                return Task.FromResult(Say(step, text, replyTo, mentions, message.Content, attachments));
            }, cancel).ConfigureAwait(false);
            Kick(thread);
            return Log.Read(thread.Id, thread.View, position, row);
        }
        catch
        {
            foreach (Contents.Attachment attachment in attachments) await _core.Files.DropAsync(new KeptFile(thread.Id, message, Id.Read(attachment.Id.Span))).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Has an attachment here.</summary>
    public Task FetchAsync(ConversationThread thread, MessageId message, Id attachment, CancellationToken cancel) => HereAsync(new KeptFile(thread.Id, message, attachment), cancel);

    /// <summary>Has an attachment here, and writes it.</summary>
    public async Task SaveAsync(ConversationThread thread, MessageId message, Id attachment, Stream to, CancellationToken cancel)
    {
        KeptFile file = new(thread.Id, message, attachment);
        await Downloads.WriteAsync(file, await HereAsync(file, cancel).ConfigureAwait(false), to, long.MaxValue, cancel).ConfigureAwait(false);
    }

    /// <summary>The type under which an attachment may be shown or played in place; <c>null</c> where it is to be saved, whatever it says of itself.</summary>
    public async Task<string?> InlineTypeAsync(ConversationThread thread, MessageId message, Id attachment, CancellationToken cancel)
    {
        KeptFile file = new(thread.Id, message, attachment);
        string type = Attachment.Media((await AttachmentAsync(file, cancel).ConfigureAwait(false)).Type);
        if (!InlineMedia.IsKnown(type)) return null;
        using MemoryStream head = new();
        await Downloads.WriteAsync(file, await HereAsync(file, cancel).ConfigureAwait(false), head, InlineMedia.HeadBytes, cancel).ConfigureAwait(false);
        return InlineMedia.IsSafe(type, head.GetBuffer().AsSpan(0, (int)head.Length)) ? type : null;
    }

    // A message that went while its file came takes that with it.
    async Task<Contents.Attachment> HereAsync(KeptFile file, CancellationToken cancel)
    {
        Contents.Attachment found = await AttachmentAsync(file, cancel).ConfigureAwait(false);
        try
        {
            await Downloads.FetchAsync(file, found, cancel).ConfigureAwait(false);
        }
        finally
        {
            if (!cancel.IsCancellationRequested && await Log.FindAsync(file.Conversation, file.Message.Account, file.Message.Content, cancel).ConfigureAwait(false) is null)
                await _core.Files.DropAsync(file).ConfigureAwait(false);
        }
        return found;
    }

    async Task<Contents.Attachment> AttachmentAsync(KeptFile file, CancellationToken cancel)
    {
        foreach (ByteString encoded in (await TextAsync(file.Conversation, file.Message, cancel).ConfigureAwait(false)).Attachments)
            if (Contents.Attachment.Parser.ParseFrom(encoded) is { } found && Id.Read(found.Id.Span) == file.Attachment) return found;
        throw NoFile();
    }

    // What has ended is not here any more, also where nobody has cleared it away yet.
    async Task<TextRow> TextAsync(Id conversation, MessageId message, CancellationToken cancel)
    {
        if (await Log.FindAsync(conversation, message.Account, message.Content, cancel).ConfigureAwait(false) is { } position
            && await Log.GetAsync(conversation, position, cancel).ConfigureAwait(false) is { Text: { } text } row
            && (row.Ends == 0 || row.Ends > (ulong)Math.Max(0, _core.Clock.GetUtcNow().ToUnixTimeMilliseconds()))) return text;
        throw NoFile();
    }

    static KavalekException NoFile() => new(ErrorCodes.NotFound, "There is no such message or file here any more.");
}
