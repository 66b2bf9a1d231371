using System.Data.Common;
using Kavalek.Protocol;

namespace Kavalek.Client;

/// <summary>What can go wrong without being a defect, and may be over at the next try: whoever works in the background goes on after it.</summary>
static class Setback
{
    /// <summary>The server or the network, the disk, or that somebody asked to stop.</summary>
    public static bool Is(Exception e) => e is KavalekException or OperationCanceledException || IsOfStore(e);

    /// <summary>The disk: full, or not there.</summary>
    public static bool IsOfStore(Exception e) => e is IOException or DbException;

    /// <summary>Waits for what a person asked for; where the disk fails, it says what that means for them.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.CannotStore"/>, and whatever <paramref name="work"/> ends with.</exception>
    public static async Task<T> ToldAsync<T>(Task<T> work)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfStore(e))
        {
            throw new KavalekException(ClientErrors.CannotStore,
                "Something could not be stored on this device: its disk is full or cannot be written to. What was stored before is safe. Make room, then try again.", nothingChanged: false, e);
        }
    }

    /// <inheritdoc cref="ToldAsync{T}"/>
    public static Task ToldAsync(Task work) => ToldAsync(Done(work));

    /// <summary>What went wrong where no caller waits for it, in words; it is tried again.</summary>
    public static KavalekException InWords(Exception e) => e as KavalekException ?? (IsOfStore(e)
        ? new KavalekException(ClientErrors.CannotStore, "Something could not be stored on this device. It is tried again; check that the disk is not full.", nothingChanged: false, e)
        : new KavalekException(ErrorCodes.Internal, $"This program made a mistake ({e.GetType().Name}). Nothing is lost; it tries again.", nothingChanged: false, e));

    /// <summary>The same of a message: it was neither sent nor kept.</summary>
    public static async Task<Message> MessageToldAsync(Task<Message> sending)
    {
        try
        {
            return await sending.ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfStore(e))
        {
            throw new KavalekException(ClientErrors.CannotStore,
                "This message could not be stored on this device: its disk is full or cannot be written to. It was not sent and is not kept, so do not close what you wrote; what was stored before is safe. Make room, then send it again.", inner: e);
        }
    }

    static async Task<bool> Done(Task work)
    {
        await work.ConfigureAwait(false);
        return true;
    }
}
