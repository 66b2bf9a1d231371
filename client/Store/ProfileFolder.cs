using System.Runtime.Versioning;

namespace Kavalek.Client;

/// <summary>A profile's folder and files, for their owner only. On Windows the folder of the user protects them.</summary>
[UnsupportedOSPlatform("browser")]
static class ProfileFolder
{
    const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes the folder with mode 0700, or tightens one that holds nothing but a profile.</summary>
    /// <exception cref="KavalekException">Others may enter the folder, and it holds more than a profile: changing its mode could break something.</exception>
    public static void Prepare(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, OwnerFolder);
            return;
        }
        if ((File.GetUnixFileMode(folder) & ~OwnerFolder) == 0) return;
        if (Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(Path.Combine(folder, SqliteClientStore.FileName)))
            throw new KavalekException(ClientErrors.ProfileDamaged, $"{folder} is open to other users and holds other files. Choose a folder of its own for the profile.");
        File.SetUnixFileMode(folder, OwnerFolder);
    }

    /// <summary>Makes an empty file with mode 0600 where there is none, and tightens one that is wider. What SQLite puts beside it gets the same mode.</summary>
    public static void CreatePrivateFile(string path)
    {
        using FileStream file = Open(path, FileShare.ReadWrite);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerFile) != 0) File.SetUnixFileMode(path, OwnerFile);
    }

    /// <summary>Opens a file for reading and writing; a new one has mode 0600.</summary>
    public static FileStream Open(string path, FileShare share)
    {
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerFile;
        return new FileStream(path, options);
    }
}
