using System.Data.Common;

namespace Kavalek.Client;

/// <summary>What can go wrong without being a defect, and may be over at the next try: whoever works in the background goes on after it.</summary>
static class Setback
{
    /// <summary>The server or the network, the disk, or that somebody asked to stop.</summary>
    public static bool Is(Exception e) => e is KavalekException or OperationCanceledException || IsOfStore(e);

    /// <summary>The disk: full, or not there.</summary>
    public static bool IsOfStore(Exception e) => e is IOException or DbException;
}
