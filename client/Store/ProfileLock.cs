using System.Globalization;
using System.Runtime.Versioning;

namespace Kavalek.Client;

/// <summary>
/// Holds a profile for one process: two that wrote to one profile would use one key twice. The system lets go of it when the process
/// ends, however it ends.
/// </summary>
[UnsupportedOSPlatform("browser")]
public sealed class ProfileLock : IDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    readonly FileStream _file;

    ProfileLock(FileStream file) => _file = file;

    /// <summary>Takes the lock of <paramref name="folder"/>.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="patience">How long to wait for whoever holds it; zero: not at all.</param>
    /// <param name="clock">The clock that is waited by.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="KavalekException"><see cref="ClientErrors.ProfileBusy"/>: it says who holds it.</exception>
    public static async Task<ProfileLock> AcquireAsync(string folder, TimeSpan patience, TimeProvider clock, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(clock);
        long start = clock.GetTimestamp();
        while (true)
        {
            try
            {
                FileStream file = ProfileFolder.Open(Path.Combine(folder, "lock"), FileShare.None);
                WriteHolder(folder);
                return new ProfileLock(file);
            }
            catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                if (clock.GetElapsedTime(start) >= patience)
                    throw new KavalekException(ClientErrors.ProfileBusy,
                        $"This profile is in use by {ReadHolder(folder)}. Close it there, or wait until it is done.", inner: e);
            }
            await Task.Delay(Pause, clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Lets go.</summary>
    public void Dispose() => _file.Dispose();

    // Beside the lock, not in it: a locked file cannot be read by others.
    static string HolderFile(string folder) => Path.Combine(folder, "lock.holder");

    static void WriteHolder(string folder)
    {
        using FileStream holder = ProfileFolder.Open(HolderFile(folder), FileShare.ReadWrite);
        holder.SetLength(0);
        using StreamWriter writer = new(holder);
        writer.Write(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
    }

    static string ReadHolder(string folder)
    {
        try
        {
            return int.TryParse(File.ReadAllText(HolderFile(folder)), NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                ? $"another program (process {process})"
                : "another program";
        }
        catch (IOException)
        {
            return "another program";
        }
    }
}
