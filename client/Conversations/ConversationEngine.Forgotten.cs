using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>
/// Groups that a server which was put back to a backup knows nothing of. Their members know each other, so one of them begins the conversation afresh,
/// in the same line of messages, without anybody doing anything; where nothing but its word says that it forgot, a person does (docs/PROTOCOL.md §7.13).
/// </summary>
sealed partial class ConversationEngine
{
    const ulong Remembered = Limits.RetentionSeconds * 1000UL;

    // In turn, so that one does it and not all; two that do end in the newer one.
    static readonly TimeSpan FirstAfresh = TimeSpan.FromSeconds(5), EachAfresh = TimeSpan.FromSeconds(10), LastAfresh = TimeSpan.FromMinutes(10);

    static bool IsForgotten(ConversationThread thread) => thread.View is { State: ConversationState.Active, Kind: ConversationKind.Group, Stream: StreamState.Forgotten };

    // That the server went back was seen here, in numbers or ids of entries that this device has read. That it knows nothing of one stream is its word alone,
    // and whom it has kept from seeing what was last done there is its choice.
    bool HasSeenItGoBack => Volatile.Read(ref _rewoundAt) + Remembered > Milliseconds();

    bool AsksToBegin(ConversationThread thread) => IsForgotten(thread) && !HasSeenItGoBack;

    /// <summary>The server says that this device has no such stream: this device cannot follow it any more, or the server has forgotten it.</summary>
    public async Task UnknownAsync(ConversationThread thread, Id stream, CancellationToken cancel)
    {
        bool forgotten = await IsForgottenByServerAsync(thread, stream, cancel).ConfigureAwait(false);
        await StepAsync(thread, step => forgotten ? ForgetAsync(step, stream) : LoseAsync(step, stream), cancel).ConfigureAwait(false);
    }

    void NoteRewound(StoreBatch batch)
    {
        Volatile.Write(ref _rewoundAt, Milliseconds());
        batch.Put(StoreKeys.Rewound, new IndexRow { Position = _rewoundAt }.ToByteArray());
    }

    ulong Milliseconds() => (ulong)Math.Max(0, _core.Clock.GetUtcNow().ToUnixTimeMilliseconds());

    // A server that has forgotten a stream takes its id anew; one that has only taken this device off the list does not. Where it was seen to go back,
    // nothing needs to be asked. Who was away for longer than entries last may have been removed in a commit that is gone: that device begins nothing.
    async Task<bool> IsForgottenByServerAsync(ConversationThread thread, Id stream, CancellationToken cancel)
    {
        ulong now = Milliseconds();
        bool known = await StepAsync(thread, step => Task.FromResult(thread.Kind == ConversationKind.Group && thread.Streams.GetValueOrDefault(stream) is { IsLive: true, Row.Leaving: false }
            && thread.Row.Activity + Remembered > now), cancel).ConfigureAwait(false);
        if (!known) return false;
        if (HasSeenItGoBack) return true;
        try
        {
            await _core.Streams.CreateAsync(stream, cancel).ConfigureAwait(false);
        }
        catch (KavalekException e) when (e.Code == ErrorCodes.IdTaken)
        {
            return false;
        }
        await UnsubscribeAsync(stream, cancel).ConfigureAwait(false);
        return true;
    }

    Task<bool> ForgetAsync(Step step, Id stream)
    {
        ConversationThread thread = step.Thread;
        if (thread.Streams.GetValueOrDefault(stream) is not { IsLive: true } live) return Task.FromResult(true);
        // A group that another one has replaced is of no use any more.
        if (InStep.IsSuperseded(thread, live)) return LoseAsync(step, stream);
        _intake.Forget(step, live);
        step.Afterwards(() =>
        {
            if (AsksToBegin(thread)) _core.Events.Publish(new Notice($"The server says that it knows nothing of “{thread.View.Title}” any more. Look who is in it before you start it afresh."));
            else SayRewound();
        });
        step.Afterwards(() => BeginAfreshSoon(thread));
        return Task.FromResult(true);
    }

    void BeginAfreshSoon(ConversationThread thread)
    {
        Id[] turns = [.. thread.View.Devices.Select(d => d.Device)];
        TimeSpan turn = FirstAfresh + EachAfresh * Math.Max(0, Array.IndexOf(turns, _core.Identity.Device));
        After(turn < LastAfresh ? turn : LastAfresh, () => InBackground(() => BeginAfreshAsync(thread)));
    }

    async Task BeginAfreshAsync(ConversationThread thread)
    {
        if (!IsForgotten(thread) || AsksToBegin(thread) || !_openingAnew.TryAdd(thread.Id, 0)) return;
        try
        {
            await StartAfreshAsync(thread, [], _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Over.
        }
        catch (Exception e) when (Setback.Is(e))
        {
            // The next connection tries again, and so do the others.
        }
        finally
        {
            _openingAnew.TryRemove(thread.Id, out _);
        }
    }

    // Accounts that were made after the backup are gone with it. Only who may remove them can begin without them.
    async Task DropUnknownAsync(ConversationThread thread, HashSet<Id> staying, Dictionary<Id, Role> roles, CancellationToken cancel)
    {
        foreach (Id account in staying.Where(account => account != _core.Identity.Account).ToArray())
        {
            try
            {
                await _core.People.RefreshAsync(account, cancel).ConfigureAwait(false);
            }
            catch (KavalekException e) when (e.Code == ErrorCodes.NotFound)
            {
                RequireRole(thread, thread.View.Roles.GetValueOrDefault(account, Role.Member) == Role.Member ? Role.Admin : Role.Owner);
                staying.Remove(account);
                roles.Remove(account);
            }
        }
        if (!roles.ContainsValue(Role.Owner)) throw new KavalekException(ClientErrors.NotAllowed, "The conversation would be without an owner. Create a new group instead. Nothing changed.");
    }
}
