using Kavalek.Protocol;

namespace Kavalek.Messaging.Streams;

/// <summary>What became of an operation.</summary>
/// <param name="Code">Null if it is done, else a code of <see cref="ErrorCodes"/>.</param>
/// <param name="Seq">The entry's number, after an append.</param>
/// <param name="Epoch">The stream's epoch after the entry, or the present one with <see cref="ErrorCodes.StaleEpoch"/>.</param>
readonly record struct Outcome(string? Code, ulong Seq = 0, ulong Epoch = 0)
{
    public static Outcome Done => default;

    public static Outcome Refused(string code) => new(code);
}

/// <summary>Something to do to the streams: decided in memory by the writer, stored with others in one transaction, then answered.</summary>
abstract class Operation
{
    /// <summary>What <see cref="Apply"/> decided; told when the transaction is in the database.</summary>
    public Outcome Outcome { get; set; }

    /// <summary>Bytes it holds in memory.</summary>
    public virtual int Bytes => 0;

    /// <summary>The stream it looks at or changes first, if it names one: where several nodes write, it is locked before anything is decided.</summary>
    public virtual StreamName? Subject => null;

    /// <summary>Checks it against the present state and stages it. A refusal stages nothing.</summary>
    public abstract Outcome Apply(Batch batch);

    /// <summary>Tells who asked. Called on the writer's thread: it does not wait.</summary>
    public abstract void Answer();
}

/// <summary>An operation whose asker awaits it.</summary>
abstract class AwaitedOperation : Operation
{
    readonly TaskCompletionSource<Outcome> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Outcome> Answered => _answer.Task;

    public override void Answer() => _answer.TrySetResult(Outcome);
}
