using System.Collections.Concurrent;
using Google.Protobuf;
using Kavalek.Client.Records;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What was asked of groups: stored until it is done or makes no sense any more, and awaited by whoever asked.</summary>
sealed class Intents
{
    readonly ConcurrentDictionary<(Id Stream, ulong Number), TaskCompletionSource> _waiting = new();

    /// <summary>Stores what is asked; the task completes when the group has agreed, and fails with the reason where it will not.</summary>
    public Task Ask(Step step, GroupStream stream, IntentRow intent)
    {
        ulong number = ++stream.Row.NextIntent;
        intent.Asked = step.NowMilliseconds;
        stream.Intents.Add(number, intent);
        step.Batch.Put(StoreKeys.Intent(stream.Id, number), intent.ToByteArray());
        step.Touch(stream);
        TaskCompletionSource waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[(stream.Id, number)] = waiting;
        return waiting.Task;
    }

    /// <summary>It is done, and what was to be passed on with it is offered.</summary>
    public async Task DoneAsync(Step step, GroupStream stream, ulong number)
    {
        if (stream.Intents.GetValueOrDefault(number) is { } intent && (intent.Last > 0 || intent.Since > 0))
            await Sharing.OfferAsync(step, [.. intent.KeyPackages.Select(row => Id.Read(row.Account.Span)).Distinct()], intent.Last, intent.Since).ConfigureAwait(false);
        Done(step, stream, number);
    }

    /// <summary>It is done.</summary>
    public void Done(Step step, GroupStream stream, ulong number)
    {
        Remove(step, stream, number);
        step.Afterwards(() => Settle(stream.Id, number, null));
    }

    /// <summary>It will not be done.</summary>
    public void Fail(Step step, GroupStream stream, ulong number, KavalekException why)
    {
        Remove(step, stream, number);
        step.Afterwards(() => Settle(stream.Id, number, why));
    }

    /// <summary>None of what was asked of a group will be done.</summary>
    public void FailAll(Step step, GroupStream stream, KavalekException why)
    {
        foreach (ulong number in stream.Intents.Keys.ToArray()) Fail(step, stream, number, why);
    }

    /// <summary>There is no connection: whoever waits is told; what was asked stays.</summary>
    public void Postpone(ConversationThread thread, KavalekException why)
    {
        foreach (GroupStream stream in thread.Streams.Values)
            foreach (ulong number in stream.Intents.Keys)
                Settle(stream.Id, number, new KavalekException(why.Code,
                    "There is no connection to the server. The change is stored and will be made when there is one.", nothingChanged: false, why));
    }

    static void Remove(Step step, GroupStream stream, ulong number)
    {
        stream.Intents.Remove(number);
        step.Batch.Delete(StoreKeys.Intent(stream.Id, number));
        step.Touch(stream);
    }

    void Settle(Id stream, ulong number, KavalekException? failure)
    {
        if (!_waiting.TryRemove((stream, number), out TaskCompletionSource? waiting)) return;
        if (failure is null) waiting.TrySetResult();
        else waiting.TrySetException(failure);
        _ = waiting.Task.Exception; // nobody may be waiting
    }
}
