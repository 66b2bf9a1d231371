namespace Kavalek.Auth;

/// <summary>Files and folders that nobody but the server's own user may read.</summary>
internal static class PrivateFile
{
    const UnixFileMode OwnerReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    const UnixFileMode OthersAtAll =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>How to create one: it must not exist, and is 0600 from its first moment.</summary>
    public static FileStreamOptions New
    {
        get
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerReadWrite;
            return options;
        }
    }

    /// <summary>Creates the folder with mode 0700 where it is missing.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows()) System.IO.Directory.CreateDirectory(path);
        else System.IO.Directory.CreateDirectory(path, OwnerReadWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Refuses a file or folder that others may read, write or enter.</summary>
    /// <exception cref="InvalidOperationException">It is open to others.</exception>
    public static void RequirePrivate(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & OthersAtAll) != 0)
        {
            throw new InvalidOperationException(
                $"{path} is open to other users (mode {Convert.ToString((int)mode, 8)}). If nobody read it, run: chmod go= '{path}'");
        }
    }

    /// <summary>Puts a file in the place of one that may be there, whole or not at all; several processes may do so at once.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        string unfinished = $"{path}.{Guid.NewGuid():n}.new";
        using (FileStream file = new(unfinished, New))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Writes a new file whole or not at all: a start that is cut off leaves no half key behind.</summary>
    public static void WriteNew(string path, ReadOnlySpan<byte> content)
    {
        string unfinished = $"{path}.new";
        File.Delete(unfinished);
        using (FileStream file = new(unfinished, New))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(unfinished, path, overwrite: false);
    }
}
