using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Mls;
using Kavalek.Protocol;
using Kavalek.Protocol.Identity;
using Wire = Kavalek.Protocol.Wire;
using WireFormat = Kavalek.Mls.WireFormat;

namespace Kavalek.Client;

/// <summary>What comes out of a stream, entry by entry, in its order (docs/PROTOCOL.md §7, §8).</summary>
sealed class Intake(ClientCore core, ContentIntake contents, InStep inStep, Intents intents, Returns returns)
{
    /// <summary>
    /// Processes one entry. What was processed before is passed over; false where entries before it are missing and must be fetched first.
    /// </summary>
    public async Task<bool> TakeAsync(Step step, GroupStream stream, Wire.Entry entry)
    {
        if (entry.Seq < stream.Row.NextSeq) return true;
        if (stream.Group is null)
        {
            // Not ours any more: nothing is missed, and nothing may be left waiting for an acknowledgement.
            (stream.Row.NextSeq, stream.Row.Last) = (entry.Seq + 1, entry.Id);
            // The epoch in which this device asked to return is over, and it was not let in: it asks again.
            if (stream.State == StreamState.Lost && entry.Kind == Wire.Kind.Commit) step.Afterwards(returns.BeginSoon);
            step.Touch(stream);
            return true;
        }
        // What came without its payload is gone, or is fetched like what is missing.
        if (entry.Seq > stream.Row.NextSeq || entry.Detached) return false;
        step.Place = (stream.Id, entry.Seq);
        bool isPresent = !stream.Row.EpochKnown || entry.Epoch >= stream.Row.Epoch;
        (stream.Row.NextSeq, stream.Row.Last) = (entry.Seq + 1, entry.Id);
        stream.Row.Epoch = entry.Kind == Wire.Kind.Commit ? entry.Epoch + 1 : entry.Epoch;
        stream.Row.EpochKnown = true;
        step.Touch(stream);
        if (Id.TryRead(entry.Id.Span, out Id id)) step.Thread.OnServer.Remove(id);
        if (entry.Kind == Wire.Kind.Proposal && ReturnRequest.TryDecode(entry.Payload.Span) is { } request)
        {
            if (isPresent) await returns.NoteAsync(step, stream, request, entry.Epoch).ConfigureAwait(false);
            return true;
        }
        switch (entry.Kind)
        {
            case Wire.Kind.Application when EpochClaim.IsMarked(entry.Payload.Span):
                if (await inStep.ReceiveAsync(step, stream, entry).ConfigureAwait(false)) Lose(step, stream);
                break;
            case Wire.Kind.Application when IsWhatItSays(entry): await ApplicationAsync(step, stream, entry).ConfigureAwait(false); break;
            case Wire.Kind.Proposal when IsWhatItSays(entry): await ProposalAsync(step, stream, entry).ConfigureAwait(false); break;
            case Wire.Kind.Commit when IsWhatItSays(entry): await CommitAsync(step, stream, entry).ConfigureAwait(false); break;
        }
        InStep.Note(step, stream);
        return true;
    }

    /// <summary>Entries up to <paramref name="next"/> are gone for good. Without a commit among them the group goes on; with one, it cannot.</summary>
    public void Skip(Step step, GroupStream stream, ulong next, ulong epoch)
    {
        bool missedCommit = !stream.Row.EpochKnown || epoch != stream.Row.Epoch;
        (stream.Row.NextSeq, stream.Row.Last) = (next, ByteString.Empty);
        stream.Row.Epoch = epoch;
        step.Touch(stream);
        if (missedCommit && stream.Group is not null) Lose(step, stream);
    }

    /// <summary>
    /// The server has less than this device has read: it was put back to a backup. The keys stay as they are, and the stream goes on from where the
    /// server says; what was on its way goes out again. Whoever had seen less of what is gone now hears so from the others (docs/PROTOCOL.md §7.13).
    /// </summary>
    public void Rewind(Step step, GroupStream stream, ulong next, ulong epoch)
    {
        (stream.Row.NextSeq, stream.Row.Last) = (next, ByteString.Empty);
        step.Touch(stream);
        if (stream.Group is null)
        {
            // What it asked may be gone, too.
            step.Batch.Delete(StoreKeys.Return(stream.Id));
            step.Afterwards(returns.Begin);
            return;
        }
        (stream.Row.Epoch, stream.Row.EpochKnown, stream.Row.Rewound) = (epoch, true, step.NowMilliseconds);
        stream.CountAnew(step.Batch);
        stream.Row.Apart.Clear();
        stream.Row.ClaimDue = true;
        step.Thread.OnServer.Clear();
        Chronicle.Unseal(step, stream, anew: true);
        if (stream.Proposals is { } own)
        {
            foreach (OutgoingProposal proposal in own.Proposals) proposal.Placed = false;
            step.Batch.Put(StoreKeys.Proposals(stream.Id), own.ToByteArray());
        }
        InStep.Note(step, stream);
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    /// <summary>This device cannot follow the group any more.</summary>
    public void Lose(Step step, GroupStream stream)
    {
        intents.FailAll(step, stream, new KavalekException(ClientErrors.CannotSend, "This device has to find its way back into the conversation first. Try again in a while.", nothingChanged: false));
        Chronicle.Unseal(step, stream, anew: true);
        stream.End(StreamState.Lost, step.Batch);
        step.Touch(stream);
        step.Thread.ChooseLive();
        if (step.Thread.Live is null && step.Thread.State == ConversationState.Active) step.Say(SystemKind.MessagesMissing, null, []);
        step.Afterwards(returns.Begin);
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    /// <summary>The server knows nothing of the group any more: nothing can be sent in it, and who is in it is kept, to begin it afresh.</summary>
    public void Forget(Step step, GroupStream stream)
    {
        intents.FailAll(step, stream, new KavalekException(ClientErrors.CannotSend, "The server has forgotten this conversation. It has to be begun afresh first; try again in a while.", nothingChanged: false));
        Chronicle.Unseal(step, stream, anew: true);
        stream.ClearPending(step.Batch);
        stream.State = StreamState.Forgotten;
        stream.Row.ClaimDue = false;
        step.Touch(stream);
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    // The server counts epochs by what an entry says it is; a member that lies about it would count otherwise than the others.
    static bool IsWhatItSays(Wire.Entry entry)
    {
        try
        {
            MlsMessage outside = MlsMessage.Peek(entry.Payload.Span);
            return outside.WireFormat == WireFormat.PrivateMessage && outside.ContentType == entry.Kind switch
            {
                Wire.Kind.Application => ContentType.Application,
                Wire.Kind.Proposal => ContentType.Proposal,
                Wire.Kind.Commit => ContentType.Commit,
                _ => null,
            };
        }
        catch (MlsException)
        {
            return false;
        }
    }

    async Task ApplicationAsync(Step step, GroupStream stream, Wire.Entry entry)
    {
        foreach ((ulong number, OutboxRow row) in step.Thread.Outbox)
        {
            if (!row.Entry.Span.SequenceEqual(entry.Id.Span)) continue;
            if (row.Sealed is not null && row.Sealed.Message.Span.SequenceEqual(entry.Payload.Span))
            {
                await ContentIntake.ConfirmAsync(step, stream, number, row).ConfigureAwait(false);
                return;
            }
            await AlteredAsync(step, number, row).ConfigureAwait(false);
            break;
        }
        switch (await stream.Group!.ProcessAsync(entry.Payload.Memory, step.Now).ConfigureAwait(false))
        {
            case ProcessResult.ApplicationReceived received:
                MemberDevice sender = MemberDevice.Of(received.Sender);
                if (received.Epoch == stream.Group.Epoch) InStep.Heard(step, stream, sender.Device);
                stream.Advance(received.Next);
                await contents.ReceiveAsync(step, stream, sender, received).ConfigureAwait(false);
                break;
            case ProcessResult.Ignored { Reason: IgnoreReason.NewerOwnMessage }: Outrun(step, stream); break;
            case ProcessResult.Refused refused: Unreadable(step, stream, refused.Error); break;
        }
    }

    // This profile is an older copy of itself: what it would send next was sent already. It must not go on with its keys (RFC 9420 §16.6).
    void Outrun(Step step, GroupStream stream)
    {
        step.Afterwards(returns.SayOlderCopy);
        Lose(step, stream);
    }

    // Something else came back under its id: what was written did not reach the others, and goes out again under another (K-38). Not without end:
    // a server that alters all that comes back would have it sent for ever.
    async Task AlteredAsync(Step step, ulong number, OutboxRow row)
    {
        if (++row.Altered > MostAltered)
        {
            step.Drop(number);
            await ActsOfMine.UndoAsync(step, row).ConfigureAwait(false);
            if (row.Position != 0)
                await step.ChangeAsync(row.Position, message => (message.State, message.Failure) = ((uint)MessageState.Failed,
                    "The server gives back something else than what was sent, again and again. The others may have it or not; tell whoever runs the server.")).ConfigureAwait(false);
            return;
        }
        row.Entry = Step.Bytes(core.Mls.Crypto.NewId());
        row.Sealed = null;
        step.Keep(number, row);
    }

    const int MostAltered = 3;

    async Task ProposalAsync(Step step, GroupStream stream, Wire.Entry entry)
    {
        MlsGroup group = stream.Group!;
        if (stream.Proposals?.Proposals.FirstOrDefault(p => p.Entry.Equals(entry.Id)) is { } own)
        {
            own.Placed = true;
            step.Batch.Put(StoreKeys.Proposals(stream.Id), stream.Proposals.ToByteArray());
        }
        switch (await group.ProcessAsync(entry.Payload.Memory, step.Now).ConfigureAwait(false))
        {
            case ProcessResult.ProposalReceived proposal:
                if (!IsAllowed(stream, proposal))
                {
                    proposal.Next.DisposeExcept(group);
                    break;
                }
                stream.Advance(proposal.Next);
                if (proposal.Target == group.OwnIndex) stream.Row.Leaving = true; // asked for on another own device
                step.Publish(new ConversationChanged(step.Thread.Face));
                break;
            case ProcessResult.Ignored { Reason: IgnoreReason.NewerOwnMessage }: Outrun(step, stream); break;
            case ProcessResult.Refused refused: Unreadable(step, stream, refused.Error); break;
        }
    }

    // A proposal can only be about leaving, and must leave an owner behind: one that nobody may commit would stop the conversation.
    static bool IsAllowed(GroupStream stream, ProcessResult.ProposalReceived proposal)
    {
        if (proposal.Type != ProposalType.Remove || proposal.Target is not { } target || stream.Group!.Find(target) is not { } member) return false;
        if (proposal.Sender is not { } sender || !MemberDevice.Of(member).SameAccount(MemberDevice.Of(sender))) return false;
        HashSet<LeafIndex> gone = [.. stream.ProposedRemovals, target];
        ConversationExtension extension = stream.Extension!;
        return extension.Kind == ConversationKind.Direct
            || stream.Devices.Any(d => !gone.Contains(d.Leaf) && extension.RoleOf(d.Account) == Role.Owner);
    }

    async Task CommitAsync(Step step, GroupStream stream, Wire.Entry entry)
    {
        MlsGroup group = stream.Group!;
        switch (await group.ProcessAsync(entry.Payload.Memory, step.Now, new ProcessOptions { Pending = stream.Pending }).ConfigureAwait(false))
        {
            case ProcessResult.OwnCommitConfirmed own:
                {
                    CommitFacts facts = CommitFacts.Of(group, own.Effects);
                    if (own.Effects.HasPath) Renewed(step, stream);
                    stream.Refused = default;
                    foreach (ulong intent in stream.PendingRow!.Intents.ToArray()) await intents.DoneAsync(step, stream, intent).ConfigureAwait(false);
                    stream.Advance(own.Next);
                    stream.ClearPending(step.Batch);
                    InStep.Note(step, stream, facts.Committer.Device);
                    returns.EpochEnded(step, stream);
                    await Chronicle.EpochBeganAsync(step, stream, facts).ConfigureAwait(false);
                    await EndIfDesertedAsync(step, stream, facts).ConfigureAwait(false);
                    break;
                }
            case ProcessResult.CommitReceived received:
                {
                    if (Judge(group, received.Effects) is not { } facts)
                    {
                        received.Next.DisposeExcept(group);
                        step.Thread.Row.Undecryptable++;
                        break;
                    }
                    stream.Advance(received.Next);
                    stream.ClearPending(step.Batch);
                    InStep.Note(step, stream, facts.Committer.Device);
                    InStep.Heard(step, stream, facts.Committer.Device);
                    returns.EpochEnded(step, stream);
                    await Chronicle.EpochBeganAsync(step, stream, facts).ConfigureAwait(false);
                    await EndIfDesertedAsync(step, stream, facts).ConfigureAwait(false);
                    break;
                }
            case ProcessResult.RemovedFromGroup removed:
                {
                    CommitFacts? facts = Judge(group, removed.Effects);
                    // Taken out and in again, though this process did not ask: another copy of the profile did. Its Welcome, or another request, leads back in.
                    if (facts?.Added.Any(d => d.Device == core.Identity.Device) == true) Lose(step, stream);
                    else if (facts?.GoesOver == core.Identity.Account) await LeftBetweenAsync(step, stream).ConfigureAwait(false);
                    else if (facts is not null) await RemovedAsync(step, stream, facts).ConfigureAwait(false);
                    else step.Thread.Row.Undecryptable++;
                    break;
                }
            case ProcessResult.Ignored { Reason: IgnoreReason.NewerOwnMessage }:
                Outrun(step, stream);
                return;
            case ProcessResult.Refused refused: Unreadable(step, stream, refused.Error); break;
        }
        // Something else came back under its id: it is made anew, under another (K-38).
        if (stream.PendingRow is { } pending && pending.Entry.Equals(entry.Id))
        {
            stream.ClearPending(step.Batch);
            stream.CommitsRestUntil = step.Now + TimeSpan.FromSeconds(30);
        }
    }

    // The other one of a pair has left: the group is of no use any more, and what was on its way in it goes out in another, or not at all. Whoever
    // left is not called back without the person's knowing.
    async Task EndIfDesertedAsync(Step step, GroupStream stream, CommitFacts facts)
    {
        ConversationThread thread = step.Thread;
        if (thread.Kind != ConversationKind.Direct || facts.Removed.Count == 0 || stream.Devices.Any(d => d.Account != core.Identity.Account)) return;
        intents.FailAll(step, stream, new KavalekException(ClientErrors.CannotSend, "The other person has left this conversation. Nothing changed."));
        stream.End(StreamState.Unsubscribing, step.Batch);
        step.Touch(stream);
        thread.ChooseLive();
        if (thread.Live is null)
            foreach ((ulong number, OutboxRow row) in thread.Outbox.ToArray())
            {
                step.Drop(number);
                await ActsOfMine.UndoAsync(step, row).ConfigureAwait(false);
                if (row.Position != 0)
                    await step.ChangeAsync(row.Position, message => (message.State, message.Failure) = ((uint)MessageState.Failed,
                        "The other person left the conversation before this was sent. Open it anew to write to them.")).ConfigureAwait(false);
            }
        step.Publish(new ConversationChanged(thread.Face));
    }

    // The policy's word; null where it refuses the commit.
    static CommitFacts? Judge(MlsGroup group, CommitEffects effects)
    {
        try
        {
            CommitFacts facts = CommitFacts.Of(group, effects);
            return CommitPolicy.Breach(facts) is null ? facts : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The own leaf was renewed: the next time is counted from now.</summary>
    public static void Renewed(Step step, GroupStream stream) =>
        (stream.Row.Renewed, stream.Row.OwnMessages, stream.Row.RenewAt) = (step.NowMilliseconds, 0, 0);

    // The account goes over to a new key, and another own device was first here: it lets this one in again, once this one has the key, too.
    async Task LeftBetweenAsync(Step step, GroupStream stream)
    {
        Chronicle.Unseal(step, stream, anew: true);
        stream.End(StreamState.Between, step.Batch);
        step.Touch(stream);
        intents.FailAll(step, stream, new KavalekException(ClientErrors.CannotSend, "Your account has a new key, and this device comes back into the conversation with it. Try again in a while.", nothingChanged: false));
        step.Thread.ChooseLive();
        await step.SayAsync(SystemKind.KeyChanged, core.Identity.Account, [core.Identity.Account]).ConfigureAwait(false);
        step.Publish(new ConversationChanged(step.Thread.Face));
    }

    async Task RemovedAsync(Step step, GroupStream stream, CommitFacts facts)
    {
        ConversationThread thread = step.Thread;
        Id me = core.Identity.Account;
        bool left = stream.Row.Leaving || facts.Removed.Any(r => r.Device.Device == core.Identity.Device && (r.Proposer == me || facts.Committer.Account == me));
        // What was on its way here may go out in another group of the pair; nobody took it in this one for this device to see.
        Chronicle.Unseal(step, stream, anew: true);
        stream.End(StreamState.Ended, step.Batch);
        stream.Row.LeavingSince = 0;
        step.Touch(stream);
        intents.FailAll(step, stream, new KavalekException(ClientErrors.CannotSend, "You are no longer in this conversation."));
        thread.ChooseLive();
        if (thread.Live is null && thread.State is not (ConversationState.Left or ConversationState.Declined))
        {
            thread.State = left ? ConversationState.Left : ConversationState.Removed;
            await step.SayAsync(left ? SystemKind.Left : SystemKind.Removed, left ? me : facts.Committer.Account, [me]).ConfigureAwait(false);
        }
        else if (left) await SettleLeavingAsync(step).ConfigureAwait(false);
        step.Publish(new ConversationChanged(thread.Face));
    }

    // This device said that it leaves when its person did. Now that it is in the stream, the line is the one that the account's other devices say.
    static async Task SettleLeavingAsync(Step step)
    {
        StoreRange newest = new(StoreKeys.Messages(step.Thread.Id), StoreKeys.Message(step.Thread.Id, ConversationThread.QueuedPositions), Limit: 8, Reverse: true);
        foreach (StoreEntry entry in await step.Core.Store.ScanAsync(newest).ConfigureAwait(false))
        {
            if (MessageRow.Parser.ParseFrom(entry.Value) is not { System: { Shared: false } line } row || (SystemKind)line.Kind != SystemKind.Left) continue;
            await step.RemoveAsync(StoreKeys.NumberOf(entry.Key)).ConfigureAwait(false);
            await step.SayAsync(SystemKind.Left, step.Core.Identity.Account, [step.Core.Identity.Account]).ConfigureAwait(false);
            return;
        }
    }

    // Never a bubble: it is counted, and the sender's next content shows by its number what is missing. Anybody can append rubbish, so nothing
    // stops; but it may be the voice of somebody who was led elsewhere (K-37, K-45).
    static void Unreadable(Step step, GroupStream stream, MlsError error)
    {
        step.Thread.Row.Undecryptable++;
        if (error != MlsError.EpochTooOld || InStep.IsRewound(step, stream)) InStep.Suspect(step, stream);
    }
}
