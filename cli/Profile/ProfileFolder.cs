using System.Globalization;
using Kavalek.Client;

namespace Kavalek.Cli.Profile;

/// <summary>The folder that holds one account's device on this computer. The SDK makes it, locks it, and shuts others out of it (docs/STORE.md).</summary>
sealed class ProfileFolder(string path)
{
    /// <summary>The full path.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Whether an account was ever made or logged in here.</summary>
    public bool HasStore => File.Exists(Store);

    string Store => System.IO.Path.Combine(Path, SqliteClientStore.FileName);

    /// <summary>Where profiles are when nothing else is said: <c>$XDG_DATA_HOME/kavalek/default</c>, else <c>~/.local/share/kavalek/default</c>.</summary>
    public static string Default
    {
        get
        {
            // The specification of XDG tells to ignore a relative value.
            string? data = Environment.GetEnvironmentVariable("XDG_DATA_HOME");
            if (string.IsNullOrEmpty(data) || !System.IO.Path.IsPathRooted(data))
                data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            return System.IO.Path.Combine(data, "kavalek", "default");
        }
    }

    /// <summary>The process that took the profile last; null where that is not known.</summary>
    public int? Holder
    {
        get
        {
            try
            {
                return int.TryParse(File.ReadAllText(System.IO.Path.Combine(Path, "lock.holder")), NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                    ? process : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>Opens the store, waiting at most <paramref name="patience"/> for another process.</summary>
    /// <param name="patience">Zero: do not wait.</param>
    /// <param name="waiting">Told whom it waits for, once, if it does.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="CliException"><see cref="ExitCode.InUse"/>, or the folder holds something else.</exception>
    public async Task<IClientStore> OpenAsync(TimeSpan patience, Action<string> waiting, CancellationToken cancel)
    {
        RefuseForeign();
        try
        {
            return await SqliteClientStore.OpenAsync(Path, cancel: cancel);
        }
        catch (KavalekException e) when (e.Code == ClientErrors.ProfileBusy && patience > TimeSpan.Zero)
        {
            waiting($"Waiting for {Whom}, which is using this profile…");
        }
        catch (KavalekException e) when (e.Code == ClientErrors.ProfileBusy)
        {
            throw Busy();
        }
        try
        {
            return await SqliteClientStore.OpenAsync(Path, patience, cancel: cancel);
        }
        catch (KavalekException e) when (e.Code == ClientErrors.ProfileBusy)
        {
            throw Busy();
        }
    }

    /// <summary>Whether a process uses the profile.</summary>
    public async Task<bool> IsHeldAsync()
    {
        if (!HasStore)
            return false;
        try
        {
            using ProfileLock free = await ProfileLock.AcquireAsync(Path, TimeSpan.Zero, TimeProvider.System);
            return false;
        }
        catch (KavalekException e) when (e.Code == ClientErrors.ProfileBusy)
        {
            return true;
        }
    }

    /// <summary>Deletes everything in the folder but the lock, which is held meanwhile.</summary>
    /// <exception cref="KavalekException"><see cref="ClientErrors.ProfileBusy"/>.</exception>
    public async Task WipeAsync(TimeSpan patience, CancellationToken cancel)
    {
        if (!HasStore)
            return;
        using ProfileLock held = await ProfileLock.AcquireAsync(Path, patience, TimeProvider.System, cancel);
        foreach (string file in Directory.EnumerateFiles(Path, SqliteClientStore.FileName + "*").ToList())
            File.Delete(file);
    }

    string Whom => Holder is int process ? $"another kavalek (process {process.ToString(CultureInfo.InvariantCulture)})" : "another kavalek";

    CliException Busy() => new(ExitCode.InUse,
        $"This profile is in use by {Whom}. Nothing was sent or changed. Try again when it has ended, wait for it with --wait SECONDS, or end it with: kavalek lock");

    /// <summary>A folder of something else (<c>--profile /tmp</c> by mistake) is not filled.</summary>
    void RefuseForeign()
    {
        if (!HasStore && Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).Any(f => !System.IO.Path.GetFileName(f).StartsWith("lock", StringComparison.Ordinal)))
            throw new CliException(ExitCode.Usage, $"{Path} holds other files and is not a Kavalek profile. Nothing was changed. Give a folder of its own: --profile DIR");
    }
}
