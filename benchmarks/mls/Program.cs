using Kavalek.Mls.Benchmarks;

// MLS operations beside live peers, and beside what the platform's curve operations alone would take in this same run.
// Arguments choose sections: platform, key-package, add, join, commit, full, message, state, post-quantum; 'alone' leaves the peers out.
string[] sections = ["platform", "key-package", "add", "join", "commit", "full", "message", "state", "post-quantum"];
string[] wanted = [.. args.Where(sections.Contains)];
if (wanted.Length == 0) wanted = sections;

Yardstick? before = await Yardstick.MeasureAsync();
Peers peers = args.Contains("alone") ? new() : await Peers.MeasureAsync(wanted.Except(["platform", "state", "post-quantum"]));
PlatformLimits platform = await PlatformLimits.MeasureAsync();
Table table = new(peers, before);
if (wanted.Contains("platform")) platform.Print(table);
if (wanted.Contains("key-package")) await KeyPackages.RunAsync(platform, table);
if (wanted.Contains("add")) await Adds.RunAsync(platform, table);
if (wanted.Contains("join")) await Joins.RunAsync(platform, table);
if (wanted.Contains("commit")) await Commits.BlankAsync(platform, table);
if (wanted.Contains("full")) await Commits.FullAsync(platform, table);
if (wanted.Contains("message")) await Messages.RunAsync(platform, table);
if (wanted.Contains("state")) await State.RunAsync(table);
if (wanted.Contains("post-quantum")) await PostQuantum.RunAsync(platform, table);
table.Print(await Yardstick.MeasureAsync());
