using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Kavalek.Mls.Benchmarks;

/// <summary>Other libraries, run live beside this one by the scripts in <c>peers/</c>: the same operations, also in processor time.</summary>
sealed class Peers
{
    readonly Dictionary<string, IReadOnlyDictionary<string, double>> _figures = [];

    public const string TsMls = "ts-mls", OpenMls = "openmls";

    /// <summary>What a peer measured; <c>null</c> where it is not installed or does not have the operation.</summary>
    public double? this[string peer, string operation] =>
        _figures.TryGetValue(peer, out IReadOnlyDictionary<string, double>? figures) && figures.TryGetValue(operation, out double value) ? value : null;

    /// <summary>Installs and runs the peers, one after the other.</summary>
    public static async Task<Peers> MeasureAsync(IEnumerable<string> sections)
    {
        Peers peers = new();
        string folder = Folder();
        string? node = await OutputAsync("bash", Path.Combine(folder, "install.sh"));
        if (node is null) return peers;
        foreach (string peer in (string[])[OpenMls, TsMls])
        {
            foreach (string section in sections)
            {
                Console.Error.WriteLine($"measuring {peer}: {section}");
                try
                {
                    await peers.RunAsync(node, folder, peer, section);
                }
                catch (Exception e) when (e is IOException or InvalidOperationException or MlsException)
                {
                    Console.Error.WriteLine($"{peer}, {section}: {e.Message}");
                }
            }
        }
        return peers;
    }

    async Task RunAsync(string node, string folder, string peer, string section)
    {
        string[] command = node.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ProcessStartInfo start = new(command[0], [.. command[1..], "--expose-gc", $"{peer}.mjs", section])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            Dictionary<string, double> figures = _figures.TryGetValue(peer, out IReadOnlyDictionary<string, double>? known) ? new(known) : [];
            FullTree full = new();
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                JsonObject said = JsonNode.Parse(line)!.AsObject();
                if (said["ask"] is { } question)
                    await process.StandardInput.WriteLineAsync((await full.AnswerAsync(question.GetValue<string>(), said)).ToJsonString());
                else
                    figures[said["name"]!.GetValue<string>()] = said["value"]!.GetValue<double>();
            }
            _figures[peer] = figures;
        }
        finally
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
        }
        if (process.ExitCode != 0) throw new InvalidOperationException($"ended with {process.ExitCode}");
    }

    /// <summary>The first line that a command writes; <c>null</c> where it fails.</summary>
    public static async Task<string?> OutputAsync(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output.Trim() : null;
    }

    /// <summary>Of an installed package.</summary>
    public static string? VersionOf(string package)
    {
        string description = Path.Combine(Folder(), "node_modules", package, "package.json");
        return File.Exists(description) ? JsonNode.Parse(File.ReadAllText(description))!["version"]!.GetValue<string>() : null;
    }

    static string Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string peers = Path.Combine(folder.FullName, "peers");
            if (File.Exists(Path.Combine(peers, "measure.mjs"))) return peers;
        }
        throw new InvalidOperationException("the folder peers is in no folder above the benchmark");
    }

    /// <summary>A group of 1,000 of this library's members and one of the peer's, in which no parent is blank.</summary>
    sealed class FullTree
    {
        MlsGroup? _group;

        public async Task<JsonObject> AnswerAsync(string question, JsonObject said)
        {
            if (question == "welcome")
            {
                byte[] keyPackage = Convert.FromHexString(said["keyPackage"]!.GetValue<string>());
                (_group, byte[] welcome, _) = await World.AddAsync(await World.AlmostFullAsync(), [keyPackage]);
                return new() { ["welcome"] = Convert.ToHexStringLower(welcome) };
            }
            // The peer's own commits fill its path; then it is our turn.
            foreach (JsonNode? commit in said["commits"]!.AsArray()) _group = await World.FollowAsync(_group!, Convert.FromHexString(commit!.GetValue<string>()));
            JsonArray commits = [];
            for (int i = 0; i < 9; i++)
            {
                // In clear, since that is how OpenMLS in core-crypto takes them.
                (CommitDraft draft, _) = await CommitDraft.CreateAsync(_group!, new CommitRequest(), World.Now, null, privately: false);
                commits.Add(Convert.ToHexStringLower(draft.Pending.Message));
                _group = draft.Pending.Apply(_group!, World.Now);
            }
            return new() { ["commits"] = commits };
        }
    }
}
