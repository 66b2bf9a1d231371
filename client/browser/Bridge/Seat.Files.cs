using System.Collections.Concurrent;
using Kavalek.Protocol;
using static Kavalek.Client.Browser.Bridge;

namespace Kavalek.Client.Browser;

/// <content>Attachments.</content>
sealed partial class Seat
{
    readonly ConcurrentDictionary<Id, CancellationTokenSource> _opening = new();

    readonly ConcurrentDictionary<string, CancellationTokenSource> _sending = new();

    async Task<string?> SendFilesAsync(Parameters p)
    {
        Conversation conversation = Of(p);
        using CancellationTokenSource stop = new();
        string sending = p.Text("sending");
        Told read = new(done => emit(new EventView("sending") { Sending = new SendingView(sending, done) }));
        if (!_sending.TryAdd(sending, stop)) throw new KavalekException(ErrorCodes.Invalid, "This is being sent already.");
        try
        {
            return Json(Draw.Message(Client, await conversation.SendAsync(p.Text("text"), p.Files("files"), p.MaybeMessage("replyTo"), p.Mentions("mentions"), read, stop.Token).ConfigureAwait(false)));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new KavalekException("sending_cancelled", "The files were not sent: it was cancelled.");
        }
        finally
        {
            _sending.TryRemove(sending, out _);
        }
    }

    string? CancelSending(string sending)
    {
        if (_sending.TryGetValue(sending, out CancellationTokenSource? stop)) stop.Cancel();
        return null;
    }

    async Task<string?> ForwardAsync(Parameters p) =>
        Json(Draw.Message(Client, await Of(p).ForwardAsync(p.Message("message"), Of(p.Id("to")), p.Text("text")).ConfigureAwait(false)));

    /// <summary>The whole file for the page, once all of it is here and is what its message says; with a type only where it may be shown in place.</summary>
    async Task<string?> OpenFileAsync(Parameters p)
    {
        (Conversation conversation, MessageId message, Id attachment) = (Of(p), p.Message("message"), p.Id("attachment"));
        CancellationTokenSource stop = _opening.GetOrAdd(attachment, _ => new CancellationTokenSource());
        int? file = null;
        try
        {
            string? type = await conversation.InlineTypeAsync(message, attachment, stop.Token).ConfigureAwait(false);
            file = PageFiles.Begin();
            // Each piece becomes a Blob, which the worker waits for: a few large ones.
            await using (BufferedStream to = new(new PageFileWriter(file.Value), PageFiles.Piece)) await conversation.SaveAsync(message, attachment, to, stop.Token).ConfigureAwait(false);
            return Json(new OpenedFileView(new FileView(file.Value, type ?? "application/octet-stream"), type));
        }
        catch (Exception e)
        {
            if (file is { } begun) PageFiles.Drop(begun);
            if (e is OperationCanceledException) throw new KavalekException("cancelled", "The file was not fetched: it was cancelled.");
            throw;
        }
        finally
        {
            _opening.TryRemove(attachment, out _);
        }
    }

    string? CancelFile(Id attachment)
    {
        if (_opening.TryGetValue(attachment, out CancellationTokenSource? stop)) stop.Cancel();
        return null;
    }

    // At once, and in order: .NET's own Progress reports some time later.
    sealed class Told(Action<long> tell) : IProgress<long>
    {
        public void Report(long value) => tell(value);
    }
}
