using System.Globalization;

namespace Kavalek.Host;

/// <summary><c>backup</c> and <c>restore</c> on the command line; the other options are the server's own.</summary>
internal static class BackupCommand
{
    static readonly string[] WithValue = ["to", "from", "key-file", "password-file", "keep"];

    /// <summary>Makes a backup; says where it is on standard error, so that standard output may be the backup.</summary>
    /// <exception cref="InvalidOperationException">An option is missing, or it cannot be done; the message says why.</exception>
    public static int Backup(string[] arguments)
    {
        (Dictionary<string, string> own, string[] server) = Split(arguments);
        string to = own.GetValueOrDefault("to") ?? throw new InvalidOperationException("backup needs --to FILE, --to FOLDER, or --to - for standard output.");
        int? keep = own.TryGetValue("keep", out string? text)
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : throw new InvalidOperationException("--keep is how many backups stay: 1 or more.")
            : null;
        if (keep is not null && !Directory.Exists(to)) throw new InvalidOperationException("--keep goes with --to FOLDER.");
        ServerOptions options = ServerOptions.Read(server);
        string path = Host.Backup.Write(options, to, Key(own), TimeProvider.System, own.ContainsKey("overwrite"));
        Console.Error.WriteLine(path == "-" ? "The backup is whole." : $"{path}: {new FileInfo(path).Length.ToString("N0", CultureInfo.InvariantCulture)} bytes");
        if (keep is { } count && BackupFolder.Prune(to, count, TimeSpan.FromSeconds(options.BackupEvery), path) is > 0 and int deleted) Console.Error.WriteLine($"deleted {deleted} of before");
        return 0;
    }

    /// <summary>Restores one.</summary>
    /// <exception cref="InvalidOperationException">An option is missing, or it cannot be done; the message says why.</exception>
    public static int Restore(string[] arguments)
    {
        (Dictionary<string, string> own, string[] server) = Split(arguments);
        string from = own.GetValueOrDefault("from") ?? throw new InvalidOperationException("restore needs --from FILE, or --from - for standard input.");
        ServerOptions options = ServerOptions.Read(server);
        BackupContent content = Host.Restore.Run(from, options, Key(own), TimeProvider.System, own.ContainsKey("overwrite"));
        Console.Error.WriteLine($"Restored what was there on {DateTimeOffset.FromUnixTimeSeconds(content.Made).UtcDateTime.ToString("u", CultureInfo.InvariantCulture)}. Start the server; every device logs in again.");
        return 0;
    }

    static BackupKey Key(Dictionary<string, string> own) => BackupKey.Read(own.GetValueOrDefault("key-file"), own.GetValueOrDefault("password-file"));

    static (Dictionary<string, string> Own, string[] Server) Split(string[] arguments)
    {
        Dictionary<string, string> own = [];
        List<string> rest = [];
        for (int i = 0; i < arguments.Length; i++)
        {
            string[] parts = arguments[i].Split('=', 2);
            string name = parts[0].StartsWith("--", StringComparison.Ordinal) ? parts[0][2..] : "";
            if (name == "overwrite" && parts.Length == 1) own[name] = "true";
            else if (WithValue.Contains(name)) own[name] = parts.Length == 2 ? parts[1] : i + 1 < arguments.Length ? arguments[++i] : throw new InvalidOperationException($"--{name} needs a value; see --help");
            else rest.Add(arguments[i]);
        }
        return (own, [.. rest]);
    }
}
