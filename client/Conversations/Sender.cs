using Google.Protobuf;
using Kavalek.Client.Contents;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;
using Wire = Kavalek.Protocol.Wire;

namespace Kavalek.Client;

/// <summary>
/// Sends what waits in a conversation: commits first, then contents in their order. Everything is stored before it leaves, under an entry id
/// that stays the same however often it is tried.
/// </summary>
sealed class Sender(ClientCore core, ConversationEngine engine, CommitBuilder commits, InStep inStep, Intents intents, Receipts receipts)
{
    /// <summary>Contents under way at once.</summary>
    const int Window = 32;

    /// <summary>One thing to tell the server; <paramref name="Append"/> is absent for what is no entry.</summary>
    sealed record Outgoing(GroupStream Stream, Wire.Append? Append, StreamState Wanted, bool IsClaim = false);

    /// <summary>
    /// Sends until nothing is left that can be sent now. What the server has confirmed waits for its place in the stream; with
    /// <paramref name="fetch"/>, that is asked for here and waited for, else the link brings it.
    /// </summary>
    /// <exception cref="KavalekException">No connection; all is stored and goes out later.</exception>
    public async Task FlushAsync(ConversationThread thread, bool fetch, CancellationToken cancel)
    {
        await thread.Sending.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            TimeSpan pause = FirstPause;
            int idle = 0;
            await engine.LookAsync(thread, cancel).ConfigureAwait(false);
            while (true)
            {
                await engine.Returns.ConfirmAsync(thread, cancel).ConfigureAwait(false);
                List<Outgoing> outgoing = await engine.StepAsync(thread, step => PrepareAsync(step, fetch), cancel).ConfigureAwait(false);
                bool again = false, wait = false;
                if (outgoing.Count > 0)
                {
                    foreach ((Outgoing item, AppendOutcome? outcome) in await SendAsync(outgoing, cancel).ConfigureAwait(false))
                        (again, wait) = await SettleAsync(thread, item, outcome, cancel).ConfigureAwait(false) switch
                        {
                            Settled.Done => (true, wait),
                            _ => (again, true),
                        };
                }
                if (wait)
                {
                    if (fetch && ++idle > MostPauses) throw new KavalekException(ErrorCodes.Unavailable, "The server does not take what waits here. It is stored and goes out later.", nothingChanged: false);
                    await Task.Delay(pause, core.Clock, cancel).ConfigureAwait(false);
                    pause = pause < LongestPause ? pause * 2 : pause;
                    continue;
                }
                if (again) (pause, idle) = (FirstPause, 0);
                if (fetch && thread.OnServer.Count > 0 && ++idle <= MostPauses)
                {
                    foreach (GroupStream stream in thread.Streams.Values.Where(s => s.IsLive).ToArray()) await engine.CatchUpAsync(thread, stream.Id, cancel).ConfigureAwait(false);
                    continue;
                }
                if (!again) return;
            }
        }
        finally
        {
            thread.Sending.Release();
        }
    }

    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200), LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>Attempts without any progress, after which a caller who waits is told.</summary>
    const int MostPauses = 6;

    enum Settled
    {
        Done,
        Later,
    }

    async Task<List<Outgoing>> PrepareAsync(Step step, bool flush)
    {
        ConversationThread thread = step.Thread;
        List<Outgoing> outgoing = [];
        foreach (GroupStream stream in thread.Streams.Values)
        {
            switch (stream.State)
            {
                case StreamState.Creating: outgoing.Add(new(stream, null, StreamState.Live)); break;
                case StreamState.Unsubscribing: outgoing.Add(new(stream, null, StreamState.Ended)); break;
                case StreamState.Live when stream.Group is not null: await PrepareAsync(step, stream, flush, outgoing).ConfigureAwait(false); break;
            }
        }
        if (outgoing.Count == 0 && receipts.IsDue(thread))
        {
            if (flush || step.Now >= thread.ReceiptsAt)
            {
                await receipts.QueueAsync(step).ConfigureAwait(false);
                if (thread.Live is { } live) await ContentsAsync(step, live, outgoing).ConfigureAwait(false);
            }
            else if (thread.ReceiptsAt is null)
            {
                thread.ReceiptsAt = step.Now + Receipts.Delay;
                engine.Later(thread, Receipts.Delay);
            }
        }
        return outgoing;
    }

    async Task PrepareAsync(Step step, GroupStream stream, bool flush, List<Outgoing> outgoing)
    {
        if (EndOfReading(step, stream))
        {
            outgoing.Add(new(stream, null, StreamState.Ended));
            return;
        }
        await ClaimAsync(step, stream, flush, outgoing).ConfigureAwait(false);
        if (stream.PendingRow is null && !stream.Row.Leaving && step.Now >= stream.CommitsRestUntil)
        {
            bool proposals = stream.Group!.HasProposals && (HasContents(step.Thread, stream) || IsDue(step, stream));
            bool rests = step.Now < stream.Refused.Until;
            await commits.BuildAsync(step, stream, !rests && (proposals || engine.Renewal.IsDue(step, stream))).ConfigureAwait(false);
        }
        if (stream.PendingRow is { } pending)
        {
            if (!step.Thread.OnServer.Contains(Id.Read(pending.Entry.Span))) outgoing.Add(new(stream, Commit(stream, pending), StreamState.Live));
            return;
        }
        if (stream.Row.Leaving)
        {
            await LeaveAsync(step, stream, outgoing).ConfigureAwait(false);
            return;
        }
        if (stream.Row.ProfileDue) SayProfile(step, stream);
        await ContentsAsync(step, stream, outgoing).ConfigureAwait(false);
    }

    // Says where this device stands. In a crowd one voice of each side is enough: whoever is first spares the others theirs.
    async Task ClaimAsync(Step step, GroupStream stream, bool flush, List<Outgoing> outgoing)
    {
        if (!stream.Row.ClaimDue || step.Thread.State != ConversationState.Active) return;
        if (!flush && stream.ClaimAt is null)
        {
            TimeSpan delay = stream.Devices.Count <= FewDevices ? TimeSpan.Zero : TimeSpan.FromMilliseconds(core.Mls.Crypto.Between(0, 5_000));
            stream.ClaimAt = step.Now + delay;
            if (delay > TimeSpan.Zero) engine.Later(step.Thread, delay);
        }
        if (!flush && step.Now < stream.ClaimAt) return;
        stream.ClaimAt = null;
        byte[] claim = await inStep.ClaimAsync(step, stream).ConfigureAwait(false);
        step.Touch(stream);
        outgoing.Add(new(stream, Entry(stream, Wire.Kind.Application, Step.Bytes(core.Mls.Crypto.NewId()), ByteString.CopyFrom(claim)), StreamState.Live, IsClaim: true));
    }

    const int FewDevices = 8;

    // What was on its way in a group that was started afresh is read for a while; then the old stream is left.
    static bool EndOfReading(Step step, GroupStream stream)
    {
        if (!InStep.IsSuperseded(step.Thread, stream)) return false;
        if (stream.Row.Superseded == 0)
        {
            stream.Row.Superseded = step.NowMilliseconds;
            step.Touch(stream);
        }
        if (step.NowMilliseconds - stream.Row.Superseded < (ulong)ReadOn.TotalMilliseconds || step.Thread.Outbox.Values.Any(row => row.Sealed?.Stream.Span.SequenceEqual(stream.Id.ToArray()) == true)) return false;
        stream.End(StreamState.Unsubscribing, step.Batch);
        step.Touch(stream);
        return true;
    }

    static readonly TimeSpan ReadOn = TimeSpan.FromDays(7);

    // In a crowd the name goes with the next text only: all names at once, at every join, would outnumber the messages.
    void SayProfile(Step step, GroupStream stream)
    {
        ConversationThread thread = step.Thread;
        if (thread.State != ConversationState.Active || stream != thread.Live || core.DisplayName is not { } name || !ContentCodec.IsName(name)) return;
        if (stream.Devices.Count > Receipts.MostAccounts && !HasContents(thread, stream)) return;
        Content content = step.NewContent();
        content.Profile = new() { DisplayName = name };
        step.Queue(content);
        stream.Row.ProfileDue = false;
        step.Touch(stream);
    }

    // The lowest leaf that stays commits at once, the others after a while, in case it is away.
    bool IsDue(Step step, GroupStream stream)
    {
        if (stream.CommitProposalsAt is null)
        {
            IReadOnlyList<LeafIndex> leaving = stream.ProposedRemovals;
            bool first = stream.Devices.First(d => !leaving.Contains(d.Leaf)).Leaf == stream.Group!.OwnIndex;
            TimeSpan delay = first ? TimeSpan.Zero : TimeSpan.FromMilliseconds(core.Mls.Crypto.Between(2_000, 10_000));
            stream.CommitProposalsAt = step.Now + delay;
            if (!first) engine.Later(step.Thread, delay);
        }
        return step.Now >= stream.CommitProposalsAt;
    }

    static bool HasContents(ConversationThread thread, GroupStream stream) => stream == thread.Live && thread.Outbox.Values.Any(row => row.Position != 0);

    static Wire.Append Commit(GroupStream stream, PendingRow pending)
    {
        Wire.Append append = new()
        {
            Stream = Step.Bytes(stream.Id),
            Id = pending.Entry,
            Kind = Wire.Kind.Commit,
            Epoch = stream.Row.Epoch,
            Payload = ByteString.CopyFrom(stream.Pending!.Message),
        };
        if (pending.Add.Count + pending.Remove.Count == 0) return append;
        append.Change = new() { Welcome = stream.Pending.Welcome is { } welcome ? ByteString.CopyFrom(welcome) : ByteString.Empty };
        append.Change.Add.AddRange(pending.Add);
        append.Change.Remove.AddRange(pending.Remove);
        return append;
    }

    async Task LeaveAsync(Step step, GroupStream stream, List<Outgoing> outgoing)
    {
        Id me = core.Identity.Account;
        if (stream.Row.LeavingSince == 0)
        {
            stream.Row.LeavingSince = step.NowMilliseconds;
            step.Touch(stream);
        }
        bool late = step.NowMilliseconds - stream.Row.LeavingSince > Limits.RetentionSeconds * 1000UL;
        if (late || stream.Devices.All(d => d.Account == me))
        {
            // Nobody is left to commit the removal; or nobody did while the server kept what asks for it.
            stream.End(StreamState.Unsubscribing, step.Batch);
            step.Touch(stream);
            outgoing.Add(new(stream, null, StreamState.Ended));
            return;
        }
        if (stream.Proposals is null)
        {
            stream.Proposals = new();
            IReadOnlyList<LeafIndex> proposed = stream.ProposedRemovals;
            foreach (MemberDevice device in stream.Devices.Where(d => d.Account == me && !proposed.Contains(d.Leaf)))
            {
                OutgoingMessage proposal = await stream.Group!.ProposeRemoveAsync(device.Leaf).ConfigureAwait(false);
                stream.Advance(proposal.Next);
                stream.Proposals.Proposals.Add(new OutgoingProposal { Entry = Step.Bytes(core.Mls.Crypto.NewId()), Message = ByteString.CopyFrom(proposal.Message) });
            }
            step.Batch.Put(StoreKeys.Proposals(stream.Id), stream.Proposals.ToByteArray());
            step.Touch(stream);
        }
        foreach (OutgoingProposal proposal in stream.Proposals.Proposals)
            if (!proposal.Placed && !step.Thread.OnServer.Contains(Id.Read(proposal.Entry.Span)))
                outgoing.Add(new(stream, Entry(stream, Wire.Kind.Proposal, proposal.Entry, proposal.Message), StreamState.Live));
    }

    async Task ContentsAsync(Step step, GroupStream stream, List<Outgoing> outgoing)
    {
        ConversationThread thread = step.Thread;
        ulong number = stream.Row.Number, timed = stream.Row.Timed;
        int underWay = 0;
        // In the order of their numbers; then what has none yet, and last what makes way for that.
        foreach ((ulong key, OutboxRow row) in thread.Outbox.OrderBy(entry => entry.Value.Sealed?.Number ?? ulong.MaxValue).ThenBy(entry => entry.Value.Yields).ToArray())
        {
            if (underWay == Window) return;
            // It went with its message, just now.
            if (!thread.Outbox.ContainsKey(key)) continue;
            // Its time was over before the server had it.
            if (row.Ends != 0 && row.Ends <= step.NowMilliseconds && !thread.OnServer.Contains(Id.Read(row.Entry.Span)))
            {
                if (row.Position != 0) await step.RemoveAsync(row.Position).ConfigureAwait(false);
                else step.Drop(key);
                continue;
            }
            // Texts go past what waits for its attachments.
            if (row.Uploading) continue;
            if (row.Sealed is null)
            {
                if (stream != thread.Live || stream.Group!.HasProposals || WaitsForSomebody(thread, stream)) continue;
                if (thread.State != ConversationState.Active || stream.Row.Apart.Count > 0 || engine.IsHeld(thread)) return;
                Content content = Content.Parser.ParseFrom(row.Content);
                if (!await ActsOfMine.MaySayAsync(step, stream, content).ConfigureAwait(false))
                {
                    step.Drop(key);
                    continue;
                }
                // To take something back says nothing, and is not held.
                if (row.KeyChanges < thread.Row.KeyChanges && content.BodyCase != Content.BodyOneofCase.Delete)
                {
                    await HoldAsync(step, key, row).ConfigureAwait(false);
                    continue;
                }
                // The content before it went out in this epoch, too, or it is the newest of which it is known where it stands.
                ulong previous = number == stream.Row.Number ? stream.Row.SaidIn : stream.Group.Epoch;
                timed = await SealAsync(step, stream, key, row, ++number, timed, previous).ConfigureAwait(false);
            }
            else if (!row.Sealed.Stream.Span.SequenceEqual(stream.Id.ToArray())) continue;
            else (number, timed) = (Math.Max(number, row.Sealed.Number), Math.Max(timed, row.Sealed.Timed));
            underWay++;
            if (!thread.OnServer.Contains(Id.Read(row.Entry.Span))) outgoing.Add(new(stream, Entry(stream, Wire.Kind.Application, row.Entry, row.Sealed!.Message, Life.Left(row.Sealed.Ends, step.NowMilliseconds)), StreamState.Live));
        }
    }

    async Task<ulong> SealAsync(Step step, GroupStream stream, ulong key, OutboxRow row, ulong number, ulong timed, ulong previous)
    {
        Content content = Content.Parser.ParseFrom(row.Content);
        content.Number = number;
        if (number > 1) content.Previous = previous;
        // What is done to a message that ends lives as long as a text said now would: who was away for a while is to hear of it.
        if (content.BodyCase == Content.BodyOneofCase.Text || row.Ends != 0) content.Timer = Life.Shorter(stream.Extension!.Timer, core.Policy.Timers.Ceiling);
        if (content.BodyCase == Content.BodyOneofCase.Text)
        {
            ulong ends = Life.End(content.Sent, content.Sent, content.Timer);
            if (ends != row.Ends && row.Position != 0) await step.ChangeAsync(row.Position, message => message.Ends = ends).ConfigureAwait(false);
            row.Ends = ends;
        }
        if (content.Timer > 0) timed++;
        content.Timed = timed;
        byte[] bytes = content.ToByteArray();
        OutgoingMessage message = await stream.Group!.ProtectAsync(bytes, padding: ContentCodec.Padding(bytes.Length)).ConfigureAwait(false);
        stream.Advance(message.Next);
        row.Sealed = new() { Stream = Step.Bytes(stream.Id), Message = ByteString.CopyFrom(message.Message), Number = number, Timed = timed, Ends = Life.End(content.Sent, content.Sent, content.Timer) };
        step.Keep(key, row);
        step.Touch(stream);
        return timed;
    }

    // Whom it is for is still to come in. A group that one is alone in is for one's own devices, and for nobody who comes later.
    bool WaitsForSomebody(ConversationThread thread, GroupStream stream) =>
        stream.Devices.All(d => d.Account == core.Identity.Account) && (thread.Kind == ConversationKind.Direct || stream.Intents.Count > 0);

    // Written before a key changed, or before a group begun afresh brought somebody in: never encrypted to them on its own (K-31).
    static async Task HoldAsync(Step step, ulong key, OutboxRow row)
    {
        step.Drop(key);
        await ActsOfMine.UndoAsync(step, row).ConfigureAwait(false);
        if (row.Position != 0)
            await step.ChangeAsync(row.Position, message => (message.State, message.Failure) = ((uint)MessageState.Failed,
                "Somebody came in, or somebody's security key changed, after you wrote this, so it was not sent. Check who it is, then send it again.")).ConfigureAwait(false);
    }

    static Wire.Append Entry(GroupStream stream, Wire.Kind kind, ByteString id, ByteString message, uint seconds = 0) =>
        new() { Stream = Step.Bytes(stream.Id), Id = id, Kind = kind, Epoch = stream.Row.Epoch, Payload = message, ExpiresIn = seconds };

    // What is no entry first, as it stands on its own; then the entries in their order, up to the first that does not get through.
    async Task<List<(Outgoing Item, AppendOutcome? Outcome)>> SendAsync(List<Outgoing> outgoing, CancellationToken cancel)
    {
        List<(Outgoing, AppendOutcome?)> outcomes = [];
        foreach (Outgoing item in outgoing.Where(item => item.Append is null))
        {
            await TellAsync(item, cancel).ConfigureAwait(false);
            outcomes.Add((item, null));
        }
        Outgoing[] entries = [.. outgoing.Where(item => item.Append is not null)];
        IReadOnlyList<AppendOutcome> stored = await core.Link.AppendAsync([.. entries.Select(item => item.Append!)], engine.IsConnected, cancel).ConfigureAwait(false);
        outcomes.AddRange(entries.Zip(stored, (item, outcome) => (item, (AppendOutcome?)outcome)));
        return outcomes;
    }

    async Task TellAsync(Outgoing item, CancellationToken cancel)
    {
        try
        {
            if (item.Wanted == StreamState.Live) await core.Streams.CreateAsync(item.Stream.Id, cancel).ConfigureAwait(false);
            else await core.Streams.UnsubscribeAsync(item.Stream.Id, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code is ErrorCodes.IdTaken or ErrorCodes.NotFound)
        {
            // Done by an attempt whose answer was lost.
        }
    }

    async Task<Settled> SettleAsync(ConversationThread thread, Outgoing item, AppendOutcome? outcome, CancellationToken cancel)
    {
        switch (outcome)
        {
            case null:
                await engine.StepAsync(thread, step =>
                {
                    GroupStream stream = thread.Streams[item.Stream.Id];
                    stream.State = item.Wanted;
                    step.Touch(stream);
                    return Task.FromResult(true);
                }, cancel).ConfigureAwait(false);
                return Settled.Done;
            case AppendStored:
                await engine.StepAsync(thread, step =>
                {
                    if (item.IsClaim && thread.Streams.GetValueOrDefault(item.Stream.Id) is { IsLive: true } claimed) InStep.Claimed(step, claimed, item.Append!.Epoch);
                    // It may have come back already, and then there is nothing to wait for.
                    if (IsWaiting(thread, item)) thread.OnServer.Add(Id.Read(item.Append!.Id.Span));
                    return Task.FromResult(true);
                }, cancel).ConfigureAwait(false);
                return Settled.Done;
            case AppendRefused { Code: ErrorCodes.StaleEpoch } stale:
                await engine.CatchUpAsync(thread, item.Stream.Id, cancel, stale.Epoch).ConfigureAwait(false);
                if (item.Append!.Epoch < Epoch(thread, item.Stream.Id)) return Settled.Done;
                await engine.StepAsync(thread, step => CountAsServerAsync(step, item, stale.Epoch), cancel).ConfigureAwait(false);
                return Settled.Later;
            case AppendRefused { Code: ErrorCodes.NotFound }:
                await engine.CatchUpAsync(thread, item.Stream.Id, cancel).ConfigureAwait(false);
                await engine.UnknownAsync(thread, item.Stream.Id, cancel).ConfigureAwait(false);
                return Settled.Done;
            case AppendRefused { Code: ErrorCodes.TooLarge or ErrorCodes.Invalid or ErrorCodes.Forbidden } refused:
                await engine.StepAsync(thread, step => RefuseAsync(step, item, refused.Code), cancel).ConfigureAwait(false);
                return Settled.Done;
            default:
                return Settled.Later;
        }
    }

    // Nothing is left to catch up with, and still the server counts otherwise: it has told this device something else before. The stream's epoch is the
    // server's own count, which no member relies on; without this, one lie would keep this device from sending for ever.
    static Task<bool> CountAsServerAsync(Step step, Outgoing item, ulong epoch)
    {
        if (step.Thread.Streams.GetValueOrDefault(item.Stream.Id) is { IsLive: true } live && live.Row.Epoch == item.Append!.Epoch)
        {
            live.Row.Epoch = epoch;
            step.Touch(live);
        }
        return Task.FromResult(true);
    }

    static ulong Epoch(ConversationThread thread, Id stream) => thread.Streams.TryGetValue(stream, out GroupStream? found) && found.IsLive ? found.Row.Epoch : ulong.MaxValue;

    static bool IsWaiting(ConversationThread thread, Outgoing item)
    {
        ByteString id = item.Append!.Id;
        return thread.Outbox.Values.Any(row => row.Entry.Equals(id))
            || thread.Streams.Values.Any(s => s.PendingRow?.Entry.Equals(id) == true || s.Proposals?.Proposals.Any(p => !p.Placed && p.Entry.Equals(id)) == true);
    }

    // The server will never take it: say so, and go on with the rest.
    async Task<bool> RefuseAsync(Step step, Outgoing item, string code)
    {
        string reason = $"The server refused it ({code}).";
        if (step.Thread.Streams.GetValueOrDefault(item.Stream.Id) is not { } stream) return true;
        if (item.IsClaim) InStep.Claimed(step, stream, item.Append!.Epoch);
        if (stream.PendingRow?.Entry.Equals(item.Append!.Id) == true)
        {
            if (stream.PendingRow.Intents.Count == 0) Rest(step, stream);
            foreach (ulong number in stream.PendingRow.Intents.ToArray()) intents.Fail(step, stream, number, new KavalekException(code, reason));
            stream.ClearPending(step.Batch);
            step.Touch(stream);
        }
        foreach ((ulong number, OutboxRow row) in step.Thread.Outbox.ToArray())
        {
            if (!row.Entry.Equals(item.Append!.Id)) continue;
            step.Drop(number);
            await ActsOfMine.UndoAsync(step, row).ConfigureAwait(false);
            if (row.Position != 0)
                await step.ChangeAsync(row.Position, message => (message.State, message.Failure) = ((uint)MessageState.Failed, reason)).ConfigureAwait(false);
        }
        return true;
    }

    // Nobody asked for the commit, so nobody takes the request back: without a pause it would be made and refused again and again.
    void Rest(Step step, GroupStream stream)
    {
        TimeSpan pause = FirstRest * (1 << Math.Min(stream.Refused.Times, 7));
        stream.Refused = (stream.Refused.Times + 1, step.Now + pause);
        engine.Later(step.Thread, pause);
    }

    static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(30);
}
