using Kavalek.Mls.Benchmarks;

// MLS operations on one core, beside what the platform's curve operations alone would take in this same run.
// Arguments choose sections: platform, key-package, add, join, commit, message, state, post-quantum. Without any, all of them.
string[] wanted = args.Length == 0 ? ["platform", "key-package", "add", "join", "commit", "message", "state", "post-quantum"] : args;

PlatformLimits platform = await PlatformLimits.MeasureAsync();
Table.Header();
if (wanted.Contains("platform")) platform.Print();
if (wanted.Contains("key-package")) await KeyPackages.RunAsync(platform);
if (wanted.Contains("add")) await Adds.RunAsync(platform);
if (wanted.Contains("join")) await Joins.RunAsync(platform);
if (wanted.Contains("commit")) await Commits.RunAsync(platform);
if (wanted.Contains("message")) await Messages.RunAsync(platform);
if (wanted.Contains("state")) await State.RunAsync();
if (wanted.Contains("post-quantum")) await PostQuantum.RunAsync(platform);
Table.Footer();
