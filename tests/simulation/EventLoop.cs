// One story at a time: two that shared the pool's one thread would each wait for the other's look at it to end, for ever.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Kavalek.Simulation.Tests;

/// <summary>
/// The thread pool as an event loop: it has one thread here (see the project file), so what is ready runs in one order, and "everything that can
/// happen has happened" is a moment that can be waited for.
/// </summary>
static class EventLoop
{
    /// <summary>Runs <paramref name="action"/> on the loop, then everything that follows from it, and returns when nothing is left to run.</summary>
    public static void Run(Action action)
    {
        using ManualResetEventSlim done = new();
        Exception? failure = null;
        ThreadPool.UnsafeQueueUserWorkItem(_ =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
            LookForEnd(done);
        }, null);
        done.Wait();
        if (failure is not null) throw new InvalidOperationException("a step of the simulation failed", failure);
    }

    /// <summary>Whether the pool has the one thread that all of this is built on.</summary>
    public static bool IsSingle
    {
        get
        {
            ThreadPool.GetMaxThreads(out int workers, out _);
            return workers == 1;
        }
    }

    // Behind everything that waits. On the only thread, nothing else is running while this is.
    static void LookForEnd(ManualResetEventSlim done)
    {
        if (ThreadPool.PendingWorkItemCount > 0) ThreadPool.UnsafeQueueUserWorkItem(LookForEnd, done, preferLocal: false);
        else done.Set();
    }
}
