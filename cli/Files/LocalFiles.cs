using Kavalek.Client;

namespace Kavalek.Cli.Files;

/// <summary>Files of this computer: those that are sent, and where those of others are saved.</summary>
static class LocalFiles
{
    /// <summary>Opens files to send; the caller closes their streams.</summary>
    /// <exception cref="CliException">One is not there, is a folder, is empty, or may not be read.</exception>
    public static List<OutgoingFile> Open(IReadOnlyList<string> paths)
    {
        List<OutgoingFile> files = [];
        try
        {
            foreach (string path in paths)
            {
                FileStream content = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
                files.Add(new OutgoingFile(Path.GetFileName(path), TypeOf(path), content.Length, content));
                if (content.Length == 0) throw new CliException(ExitCode.Usage, $"{path} is empty. Nothing was sent.");
            }
            return files;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CliException)
        {
            foreach (OutgoingFile file in files) file.Content.Dispose();
            if (e is CliException) throw;
            throw new CliException(ExitCode.Usage, $"{paths[files.Count]} cannot be read: it is not there, is a folder, or is closed to you. Nothing was sent.");
        }
    }

    /// <summary>Looks that there is a folder to save into: before a large file is fetched for it.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static void RequireFolder(string folder)
    {
        if (!Directory.Exists(folder)) throw new CliException(ExitCode.Usage, $"There is no folder {folder}. Nothing was saved.");
    }

    /// <summary>
    /// Saves into a folder under the name that the sender gave, cleaned; where that is taken, under the next one: <c>report (2).pdf</c>. Nothing is ever written
    /// over, and no link followed.
    /// </summary>
    /// <returns>Where it is now.</returns>
    public static async Task<string> SaveAsync(string folder, string name, Func<Stream, Task> write)
    {
        RequireFolder(folder);
        string clean = FileName.Clean(name);
        for (int number = 1; number <= MostNumbers; number++)
        {
            string path = Path.Combine(folder, number == 1 ? clean : FileName.Numbered(clean, number));
            FileStream file;
            try
            {
                // A new file or none at all: a link that waits under the name is refused like a file.
                FileStreamOptions how = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows()) how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                file = new FileStream(path, how);
            }
            catch (IOException) when (File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null)
            {
                continue;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CliException(ExitCode.Error, $"Nothing can be written into {folder}.");
            }
            try
            {
                await using (file) await write(file);
                return path;
            }
            catch
            {
                File.Delete(path);
                throw;
            }
        }
        throw new CliException(ExitCode.Error, $"{folder} has too many files of this name.");
    }

    const int MostNumbers = 1_000;

    static string TypeOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jpg" or ".jpeg" => "image/jpeg",
        ".png" => "image/png",
        ".gif" => "image/gif",
        ".webp" => "image/webp",
        ".pdf" => "application/pdf",
        ".txt" or ".log" or ".md" => "text/plain",
        ".zip" => "application/zip",
        ".mp3" => "audio/mpeg",
        ".m4a" => "audio/mp4",
        ".ogg" or ".opus" => "audio/ogg",
        _ => "application/octet-stream",
    };
}
