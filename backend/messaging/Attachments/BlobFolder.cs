using System.Buffers;
using System.Runtime.InteropServices;
using Kavalek.Protocol;

namespace Kavalek.Messaging.Attachments;

/// <summary>
/// Where attachments lie: <c>blobs/ab/cd/ID</c> beside the database, <c>ID.part</c> until they are whole. What counts is on the disk before it is said to
/// be; the database says how much counts, so what a crash left behind that is written over.
/// </summary>
sealed class BlobFolder(MessagingOptions options)
{
    /// <summary>Bytes of memory that a part takes while it comes.</summary>
    public const int BufferBytes = 64 * 1024;

    const string Part = ".part";
    const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    readonly string _root = Path.Combine(options.DataFolder, "blobs");

    /// <summary>Whether there is room for <paramref name="bytes"/> and what the databases need.</summary>
    public bool HasRoom(long bytes) => new DriveInfo(Path.GetFullPath(options.DataFolder)).AvailableFreeSpace - bytes >= options.DiskReserveBytes;

    /// <summary>Writes what comes behind the first <paramref name="at"/> bytes, and has it on the disk.</summary>
    /// <returns>How many bytes came; -1 where they were more than <paramref name="most"/>, and none counts.</returns>
    public async Task<long> WriteAsync(Id id, long at, long most, Func<Memory<byte>, ValueTask<int>> body, CancellationToken cancel)
    {
        string path = PathOf(id), part = path + Part;
        bool isNew = at == 0 && !File.Exists(part);
        if (isNew) CreateFolders(path);
        // The last part was written and renamed, and the database never heard of it.
        else if (!File.Exists(part) && File.Exists(path)) File.Move(path, part);
        // Only the first part makes the file: what was deleted meanwhile does not come back empty.
        FileStreamOptions how = new() { Mode = at == 0 ? FileMode.OpenOrCreate : FileMode.Open, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (at == 0 && !OperatingSystem.IsWindows()) how.UnixCreateMode = OwnerFile;
        await using FileStream file = new(part, how);
        if (file.Length < at) throw new IOException("the file is shorter than what was acknowledged");
        // Nothing that counts is cut off. Where a device that lost its connection sends a part again over another node, this one may still be writing the same bytes;
        // and whatever lies behind what counts is written over before it counts.
        if (file.Length > at + most) file.SetLength(at + most);
        file.Position = at;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long written = 0;
            for (int read; (read = await body(buffer)) > 0;)
            {
                if ((written += read) > most) return -1;
                await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            }
            file.Flush(flushToDisk: true);
            if (isNew) Sync(Path.GetDirectoryName(part)!);
            return written;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>How many bytes of it are here, whole or not.</summary>
    public long LengthOf(Id id)
    {
        string path = PathOf(id);
        FileInfo part = new(path + Part), whole = new(path);
        return part.Exists ? part.Length : whole.Exists ? whole.Length : 0;
    }

    /// <summary>The file is whole: it gets its name.</summary>
    public void Finish(Id id)
    {
        string path = PathOf(id);
        File.Move(path + Part, path, overwrite: true);
        Sync(Path.GetDirectoryName(path)!);
    }

    /// <summary>Opens a whole one; <c>null</c> where it is not there.</summary>
    public FileStream? Open(Id id)
    {
        try
        {
            return new FileStream(PathOf(id), new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Deletes what there is of it.</summary>
    public void Delete(Id id)
    {
        string path = PathOf(id);
        try
        {
            File.Delete(path);
            File.Delete(path + Part);
        }
        catch (DirectoryNotFoundException)
        {
            // There was nothing.
        }
    }

    /// <summary>All attachments, whole or not, with the ids they are named by. Files of other names are somebody else's.</summary>
    public IEnumerable<(string Path, Id Id)> All()
    {
        if (!Directory.Exists(_root)) yield break;
        foreach (string path in Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetFileName(path);
            if (Id.TryParse(name.EndsWith(Part, StringComparison.Ordinal) ? name[..^Part.Length] : name, out Id id) && path.StartsWith(PathOf(id), StringComparison.Ordinal)) yield return (path, id);
        }
    }

    /// <summary>When a file was written to.</summary>
    public static DateTimeOffset LastWritten(string path) => File.GetLastWriteTimeUtc(path);

    string PathOf(Id id)
    {
        string name = id.ToString();
        return Path.Combine(_root, name[..2], name[2..4], name);
    }

    void CreateFolders(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        if (Directory.Exists(folder)) return;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, OwnerFolder);
        Sync(Path.GetDirectoryName(folder)!);
        Sync(_root);
        Sync(Path.GetFullPath(options.DataFolder));
    }

    // A new name is on the disk once its folder is. Windows does so by itself.
    static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = NativeOpen(folder, 0);
        if (descriptor < 0) throw new IOException("a folder cannot be opened");
        try
        {
            if (NativeSync(descriptor) != 0) throw new IOException("a folder cannot be written");
        }
        finally
        {
            _ = NativeClose(descriptor);
        }
    }

    [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int NativeOpen(string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int NativeSync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int NativeClose(int descriptor);
}
