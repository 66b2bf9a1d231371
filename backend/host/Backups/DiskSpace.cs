using System.Globalization;

namespace Kavalek.Host;

/// <summary>Room on a disk, asked for before it is taken: a backup or a restore that fills the disk stops the messages, too.</summary>
internal static class DiskSpace
{
    /// <summary>Refuses what the disk has no room for beside the reserve.</summary>
    /// <param name="folder">A folder on the disk.</param>
    /// <param name="bytes">How much is to be written.</param>
    /// <param name="reserve">What has to stay free.</param>
    /// <exception cref="IOException">There is no room; the message says how much is missing.</exception>
    public static void Require(string folder, long bytes, long reserve)
    {
        long free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (free - reserve < bytes) throw new IOException($"The disk of {Path.GetFullPath(folder)} has no room: {Text(bytes)} are to be written, {Text(reserve)} have to stay free, and {Text(free)} are free.");
    }

    static string Text(long bytes) => $"{((bytes + (1 << 20) - 1) >> 20).ToString("N0", CultureInfo.InvariantCulture)} MiB";
}
